"""``tocsin zones import``: zones by a mapping, by --map, or as a zone map already."""

import hashlib
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tocsin.cli.zone_files import (
    DONE,
    lines,
    read_document,
    read_map,
    read_mapping_named,
    read_rows,
    told,
    write_map,
)
from tocsin.instant import from_iso, iso
from tocsin.zones import document
from tocsin.zones import imported as importing
from tocsin.zones.atlas import compiled
from tocsin.zones.mapping import Mapped, Mapping, map_rows, with_history
from tocsin.zones.units import ALWAYS_NS, Edition


def import_(
    file: list[str],
    *,
    out: Path,
    as_: Annotated[str, Parameter(name="--as")] = "",
    map: Annotated[str, Parameter(name="--map")] = "",  # noqa: A002 (the option is called so)
    country: str = "",
    id: Annotated[str, Parameter(name="--id")] = "",  # noqa: A002 (the option is called so)
    effective_from: str = "",
    previous: str = "",
    table: Path | None = None,
    key: str = "id",
    near_m: float | None = None,
) -> int:
    """Import an authority's zones: outlines, areas above them, ids, times to shelter.

    Three ways. GeoJSON that 'tocsin zones export' wrote says all by itself. --as takes a mapping:
    hfc, ua, emma, nuts3, or your own TOML file, for areas above zones and several files. --map is
    for one plain file: one level of areas, no version. Check the result with 'tocsin zones check'.

    Parameters
    ----------
    file
        GeoJSON in WGS-84; with --as also CSV, and NAME=PATH for each file that the mapping names.
    out
        The file to write.
    as_
        Mapping of columns: hfc, ua, emma, nuts3, or the path of a TOML file.
    map
        Which property is which: id=P,name.he=P,parent=P,parent_name.he=P,people=P,shelter_s=P,
        lat=P,lon=P,foreign.SCHEME=P.
    country
        ISO 3166-1 code of two letters; needed where the mapping names none.
    id
        Name of this version; COUNTRY-DATE when not given.
    effective_from
        The instant from which this version holds, such as 2026-04-08T00:00:00Z; always if not
        given. Events before it belong to an older version.
    previous
        The version before: its times to shelter are kept, a new figure is added from
        --effective-from on.
    table
        With --map: CSV whose columns are added to the features with the same --key.
    key
        With --map: the column and property by which --table is joined.
    near_m
        A point in no zone belongs to the nearest within this distance; the mapping's, or 1000.
    """

    version = {"--id": id, "--effective-from": effective_from, "--previous": previous}

    return told(lambda: _import(file, out, as_, map, country, version, table, key, near_m))


def _import(
    file: list[str],
    out: Path,
    mapping_name: str,
    mapping_text: str,
    country: str,
    version: dict[str, str],
    table: Path | None,
    key: str,
    near_m: float | None,
) -> int:
    """Choose the way; `version` are the options that a map with versions takes."""
    if mapping_text:
        why = "--map makes no versions; leave it out, or use --as"
        _refuse({"--as": mapping_name, **version}, why)
        return _plain(file, mapping_text, country, out, table, key, near_m)
    if not mapping_name:
        _refuse(version, "the GeoJSON itself says which version it is; change it there")
        return _document(file, out)
    mapping = read_mapping_named(mapping_name)
    edition = _edition(version["--id"], version["--effective-from"])
    whose = country.lower() or mapping.country
    return _mapped(mapping, file, whose, edition, version["--previous"], near_m, out)


def _refuse(options: dict[str, str], why: str) -> None:
    given = next((option for option, value in options.items() if value), None)
    if given is not None:
        raise ValueError(f"{given}: {why}")


def _plain(
    file: list[str],
    mapping_text: str,
    country: str,
    out: Path,
    table: Path | None,
    key: str,
    near_m: float | None,
) -> int:
    mapping = importing.read_mapping(mapping_text)
    if len(file) != 1 or not country:
        raise ValueError("--map takes one file and needs --country; give both")
    path = Path(file[0])
    features = importing.read_features(path.read_bytes())
    if table is not None:
        importing.join_table(features, lines(table), key)
    reach_m = importing.NEAR_M if near_m is None else near_m
    result = importing.import_features(
        features, mapping, country=country.lower(), source=path.name, near_m=reach_m
    )
    write_map(out, result.zone_map)
    _tell_mended(result.mended)
    return DONE


def _document(file: list[str], out: Path) -> int:
    found = read_document(Path(file[0]))
    if found is None or len(file) != 1:
        raise ValueError(
            f"{file[0]} is no zone map as GeoJSON; say which property is which by --as or --map"
        )
    write_map(out, compiled(document.read(found)))
    return DONE


def _mapped(
    mapping: Mapping,
    file: list[str],
    country: str,
    edition: Edition,
    previous: str,
    near_m: float | None,
    out: Path,
) -> int:
    if not country:
        raise ValueError("the mapping is for many countries; give --country, such as PL")
    paths = _paths(mapping, file)
    rows = {name: read_rows(path) for name, path in paths.items()}
    if not edition.id and edition.effective_from_ns != ALWAYS_NS:
        edition = _edition(
            f"{country}-{iso(edition.effective_from_ns)[:10]}", "", edition.effective_from_ns
        )
    origins = {
        name: f"{path.name}, sha256 {hashlib.sha256(path.read_bytes()).hexdigest()}"
        for name, path in paths.items()
    }
    mapped = map_rows(
        mapping, rows, country=country, edition=edition, near_m=near_m, origins=origins
    )
    atlas = with_history(mapped.atlas, read_map(previous)) if previous else mapped.atlas
    write_map(out, compiled(atlas))
    _tell(mapped)
    return DONE


def _paths(mapping: Mapping, file: list[str]) -> dict[str, Path]:
    """The mapping's name of a file -> the path given for it."""
    names = mapping.files()
    found: dict[str, Path] = {}
    for given in file:
        name, equals, path = given.partition("=")
        if not equals:
            name, path = names[0], given
        if name not in names:
            raise ValueError(
                f"the mapping has no file {name!r}; give {', '.join(names)} as NAME=PATH"
            )
        if name in found:
            raise ValueError(f"two files for {name!r}; give each as NAME=PATH: {', '.join(names)}")
        found[name] = Path(path)
    return found


def _edition(name: str, effective_from: str, t_ns: int = ALWAYS_NS) -> Edition:
    if effective_from:
        try:
            t_ns = from_iso(effective_from)
        except ValueError as error:
            raise ValueError(f"--effective-from: {error}") from None
    return Edition(id=name, effective_from_ns=t_ns)


def _tell(mapped: Mapped) -> None:
    """What somebody should look at, on stderr."""
    _tell_mended(mapped.mended)
    for doubt in mapped.doubtful:
        print(f"{doubt}: given to none; correct it in the source", file=sys.stderr)
    if mapped.unmatched:
        print(f"{mapped.unmatched} rows that add facts fit no zone", file=sys.stderr)


def _tell_mended(mended: tuple[str, ...]) -> None:
    for zone_id in mended:
        print(f"{zone_id}: outline crossed itself and was mended", file=sys.stderr)
