"""What the demonstration shows in the terminal: one line a warning, and how far the raid is."""

import base64
import sys
from typing import Any

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tocsin.sim.radar import Emission
from tocsin.sim.world import World

STAGE_STYLES = {
    "stand_by": "cyan",
    "early": "yellow",
    "take_cover": "bold white on red",
    "stay": "red",
    "standing": "bold red",
    "notice": "dim yellow",
    "all_clear": "green",
    "cancelled": "magenta",
}


class View:
    """Told of datagrams and events; prints. A bar only on a terminal, lines everywhere."""

    def __init__(self, world: World, length_s: float) -> None:
        self._t_ns_start = world.t_ns_start
        self._impacts = [i for i in world.truth.impacts if i.t_ns <= self._end_ns(length_s)]
        self._datagrams = 0
        self._stages: dict[tuple[str, str], str] = {}
        self._console = Console()
        self._progress = Progress(
            TextColumn("EXERCISE raid"), BarColumn(), TimeElapsedColumn(),
            TextColumn("{task.fields[told]}"), console=self._console,
            disable=not sys.stdout.isatty(),
        )  # fmt: skip
        self._task = self._progress.add_task("raid", total=length_s, told="")
        self._progress.start()

    def _end_ns(self, length_s: float) -> int:
        return self._t_ns_start + int(length_s * 1e9)

    def sent(self, emission: Emission) -> None:
        """A radar sent a datagram."""
        self._datagrams += 1
        self.advance(emission.t_ns)

    def advance(self, t_ns: int) -> None:
        """Time passed."""
        self._progress.update(
            self._task,
            completed=(t_ns - self._t_ns_start) / 1e9,
            told=f"{self._datagrams} datagrams",
        )
        while self._impacts and self._impacts[0].t_ns <= t_ns:
            impact = self._impacts.pop(0)
            place = impact.zone or "open country"
            self._say(impact.t_ns, f"[bold]impact[/] of {impact.flight} in {place} (truth)")

    def event(self, kind: str, data: str) -> None:
        """A signed event arrived on the public stream; only changes of stage are printed."""
        claims = _claims(data)
        zone: dict[str, Any] = claims.get("zone", {})
        for threat in zone.get("threats", ()):
            key = (zone["id"], threat["threat"])
            if self._stages.get(key) == threat["stage"]:
                continue
            self._stages[key] = threat["stage"]
            style = STAGE_STYLES.get(threat["stage"], "")
            stage = threat["stage"].replace("_", " ").upper()
            name = zone["names"].get("en") or zone["names"].get("und") or zone["id"]
            self._say(
                int(claims["t_ns"]),
                f"[{style or 'none'}]{stage:<10}[/] {name}: {threat['threat']}, {kind}",
            )

    def close(self) -> None:
        """End the bar."""
        self._progress.stop()

    def _say(self, t_ns: int, text: str) -> None:
        self._console.print(f"  {(t_ns - self._t_ns_start) / 1e9:6.1f} s  {text}", highlight=False)


def _claims(data: str) -> dict[str, Any]:
    """The payload of an event's JWS; the page verifies it, the terminal only shows it."""
    payload = msgspec.json.decode(data)["jws"].split(".")[1]
    claims: dict[str, Any] = msgspec.json.decode(base64.urlsafe_b64decode(payload + "=="))
    return claims
