"""`tocsin run`: the system, from its site file, until it is told to stop."""

from pathlib import Path

from tocsin.cli.say import refusing
from tocsin.edge import build, service, site


def run(path: Path, /) -> None:
    """Run a site until it is told to stop (Ctrl-C).

    Parameters
    ----------
    path
        The site file (TOML). 'tocsin check' tells beforehand whether it can work.
    """
    with refusing(site.BadSite):
        given = site.read(path)
        parts = build.parts(given, path.parent)
        service.refuse_if_uncovered(given, parts)
        service.serve(given, parts, path.parent)
