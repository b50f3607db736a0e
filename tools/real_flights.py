"""Write docs/reference/real-flights.md and its picture: recorded flights through the tracker.

    .venv/bin/python tools/real_flights.py [FOLDER]

FOLDER holds `rockets/` and `launch_telemetry/`; without it, ../shared/data/tracks. Coasting
segments of recorded flights are seen by a simulated radar (seeded) and filtered.
"""

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from recorded_flights import Segment, boosters, rockets

from tocsin import geo
from tocsin.track import fall
from tocsin.track.falling import advance_falls, fall_correct, fall_log_likelihood
from tocsin.track.onset import begin_fall
from tocsin.track.table import BOOST, COAST, MODELS, REPORT, TRACK
from tocsin.words import FloatArray

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference" / "real-flights.md"
PICTURE = ROOT / "docs" / "images" / "real-flights.svg"
SD = (50.0, 0.1, 150.0)  # radar: m along, degrees across, m of height
SEEDS = 10
AHEAD_S = (10, 30, 60)
SETTLED_S = 10.0  # errors are counted from this age of the track on


def noise_of(radar: FloatArray, target: FloatArray) -> FloatArray:
    """Covariance (3,3) of a report: along the level line of sight, across it, upwards."""
    lat, lon, _ = geo.geodetic(target)
    up = geo.local_axes(lat, lon)[2]
    sight = target - radar
    ahead = sight - (sight @ up) * up
    distance = float(np.linalg.norm(ahead)) + 1e-9
    ahead /= distance
    axes = np.stack([ahead, np.cross(up, ahead), up])
    sd = np.array([SD[0], max(math.radians(SD[1]) * distance, 1.0), SD[2]])
    return np.asarray(axes.T @ np.diag(sd**2) @ axes)


def follow(segment: Segment, scan_s: float, seed: int) -> list[tuple[str, float, float]]:
    """One run: (what, age of the track, error); `ahead-10` is a position predicted by 10 s."""
    rng = np.random.default_rng(seed)
    track, reports = np.zeros(1, TRACK)[0], np.zeros(1, REPORT)
    track["weight"][0], track["existence"], track["has_height"] = 1.0, 1.0, True
    found: list[tuple[str, float, float]] = []
    falls = False
    for t_s in np.arange(rng.uniform(0.0, scan_s), segment.length_s, scan_s):
        truth = segment.path(t_s)
        z = truth + np.linalg.cholesky(noise_of(segment.radar, truth)) @ rng.normal(size=3)
        noise, t_ns = noise_of(segment.radar, z), 10**18 + round(t_s * 1e9)
        found.append(("report", t_s, float(np.linalg.norm(z - truth))))
        reports["position_m"], reports["covariance_m2"] = z, noise
        if falls:
            advance_falls(track, (t_ns - track["t_ns"]) * 1e-9)
            score = np.array([fall_log_likelihood(track, h, 0.0, z, noise)[0] for h in (0, 1)])
            weight = track["weight"][MODELS:] * np.exp(score - score.max())
            track["weight"][MODELS:] = weight / weight.sum()
            for h in (COAST, BOOST):
                fall_correct(track, h, np.zeros(1), reports, np.zeros(1, np.int64), np.ones(1), 1)
        track["t_ns"] = t_ns
        for column, new in (
            (track["past_t_ns"], t_ns), (track["past_position"], z), (track["past_cov"], noise),
        ):  # fmt: skip
            column[1:] = column[:-1].copy()
            column[0] = new
        if not falls:
            falls = begin_fall(track)
            if not falls:
                continue
            found.append(("began", t_s, t_s))
        weight = track["weight"]
        likelier = BOOST if weight[MODELS + BOOST] > weight[MODELS + COAST] else COAST
        mean = track["fall_mean"][likelier]
        found.append(("position", t_s, float(np.linalg.norm(mean[:3] - truth))))
        velocity = segment.velocity(t_s)
        found.append(("velocity", t_s, float(np.linalg.norm(mean[3:6] - velocity))))
        speed = np.linalg.norm(mean[3:6]) - np.linalg.norm(velocity)
        found.append(("speed", t_s, abs(float(speed))))
        found.append(("boosting", t_s, float(likelier == BOOST)))
        for ahead_s in AHEAD_S:
            if t_s + ahead_s > segment.length_s:
                break
            later = mean.copy()
            later[7] = 0.0
            fall.fly(later, float(ahead_s))
            off = later[:3] - segment.path(t_s + ahead_s)
            found.append((f"ahead-{ahead_s}", t_s, float(np.linalg.norm(off))))
            across = np.cross(segment.velocity(t_s + ahead_s), later[:3])
            across /= np.linalg.norm(across)
            found.append(
                (f"plane-{ahead_s}", t_s, float(np.linalg.norm(off - (off @ across) * across)))
            )
    return found


def main(arguments: list[str]) -> int:
    """Run everything, write the page and the picture."""
    folder = Path(arguments[0]) if arguments else ROOT.parent / "shared" / "data" / "tracks"
    if not folder.is_dir():
        sys.stderr.write(f"no recorded flights in {folder}\n")
        return 2
    groups = {
        "rockets": list(rockets(folder / "rockets")),
        "boosters": list(boosters(folder / "launch_telemetry")),
    }
    runs = {
        (segment.name, scan_s): [e for seed in range(SEEDS) for e in follow(segment, scan_s, seed)]
        for segments in groups.values() for segment in segments for scan_s in (1.0, 4.0)
    }  # fmt: skip
    PICTURE.write_text(picture(groups["boosters"], runs), encoding="utf-8")
    PAGE.write_text(page(groups, runs), encoding="utf-8")
    return 0


Runs = dict[tuple[str, float], list[tuple[str, float, float]]]


def figure(errors: list[tuple[str, float, float]], what: str, share: float = 0.5) -> float:
    """A quantile of one error over all runs, from `SETTLED_S` on; NaN when there is none."""
    from_s = 0.0 if what == "began" else SETTLED_S
    values = [error for name, age_s, error in errors if name == what and age_s >= from_s]
    return float(np.quantile(values, share)) if values else math.nan


def cell(value: float, digits: int = 0) -> str:
    """A number of a table, a dash where there is none."""
    return "-" if math.isnan(value) else f"{value:.{digits}f}"


def rows(segments: list[Segment], runs: Runs, scan_s: float) -> Iterator[str]:
    """The table of one group of flights and one radar."""
    yield (
        "| flight | coasts s | height km | record m | begins s (runs) | report m"
        " | position m (95 %) | velocity m/s | speed m/s"
        " | in 10 s m | in 30 s m | in 60 s m | of it in plane m |"
    )
    yield "|" + "---|" * 13
    for s in segments:
        errors = runs[s.name, scan_s]
        low, high = (h / 1000.0 for h in s.height_m)
        began = sum(what == "began" for what, _, _ in errors)
        yield (
            f"| {s.name} | {s.length_s:.0f} | {low:.1f}-{high:.1f} | {s.residual_m:.0f}"
            f" | {cell(figure(errors, 'began'), 1)} ({began}) | {cell(figure(errors, 'report'))}"
            f" | {cell(figure(errors, 'position'))} ({cell(figure(errors, 'position', 0.95))})"
            f" | {cell(figure(errors, 'velocity'), 1)} | {cell(figure(errors, 'speed'), 1)}"
            + "".join(f" | {cell(figure(errors, f'ahead-{a}'))}" for a in AHEAD_S)
            + f" | {cell(figure(errors, 'plane-60'))} |"
        )


def page(groups: dict[str, list[Segment]], runs: Runs) -> str:
    """The page, in Markdown."""
    parts = [_INTRODUCTION.format(seeds=SEEDS, settled=f"{SETTLED_S:.0f}")]
    for title, group in (("First stages of orbital launches", "boosters"),
                         ("Sounding rockets", "rockets")):  # fmt: skip
        parts.append(f"## {title}\n\n{_ABOUT[group]}")
        for scan_s in (1.0, 4.0):
            table = "\n".join(rows(groups[group], runs, scan_s))
            parts.append(f"Radar that looks every {scan_s:.0f} s:\n\n{table}\n")
    return "\n".join(parts)


_INTRODUCTION = """# Real flights

This page is written by `tools/real_flights.py`; do not edit it.

Coasting segments of recorded flights, seen by a simulated radar and followed by the ballistic
model of the tracker (gravity with J2, rotating Earth, standard atmosphere, estimated ballistic
coefficient, a motor that may burn). The radar measures 50 m along the line of sight, 0.1 degrees
across, 150 m of height (standard deviations), always sees, and has no clutter: the question here is
whether real bodies fly as the model says. {seeds} seeded runs of each segment; medians of all
reports from {settled} s of track on.

![Arcs and errors](../images/real-flights.svg)

Columns: *coasts*, *height*: the segment. *record*: r.m.s. difference between the record and the
smooth curve (polynomials in time) that is taken as the truth, so what the record itself is good
for. *begins*: age at which the ballistic hypothesis began (in how many of the runs). *report*:
error of the radar's reports. *position*, *velocity*, *speed*: error of the state after each
report (velocity as a vector, speed its length). *in 10, 30, 60 s*: error of the position
predicted so far ahead without further reports, where the segment lasts so long. *of it in plane*:
the error of the 60 s prediction without its part across the vertical plane of flight.

None of these bodies comes down ballistically (boosters light their motors again, rockets open
parachutes), so no error of impact can be measured on them; `tests/track/test_falling.py` measures
it on simulated flights.
"""

_ABOUT = {
    "boosters": """The longest stretch above 40 km in which the recorded acceleration without
gravity stays under 1 m/s2; eleven of the records follow a first stage on its way down, the other
records of that collection follow the second stage, which burns. The records hold
time, height and speed read from webcasts; the level speed is what the slope of the smooth height
leaves of the speed (the climb of the record lags by half a second, 5 m/s on the way down, and would
bend the arc), and the distance over the ground is its integral. They do
not say in which direction it went: the arcs are put on the launch site's great circle at the
azimuth of the orbit (a guess for NROL-76 and ZUMA), with no motion across it. A real body is turned
by the Earth's rotation, 2 x 7.29e-5 1/s x sin(latitude) x 1600 m/s = 0.1 m/s2 across: the model
does that and these arcs cannot, which is the error across the plane, and most of what the three
flights to 92 degrees show. The heights were read to 100 m or 1 km and smoothed by the collection's
author; how much of the rest is theirs is not known.

Source: shahar603/Telemetry-Data at b245d3b81aa3 (Unlicense).
""",
    "rockets": """From burnout to half a second before the highest point, where the parachute opens.
Twelve files are seven flights. Camoes, Juno 3 and Cavour have height and horizontal place; Bella
Lui, NDRT 2020, Andromeda and Erebus have height only and are flown straight up at the site of the
Portuguese flights. Juno 3's heights are in feet. Not used: Halcyon, Faraday and Hedy (satellite
navigation without height, and no altimeter beside it), and Juno 3's altimeter (the same flight; its
sensor fails at the parachute's charge). They climb at up to 330 m/s for 7 to 27 s,
so 150 m of height error leaves little to see and the ballistic hypothesis begins late, or never for
Bella Lui and NDRT 2020, which soon fly at less than 100 m/s: that is the radar, not the model.
Parachutes make predictions past the top meaningless.

Source: RocketPy-Team/RocketPy at d41dd11efcae (MIT).
""",
}


# ---- the picture --------------------------------------------------------------------------------

_COLOURS = ("#1f4e79", "#b3541e", "#3d7a3d", "#7a3d6f")


def line(points: FloatArray, colour: str, width: float, extra: str = "") -> str:
    """A polyline through (k,2) of picture coordinates."""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return (
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}" {extra}/>'
    )


def text(x: float, y: float, words: str, anchor: str = "middle", extra: str = "") -> str:
    """A label."""
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" {extra}>{words}</text>'


@dataclass(frozen=True)
class Frame:
    """A panel: its corner and size in the picture, and the values at its lower left and ends."""

    x: float
    y: float
    width: float
    height: float
    low: tuple[float, float]
    high: tuple[float, float]

    def at(self, values: FloatArray) -> FloatArray:
        """Picture coordinates of values (k,2)."""
        share = (values - np.array(self.low)) / (np.array(self.high) - np.array(self.low))
        corner = np.array([self.x, self.y + self.height])
        return np.asarray(corner + share * np.array([self.width, -self.height]))

    def axes(self, ticks: tuple[list[float], list[float]], names: tuple[str, str, str]) -> str:
        """Border, ticks, names of both axes and the title."""
        right, foot = self.x + self.width, self.y + self.height
        parts = [
            line(np.array([[self.x, self.y], [self.x, foot], [right, foot]]), "#888", 1.0),
            text(self.x + self.width / 2, foot + 34, names[0]),
            text(self.x, self.y - 8, names[1], "start"),
            text(self.x + self.width / 2, self.y - 26, names[2], extra='font-weight="bold"'),
        ]
        for value in ticks[0]:
            x = float(self.at(np.array([[value, self.low[1]]]))[0, 0])
            parts.append(text(x, foot + 16, f"{value:g}"))
            parts.append(line(np.array([[x, foot], [x, self.y]]), "#ddd", 0.5))
        for value in ticks[1]:
            y = float(self.at(np.array([[self.low[0], value]]))[0, 1])
            shown = 10**value if names[1].startswith("error") else value
            parts.append(text(self.x - 5, y + 4, f"{shown:g}", "end"))
            parts.append(line(np.array([[self.x, y], [right, y]]), "#ddd", 0.5))
        return "\n".join(parts)


def picture(segments: list[Segment], runs: Runs) -> str:
    """Arcs of the boosters at the left, errors against the age of the track at the right."""
    arcs = Frame(50, 60, 380, 300, (-20.0, 0.0), (700.0, 180.0))
    ages = Frame(500, 60, 380, 300, (0.0, math.log10(30.0)), (75.0, 4.0))
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 420" role="img">',
        "<title>Recorded arcs and errors of the tracker</title>",
        '<g font-family="sans-serif" font-size="12">',
        '<rect width="900" height="420" fill="white"/>',
        arcs.axes(
            ([0, 200, 400, 600], [0, 50, 100, 150]),
            (
                "distance over the ground, km",
                "height, km",
                "Recorded first stages; coasting in bold",
            ),
        ),
        ages.axes(
            ([0, 25, 50, 75], [2, 3, 4]),
            ("age of the track, s", "error, m (median of all, radar 1 s)", "Errors of the tracker"),
        ),
    ]
    for s in segments:
        flown = arcs.at(s.profile[:, 1:] / 1000.0)
        parts.append(line(flown[::4], "#999", 0.8))
        coasting = (s.profile[:, 0] >= s.span[0]) & (s.profile[:, 0] <= s.span[1])
        parts.append(line(flown[coasting][::2], _COLOURS[0], 2.2, 'stroke-opacity="0.7"'))
    errors = [e for s in segments for e in runs[s.name, 1.0]]
    shown = [("report", "reports", "#999"), ("position", "position", _COLOURS[0])]
    shown += [(f"ahead-{a}", f"predicted {a} s ahead", _COLOURS[1 + k])
              for k, a in enumerate(AHEAD_S)]  # fmt: skip
    for place, (what, name, colour) in enumerate(shown):
        curve_points = []
        for begin_s in range(0, 70, 5):  # so long every segment lasts 60 s more
            values = [e for w, age, e in errors if w == what and begin_s <= age < begin_s + 5]
            if len(values) >= 20:
                curve_points.append((begin_s + 2.5, math.log10(float(np.median(values)))))
        parts.append(line(ages.at(np.array(curve_points)), colour, 2.0))
        parts.append(text(872, 80 + 16 * place, name, "end", f'fill="{colour}"'))
    return "\n".join([*parts, "</g></svg>\n"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
