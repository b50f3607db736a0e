"""Reading for ``tocsin zones``: maps by name or path, tables, mappings; errors in one line."""

import csv
import gzip
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from tocsin.zones import document
from tocsin.zones.atlas import compiled
from tocsin.zones.imported import read_features
from tocsin.zones.map import ZoneMap
from tocsin.zones.mapping import Mapping, read_mapping_table

DONE: Final = 0
FAULTS: Final = 1
WRONG_USE: Final = 2

SHIPPED: Final = Path(__file__).parents[1] / "data" / "zones"
_MAPPINGS: Final = SHIPPED / "mappings"


def told(work: Callable[[], int]) -> int:
    """Run; what is wrong with the input becomes one line on stderr and exit code 2."""
    try:
        return work()
    except (ValueError, OSError) as error:
        print(f"tocsin zones: {error}", file=sys.stderr)
        return WRONG_USE


def read_map(file: str) -> ZoneMap:
    """A shipped map by its name, a compiled map, or one as GeoJSON."""
    shipped = SHIPPED / f"{file}.zones"
    data = (shipped if shipped.is_file() else Path(file)).read_bytes()
    found = _json(data)
    return (
        compiled(document.read(found)) if document.is_document(found) else ZoneMap.from_bytes(data)
    )


def read_document(path: Path) -> Any | None:
    """The parsed GeoJSON of a zone map; None when the file is something else."""
    found = _json(path.read_bytes())
    return found if document.is_document(found) else None


def read_mapping_named(name: str) -> Mapping:
    """A shipped mapping by its name, or one in a TOML file."""
    shipped = {path.stem: path for path in sorted(_MAPPINGS.glob("*.toml"))}
    path = shipped.get(name, Path(name))
    if not path.is_file():
        raise ValueError(
            f"there is no mapping {name!r}; give one of {', '.join(shipped)}, or a TOML file"
        )
    return read_mapping_table(path.read_text(encoding="utf-8"))


def read_rows(path: Path) -> Sequence[Any]:
    """The features of a GeoJSON file, or the rows of a CSV (may be gzipped)."""
    if path.suffixes[-1:] == [".csv"] or path.suffixes[-2:] == [".csv", ".gz"]:
        return list(csv.DictReader(lines(path)))
    return read_features(path.read_bytes())


def lines(path: Path) -> list[str]:
    """The lines of a text file, gunzipped if its name ends so."""
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    return data.decode("utf-8-sig").splitlines()


def write_map(out: Path, zone_map: ZoneMap) -> None:
    """Write the file and say what it is."""
    data = zone_map.to_bytes()
    out.write_bytes(data)
    print(f"{out}: {len(zone_map)} zones, {len(data)} bytes, sha256 {zone_map.digest}")


def _json(data: bytes) -> Any:
    try:
        return None if data.startswith(b"PK") else json.loads(data)
    except (ValueError, RecursionError):
        return None
