"""The kernels of a running system: loaded at once from a warm cache; else another process fills the
cache, at low priority, while this one receives, journals and obeys.

`ready` is set when the mind may run kernels. A filler that fails is no reason to hold the sensors'
frames for ever: then the first batch compiles them, and everything waits for that as it must.
"""

import subprocess
import sys
import threading
from typing import Any, Final

import msgspec
import structlog

from tocsin.edge import clock, kernels
from tocsin.instant import NS_PER_S

COMMAND: Final = (sys.executable, "-m", "tocsin", "warm", "--json", "--nice", "10")
SAID_EVERY_NS: Final = 2 * NS_PER_S
"""Between two lines of progress in the log; chosen."""
LINES_KEPT: Final = 20

log = structlog.get_logger()


class Progress(msgspec.Struct, frozen=True):
    """One line of `tocsin warm --json`: so many kernels of so many are compiled."""

    done: int
    of: int


class Warming:
    """Brings the kernels into this process. `state` is cold, filling, loading or ready."""

    def __init__(self) -> None:
        self.why = kernels.cold()
        self.state = "cold"
        self.fault = ""
        self.progress = Progress(*kernels.progress())
        self.ready = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = False

    def begin(self) -> None:
        """Load the kernels now, if the cache is warm; else begin to fill it, and return at once."""
        if not self.why:
            self._load()
            return
        log.warning(
            "the kernel cache is cold: kernels are compiled, which takes a minute or two; until"
            " then sensors are received and journaled but nothing is tracked; orders are obeyed",
            why=self.why,
        )
        threading.Thread(target=self._fill, name="kernels", daemon=True).start()

    def wait(self) -> None:
        """Return when the kernels are ready."""
        self.ready.wait()

    def stop(self) -> None:
        """End the process that fills the cache, if there is one."""
        self._stopping = True
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def document(self) -> dict[str, Any]:
        """What the console shows."""
        return {
            "state": self.state,
            "why": self.why,
            "done": self.progress.done,
            "of": self.progress.of,
            "fault": self.fault,
        }

    def _fill(self) -> None:
        self.state = "filling"
        begun_ns = said_ns = clock.monotonic_ns()
        lines: list[str] = []
        with subprocess.Popen(  # noqa: S603  our own command
            COMMAND, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as self._process:  # fmt: skip
            assert self._process.stdout is not None
            for line in self._process.stdout:
                try:
                    self.progress = msgspec.json.decode(line, type=Progress)
                except (msgspec.MsgspecError, UnicodeDecodeError):
                    lines = [*lines, line.decode(errors="replace").rstrip()][-LINES_KEPT:]
                    continue
                if clock.monotonic_ns() - said_ns > SAID_EVERY_NS:
                    said_ns = clock.monotonic_ns()
                    log.info("compiling kernels", done=self.progress.done, of=self.progress.of)
        if self._stopping:
            return
        if self._process.returncode or kernels.cold():
            self.fault = f"exit {self._process.returncode}: {' | '.join(lines)}"
            log.error(
                "the kernel cache could not be filled: kernels are compiled in this process, and"
                " orders wait meanwhile; run 'tocsin warm' to see why",
                fault=self.fault,
            )
        self._load()
        log.info("kernels are ready", seconds=round((clock.monotonic_ns() - begun_ns) / NS_PER_S))

    def _load(self) -> None:
        self.state = "loading"
        compiled = kernels.load()
        if compiled:
            log.warning("kernels were missing in the cache and were compiled", kernels=compiled)
        self.progress = Progress(*kernels.progress())
        self.state = "ready"
        self.ready.set()
