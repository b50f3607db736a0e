"""What is going on inside, for operators only: counters, health of every sensor, latency.

A fold over the outputs of the mind; read by the private listener as JSON and Prometheus text.
"""

import math
from collections import Counter, deque
from typing import Any, Final

import numpy as np
from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client import Counter as Metric

from tocsin import geo
from tocsin.edge.outlet import Outlet
from tocsin.edge.run import Mind, Step
from tocsin.edge.warming import Warming
from tocsin.engine import Engine
from tocsin.instant import NS_PER_MS, NS_PER_S, iso
from tocsin.rules.alerts import alert_id
from tocsin.words import KINDS, THREATS, Alert, Counts, Frame, Rejected

LATENCIES_KEPT: Final = 4096
REJECTS_KEPT: Final = 200
FATES: Final = (
    "records", "duplicates", "unplaced", "fixes", "pulses", "late", "replayed", "refused",
    "repeated",
)  # fmt: skip
"""What is counted of records, by the name of the field of `Counts`."""
OTHERS: Final = (
    "held", "evicted", "turned_away", "unkept", "untried", "crowded", "forgotten", "unaligned",
)  # fmt: skip
"""What else is counted: frames put by, and what found no room in the picture."""
_BUCKETS_S: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Watch:
    """Counts what passes; `console` and `metrics` show it."""

    def __init__(self) -> None:
        self.totals: Counter[str] = Counter()
        self.frames: Counter[str] = Counter()
        self.rejected: Counter[tuple[str, str]] = Counter()
        self.recent_rejected: deque[Rejected] = deque(maxlen=REJECTS_KEPT)
        self.latency_ms: deque[float] = deque(maxlen=LATENCIES_KEPT)
        self._registry = CollectorRegistry()
        self._frames = Metric("tocsin_frames", "Frames received", ["source"], **self._into())
        self._rejects = Metric(
            "tocsin_rejected", "Input rejected", ["source", "reason"], **self._into()
        )
        self._records = Metric("tocsin_records", "Records, by fate", ["fate"], **self._into())
        self._alerts = Metric(
            "tocsin_alerts", "Alerts decided", ["threat", "stage"], **self._into()
        )
        self._tracks = Gauge("tocsin_tracks", "Tracks now", ["state"], **self._into())
        self._evicted = Metric(
            "tocsin_tracks_evicted", "Tracks that gave way to others", **self._into()
        )
        self._kernels = Gauge(
            "tocsin_kernels", "Kernels, by what was done", ["what"], **self._into()
        )
        self._ready = Gauge("tocsin_kernels_ready", "1 when the sky is tracked", **self._into())
        self._held = Gauge("tocsin_held_frames", "Frames that wait for the kernels", **self._into())
        self._unexplained = Gauge(
            "tocsin_unexplained_reports", "Reports a scan of no track", ["sensor"], **self._into()
        )
        self._losses = Gauge("tocsin_losses", "Dropped, late, set aside", ["what"], **self._into())
        self._latency = Histogram(
            "tocsin_warning_latency_seconds",
            "Oldest datagram of a batch received to signed warning handed to the event stream",
            buckets=_BUCKETS_S,
            **self._into(),
        )

    def _into(self) -> dict[str, Any]:
        return {"registry": self._registry}

    def see(self, step: Step) -> None:
        """Count one batch."""
        for given in step.batch.inputs:
            if isinstance(given, Frame):
                self.frames[given.source] += 1
                self._frames.labels(given.source).inc()
        for output in step.outputs:
            match output:
                case Rejected():
                    self.rejected[output.source, output.reason] += output.count
                    self.recent_rejected.append(output)
                    self._rejects.labels(output.source, output.reason).inc(output.count)
                case Alert():
                    self.totals["alerts"] += 1
                    self._alerts.labels(output.threat, output.stage).inc()
                case Counts():
                    self._see_counts(output)

    def _see_counts(self, counts: Counts) -> None:
        for name in OTHERS:
            self.totals[name] += getattr(counts, name)
        self._evicted.inc(counts.evicted)
        self._tracks.labels("seeds").set(counts.seeds)
        for fate in FATES:
            number = getattr(counts, fate)
            self.totals[fate] += number
            self._records.labels(fate).inc(number)
        self._tracks.labels("confirmed").set(counts.tracks_confirmed)
        self._tracks.labels("tentative").set(counts.tracks_tentative)

    def see_latency(self, latency_ns: int) -> None:
        """Note one warning's way from the socket to the socket."""
        self.latency_ms.append(latency_ns / NS_PER_MS)
        self._latency.observe(latency_ns / NS_PER_S)

    def see_kernels(self, warming: Warming, mind: Mind) -> dict[str, Any]:
        """What the console shows of the kernels, and the same as metrics."""
        held = mind.engine.held.frames
        self._kernels.labels("compiled").set(warming.progress.done)
        self._kernels.labels("there_are").set(warming.progress.of)
        self._ready.set(not mind.engine.held.busy)
        self._held.set(held)
        return {**warming.document(), "held_frames": held}

    def metrics(self) -> bytes:
        """Prometheus text exposition."""
        return generate_latest(self._registry)

    def losses(self, mind: Mind, outlet: Outlet) -> dict[str, int | str]:
        """What was dropped, late or set aside since the start, and what waits for its turn to be
        forecast now; what is not zero wants a look."""
        picture = mind.engine.picture.totals()
        found: dict[str, int] = {
            "frames_quarantined": mind.quarantined,
            "frames_dropped_by_a_crashing_mind": mind.dropped,
            "batches_without_side_file": mind.unguarded,
            "batches_durable_late": mind.writer.late,
            "batches_never_durable": mind.writer.lost,
            "reports_too_late_to_track": picture["late"],
            "reports_refused": picture["refused"],
            "reports_repeated": picture["repeated"],
            "tracks_evicted": picture["evicted"],
            "tracks_turned_away": picture["turned_away"],
            "heard_reports_not_kept": picture["unkept"],
            "heard_reports_not_tried": picture["untried"],
            "heard_reports_of_a_crowd": picture["crowded"],
            "addresses_forgotten": picture["forgotten"],
            "looks_unaligned": picture["unaligned"],
            "forecasts_put_off": mind.engine.forecast.waiting,
            "debris_put_off": mind.engine.forecast.debris_waiting,
            "subscribers_let_go": outlet.dropped_subscribers,
        }
        for name, number in found.items():
            self._losses.labels(name).set(number)
        return {**found, "journal_trouble": mind.writer.trouble}

    def console(self, mind: Mind, outlet: Outlet) -> dict[str, Any]:
        """Everything an operator sees, as plain JSON values."""
        engine = mind.engine
        return {
            "as_of": iso(engine.now_ns),
            "site": engine.site.name,
            "realm": engine.site.realm,
            "mode": engine.site.mode,
            "totals": dict(self.totals),
            "losses": self.losses(mind, outlet),
            "frames": dict(self.frames),
            "rejected": [
                {"source": source, "reason": reason, "count": count}
                for (source, reason), count in sorted(self.rejected.items())
            ],
            "recent_rejected": [
                {"t": iso(r.t_ns), "source": r.source, "reason": r.reason, "detail": r.detail[:200]}
                for r in self.recent_rejected
            ][-20:],
            "latency_ms": percentiles(list(self.latency_ms)),
            "sensors": self._sensors(engine),
            "registration": _registration(engine),
            "blind": _blind(engine),
            "tracks": track_rows(engine),
            "pending": [
                {"alert": alert_id(alert), "stage": alert.stage, "due_t_ns": due_ns}
                for alert, due_ns in engine.authority.pending()
            ],
        }

    def _sensors(self, engine: Engine) -> list[dict[str, Any]]:
        sensors, now_ns, rows = engine.sensors, engine.now_ns, []
        if sensors is None:
            return []
        loads = engine.unexplained.loads(now_ns, sensors)
        for i, (name, load) in enumerate(zip(sensors.names, loads, strict=True)):
            self._unexplained.labels(name).set(load.unexplained_per_scan)
            rows.append(
                {
                    "name": name,
                    "heard": iso(int(sensors.t_ns_heard[i])) if sensors.t_ns_heard[i] else None,
                    "alive": bool(now_ns - sensors.t_ns_heard[i] <= sensors.stale_s[i] * NS_PER_S),
                    "scan_s": float(sensors.scan_s[i]),
                    "placed": bool(sensors.position_m[i, 0] == sensors.position_m[i, 0]),
                    "reports_per_scan": round(load.reports_per_scan, 1),
                    "unexplained_per_scan": round(load.unexplained_per_scan, 1),
                    "jammed": load.jammed,
                }
            )
        return rows


def percentiles(samples: list[float]) -> dict[str, float | int | None]:
    """Count, median and 99th percentile (nearest rank) of `samples`; None of none."""
    ordered = sorted(samples)
    if not ordered:
        return {"count": 0, "p50": None, "p99": None, "max": None}

    def rank(share: float) -> float:
        return round(ordered[max(1, math.ceil(share * len(ordered))) - 1], 3)

    return {"count": len(ordered), "p50": rank(0.5), "p99": rank(0.99), "max": rank(1.0)}


def _registration(engine: Engine) -> list[dict[str, Any]]:
    """By how much each sensor is found to be out of line with the others."""
    names = () if engine.sensors is None else engine.sensors.names
    return [
        {
            "sensor": names[sensor] if sensor < len(names) else str(sensor),
            "range_m": round(range_m, 1),
            "azimuth_deg": round(azimuth_deg, 3),
            "range_sd_m": round(range_sd_m, 1),
            "azimuth_sd_deg": round(azimuth_sd_deg, 3),
            "pairs": pairs,
        }
        for sensor, range_m, azimuth_deg, range_sd_m, azimuth_sd_deg, pairs in (
            engine.picture.biases()
        )
    ]


def _blind(engine: Engine) -> list[dict[str, Any]]:
    """Which zones nobody watches, for which threat, and when a sensor that sees them last spoke;
    those with the same time together. It tells where to fly unseen: never make it public."""
    coverage, rows = engine.board.coverage, []
    for column, threat in enumerate(THREATS):
        zones: dict[int, list[str]] = {}
        for row in np.flatnonzero(coverage.blind[:, column]).tolist():
            last_ns = int(coverage.t_ns_watched[row, column])
            zones.setdefault(last_ns, []).append(engine.zones.ids[row])
        rows += [
            {
                "threat": threat,
                "watched": iso(last_ns) if last_ns else None,
                "zones": zones[last_ns],
            }
            for last_ns in sorted(zones)
        ]
    return rows


def track_rows(engine: Engine) -> list[dict[str, Any]]:
    """The confirmed tracks as an operator reads them: degrees, metres, the likeliest kind."""
    tracks = engine.tracks
    if tracks is None or not len(tracks):
        return []
    lat_deg, lon_deg, height_m = geo.geodetic(tracks.position_m)
    likely = tracks.kind_weight.argmax(axis=1)
    return [
        {
            "id": int(tracks.id[i]),
            "lat": round(float(lat_deg[i]), 5),
            "lon": round(float(lon_deg[i]), 5),
            "height_m": round(float(height_m[i])),
            "speed_mps": round(float((tracks.velocity_mps[i] ** 2).sum() ** 0.5), 1),
            "kind": KINDS[int(likely[i])],
            "kind_weight": round(float(tracks.kind_weight[i, likely[i]]), 3),
            "existence": round(float(tracks.existence[i]), 3),
            "friend": bool(tracks.friend[i]),
        }
        for i in range(len(tracks))
        if tracks.confirmed[i]
    ]
