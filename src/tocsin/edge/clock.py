"""The only place that asks the operating system what time it is."""

import time
from dataclasses import dataclass, field
from typing import Final

STEP_NS_MAX: Final = 500_000_000
"""Wall clock and monotonic clock may part by this much between two looks; chosen: NTP slews at most
0.5 ms a second (RFC 5905, A.5.5.6), so half a second is a step, not a slew."""


def now_ns() -> int:
    """POSIX UTC, nanoseconds."""
    return time.time_ns()


def monotonic_ns() -> int:
    """Nanoseconds that never go back; only differences mean anything."""
    return time.monotonic_ns()


def wait_s(seconds: float) -> None:
    """Do nothing for `seconds`."""
    time.sleep(max(0.0, seconds))


@dataclass(slots=True)
class StepWatch:
    """Notices that the host's clock was set, by holding it against the monotonic clock."""

    wall_ns: int = field(default_factory=now_ns)
    steady_ns: int = field(default_factory=monotonic_ns)

    def step_ns(self) -> int:
        """How far the wall clock was stepped since the last look, 0 when it was not."""
        wall_ns, steady_ns = now_ns(), monotonic_ns()
        step = (wall_ns - self.wall_ns) - (steady_ns - self.steady_ns)
        self.wall_ns, self.steady_ns = wall_ns, steady_ns
        return step if abs(step) > STEP_NS_MAX else 0
