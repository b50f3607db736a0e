"""From arrivals (track by track) to the risk of each zone and threat.

A zone and a threat together are one *key*: ``zone row x 3 + threat``, the index into all the
board's columns.

Chances of several tracks combine as if independent: ``1 - prod(1 - p)``. They are not quite (one
raid, one command), but the error is on the safe side while chances are small and positive.
Between the horizons of a forecast the chance is interpolated linearly, from 0 at 0 s; beyond the
last it stays. The forecast's own age (at most 1 s) is neglected: the look-aheads contain it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from tocsin.decide.coverage import Zones
from tocsin.decide.policy import WARNED_BY_CHANCE, Policy, Row, shelter_times_s
from tocsin.words import HORIZONS_S, THREATS, Arrivals, BoolArray, FloatArray, IntArray, Reason

CHANCE_MAX: Final = 1.0 - 1e-12  # keeps the logarithm finite when a forecast is certain
MATTERS_FRACTION: Final = 0.1
"""A track with less than this share of the strongest one's chance does not set the arrival time.

Chosen, because one in ten should still hurry people, and a ghost should not.
"""
REASONS_MAX: Final = 4  # chosen, because more tracks than that explain nothing to a person


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """What threatens which key: k keys that have at least one arrival, n arrivals.

    key      int64 (k,)    sorted
    on       float64 (3,k) combined chance within the look-ahead of each `WARNED_BY_CHANCE`
    off      float64 (3,k) the same within the look-ahead for ending it
    start    int64 (k+1,)  the arrivals of key i are rows[start[i]:start[i + 1]]
    rows     int64 (n,)    rows of `Arrivals`, by key, then as they came
    by_row   float64 (3,n) chance within the starting look-ahead of each arrival in `rows`
    """

    key: IntArray
    on: FloatArray
    off: FloatArray
    start: IntArray
    rows: IntArray
    by_row: FloatArray


class Outlook:
    """The look-aheads of a policy for the zones of a map, ready for quick interpolation."""

    def __init__(self, policy: Policy, zones: Zones, *, night: bool = False) -> None:
        shelter_s = shelter_times_s(policy, np.asarray(zones.shelter_s, dtype=np.float64))
        ahead_s = np.array(
            [
                _ahead_s(
                    [policy.row(threat, stage, night=night) for threat in THREATS],
                    shelter_s,
                    ending=ending,
                )
                for ending in (False, True)
                for stage in WARNED_BY_CHANCE
            ]
        )
        knots_s = np.array((0, *HORIZONS_S), dtype=np.float64)
        ahead_s = np.clip(ahead_s, 0.0, knots_s[-1])
        # Most stages end within the look-ahead in which they start: each is reckoned once.
        lines = [tuple(line) for line in ahead_s.tolist()]
        distinct = list(dict.fromkeys(lines))
        ahead_s, self._line = np.array(distinct), np.array([distinct.index(line) for line in lines])
        self._lower = np.clip(np.searchsorted(knots_s, ahead_s) - 1, 0, len(knots_s) - 2)
        left_s = knots_s[self._lower]
        self._share = (ahead_s - left_s) / (knots_s[self._lower + 1] - left_s)

    def risk(self, arrivals: Arrivals, ignored: BoolArray) -> Risk:
        """The risk of every key that an arrival names; `ignored` is bool, one per arrival."""
        kept = np.flatnonzero(~ignored)
        key = arrivals.zone[kept].astype(np.int64) * len(THREATS) + arrivals.threat[kept]
        order = np.argsort(key, kind="stable")
        rows, key = kept[order], key[order]
        start = np.flatnonzero(np.diff(key, prepend=-1))
        keys = key[start]
        chance = self._chance(arrivals.chance[rows], key)
        assert not np.isnan(chance).any(), "a forecast with NaN chances"
        number = np.repeat(np.arange(len(keys)), np.diff(np.append(start, len(rows))))
        survived = np.log1p(-np.clip(chance, 0.0, CHANCE_MAX))
        combined = np.array(
            [-np.expm1(np.bincount(number, line, minlength=len(keys))) for line in survived]
        )
        starting, ending = np.split(self._line, 2)
        return Risk(
            key=keys,
            on=combined[starting],
            off=combined[ending],
            start=np.append(start, len(rows)),
            rows=rows,
            by_row=chance[starting],
        )

    def _chance(self, cumulative: FloatArray, key: IntArray) -> FloatArray:
        """Chance of each arrival within each of the d distinct look-aheads of its key: (d, n)."""
        padded = np.concatenate([np.zeros((len(cumulative), 1)), cumulative], axis=1)
        place = np.arange(len(key)) * padded.shape[1] + self._lower.take(key, axis=1)
        left: FloatArray = padded.take(place)
        right: FloatArray = padded.take(place + 1)
        chance: FloatArray = left + self._share.take(key, axis=1) * (right - left)
        return chance


def arrival_times(
    risk: Risk, arrivals: Arrivals, column: IntArray
) -> tuple[IntArray, IntArray, IntArray]:
    """When harm is likely at each key, the latest and the soonest it may be: three int64 (k,), 0
    unknown.

    Only tracks that matter within the look-ahead of stage `column` (k,) count: those with at
    least `MATTERS_FRACTION` of the strongest one's chance. The first time is the earliest of their
    likely arrivals, for people must be ready for the first; the second the last of their late ones,
    the third the first of their early ones.
    """
    if len(risk.key) == 0:
        none = np.zeros(0, dtype=np.int64)
        return none, none, none
    count = np.diff(risk.start)
    chance = risk.by_row[np.repeat(column, count), np.arange(len(risk.rows))]
    strongest = np.repeat(np.maximum.reduceat(chance, risk.start[:-1]), count)
    matters = (chance > 0.0) & (chance >= MATTERS_FRACTION * strongest)
    never = np.iinfo(np.int64).max
    likely = arrivals.t_ns_likely[risk.rows]
    likely = np.where(matters & (likely > 0), likely, never)
    earliest = np.minimum.reduceat(likely, risk.start[:-1])
    late = np.where(matters, arrivals.t_ns_late[risk.rows], 0)
    early = np.where(matters, arrivals.t_ns_early[risk.rows], never)
    soonest = np.minimum.reduceat(early, risk.start[:-1])
    return (
        np.where(earliest == never, 0, earliest),
        np.maximum.reduceat(late, risk.start[:-1]),
        np.where(soonest == never, 0, soonest),
    )


def leading(risk: Risk, arrivals: Arrivals, key: int, column: int) -> IntArray:
    """The tracks that matter at `key` within the look-ahead of stage `column`: int64, maybe none.

    As for `arrival_times`: what has a small share of the strongest one's chance does not count.
    """
    number = int(np.searchsorted(risk.key, key))
    if number == len(risk.key) or risk.key[number] != key:
        return np.zeros(0, dtype=np.int64)
    places = slice(int(risk.start[number]), int(risk.start[number + 1]))
    chance = risk.by_row[column, places]
    matters = (chance > 0.0) & (chance >= MATTERS_FRACTION * chance.max())
    tracks: IntArray = arrivals.track[risk.rows[places][matters]]
    return tracks


def reasons(risk: Risk, arrivals: Arrivals, key: int, column: int, rule: str) -> tuple[Reason, ...]:
    """The strongest tracks behind `key`, at most `REASONS_MAX`, strongest first, ties by id."""
    number = int(np.searchsorted(risk.key, key))
    if number == len(risk.key) or risk.key[number] != key:
        return ()
    places = slice(int(risk.start[number]), int(risk.start[number + 1]))
    rows, chances = risk.rows[places], risk.by_row[column, places]
    lines = zip((-chances).tolist(), arrivals.track[rows].tolist(), rows.tolist(), strict=True)
    ranked = sorted(line for line in lines if line[0] < 0.0)
    return tuple(_reason(arrivals, row, -chance, rule) for chance, _, row in ranked[:REASONS_MAX])


def _reason(arrivals: Arrivals, row: int, chance: float, rule: str) -> Reason:
    return Reason(
        rule=rule,
        track=int(arrivals.track[row]),
        chance=chance,
        t_ns_early=int(arrivals.t_ns_early[row]),
        t_ns_likely=int(arrivals.t_ns_likely[row]),
        t_ns_late=int(arrivals.t_ns_late[row]),
        evidence=tuple(number for number in arrivals.evidence[row].tolist() if number != -1),
    )


def _ahead_s(rows: list[Row], shelter_s: FloatArray, *, ending: bool) -> FloatArray:
    """Look-ahead of the rows of one stage for every key, to start it or to end it."""
    by_threat = []
    for row in rows:
        base_s = row.ahead_s + (row.off_ahead_s if ending else 0.0)
        by_threat.append(base_s + (shelter_s if row.add_shelter else np.zeros_like(shelter_s)))
    return np.stack(by_threat, axis=-1).reshape(-1)
