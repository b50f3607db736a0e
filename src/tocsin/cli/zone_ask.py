"""``tocsin zones`` export, show, tell, diff and versions: what a map says, and what changed."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from tocsin.cli.say import put_json
from tocsin.cli.zone_files import DONE, read_map, told
from tocsin.instant import from_iso
from tocsin.zones import document, facts
from tocsin.zones.atlas import atlas_of
from tocsin.zones.consumers import CONSUMERS, Expressed, express
from tocsin.zones.difference import KINDS, differences
from tocsin.zones.map import ZoneMap
from tocsin.zones.shelf import Shelf
from tocsin.zones.units import Unit, shelter_s_of

Json = Annotated[bool, Parameter(name="--json")]


def export(file: str, *, out: Path) -> int:
    """Write a map as GeoJSON, to read, mend and import again.

    Parameters
    ----------
    file
        A zone map, or the name of a shipped one: ua, il.
    out
        The GeoJSON file to write; 'tocsin zones import' takes it back.
    """

    def work() -> int:
        data = document.write(atlas_of(read_map(file)))
        out.write_bytes(data)
        print(f"{out}: {len(data)} bytes; 'tocsin zones import {out} --out FILE' takes it back")
        return DONE

    return told(work)


def show(file: str, unit: str = "", *, at: str = "", json: Json = False) -> int:
    """What a map says of itself, or of one zone or area.

    Parameters
    ----------
    file
        A zone map, or the name of a shipped one: ua, il.
    unit
        Id of a zone or area, or SCHEME:ID of another system, such as katottg:UA80000000000093317.
    at
        Times to shelter at this instant, such as 2026-04-08T00:00:00Z; when the map takes effect
        if not given.
    json
        Print one JSON document and nothing else.
    """

    def work() -> int:
        zone_map = read_map(file)
        if unit:
            shown = [_unit(zone_map, found, at) for found in _units(zone_map, [unit])]
            _put({"units": shown}, json, _print_unit)
        else:
            _put(_summary(file, zone_map), json, _print_summary)
        return DONE

    return told(work)


def tell(file: str, unit: list[str], *, to: str = "zones", json: Json = False) -> int:
    """What an alert on zones or areas means for a consumer that knows other levels.

    An alert on an area holds for every zone in it. A consumer that knows no zones is told areas:
    as soon as any zone of one is alerted, or once all are; its table says which. 'cover' is the
    fewest areas that hold exactly the alerted zones.

    Parameters
    ----------
    file
        A zone map, or the name of a shipped one: ua, il.
    unit
        Ids of the alerted zones or areas, or SCHEME:ID of another system.
    to
        Who is told: zones, cover, hfc, hfc-district, ua-hromada, ua-raion, ua-oblast or emma.
    json
        Print one JSON document and nothing else.
    """

    def work() -> int:
        zone_map = read_map(file)
        alerted = [found.id for found in _units(zone_map, unit)]
        tree = zone_map.tree
        scheme = ""
        if to == "cover":
            said = Expressed(units=tree.cover(alerted), untold=(), over=())
        elif to in CONSUMERS:
            said = express(tree, alerted, CONSUMERS[to])
            scheme = CONSUMERS[to].scheme
        else:
            raise ValueError(f"--to {to!r} is nobody; give cover or one of {', '.join(CONSUMERS)}")
        people = sum(max(tree.unit(zone).people, 0) for zone in said.over)
        shown = [
            {"id": u, "level": tree.unit(u).level, "ids": list(tree.unit(u).ids_of(scheme))}
            for u in said.units
        ]
        answer = {"to": to, "told": shown, "untold": said.untold, "over": said.over}
        _put({**answer, "people_over": people}, json, _print_told)
        return DONE

    return told(work)


def diff(old: str, new: str, *, json: Json = False) -> int:
    """Which zones appeared, vanished, moved or changed their time to shelter.

    Also told: another parent, level, name, number of people, id of another system. Zones are the
    same when their ids are. Times to shelter are compared at the instant when NEW takes effect.

    Parameters
    ----------
    old
        The version before.
    new
        The version after.
    json
        Print one JSON document and nothing else.
    """

    def work() -> int:
        maps = read_map(old), read_map(new)
        changes = differences(*maps)
        counts = {kind: sum(change.kind == kind for change in changes) for kind in KINDS}
        if json:
            sides = dict(zip(("old", "new"), map(_head, maps), strict=True))
            put_json(sides | {"counts": counts, "changes": [asdict(c) for c in changes]})
            return DONE
        console = Console(soft_wrap=True, highlight=False)
        for kind, what in KINDS.items():
            if counts[kind]:
                console.print(f"\n{counts[kind]} {what}:")
            for change in changes:
                if change.kind == kind:
                    console.print(f"  {change.unit}  {change.text}", markup=False)
        if not changes:
            console.print("nothing changed")
        return DONE

    return told(work)


def versions(file: list[str], *, at: str = "", json: Json = False) -> int:
    """Versions of one country's map, and which one holds at an instant.

    The instant is that of the events, not of the clock: a replayed night is judged by the map of
    that night.

    Parameters
    ----------
    file
        The versions, in any order.
    at
        Instant of the events, such as 2026-04-08T02:15:00Z; prints only the version that holds.
    json
        Print one JSON document and nothing else.
    """

    def work() -> int:
        names = {(zone_map := read_map(path)).digest: (path, zone_map) for path in file}
        shelf = Shelf.of(zone_map for _, zone_map in names.values())
        shown = [shelf.at(_instant(at))] if at else list(shelf.maps)
        heads = [{"file": names[m.digest][0], **_head(m)} for m in shown]
        _put({"versions": heads}, json, _print_versions)
        return DONE

    return told(work)


def _units(zone_map: ZoneMap, names: Sequence[str]) -> list[Unit]:
    """The units of these ids; an identifier of an area scheme may name several."""
    found: list[Unit] = []
    for name in names:
        scheme, colon, identifier = name.partition(":")
        if not colon:
            found.append(zone_map.tree.unit(name))
            continue
        borne = zone_map.foreign_ids.named(scheme, identifier)
        if not borne:
            known = dict.fromkeys(pair[0] for pair in zone_map.foreign_ids.units)
            raise ValueError(
                f"the map has no {scheme} {identifier!r}; its schemes: {', '.join(known) or 'none'}"
            )
        found += [zone_map.tree.unit(unit_id) for unit_id in borne]
    return found


def _instant(text: str) -> int:
    try:
        return from_iso(text)
    except ValueError as error:
        raise ValueError(f"--at: {error}; write it as 2026-04-08T00:00:00Z") from None


def _head(zone_map: ZoneMap) -> dict[str, Any]:
    return {
        "country": zone_map.country,
        "version": zone_map.version,
        "sha256": zone_map.digest,
        "zones": len(zone_map),
        **facts.edition_values(zone_map.edition),
    }


def _summary(file: str, zone_map: ZoneMap) -> dict[str, Any]:
    levels: dict[str, int] = {}
    for unit in zone_map.tree.units:
        levels[unit.level] = levels.get(unit.level, 0) + 1
    schemes: dict[str, int] = {}
    for scheme, _ in zone_map.foreign_ids.units:
        schemes[scheme] = schemes.get(scheme, 0) + 1
    known = zone_map.people[zone_map.people >= 0]
    return {
        "file": file,
        **_head(zone_map),
        "levels": levels,
        "schemes": schemes,
        "people": int(known.sum()),
        "top": [unit.id for unit in zone_map.tree.units if not unit.parent],
    }


def _unit(zone_map: ZoneMap, unit: Unit, at: str) -> dict[str, Any]:
    edition = zone_map.edition
    seconds = unit.shelter_s_at(_instant(at)) if at else shelter_s_of(unit, edition)
    tree = zone_map.tree
    return {
        "id": unit.id,
        **facts.unit_values(unit),
        "shelter_s_at": None if math.isnan(seconds) else seconds,
        "above": [u.id for u in tree.above(unit.id)[1:]],
        "below": [u.id for u in tree.below(unit.id)],
        "zones": len(tree.expand([unit.id])),
    }


def _put(answer: dict[str, Any], as_json: bool, printer: Any) -> None:
    if as_json:
        put_json(answer)
    else:
        printer(answer)


def _print_summary(answer: dict[str, Any]) -> None:
    print(answer["version"])
    print(f"sha256 {answer['sha256']}; {answer['people']} people; top: {', '.join(answer['top'])}")
    for title, table in (("level", answer["levels"]), ("ids", answer["schemes"])):
        for name, count in table.items():
            print(f"{count:>8} {title} {name}")


def _print_unit(answer: dict[str, Any]) -> None:
    for unit in answer["units"]:
        for key, value in unit.items():
            text = ", ".join(map(str, value)) if isinstance(value, list) else value
            print(f"{key:>13}  {text}")


def _print_told(answer: dict[str, Any]) -> None:
    for row in answer["told"]:
        print(f"{row['id']}  {row['level']}  {' '.join(row['ids'])}".rstrip())
    for zone in answer["untold"]:
        print(f"{zone}  not told: {answer['to']} has no word for it")
    if answer["over"]:
        print(f"{len(answer['over'])} zones more than alerted, {answer['people_over']} people")


def _print_versions(answer: dict[str, Any]) -> None:
    table = Table("id", "holds from", "zones", "sha256", "file")
    for head in answer["versions"]:
        begins = head["effective_from"] or "always"
        row = (head["id"] or "-", begins, str(head["zones"]), head["sha256"][:12], head["file"])
        table.add_row(*row)
    Console().print(table)
