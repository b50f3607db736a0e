"""Are the compiled kernels in the cache of this machine, and load them from there.

Numba keeps a compiled kernel by the text of its own file and the processor. It does not notice that
a kernel it calls, in another file, was changed, nor does it say what is missing without compiling.
So whoever fills the cache (`tocsin warm`) leaves a stamp beside it: what the kernels were made of,
which files they are, and for which types each was compiled. The cache is warm when the stamp is of
the present sources, packages and processor, and none of its files is gone; else it is emptied and
filled anew. To load is to ask for those types again: no kernel runs, and nothing waits for a first
use.
"""

import fcntl
import hashlib
import os
import pickle
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final, TextIO

import llvmlite
import llvmlite.binding
import msgspec
import numba
import numpy as np
from numba.core.dispatcher import Dispatcher

from tocsin.edge import clock

PACKAGE: Final = Path(__file__).resolve().parents[1]
ROOMS: Final = ("track", "predict", "sense", "zones", "words", "air.py", "geo.py", "instant.py")
"""Where kernels and the constants that are compiled into them live."""
FILLED_BY: Final = PACKAGE / "cli" / "warm.py"
"""It says which kernels are reached, so a change of it wants a new cache."""
STAMP: Final = "tocsin.stamp"
LOCK: Final = "tocsin.lock"
POLL_S: Final = 0.5
_OTHER_SETTINGS: Final = ("NUMBA_CACHE_DIR", "NUMBA_NUM_THREADS")
"""Settings of Numba that say nothing about the machine code."""


class Stamp(msgspec.Struct, frozen=True):
    """What `tocsin warm` leaves: made of what, which files, which types (pickled, as Numba's own
    index is, because they are Numba's types), and the digest of the latter."""

    made_of: dict[str, str]
    files: list[str]
    types: bytes
    digest: str


def found() -> dict[str, Any]:
    """Every kernel of the rooms that are imported, by module and name, in order."""
    kernels: dict[str, Any] = {}
    for name, module in sorted(sys.modules.items()):
        room = name.split(".")[1] if name.startswith("tocsin.") else ""
        if room not in ROOMS and f"{room}.py" not in ROOMS:
            continue
        for word, value in sorted(vars(module).items()):
            if isinstance(value, Dispatcher) and value.py_func.__module__ == name:
                kernels[f"{name}:{word}"] = value
    return kernels


def made_of() -> dict[str, str]:
    """What compiled kernels depend upon, by name: sources, packages, processor, settings."""
    sources = hashlib.sha256()
    for path in sorted([*_sources(), FILLED_BY]):
        sources.update(f"{path.relative_to(PACKAGE)}\0".encode() + path.read_bytes() + b"\0")
    settings = sorted(
        f"{name}={value}"
        for name, value in os.environ.items()
        if name.startswith("NUMBA_") and name not in _OTHER_SETTINGS
    )
    return {
        "sources": sources.hexdigest(),
        "packages": f"python {platform.python_version()}, numba {numba.__version__}, llvmlite"
        f" {llvmlite.__version__}, numpy {np.__version__}",
        "processor": f"{llvmlite.binding.get_host_cpu_name()}"
        f" {llvmlite.binding.get_host_cpu_features().flatten()}",
        "settings of Numba": " ".join(settings),
    }


def cold() -> str:
    """Why the cache cannot be used as it is; empty when it is warm. Compiles nothing."""
    stamp = _stamp()
    if stamp is None:
        return "there is none yet"
    changed = [name for name, now in made_of().items() if stamp.made_of.get(name) != now]
    if changed:
        return f"it was made of other {', '.join(changed)}"
    gone = sum(not Path(name).is_file() for name in stamp.files)
    return f"{gone} of its files are gone" if gone else ""


def load() -> int:
    """Load every kernel that Python calls; how many had to be compiled after all.

    A kernel that only other kernels call lies in their machine code too. One that both call is
    loaded when Python first calls it: some 20 ms.
    """
    stamp = _stamp()
    if stamp is None or hashlib.sha256(stamp.types).hexdigest() != stamp.digest:
        return 0
    kernels, compiled = found(), 0
    inner = _called_by_kernels(kernels)
    for name, signatures in pickle.loads(stamp.types):  # noqa: S301  our own, beside Numba's own
        if name in kernels and name not in inner:
            for signature in signatures:
                kernels[name].compile(signature)
            compiled += sum(kernels[name].stats.cache_misses.values())
    return compiled


def _called_by_kernels(kernels: dict[str, Any]) -> frozenset[str]:
    """The kernels that another one names, by itself or as a word of a module."""
    names = {id(kernel): name for name, kernel in kernels.items()}
    called = []
    for kernel in kernels.values():
        words, known = kernel.py_func.__code__.co_names, kernel.py_func.__globals__
        for value in (known.get(word) for word in words):
            inside = [getattr(value, word, None) for word in words]
            among = inside if isinstance(value, ModuleType) else [value]
            called += [names[id(one)] for one in among if id(one) in names]
    return frozenset(called)


def progress() -> tuple[int, int]:
    """(kernels compiled or loaded in this process, kernels there are)."""
    kernels = found().values()
    return sum(bool(kernel.signatures) for kernel in kernels), len(kernels)


def empty() -> None:
    """Remove every kernel of ours from the cache, the stamp first."""
    (_folder() / STAMP).unlink(missing_ok=True)
    for name in _files():
        Path(name).unlink(missing_ok=True)


def seal(made: dict[str, str]) -> None:
    """Leave the stamp: this process has compiled, into an empty cache, what is needed.

    `made` is what it was made of when that began: a source that changes meanwhile wants another.
    """
    types = [(name, list(kernel.signatures)) for name, kernel in found().items()]
    body = pickle.dumps([(name, signatures) for name, signatures in types if signatures])
    stamp = Stamp(made, _files(), body, hashlib.sha256(body).hexdigest())
    path = _folder() / STAMP
    draft = path.with_suffix(f".{os.getpid()}")
    draft.write_bytes(msgspec.msgpack.encode(stamp))
    draft.replace(path)


@contextmanager
def filling(on_wait: Callable[[int, int], None]) -> Iterator[Callable[[int, int], None]]:
    """One process at a time fills the cache: another waits, and then finds it warm.

    What is yielded notes how many kernels of how many are compiled; `on_wait` is told so by who
    waits, whenever it changes.
    """
    _folder().mkdir(parents=True, exist_ok=True)
    with (_folder() / LOCK).open("a+") as lock:
        heard = ""
        while not _locked(lock):
            lock.seek(0)
            if (said := lock.read()) != heard and len(said.split()) == 2:
                heard = said
                on_wait(*map(int, said.split()))
            clock.wait_s(POLL_S)

        def note(done: int, of: int) -> None:
            os.ftruncate(lock.fileno(), 0)
            os.write(lock.fileno(), f"{done} {of}".encode())

        yield note


def _locked(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sources() -> Iterator[Path]:
    for room in ROOMS:
        path = PACKAGE / room
        if path.is_file():
            yield path
        elif path.is_dir():
            yield from path.rglob("*.py")


def _folders() -> list[Path]:
    """Where Numba keeps the kernels that are imported (see `NUMBA_CACHE_DIR`), in order."""
    return sorted({Path(kernel.stats.cache_path) for kernel in found().values()})


def _folder() -> Path:
    """Where the stamp lies: with the kernels of the first room."""
    return _folders()[0]


def _files() -> list[str]:
    """The files of all kernels, in order."""
    kinds = ("*.nbi", "*.nbc")
    return sorted(str(path) for at in _folders() for kind in kinds for path in at.glob(kind))


def _stamp() -> Stamp | None:
    try:
        return msgspec.msgpack.decode((_folder() / STAMP).read_bytes(), type=Stamp)
    except (OSError, msgspec.DecodeError):
        return None
