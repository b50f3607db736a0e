"""The bytes of a zone map: a ZIP of `.npy` members, one of them JSON; no pickles, no dates.

There are two formats. Format 1 has zones and one level of areas above them; format 2 adds what a
versioned map has: its edition, its units to any depth, the outlines of areas. A map that states
none of that is written as format 1, so that a file made before format 2 keeps its bytes and digest.

`numpy.load(..., allow_pickle=False)` reads these files as well; the ZIP is written here member by
member, so that order, dates and compression are ours and the same map gives the same bytes.
"""

import io
import json
import zipfile
import zlib
from typing import Any, Final

import numpy as np

from tocsin.zones import facts
from tocsin.zones.units import Edition, Unit

ARRAYS: Final[dict[str, type[np.generic]]] = {
    "lat_deg": np.float64,
    "lon_deg": np.float64,
    "people": np.int64,
    "shelter_s": np.float64,
    "parent": np.int32,
    "area_m2": np.float64,
    "ring_xy": np.float64,
    "ring_start": np.int64,
    "ring_zone": np.int32,
    "ring_hole": np.bool_,
    "neighbour": np.int32,
    "neighbour_start": np.int64,
}
"""The columns stored as arrays, with their types."""

AREA_ARRAYS: Final[dict[str, type[np.generic]]] = {
    "area_xy": np.float64,
    "area_start": np.int64,
    "area_unit": np.int32,
    "area_hole": np.bool_,
}
"""The outlines of areas, laid out as those of zones; in format 2 only."""

TEXTS: Final[dict[str, type]] = {
    "country": str,
    "version": str,
    "ids": tuple,
    "names": dict,
    "parents": tuple,
    "parent_names": dict,
    "foreign": dict,
    "near_m": float,
}
"""The columns stored in the JSON member `text`."""

BYTES_MAX: Final = 64 * 1024 * 1024
"""Chosen, because the largest map known (1,652 hromadas) needs 2 MB: more is a mistake."""

_FORMATS: Final = (1, 2)
_UNREADABLE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    MemoryError,
    NotImplementedError,  # a compression that zipfile does not know
    RuntimeError,  # an encrypted member
)
"""What a damaged ZIP or array can raise while it is read."""

_DATE: Final = (1980, 1, 1, 0, 0, 0)  # the earliest a ZIP can hold: a date would change the digest


def pack(columns: dict[str, Any]) -> bytes:
    """The file of these columns."""
    texts = {name: columns[name] for name in TEXTS} | {"format": 1}
    arrays = dict(ARRAYS)
    if columns.get("units"):
        texts |= {"format": 2} | _told(columns)
        arrays |= AREA_ARRAYS
    text = json.dumps(texts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    members = {name: np.asarray(columns[name], dtype) for name, dtype in arrays.items()}
    members["text"] = np.frombuffer(text.encode(), np.uint8)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in members.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", _DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, member.getvalue(), compresslevel=9)
    return buffer.getvalue()


def unpack(data: bytes) -> dict[str, Any]:
    """The columns of a file, with the types of `ARRAYS` and `TEXTS`; ValueError if it is not one.

    Only the form is checked here; `sound.complain` checks the sense.
    """
    members = _members(data)
    try:
        texts = json.loads(members["text"].tobytes())
    except (ValueError, RecursionError) as error:
        raise _not_a_map(f"its texts are not JSON ({error})") from None
    if not isinstance(texts, dict) or texts.get("format") not in _FORMATS:
        raise _not_a_map(f"it is not of format {' or '.join(map(str, _FORMATS))}")
    arrays = ARRAYS if texts["format"] == 1 else ARRAYS | AREA_ARRAYS
    columns: dict[str, Any] = {}
    for name, dtype in arrays.items():
        if name not in members:
            raise _not_a_map(f"it has no {name}")
        if members[name].dtype != dtype:
            raise _not_a_map(f"{name} is {members[name].dtype}, not {np.dtype(dtype)}")
        columns[name] = members[name]
    for name, kind in TEXTS.items():
        columns[name] = _text(name, texts.get(name), kind)
    return columns if texts["format"] == 1 else columns | _heard(texts)


def _told(columns: dict[str, Any]) -> dict[str, Any]:
    """What format 2 adds to the texts."""
    return {
        "edition": facts.edition_values(columns["edition"]),
        "schemes": facts.schemes_values(columns["schemes"]),
        "units": [[unit.id, facts.unit_values(unit)] for unit in columns["units"]],
    }


def _heard(texts: dict[str, Any]) -> dict[str, Any]:
    """The columns that `_told` wrote."""
    try:
        edition: Edition = facts.edition_of(texts.get("edition"))
        units: list[Unit] = []
        for row in _listed(texts.get("units")):
            if not (isinstance(row, list) and len(row) == 2 and isinstance(row[0], str)):
                raise ValueError("a unit is not [id, facts]")
            units.append(facts.unit_of(row[0], row[1]))
        schemes = facts.schemes_of(texts.get("schemes"))
    except ValueError as error:
        raise _not_a_map(str(error)) from None
    return {"edition": edition, "schemes": schemes, "units": tuple(units)}


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise ValueError("units is no list")
    return value


def _members(data: bytes) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays of the file, none missing."""
    wanted = [*ARRAYS, "text"]
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
            missing = [name for name in wanted if f"{name}.npy" not in sizes]
            if not missing and sum(sizes.values()) <= BYTES_MAX:
                found = [*wanted, *(n for n in AREA_ARRAYS if f"{n}.npy" in sizes)]
                return {name: _array(archive.read(f"{name}.npy")) for name in found}
    except _UNREADABLE as error:
        raise _not_a_map(str(error) or type(error).__name__) from None
    if missing:
        raise _not_a_map(f"it has no {missing[0]}")
    raise _not_a_map(f"it unpacks to more than {BYTES_MAX} bytes")


def _array(member: bytes) -> np.ndarray[Any, Any]:
    return np.lib.format.read_array(io.BytesIO(member), allow_pickle=False)


def _text(name: str, value: Any, kind: type) -> Any:
    """A value of the JSON member in the type that the map wants."""
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if kind is tuple and _are_strings(value):
        return tuple(value)
    if kind is dict and isinstance(value, dict) and all(map(_are_strings, value.values())):
        return {key: tuple(texts) for key, texts in value.items()}
    if kind is str and isinstance(value, str):
        return value
    raise _not_a_map(f"{name} is missing or of the wrong type")


def _are_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _not_a_map(why: str) -> ValueError:
    return ValueError(f"not a Tocsin zone map: {why}; make one with `tocsin zones build`")
