"""The command line: one file a verb, loaded only when it is called."""

import sys

import cyclopts

from tocsin import __version__

app = cyclopts.App(
    name="tocsin",
    version=__version__,
    help=(
        "The open civilian early-warning system for missiles, rockets and attack drones: from"
        " sensor to siren.\n\nStart with 'tocsin demo'. Exit codes: 0 done, 1 the check failed,"
        " 2 wrong use or bad configuration."
    ),
)

VERBS = (
    "demo",
    "run",
    "check",
    "coverage",
    "replay",
    "simulate",
    "score",
    "explain",
    "cancel",
    "watch",
    "warm",
    "doctor",
)
for _verb in VERBS:
    app.command(f"tocsin.cli.{_verb}:{_verb}")
app.command("tocsin.cli.zones:app", name="zones")
app.command("tocsin.cli.keys:app", name="keys")


def main() -> None:
    """Entry point of the `tocsin` command."""
    words = sys.argv[1:]
    if not words or words[0] in ("--help", "-h"):
        for verb in VERBS:  # their first sentences are wanted: load them all
            app[verb]
    app(words)
