"""How every verb speaks: errors in one line on stderr, progress only on a terminal, plain JSON."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import msgspec
from rich.console import Console

EXIT_FAILED = 1
EXIT_WRONG_USE = 2

progress_console = Console(stderr=True)


def refuse(message: str) -> NoReturn:
    """Wrong use or bad configuration: say in one line what it is and how to mend it; exit 2."""
    print(f"tocsin: {message}", file=sys.stderr)
    raise SystemExit(EXIT_WRONG_USE)


def fail(message: str) -> NoReturn:
    """The check failed: say what was found; exit 1."""
    print(f"tocsin: {message}", file=sys.stderr)
    raise SystemExit(EXIT_FAILED)


def put_json(document: Any) -> None:
    """One JSON document on stdout, and nothing else there."""
    print(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())


@contextmanager
def refusing(*kinds: type[Exception]) -> Iterator[None]:
    """Turn errors of these kinds, whose messages say how to mend them, into a refusal."""
    try:
        yield
    except kinds as error:
        refuse(str(error))
