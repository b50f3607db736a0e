"""What a scenario file may say: the names of its laws and the limits of its numbers."""

import math
from typing import Any, Final, NamedTuple

ORIGINS: Final[dict[str, str]] = {
    "places": "One of `places`, drawn for each salvo.",
    "line": "Anywhere on the line named `line`.",
    "edge": "On the edge of the area, `distance_m` beyond it, towards `bearing_deg`.",
    "target": "`distance_m` from the target, at `bearing_deg` from it.",
}
AIMS: Final[dict[str, str]] = {
    "people": "A zone by its people to the power of `power`; where its people are.",
    "places": "One of `places`.",
    "area": "Anywhere in the area, all places alike: a transformer, a bridge, a field.",
    "sites": "One of `sites` places hidden in the area, drawn anew for each raid.",
    "open": "Of twenty places in the area the one farthest from people.",
    "zones": "Zones in random order, none twice before all had their turn.",
}
ROUTES: Final[dict[str, str]] = {
    "direct": "Straight to the target.",
    "legs": "`legs` legs that swing by `swing_deg` to one side and the other of the straight way.",
    "programmed": "As legs, but each turn goes either way, and every leg has another length.",
    "around": "Straight, but round the `keep_off` most populous zones at `keep_off_m`, which are"
    " defended.",
    "along": "Along that of `lines` (rivers, coasts) which leads farthest without much detour.",
}
CRAFT: Final[tuple[str, ...]] = (
    "airliner", "turboprop", "business jet", "light", "helicopter", "hovering", "glider",
    "fighter", "flock", "migrants", "soarers", "hot-air balloon", "weather balloon",
    "toy balloons",
)  # fmt: skip


class Limit(NamedTuple):
    """The least and the most that a number may be; `absent` is allowed as well."""

    least: float = -math.inf
    most: float = math.inf
    absent: Any = None


_SHARE: Final = Limit(0.0, 1.0)
_NONE_OR_MORE: Final = Limit(0.0)
_SOME: Final = Limit(1e-6)
_COURSE: Final = Limit()  # all courses come round again

LIMITS: Final[dict[str, dict[str, Limit]]] = {
    "script": {
        "seconds": Limit(0.0, 86_400.0), "after_s": Limit(0.0, 86_400.0), "raids": Limit(1, 1_000),
        "threats": Limit(0.0, 5_000.0), "wind_mps": Limit(), "relay_s": Limit(0.0, 60.0),
        "clutter_per_scan": Limit(0.0, 5_000.0), "sectors": Limit(1, 256),
    },
    "area": {
        "lat_deg": Limit(-80.0, 80.0), "lon_deg": Limit(-180.0, 180.0),
        "wide_m": Limit(1_000.0, 3e6), "high_m": Limit(1_000.0, 3e6),
    },
    "zones.grid": {
        "cell_m": Limit(500.0, 100_000.0), "people": _NONE_OR_MORE, "towns": Limit(1, 10_000),
        "town_m": _SOME, "rural": _SHARE, "shelter_s": Limit(0.0, 3_600.0), "seed": _NONE_OR_MORE,
    },
    "sensors": {
        "height_m": Limit(0.0, 5_000.0), "range_m_max": _SOME, "scan_s": Limit(0.5, 60.0),
        "detection_chance": _SHARE, "sigma_range_m": _NONE_OR_MORE,
        "sigma_azimuth_deg": _NONE_OR_MORE, "sigma_height_m": _NONE_OR_MORE, "stale_s": _SOME,
        "clutter_per_scan": Limit(0.0, 5_000.0, -1.0),
    },
    "faults": {
        "chance": _SHARE, "from_s": _NONE_OR_MORE, "lasts_s": Limit(1.0, math.inf, -1.0),
        "loss": _SHARE, "sees": _SHARE, "clutter_per_scan": Limit(0.0, 5_000.0),
        "range_bias_m": Limit(), "azimuth_bias_deg": Limit(-180.0, 180.0),
        "clock_s": Limit(-3_600.0, 3_600.0),
    },
    "groups": {
        "count": Limit(0.0, 5_000.0), "share": _SHARE, "start_s": _NONE_OR_MORE,
        "arrive_s": _NONE_OR_MORE, "salvo": Limit(1.0, 1_000.0), "gap_s": _NONE_OR_MORE,
        "speed_mps": Limit(5.0, 3_000.0), "height_m": Limit(0.0, 40_000.0),
        "turn_dps": Limit(0.1, 60.0), "climb_mps": Limit(0.1, 500.0),
        "dive_deg": Limit(1.0, 89.0), "decoys": _SHARE, "crossing": _SHARE,
        "falls_per_km": Limit(0.0, 1.0), "visibility": _SHARE, "echo_m2": _NONE_OR_MORE,
        "answers": _SHARE, "elevation_deg": Limit(5.0, 85.0), "beta_kgpm2": Limit(500.0, 50_000.0),
        "boost_s": Limit(0.0, 300.0),
    },
    "groups.origin": {"bearing_deg": _COURSE, "distance_m": _NONE_OR_MORE,
                      "scatter_m": _NONE_OR_MORE},
    "groups.target": {"power": Limit(0.0, 5.0), "people_least": _NONE_OR_MORE,
                      "sites": Limit(1, 10_000), "scatter_m": _NONE_OR_MORE},
    "groups.route": {
        "legs": Limit(1.0, 50.0), "swing_deg": Limit(0.0, 80.0), "keep_off": Limit(1, 1_000),
        "keep_off_m": _SOME, "behind": _SHARE, "beyond_m": _SOME, "loiter": _SHARE,
        "loiter_s": _NONE_OR_MORE, "loiter_m": _SOME, "relief_m": Limit(500.0, math.inf, 0.0),
    },
    "traffic": {"count": Limit(0.0, 5_000.0), "answers": _SHARE, "fails": _SHARE},
}  # fmt: skip
"""Table -> key -> limits. Each is wide: it keeps out what cannot be meant, not what is unlikely."""
