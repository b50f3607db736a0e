"""The map of the report: zones that were struck, missed, covered or covered in vain; impacts."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import Final

import numpy as np

from tocsin.score.charts import WIDE, svg, text
from tocsin.score.measured import Measured
from tocsin.zones.map import ZoneMap

STATES: Final = ("missed", "struck", "warned", "vain")
"""What a zone was, worst first; over several raids the worst holds."""

SAID: Final = {
    "missed": "struck, told less than 15 s before or never",
    "struck": "struck, told in time",
    "warned": "told to take cover, flown over or near in time",
    "vain": "told to take cover, no threat came",
}
Place = Callable[[float, float], tuple[float, float]]
"""Longitude and latitude to units of the picture."""

_MARGIN_DEG: Final = 0.08
_HIGH_MAX: Final = 760.0


def states(raids: Sequence[Measured]) -> dict[str, str]:
    """Zone id -> its worst state, of zones that were struck or in cover."""
    found: dict[str, str] = {}
    for raid in raids:
        vain = {one.zone for one in raid.vain}
        rows = [(zone, "vain" if zone in vain else "warned") for zone in raid.covered]
        rows += [(hit.zone, "missed" if hit.missed else "struck") for hit in raid.hits]
        for zone, state in rows:
            worse = STATES.index(state) < STATES.index(found.get(zone, STATES[-1]))
            if zone not in found or worse:
                found[zone] = state
    return found


def picture(raids: Sequence[Measured], zones: ZoneMap) -> str:
    """The map; "" when no zone was struck or told to take cover."""
    places = [place for raid in raids for place in raid.places]
    return chart(states(raids), STATES, zones, places, title="Map of zones and impacts")


def chart(
    state: Mapping[str, str],
    worst_first: Iterable[str],
    zones: ZoneMap,
    places: Sequence[tuple[str, float, float]] = (),
    *,
    title: str,
) -> str:
    """A map of zones, each in its state, and of impacts (kind, latitude, longitude).

    The worst is drawn last, over its neighbours; "" when no zone is in a state.
    """
    if not state:
        return ""
    rows = [zones.row(zone) for zone in state]
    ring = np.isin(zones.ring_zone, rows)
    corner = np.repeat(ring, np.diff(zones.ring_start))
    west, south = zones.ring_xy[corner].min(axis=0) - _MARGIN_DEG
    east, north = zones.ring_xy[corner].max(axis=0) + _MARGIN_DEG
    narrow = math.cos(math.radians((south + north) / 2.0))
    scale = min(WIDE / ((east - west) * narrow), _HIGH_MAX / (north - south))
    shift = (WIDE - (east - west) * narrow * scale) / 2.0

    def at(lon_deg: float, lat_deg: float) -> tuple[float, float]:
        return shift + (lon_deg - west) * narrow * scale, (north - lat_deg) * scale

    near = _rows_within(zones, (west, south, east, north))
    rank = {name: row for row, name in enumerate(worst_first)}
    quiet = len(rank)
    order = sorted(near, key=lambda row: -rank.get(state.get(zones.ids[row], ""), quiet))
    parts = [outline(zones, row, state.get(zones.ids[row], "quiet"), at) for row in order]
    for zone, what in state.items():
        row = zones.row(zone)
        parts.append(mark(what, *at(float(zones.lon_deg[row]), float(zones.lat_deg[row]))))
    for kind, lat_deg, lon_deg in places:
        x, y = at(lon_deg, lat_deg)
        if 0 <= x <= WIDE and 0 <= y <= (north - south) * scale:
            parts.append(
                f'<path class="impact" d="M{x - 4:.1f} {y:.1f}l4 -4 4 4 -4 4z">'
                f"<title>impact of a {kind}</title></path>"
            )
    return svg((north - south) * scale, parts, title)


def legend(raids: Sequence[Measured]) -> str:
    """The marks with what they mean and how many zones there are of each."""
    state = list(states(raids).values())
    rows = [(name, f"{state.count(name)}: {SAID[name]}") for name in STATES]
    y = 14.0 + 22.0 * len(STATES)
    impacts = [
        f'<path class="impact" d="M7 {y:.1f}l4 -4 4 4 -4 4z"/>',
        text(32, y + 5, f"{sum(raid.impacts for raid in raids)}: impacts"),
    ]
    return key(rows, "What the marks of the map mean", impacts)


def key(rows: Sequence[tuple[str, str]], title: str, more: Sequence[str] = ()) -> str:
    """A line for each (state, words), with its colour and mark; `more` stands below."""
    parts = []
    for row, (name, words) in enumerate(rows):
        y = 14.0 + 22.0 * row
        parts += [
            f'<rect class="{name}" x="0" y="{y - 9:.1f}" width="22" height="18"/>',
            mark(name, 11.0, y), text(32, y + 5, words),
        ]  # fmt: skip
    lines = len(rows) + bool(more)
    return svg(14.0 + 22.0 * (lines - 1) + 14.0, [*parts, *more], title)


def mark(state: str, x: float, y: float) -> str:
    """A shape for each state, so that none needs its colour."""
    shape = {
        "missed": f"M{x - 5:.1f} {y - 5:.1f}l10 10m0 -10l-10 10",
        "struck": f"M{x - 5:.1f} {y:.1f}a5 5 0 1 0 10 0a5 5 0 1 0 -10 0",
        "warned": f"M{x - 3:.1f} {y:.1f}h6",
        "vain": f"M{x - 4:.1f} {y + 3:.1f}h8l-4 -7z",
        "both": f"M{x - 4:.1f} {y:.1f}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0",
        "ours": f"M{x - 4:.1f} {y - 3:.1f}h8l-4 7z",
        "theirs": f"M{x:.1f} {y - 4:.1f}v8",
    }[state]
    return f'<path class="mark {state}" d="{shape}"/>'


def _rows_within(zones: ZoneMap, box: tuple[float, float, float, float]) -> list[int]:
    """Zones with a corner in `box` (west, south, east, north)."""
    x, y = zones.ring_xy[:, 0], zones.ring_xy[:, 1]
    inside = (x >= box[0]) & (x <= box[2]) & (y >= box[1]) & (y <= box[3])
    ring = np.repeat(np.arange(len(zones.ring_zone)), np.diff(zones.ring_start))
    return np.unique(zones.ring_zone[ring[inside]]).tolist()  # type: ignore[no-any-return]


def outline(zones: ZoneMap, row: int, state: str, at: Place, said: str = "") -> str:
    """The outline in whole units of the picture: corners that fall together are left out.

    Its title is `said`, else the name of the zone.
    """
    pieces = []
    for ring in zones.polygons(row):
        corners = dict.fromkeys(tuple(round(v) for v in at(lon, lat)) for lon, lat in ring)
        if len(corners) > 2:
            pieces.append("M" + "L".join(f"{x} {y}" for x, y in corners) + "z")
    name = next((names[row] for names in zones.names.values() if names[row]), zones.ids[row])
    title = f"<title>{escape(said or name)}</title>"
    return f'<path class="{state}" d="{"".join(pieces)}">{title}</path>'
