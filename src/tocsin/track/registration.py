"""Sensor biases: what two radars that see the same target disagree about, found and taken out.

Each sensor has an offset in range (m), in azimuth (rad, clockwise) and in height (m). A residual
is one plot of one sensor against the straight line between the plots before and after it that
another sensor made of the same track. It needs no track state, so a track that was itself pulled
to and fro by the biases cannot hide them (`docs/reference/measurement.md` has the figures beside
the usual way, a plot against the predicted track). Every plot is used at most once: residuals are
independent.

All sensors are estimated together in information form (Bar-Shalom, Li, Kirubarajan, *Estimation
with Applications to Tracking and Navigation*, 2001, 7.2; the linear model of the biases: Lin,
Bar-Shalom, Kirubarajan, *Multisensor-multitarget bias estimation for general asynchronous
sensors*, IEEE T-AES 41 (2005) 899-921): a residual adds a 6 x 6 block, and a prior of zero mean
decides what the residuals leave open. Left open is what moves all pictures alike: two radars on
one mast are only known against each other, two radars apart are each known where traffic crosses
between them at different angles. The standard deviations say which. They are honest for a bias of
what was measured, placed as `sense.polar` places it (normalised error squared 0.95 a degree of
freedom, 40 seeds of `tests/track/test_sensors.py`). A height that is wrong in another way, without
the pull on the ground range that it has at equal slant range, is not: it looks like knowledge of
what both heights have in common, and the same seeds give 2.6.

Not estimated: the scale of the range (10^-4 is 20 m at 200 km, and cannot be told from the offset
by traffic at one distance), and clocks.
"""

from typing import Final, NamedTuple

import numpy as np

from tocsin import geo
from tocsin.track.registration_kernels import (
    DEPTH,
    FADE_NS,
    STATES,
    Memory,
    adjust,
    learn_look,
    settle,
)
from tocsin.words import FloatArray, IntArray

SENSORS_MAX: Final = 32
"""Sensors that are estimated together; chosen: the matrix of 96 is inverted in about a millisecond.
Sensors beyond it are used as they are, and counted in `Registration.refused`."""
CALIBRATORS: Final = 128  # tracks whose plots are kept at a time; chosen: 40 residuals a second
_EACH_NS: Final = 1_000_000_000  # chosen: biases are solved for once a second of event time


class Biases(NamedTuple):
    """What is believed of each sensor, for showing; each (n,). `sd` are standard deviations.

    They include what cannot be known from disagreement alone; a plot of a sensor appears too far
    by `range_m`, turned clockwise by `azimuth_deg` and too high by `height_m`.
    """

    sensor: IntArray
    range_m: FloatArray
    range_sd_m: FloatArray
    azimuth_deg: FloatArray
    azimuth_sd_deg: FloatArray
    height_m: FloatArray
    height_sd_m: FloatArray
    pairs: IntArray


class Registration:
    """The biases of all sensors that overlap. Same events in the same order, same bits; bounded.

    Of each look: `correct` before association, `learn` after it, with the plots as they came.
    """

    def __init__(self, memory: Memory | None = None) -> None:
        self.refused = 0
        self._slot: dict[int, int] = {}
        self._memory = _blank(0) if memory is None else memory

    def __len__(self) -> int:
        """How many sensors were heard."""
        return len(self._slot)

    def copy(self) -> "Registration":
        """An independent copy, for the ring of snapshots. A lone sensor has learnt nothing yet."""
        if len(self._slot) < 2:
            memory = self._memory._replace(heard_ns=self._memory.heard_ns.copy())
            other = Registration(memory)
            other.refused, other._slot = self.refused, dict(self._slot)
            return other
        other = Registration(Memory._make(column.copy() for column in self._memory))
        other.refused = self.refused
        other._slot = dict(self._slot)
        return other

    def hear(self, sensor: int, t_ns: int, place_m: FloatArray, range_m_max: float) -> int:
        """Note that a sensor looked at `t_ns`; its slot, -1 without one."""
        slot = self._slot_of(sensor, place_m, range_m_max)
        if slot >= 0:
            self._memory.heard_ns[slot] = max(self._memory.heard_ns.item(slot), t_ns)
        return slot

    def correct(
        self,
        sensor: int,
        t_ns: int,
        place_m: FloatArray,
        range_m_max: float,
        positions: FloatArray,
        covariances: FloatArray,
    ) -> tuple[FloatArray, FloatArray]:
        """Plots (n,3), (n,3,3) without the bias of `sensor`, which stands at `place_m` (3,) ECEF.

        Where another sensor that was heard in the last minute could see the same place, half of
        what is not known of the difference of the two is added to the covariance, so that the
        plots of both together allow for all of it. A sensor alone gets back what it gave.
        """
        slot = self.hear(sensor, t_ns, place_m, range_m_max)
        if slot < 0 or len(self._slot) < 2 or len(positions) == 0:
            return positions, covariances
        fixed, wider = positions.copy(), covariances.copy()
        adjust(self._memory, slot, t_ns, fixed, wider)
        return fixed, wider

    def learn(
        self,
        sensor: int,
        t_ns: IntArray,
        track_ids: IntArray,
        positions: FloatArray,
        covariances: FloatArray,
    ) -> None:
        """Take the plots (n,) of one look that surely (mass > 0.9) belong to `track_ids` (n,).

        `positions` (n,3) and `covariances` (n,3,3) are those of the sensor, not corrected. Call it
        in order of event time.
        """
        slot = self._slot.get(sensor, -1)
        if slot < 0 or len(self._slot) < 2 or len(track_ids) == 0:
            return
        memory = self._memory
        # one memory layout, one compiled kernel
        times, ids = np.ascontiguousarray(t_ns), np.ascontiguousarray(track_ids)
        places, noises = np.ascontiguousarray(positions), np.ascontiguousarray(covariances)
        learn_look(memory, slot, times, ids, places, noises)
        now_ns = int(t_ns[-1])
        if memory.clock[0] == 0:
            memory.clock[0] = now_ns
        if memory.clock[1] > 0 and now_ns - int(memory.clock[0]) >= _EACH_NS:
            settle(memory, now_ns)

    def biases(self) -> Biases:
        """What is believed of each sensor that has been heard, in order of first hearing."""
        memory = self._memory
        n = len(self._slot)
        mean = memory.mean.reshape(n, STATES)
        sd = np.sqrt(np.diag(memory.cov)).reshape(n, STATES)
        return Biases(
            sensor=np.fromiter(self._slot, np.int64, n),
            range_m=mean[:, 0].copy(),
            range_sd_m=sd[:, 0].copy(),
            azimuth_deg=np.degrees(mean[:, 1]),
            azimuth_sd_deg=np.degrees(sd[:, 1]),
            height_m=mean[:, 2].copy(),
            height_sd_m=sd[:, 2].copy(),
            pairs=memory.pairs.sum(axis=1),
        )

    def relative(self) -> tuple[FloatArray, FloatArray]:
        """Mean (3n,) and covariance (3n,3n): range m, azimuth rad, height m of each sensor."""
        return self._memory.mean.copy(), self._memory.cov.copy()

    def _slot_of(self, sensor: int, place_m: FloatArray, range_m_max: float) -> int:
        """The slot of a sensor; a new one if there is room; -1 without a place or room."""
        slot = self._slot.get(sensor, -1)
        if slot >= 0:
            return slot
        if not np.isfinite(place_m).all():
            return -1
        if len(self._slot) >= SENSORS_MAX:
            self.refused += 1
            return -1
        slot = len(self._slot)
        self._slot[sensor] = slot
        self._memory = _wider(self._memory, slot)
        lat_deg, lon_deg, height_m = geo.geodetic(place_m)
        self._memory.site[slot, :3] = place_m
        self._memory.site[slot, 3:6] = geo.local_axes(lat_deg, lon_deg)[2]
        self._memory.site[slot, 6] = range_m_max
        self._memory.site[slot, 7] = height_m
        return slot


PRIOR_SD: Final = (60.0, float(np.radians(0.2)), 60.0)
"""Range m, azimuth rad, height m, before anything is known. Chosen: twice of it covers a radar
that is badly surveyed and aligned by compass."""


def _blank(n: int) -> Memory:
    """A memory for `n` sensors with no residuals."""
    prior = np.tile(np.square(np.array(PRIOR_SD)), n)
    return Memory(
        site=np.zeros((n, 8)),
        heard_ns=np.zeros(n, np.int64),
        prior=1.0 / prior,
        info=np.zeros((STATES * n, STATES * n)),
        vector=np.zeros(STATES * n),
        mean=np.zeros(STATES * n),
        cov=np.diag(prior),
        pairs=np.zeros((n, n), np.int64),
        clock=np.zeros(2, np.int64),
        owner=np.full(CALIBRATORS, -1, np.int64),
        seen_ns=np.zeros(CALIBRATORS, np.int64),
        plot_ns=np.zeros((CALIBRATORS, DEPTH), np.int64),
        plot_slot=np.full((CALIBRATORS, DEPTH), -1, np.int64),
        plot=np.zeros((CALIBRATORS, DEPTH, 12)),
    )


def _wider(memory: Memory, n: int) -> Memory:
    """Room for one sensor more than `n`."""
    wide = _blank(n + 1)
    k = STATES * n
    for new, old in (
        (wide.site, memory.site),
        (wide.heard_ns, memory.heard_ns),
        (wide.vector, memory.vector),
        (wide.mean, memory.mean),
    ):
        new[: len(old)] = old
    wide.info[:k, :k], wide.cov[:k, :k] = memory.info, memory.cov
    wide.pairs[:n, :n] = memory.pairs
    return wide._replace(
        clock=memory.clock.copy(),
        owner=memory.owner.copy(),
        seen_ns=memory.seen_ns.copy(),
        plot_ns=memory.plot_ns.copy(),
        plot_slot=memory.plot_slot.copy(),
        plot=memory.plot.copy(),
    )


assert FADE_NS > _EACH_NS
