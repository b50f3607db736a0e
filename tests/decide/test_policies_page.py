"""The page on policies is what tables and kept figures say; `tools/policies.py` writes it."""

import json

import pytest
from tools import policies

from tocsin.decide import POLICIES, worth

RUNS = json.loads(policies.FIGURES.read_text(encoding="utf-8"))


def test_page_is_what_tables_and_figures_say() -> None:
    assert policies.PAGE.read_text(encoding="utf-8") == policies.page(RUNS)
    assert policies.PICTURE.read_text(encoding="utf-8") == policies.picture(RUNS)


def test_every_policy_and_its_one_number_stand_on_the_page() -> None:
    text = policies.page(RUNS)
    assert f"{worth.WORTH_MIN:g} minutes" in text
    for name in POLICIES:
        assert f"## `{name}`" in text


@pytest.mark.parametrize("run", RUNS, ids=lambda run: f"{run['scenario']}-{run['seed']}")
def test_the_kept_figures_bear_out_the_default(run: policies.Run) -> None:
    """It misses no more than any other, and of those costs least: the rule by which it is chosen
    holds for the sum of the runs; here no run may show it missing more."""
    assert run["policies"]["threshold"]["missed"] <= min(
        one["missed"] for one in run["policies"].values()
    )
