"""The stamp tells a cache that can be used from one that cannot, without compiling."""

import pickle
import shutil
from pathlib import Path

import llvmlite.binding
import msgspec
import numba
import pytest

from tocsin import engine
from tocsin.edge import kernels

assert engine  # importing it brings every kernel


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sealed cache of a few files, made of a copy of the sources."""
    package, folder = tmp_path / "tocsin", tmp_path / "cache"
    shutil.copytree(kernels.PACKAGE, package, ignore=shutil.ignore_patterns("web", "__pycache__"))
    folder.mkdir()
    monkeypatch.setattr(kernels, "PACKAGE", package)
    monkeypatch.setattr(kernels, "FILLED_BY", package / "cli" / "warm.py")
    monkeypatch.setattr(kernels, "_folders", lambda: [folder])
    assert kernels.cold() == "there is none yet"
    for name in ("one.nbi", "one.1.nbc", "two.nbi"):
        (folder / name).write_bytes(b"x")
    kernels.seal(kernels.made_of())
    return folder


def test_what_was_just_filled_is_warm(cache: Path) -> None:
    assert kernels.cold() == ""
    assert [path.name for path in cache.glob(f"{kernels.STAMP}*")] == [kernels.STAMP]


@pytest.mark.parametrize(
    "path", ["track/picture.py", "predict/fall.py", "zones/kernels.py", "geo.py", "cli/warm.py"]
)
def test_a_changed_source_is_noticed(cache: Path, path: str) -> None:
    """Also one that is only called by a kernel of another file: Numba's own index misses that."""
    with (kernels.PACKAGE / path).open("a") as source:
        source.write("\n# another constant\n")
    assert kernels.cold() == "it was made of other sources"


def test_a_new_and_a_removed_source_are_noticed(cache: Path) -> None:
    new = kernels.PACKAGE / "track" / "new.py"
    new.write_text("")
    assert "sources" in kernels.cold()
    new.unlink()
    assert kernels.cold() == ""
    (kernels.PACKAGE / "sense" / "polar.py").unlink()
    assert "sources" in kernels.cold()


def test_the_page_and_the_edge_are_no_part_of_a_kernel(cache: Path) -> None:
    with (kernels.PACKAGE / "edge" / "serve.py").open("a") as source:
        source.write("\n")
    assert kernels.cold() == ""


def test_another_processor_package_or_setting_is_noticed(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as other:
        other.setattr(llvmlite.binding, "get_host_cpu_name", lambda: "pdp-11")
        assert kernels.cold() == "it was made of other processor"
    with monkeypatch.context() as other:
        other.setattr(numba, "__version__", "0.1")
        assert kernels.cold() == "it was made of other packages"
    with monkeypatch.context() as other:
        other.setenv("NUMBA_BOUNDSCHECK", "1")
        assert kernels.cold() == "it was made of other settings of Numba"
    with monkeypatch.context() as other:
        other.setenv("NUMBA_NUM_THREADS", "1")
        assert kernels.cold() == ""


def test_a_file_that_is_gone_is_noticed(cache: Path) -> None:
    (cache / "one.1.nbc").unlink()
    assert kernels.cold() == "1 of its files are gone"


@pytest.mark.parametrize("damage", [b"", b"\xc1", b"\x93\x01\x02\x03"])
def test_a_damaged_stamp_is_none(cache: Path, damage: bytes) -> None:
    (cache / kernels.STAMP).write_bytes(damage)
    assert kernels.cold() == "there is none yet"
    assert kernels.load() == 0


def test_an_emptied_cache_is_cold(cache: Path) -> None:
    (cache / "other.txt").write_text("not ours")
    kernels.empty()
    assert [path.name for path in cache.iterdir()] == ["other.txt"]
    assert kernels.cold() == "there is none yet"


def test_every_room_with_kernels_is_known() -> None:
    """`found` sees each kernel once; a room that begins to compile must be named."""
    found = kernels.found()
    assert {name.split(".")[1] for name in found} >= {"track", "predict", "zones"}
    assert len({id(kernel) for kernel in found.values()}) == len(found)
    rooms = {
        path.relative_to(kernels.PACKAGE).parts[0]
        for path in kernels.PACKAGE.rglob("*.py")
        if "njit" in path.read_text() and path.parent.name not in ("edge", "cli")
    }
    assert rooms <= set(kernels.ROOMS)
    assert all((kernels.PACKAGE / room).exists() for room in kernels.ROOMS)


def test_what_is_not_warmed_is_what_nothing_feeds() -> None:
    """Every kernel that plots and system tracks may reach is compiled before the first of them."""
    if kernels.cold():
        pytest.skip("the kernel cache of this machine is cold")
    types = (kernels._folder() / kernels.STAMP).read_bytes()
    stamp = msgspec.msgpack.decode(types, type=kernels.Stamp)
    warmed = {name for name, _ in pickle.loads(stamp.types)}
    files = {name.split(":")[0].removeprefix("tocsin.track.") for name in kernels.found()}
    left = {name.removeprefix("tocsin.track.") for name in kernels.found().keys() - warmed}
    assert {name for name in left if name.split(":")[0] not in UNFED} <= UNREACHED
    assert set(UNFED) <= files


UNFED = ("begun", "births", "boost", "claims", "earshot", "friends", "hear", "listen", "sound")
"""Bearings, presences, friends and launches: no decoder gives them yet."""
UNREACHED = {
    "falling:fall_hasten", "state:mixed", "tocsin.predict.flight:fall",
}  # fmt: skip
"""Doppler in ballistic flight, which no decoder gives either, what claims are compared with, and
the ways into the forecast of impact that only tests and the bench take."""
