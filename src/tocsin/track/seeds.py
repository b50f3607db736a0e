"""Seeds: reports that no track explained, each of which may be a new target's first.

A seed is a Bernoulli component like any track, kept small: its state is the report and a guess
of speed. At the second look that fits it becomes a track; in dense clutter most never do, and
cost a few bytes instead of a filter each.
"""

from typing import Final

from numba import njit

from tocsin.track.table import Record, Records

LIFE_SCANS: Final = 2.2
"""A seed unseen for so many scans goes: two misses in a row happen to 1 % of targets at 0.9."""


@njit(cache=True, nogil=True, error_model="numpy")
def sow(seed: Record, report: Record, existence: float, sensor: int, scan_s: float) -> None:
    """Write `report` as `seed`."""
    seed.t_ns = report.t_ns
    seed.range_rate_mps = report.range_rate_mps
    seed.evidence = report.evidence
    seed.serial = report.serial
    seed.mode_3a, seed.mode_s = report.mode_3a, report.mode_s
    seed.hint, seed.has_height, seed.friend = report.hint, report.has_height, report.friend
    seed.existence, seed.sensor, seed.scan_s = existence, sensor, scan_s
    for a in range(3):
        seed.position_m[a] = report.position_m[a]
        for b in range(3):
            seed.covariance_m2[a, b] = report.covariance_m2[a, b]


@njit(cache=True, nogil=True, error_model="numpy")
def forget(seeds: Records, n: int, t_ns: int) -> int:
    """Drop the seeds that are too old at `t_ns`, whether anybody looked or not; how many stay."""
    kept = 0
    for k in range(n):
        if t_ns - seeds[k].t_ns <= LIFE_SCANS * seeds[k].scan_s * 1e9:
            if kept != k:
                seeds[kept] = seeds[k]
            kept += 1
    return kept
