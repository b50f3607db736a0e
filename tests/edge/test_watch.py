"""What operators see: counted as it passed, percentiles as the textbook has them."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from tests import raid
from tocsin.edge import build
from tocsin.edge.outlet import Outlet
from tocsin.edge.run import Mind, Step
from tocsin.edge.watch import REJECTS_KEPT, Watch, percentiles
from tocsin.track import Picture
from tocsin.words import Alert, Batch, Counts, Frame, Rejected, Tick


def rejected(number: int, count: int = 1, source: str = "radar-1") -> Rejected:
    return Rejected(
        t_ns=raid.T_NS_START + number, source=source, reason="length", count=count, detail="x" * 900
    )


def step(*outputs: object) -> Step:
    frame = Frame(t_ns=1, source="radar-1", payload=b"")
    return Step(Batch(number=1, t_ns=1, inputs=(frame, frame, Tick(t_ns=1))), list(outputs), {})  # type: ignore[arg-type]


def samples(watch: Watch) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Prometheus' own reading of the exposition."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(watch.metrics().decode())
        for sample in family.samples
    }


@pytest.fixture
def mind(tmp_path: Path) -> Iterator[Mind]:
    given = Mind.start(tmp_path / "journal.sqlite", build.parts(raid.site()), durable=False)
    yield given
    given.close()


def test_what_was_lost_is_shown_by_name(mind: Mind) -> None:
    watch, outlet = Watch(), Outlet()
    mind.quarantined, mind.writer.late, outlet.dropped_subscribers = 3, 2, 1
    losses = watch.console(mind, outlet)["losses"]
    assert losses["frames_quarantined"] == 3
    assert losses["subscribers_let_go"] == 1
    assert b'tocsin_losses{what="batches_durable_late"} 2.0' in watch.metrics()


def test_metrics_and_console_count_the_same(mind: Mind) -> None:
    watch = Watch()
    counts = Counts(t_ns=1, frames=2, records=9, fixes=5, tracks_confirmed=3, tracks_tentative=1)
    watch.see(step(rejected(1), rejected(2, count=4), rejected(3, source="order"), counts))
    watch.see(step(counts))
    found = samples(watch)
    assert found["tocsin_frames_total", (("source", "radar-1"),)] == 4
    key = (("reason", "length"), ("source", "radar-1"))
    assert found["tocsin_rejected_total", key] == 5
    assert found["tocsin_records_total", (("fate", "fixes"),)] == 10
    assert found["tocsin_tracks", (("state", "confirmed"),)] == 3
    console = watch.console(mind, Outlet())
    assert console["rejected"] == [
        {"source": "order", "reason": "length", "count": 1},
        {"source": "radar-1", "reason": "length", "count": 5},
    ]
    assert console["frames"] == {"radar-1": 4}
    assert console["totals"]["records"] == 18


def test_what_the_picture_counts_is_shown(mind: Mind) -> None:
    watch = Watch()
    counts = Counts(
        t_ns=1, held=4, late=2, replayed=3, evicted=5, turned_away=9, seeds=7, refused=6,
        repeated=8, unkept=10, untried=11, crowded=12, forgotten=13, unaligned=14,
    )  # fmt: skip
    watch.see(step(counts, counts))
    found = samples(watch)
    assert found["tocsin_records_total", (("fate", "late"),)] == 4
    assert found["tocsin_records_total", (("fate", "replayed"),)] == 6
    assert found["tocsin_records_total", (("fate", "refused"),)] == 12
    assert found["tocsin_records_total", (("fate", "repeated"),)] == 16
    assert found["tocsin_tracks_evicted_total", ()] == 10
    assert found["tocsin_tracks", (("state", "seeds"),)] == 7
    totals = watch.console(mind, Outlet())["totals"]
    assert (totals["held"], totals["late"], totals["replayed"], totals["evicted"]) == (8, 4, 6, 10)
    assert (totals["refused"], totals["repeated"]) == (12, 16)
    assert totals["turned_away"] == 18
    assert (totals["unkept"], totals["untried"], totals["crowded"]) == (20, 22, 24)
    assert (totals["forgotten"], totals["unaligned"]) == (26, 28)


def test_forecasts_that_wait_for_their_turn_are_among_the_losses(
    mind: Mind, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch, outlet = Watch(), Outlet()
    assert watch.losses(mind, outlet)["forecasts_put_off"] == 0
    monkeypatch.setattr(mind.engine.forecast, "_waiting", 5)
    assert watch.losses(mind, outlet)["forecasts_put_off"] == 5
    assert b'tocsin_losses{what="forecasts_put_off"} 5.0' in watch.metrics()
    waits = np.ones(3, dtype=np.bool_)
    monkeypatch.setattr(mind.engine.forecast._wreckage, "_waits", waits)
    assert watch.losses(mind, outlet)["debris_put_off"] == 3


def test_reports_that_the_picture_would_not_have_are_among_the_losses(mind: Mind) -> None:
    picture, watch = mind.engine.picture, Watch()
    picture.refused, picture.repeated = 4, 9
    lost = {
        "tracks_turned_away": 6, "heard_reports_not_kept": 1, "heard_reports_not_tried": 2,
        "heard_reports_of_a_crowd": 3, "addresses_forgotten": 5, "looks_unaligned": 7,
    }  # fmt: skip
    sky = picture._sky
    before = sky.copy()
    sky.turned_away, sky.ears.dropped, sky.ears.untried, sky.ears.crowded = 6, 1, 2, 3
    sky.identity.shed, sky.registration.refused = 5, 7
    picture._keep_count()
    picture._sky = before  # set back for a late report
    picture._keep_count()
    losses = watch.losses(mind, Outlet())
    assert (losses["reports_refused"], losses["reports_repeated"]) == (4, 9)
    assert {name: losses[name] for name in lost} == lost
    assert b'tocsin_losses{what="reports_refused"} 4.0' in watch.metrics()
    for name, number in lost.items():
        assert f'tocsin_losses{{what="{name}"}} {number}.0'.encode() in watch.metrics()


def test_the_engine_tells_what_the_picture_counted_since_the_last_batch(
    mind: Mind, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are totals of the picture, differences in `Counts`."""

    def update(self: Picture, *_words: object) -> None:
        self.late += 2
        self._most["evicted"] += 3
        self.refused += 7
        self.repeated += 1
        self.replayed += 5

    monkeypatch.setattr(Picture, "update", update)
    monkeypatch.setattr(Picture, "seeds", property(lambda self: 11))
    for number in (1, 2):
        outputs = mind.step([Tick(t_ns=raid.T_NS_START + number)]).outputs
        (counts,) = (o for o in outputs if isinstance(o, Counts))
        found = (counts.late, counts.replayed, counts.evicted, counts.seeds)
        assert found == (2, 5, 3, 11)
        assert (counts.refused, counts.repeated) == (7, 1)


def test_what_is_out_of_line_is_shown_by_the_name_of_its_sensor(
    mind: Mind, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch, outlet = Watch(), Outlet()
    assert watch.console(mind, outlet)["registration"] == []
    mind.step([Tick(t_ns=raid.T_NS_START)])
    rows = [(1, 41.26, 0.12345, 8.04, 0.01, 120)]
    monkeypatch.setattr(Picture, "biases", lambda self: rows)
    assert watch.console(mind, outlet)["registration"] == [
        {
            "sensor": raid.site().sensors[1].name,
            "range_m": 41.3,
            "azimuth_deg": 0.123,
            "range_sd_m": 8.0,
            "azimuth_sd_deg": 0.01,
            "pairs": 120,
        }
    ]


def test_the_memory_of_what_was_rejected_is_bounded(mind: Mind) -> None:
    watch = Watch()
    for number in range(3 * REJECTS_KEPT):
        watch.see(step(rejected(number)))
    console = watch.console(mind, Outlet())
    assert len(watch.recent_rejected) == REJECTS_KEPT
    assert all(len(row["detail"]) <= 200 for row in console["recent_rejected"])
    assert console["rejected"][0]["count"] == 3 * REJECTS_KEPT


def test_latency_is_in_milliseconds_here_and_in_seconds_there() -> None:
    watch = Watch()
    watch.see_latency(30_000_000)
    assert percentiles(list(watch.latency_ms)) == {
        "count": 1,
        "p50": 30.0,
        "p99": 30.0,
        "max": 30.0,
    }
    assert samples(watch)["tocsin_warning_latency_seconds_sum", ()] == pytest.approx(0.03)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=300))
def test_percentiles_are_those_of_nearest_rank(values: list[float]) -> None:
    """At least the share of the values is at or below; no smaller value has that property."""
    found = percentiles(values)
    ordered = sorted(values)
    for name, share in (("p50", 0.50), ("p99", 0.99)):
        rank = max(1, math.ceil(share * len(ordered)))
        assert found[name] == round(ordered[rank - 1], 3), name
    assert found["max"] == round(ordered[-1], 3)


def test_no_samples_no_figures() -> None:
    assert percentiles([]) == {"count": 0, "p50": None, "p99": None, "max": None}


def test_alerts_are_counted_by_threat_and_stage() -> None:
    watch = Watch()
    alert = Alert(
        zone="ua-kharkiv", threat="drone", serial=1, t_ns=1, stage="early", level="yellow",
        blind=False, reasons=(), t_ns_arrival=0, t_ns_expires=2, realm="exercise",
    )  # fmt: skip
    watch.see(step(alert))
    key = (("stage", "early"), ("threat", "drone"))
    assert samples(watch)["tocsin_alerts_total", key] == 1
