"""The reference page says what the tables in the code say."""

from pathlib import Path

import pytest

from tocsin.sense import cat034, cat048, cat062, sense


@pytest.mark.parametrize("module", [sense, cat034, cat048, cat062])
def test_the_page_has_the_table_of_the_module(module: object, root: Path) -> None:
    page = (root / "docs" / "reference" / "asterix.md").read_text()
    lines = [line for line in (module.__doc__ or "").splitlines() if line.startswith("|")]
    assert len(lines) > 5
    assert "\n".join(lines) in page


@pytest.mark.parametrize("module", [cat034, cat048, cat062])
def test_the_table_of_the_module_has_every_item(module: object) -> None:
    """One row per item, in order, of the tables that the walk uses."""
    category = next(v for k, v in vars(module).items() if k.startswith("CAT"))
    names = [item[0] for item in category.walk._items if item is not None]
    table = "\n".join(line for line in (module.__doc__ or "").splitlines() if line.startswith("|"))
    assert [name for name in names if name not in table] == []
    assert f"edition {category.edition}" in (module.__doc__ or "")
