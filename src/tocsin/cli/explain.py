"""`tocsin explain`: from an alert back to the raw bytes."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tocsin.cli.say import put_json, refusing
from tocsin.edge.journal import Journal
from tocsin.edge.replay import explain as walk_back
from tocsin.edge.replay import story, story_document


def explain(
    alert: str, /, *, journal: Annotated[Path, Parameter(name="--journal")], json: bool = False
) -> None:
    """Why was this alert given? Rule, arrival, track, reports and raw bytes, with their times.

    Parameters
    ----------
    alert
        The alert's id, realm:zone:threat:serial, as in its CAP identifier.
    journal
        The journal that holds it.
    json
        Print one JSON document.
    """
    with refusing(ValueError):
        opened = Journal.open(journal, read_only=True)
        explanation = walk_back(opened, alert)
    if json:
        put_json(story_document(explanation))
    else:
        print("\n".join(story(explanation)))
