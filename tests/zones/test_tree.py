"""Areas and zones: what makes a tree, and what an alert on the one means for the other."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.zones.tree import Tree
from tocsin.zones.units import Unit

# ua > (63 > (63-1 > h1 h2, 63-2 > h3), 30): Kyiv is a zone right below the country.
UKRAINE = [
    Unit(id="h1", level="hromada", parent="63-1"),
    Unit(id="63-1", level="raion", parent="63"),
    Unit(id="h3", level="hromada", parent="63-2"),
    Unit(id="ua", level="country"),
    Unit(id="63", level="oblast", parent="ua"),
    Unit(id="30", level="oblast", parent="ua"),
    Unit(id="63-2", level="raion", parent="63"),
    Unit(id="h2", level="hromada", parent="63-1"),
]


@st.composite
def forests(draw: st.DrawFn, most: int = 40) -> Tree:
    """A tree of any depth and shape; levels are depths, so none lies in itself."""
    count = draw(st.integers(1, most))
    depth: list[int] = []
    units: list[Unit] = []
    for number in range(count):
        above = draw(st.integers(-1, number - 1))
        depth.append(0 if above < 0 else depth[above] + 1)
        parent = "" if above < 0 else f"u{above}"
        units.append(Unit(id=f"u{number}", level=f"level-{depth[number]}", parent=parent))
    return Tree.of(draw(st.permutations(units)))


def zones_of(tree: Tree) -> list[str]:
    return [tree.units[row].id for row in tree.leaves]


def zones_by_hand(tree: Tree, unit_id: str) -> set[str]:
    """The other way round: every zone asks its own way up."""
    return {z for z in zones_of(tree) if unit_id in [above.id for above in tree.above(z)]}


@st.composite
def forests_and_zones(draw: st.DrawFn, most: int = 40) -> tuple[Tree, list[str]]:
    tree = draw(forests(most))
    return tree, draw(st.lists(st.sampled_from(zones_of(tree)), unique=True))


def test_an_alert_on_an_area_holds_for_every_zone_in_it() -> None:
    tree = Tree.of(UKRAINE)
    assert tree.expand(["63"]) == ("h1", "h2", "h3")
    assert tree.expand(["ua"]) == ("30", "h1", "h2", "h3")
    assert tree.expand(["30", "63-1", "h1"]) == ("30", "h1", "h2")
    assert tree.expand([]) == ()


def test_zones_are_told_as_the_fewest_units_that_hold_exactly_them() -> None:
    tree = Tree.of(UKRAINE)
    assert tree.cover(["h1"]) == ("h1",)
    assert tree.cover(["h2", "h1"]) == ("63-1",)
    assert tree.cover(["h1", "h2", "h3"]) == ("63",)
    assert tree.cover(["h1", "h2", "h3", "30"]) == ("ua",)
    assert tree.cover(["h3", "h1"]) == ("h1", "63-2")


def test_ways_up_and_down() -> None:
    tree = Tree.of(UKRAINE)
    assert [unit.id for unit in tree.above("h3")] == ["h3", "63-2", "63", "ua"]
    assert [unit.id for unit in tree.below("63")] == ["63-1", "63-2"]
    assert tree.is_zone("30")
    assert not tree.is_zone("63-2")  # one zone below it, and still an area
    with pytest.raises(ValueError, match="no unit 'h9'"):
        tree.expand(["h9"])


@settings(max_examples=200, deadline=None)
@given(forests_and_zones())
def test_expand_undoes_cover(given_: tuple[Tree, list[str]]) -> None:
    tree, zones = given_
    covered = tree.cover(zones)
    assert set(tree.expand(covered)) == set(zones)
    assert tree.cover(covered) == covered
    assert tree.expand(tree.expand(covered)) == tree.expand(covered)
    # No unit of a cover lies in another: nobody is told twice.
    assert sum(len(tree.expand([unit])) for unit in covered) == len(zones)


@settings(max_examples=200, deadline=None)
@given(forests(), st.data())
def test_expand_is_what_every_zone_says_of_its_own_way_up(tree: Tree, data: st.DataObject) -> None:
    asked = data.draw(st.lists(st.sampled_from([unit.id for unit in tree.units])))
    by_hand = set().union(*(zones_by_hand(tree, unit_id) for unit_id in asked))
    assert set(tree.expand(asked)) == by_hand
    assert list(tree.expand(asked)) == [z for z in zones_of(tree) if z in by_hand]


@settings(max_examples=200, deadline=None)
@given(forests_and_zones(), st.data())
def test_more_alerts_never_reach_fewer(given_: tuple[Tree, list[str]], data: st.DataObject) -> None:
    tree, zones = given_
    fewer = data.draw(st.lists(st.sampled_from(zones), unique=True) if zones else st.just([]))
    assert set(tree.expand(tree.cover(fewer))) <= set(tree.expand(tree.cover(zones)))
    full = zip(tree.full(fewer), tree.full(zones), strict=True)
    assert all(later or not earlier for earlier, later in full)


@settings(max_examples=60, deadline=None)
@given(forests_and_zones(most=9))
def test_no_smaller_cover_exists(given_: tuple[Tree, list[str]]) -> None:
    """Every choice of fewer units is tried."""
    tree, zones = given_
    held = {unit.id: zones_by_hand(tree, unit.id) for unit in tree.units}
    for size in range(len(tree.cover(zones))):
        for chosen in combinations(held, size):
            assert set().union(*(held[unit_id] for unit_id in chosen)) != set(zones)


@given(st.permutations(UKRAINE))
def test_the_order_in_which_units_are_given_does_not_matter(units: list[Unit]) -> None:
    assert Tree.of(units) == Tree.of(UKRAINE)


FAULTS = {
    "h1 has two parents, 63-1 and 63-2": [Unit(id="h1", level="hromada", parent="63-2")],
    "two units have the id h1": [Unit(id="h1", level="hromada", parent="63-1")],
    "h4 is an orphan: there is no 64": [Unit(id="h4", level="hromada", parent="64")],
    "lies in a cycle of parents": [
        Unit(id="a", level="a", parent="b"),
        Unit(id="b", level="b", parent="c"),
        Unit(id="c", level="c", parent="a"),
    ],
    "me lies in a cycle of parents": [Unit(id="me", level="a", parent="me")],
    "h4 and 63 above it are both of level oblast": [Unit(id="h4", level="oblast", parent="63-1")],
}


@pytest.mark.parametrize("why", FAULTS)
def test_what_is_no_tree_is_refused_with_a_mending_line(why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        Tree.of([*UKRAINE, *FAULTS[why]])
    assert ";" in str(caught.value)
    assert "\n" not in str(caught.value)


@settings(max_examples=100, deadline=None)
@given(forests(most=12), st.data())
def test_a_bent_tree_is_found(tree: Tree, data: st.DataObject) -> None:
    """Hanging a unit below itself or its own descendants always makes a cycle."""
    top = data.draw(st.sampled_from(tree.units))
    inside = [unit.id for unit in tree.units if top.id in [a.id for a in tree.above(unit.id)]]
    bent = Unit(id=top.id, level=top.level, parent=data.draw(st.sampled_from(inside)))
    with pytest.raises(ValueError, match="cycle"):
        Tree.of([bent if unit.id == top.id else unit for unit in tree.units])
