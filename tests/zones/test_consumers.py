"""The same alert for consumers that know other levels: any or all, as each one's table says."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.zones.test_tree import UKRAINE, forests
from tocsin.zones.consumers import ALL, ANY, CONSUMERS, Consumer, express
from tocsin.zones.tree import Tree
from tocsin.zones.units import Unit

TREE = Tree.of(UKRAINE)
TABLE = [  # levels that are known, what is alerted, what is told, zones warned for nothing
    ({"oblast": ANY}, ["h1"], ("63",), ("h2", "h3")),
    ({"oblast": ALL}, ["h1"], (), ()),
    ({"oblast": ALL}, ["h1", "h2", "h3"], ("63",), ()),
    ({"raion": ANY}, ["h1"], ("63-1",), ("h2",)),
    ({"oblast": ALL, "raion": ANY}, ["h1"], ("63-1",), ("h2",)),
    ({"oblast": ALL, "raion": ANY}, ["63"], ("63",), ()),
    ({"oblast": ALL, "raion": ANY}, ["30", "h3"], ("30", "63-2"), ()),
    ({"oblast": ANY, "raion": ALL}, ["h1", "h2"], ("63-1",), ()),
    ({"oblast": ANY, "raion": ALL}, ["h1", "h3"], ("63",), ("h2",)),
    ({"zone": ANY}, ["63"], ("h1", "h2", "h3"), ()),
    ({"country": ANY}, ["30"], ("ua",), ("h1", "h2", "h3")),
]


@pytest.mark.parametrize(("levels", "alerted", "told", "over"), TABLE)
def test_any_or_all_as_the_table_says(
    levels: dict[str, str], alerted: list[str], told: tuple[str, ...], over: tuple[str, ...]
) -> None:
    said = express(TREE, alerted, Consumer(what="", levels=levels))
    assert (said.units, said.over) == (told, over)


def test_zones_without_a_word_are_told_to_be_so() -> None:
    """Kyiv has no raion: a consumer of raions must be warned of it in another way."""
    said = express(TREE, ["30", "h3"], Consumer(what="", levels={"raion": ANY}))
    assert (said.units, said.untold) == (("63-2",), ("30",))
    strict = express(TREE, ["h1"], Consumer(what="", levels={"oblast": ALL}))
    assert (strict.units, strict.untold) == ((), ("h1",))


def test_a_unit_without_an_id_of_the_scheme_is_not_known() -> None:
    ids = {"63": "22", "63-1": "125", "30": "31"}
    tree = Tree.of(
        [
            Unit(
                id=unit.id,
                level=unit.level,
                parent=unit.parent,
                ids=(("ukrainealarm", ids[unit.id]),) if unit.id in ids else (),
            )
            for unit in UKRAINE
        ]
    )
    said = express(tree, ["h1"], CONSUMERS["ua-raion"])
    assert (said.units, said.untold) == (("63-1",), ())
    said = express(tree, ["h1", "h3"], CONSUMERS["ua-raion"])
    assert (said.units, said.untold) == (("63-1",), ("h3",))  # 63-2 has no regionId
    assert express(tree, ["63"], CONSUMERS["ua-raion"]).units == ("63",)


def test_a_rule_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="write any or all"):
        Consumer(what="", levels={"oblast": "most"})


@settings(max_examples=300, deadline=None)
@given(forests(), st.data())
def test_nobody_is_left_out_and_nobody_warned_for_nothing(tree: Tree, data: st.DataObject) -> None:
    """Every alerted zone is reached or named as not told; only *any* may reach more."""
    names = sorted({unit.level for unit in tree.units})
    levels = data.draw(
        st.dictionaries(st.sampled_from([*names, "zone"]), st.sampled_from([ANY, ALL]))
    )
    zones = [tree.units[row].id for row in tree.leaves]
    alerted = set(data.draw(st.lists(st.sampled_from(zones), unique=True)))
    said = express(tree, sorted(alerted), Consumer(what="", levels=levels))
    reached = set(tree.expand(said.units))
    assert alerted == (reached & alerted) | set(said.untold)
    assert not reached & set(said.untold)
    assert set(said.over) == reached - alerted
    if ANY not in levels.values():
        assert not said.over
    if levels.get("zone"):
        assert not said.untold
    known = {u.id for u in tree.units if u.level in levels or (u.id in zones and "zone" in levels)}
    assert set(said.units) <= known
    # What was told, told again, reaches the same people, and none of them for nothing. (Not always
    # in the same words: where every raion was told by *any*, all of the oblast is alerted then.)
    again = express(tree, said.units, Consumer(what="", levels=levels))
    assert set(tree.expand(again.units)) == reached
    assert not again.over
    assert not again.untold
    # Nobody is told twice.
    assert sum(len(tree.expand([unit])) for unit in said.units) == len(reached)
