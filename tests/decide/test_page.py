"""The reference page equals the tables; run as a module to write it anew."""

from pathlib import Path

from tocsin.decide.page import page

PATH = Path(__file__).resolve().parents[2] / "docs" / "reference" / "stages.md"


def test_page_is_what_the_code_says() -> None:
    assert PATH.read_text(encoding="utf-8") == page()


if __name__ == "__main__":
    PATH.write_text(page(), encoding="utf-8")
