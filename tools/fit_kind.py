"""Fit, tune and report what motion says of a track's kind.

    .venv/bin/python -m tools.fit_kind modes    # writes the modes of track/kind_table.py
    .venv/bin/python -m tools.fit_kind worth    # ... and how much successive looks count
    .venv/bin/python -m tools.fit_kind report   # writes docs/reference/kinds.md and its picture

In this order, each a process of its own, because each starts from the table the last one wrote.
Seeds that fit, tune and report differ and are named in the table and on the page.
"""

import sys
from itertools import product
from pathlib import Path
from typing import Final

import numpy as np
from numba import njit
from tools import kind_flights as flights
from tools.kind_page import page, picture

from tocsin.track import kind, kind_table
from tocsin.track.table import Records
from tocsin.words import KINDS, FloatArray, IntArray

ROOT: Final = Path(__file__).resolve().parents[1]
TABLE: Final = ROOT / "src" / "tocsin" / "track" / "kind_table.py"
SEED_FIT, SEED_TUNE, SEED_REPORT = 20_260_101, 20_260_102, 20_260_103
FLIGHTS_FIT, FLIGHTS_EVEN = 600, 1_200  # of each sort; of each kind
PRIOR: Final = {
    "drone": 0.20, "cruise": 0.03, "ballistic": 0.02, "aircraft": 0.36,
    "helicopter": 0.05, "bird": 0.30, "unknown": 0.04,
}  # fmt: skip
"""Of a track without identity, before its motion is known. Chosen: of aircraft only some tenth are
without identity, and they still outnumber threats; of what is slow and low birds are more than
drones. One-way propeller drones are some three times as many as light aircraft and helicopters that
fly alike and do not answer: a site that is raided sees tens of the ones in a night and few of the
others, and a drone taken for an aircraft is not warned of."""
MODES: Final = {
    "propeller": 4, "fast propeller": 2, "low propeller": 2, "climbing drone": 3, "jet": 2,
    "low jet": 2, "small": 2,
    "subsonic": 1, "over hills": 1, "supersonic": 2, "ballistic": 9,
    "airliner": 1, "climbing": 2, "climbing out": 1, "descending": 2, "take-off": 5, "approach": 2,
    "terminal": 1, "arriving": 1, "turboprop": 1, "light": 3, "glider": 2, "fighter": 3,
    "climbing fighter": 4, "military": 3, "transit": 3,
    "at work": 2, "passage": 2, "about": 2, "balloon": 2, "sounding balloon": 2, "anything": 2,
}  # fmt: skip
"""How many modes each sort of craft gets; chosen: ranges that are wide or skewed get more."""
LEAST: Final = np.array([4.0, 80.0, 1.0])
"""Least s.d. of a mode: m/s, m, m/s. Chosen: no published range is sharper than that."""
SHARE_MIN: Final = 5e-5  # of a mode: it is printed to four decimals, and a rarer one as none
ROUNDS: Final = 100  # of expectation and maximization; chosen
AGES: Final = (3, 5, 8, 12, 20, 40)
"""Reports of a track at which an opinion is judged."""
MEMORY: Final = (
    (1 / 3, (4.0, 24.0)), (1 / 2, (4.0, 40.0)), (1 / 4, (3.0, 16.0)), (1 / 4, (2.0, 8.0)),
    (1 / 8, (2.0, 6.0)),
)  # fmt: skip
WORTH: Final = (0.6, 0.8, 1.0, 1.2, 1.5, 2.0, 3.0)


def habits(weight: FloatArray) -> FloatArray:
    """Weights of models (...,M) as weights of `kind.HABITS` (...,5)."""
    out = np.zeros((*weight.shape[:-1], len(kind.HABITS)))
    for m, habit in enumerate(kind.HABIT_OF_MODEL):
        out[..., habit] += weight[..., m]
    return out


def sorts() -> list[tuple[str, str, float]]:
    """(kind, sort, share of its kind) of everything that flies."""
    listed = [(craft.kind, craft.sort, craft.share) for craft in flights.CRAFT]
    return [*listed, ("ballistic", "ballistic", 1.0)]


def fly(sort: str, n: int, rng: np.random.Generator) -> flights.Path:
    """Paths of `n` flights of a sort."""
    if sort == "ballistic":
        return flights.ballistic(n, rng)
    return flights.fly(next(craft for craft in flights.CRAFT if craft.sort == sort), n, rng)


# ---- modes -------------------------------------------------------------------------------------


def modes(x: FloatArray, habit: FloatArray, base: FloatArray, count: int) -> FloatArray:
    """`count` modes (count, 7 + habits) of true motion `x` (n,3), by expectation and maximization.

    `habit` (n,5) are soft labels that were made with shares `base` (5,). Of three beginnings,
    split by speed and climb, by height or by climb, the likeliest end is taken. The truth and not
    what was seen: the bank says that it knows a speed half as well as it does, and modes from which
    that much was taken off came out too narrow for a track that several radars see.
    """
    ends = [
        _settle(x, habit, base, np.array_split(np.argsort(order, kind="stable"), count))
        for order in (x[:, 0] / np.ptp(x[:, 0]) + x[:, 2] / np.ptp(x[:, 2]), x[:, 1], x[:, 2])
    ]
    return max(ends, key=lambda end: end[0])[1]


def _settle(
    x: FloatArray, habit: FloatArray, base: FloatArray, blocks: list[IntArray]
) -> tuple[float, FloatArray]:
    """Mean ln likelihood and the modes to which `blocks` of samples settle."""
    count = len(blocks)
    mean = np.array([x[block].mean(axis=0) for block in blocks])
    spread = np.array([x[block].var(axis=0) for block in blocks]) + 1.0
    share, lean = np.full(count, 1.0 / count), np.tile(habit.mean(axis=0), (count, 1))
    least, likes = LEAST**2, 0.0
    for _ in range(ROUNDS):
        off = x - mean[:, None]
        log_like = -0.5 * (off**2 / spread[:, None] + np.log(spread)[:, None]).sum(axis=2)
        by_habit = habit[None] * (lean / base)[:, None]
        log_like += np.log(share)[:, None] + np.log(by_habit.sum(axis=2))
        likes = float(np.logaddexp.reduce(log_like, axis=0).mean())
        mine = np.exp(log_like - log_like.max(axis=0))
        mine /= mine.sum(axis=0)
        size = mine.sum(axis=1)
        mean = mine @ x / size[:, None]
        rest = (x - mean[:, None]) ** 2
        spread = np.maximum((mine[..., None] * rest).sum(axis=1) / size[:, None], least)
        share = size / size.sum()
        by_habit /= by_habit.sum(axis=2, keepdims=True)
        lean = (mine[..., None] * by_habit).sum(axis=1) / size[:, None]
        lean = 0.98 * lean + 0.02 * base
    interleaved = np.stack([mean, np.sqrt(spread)], axis=2).reshape(count, 6)
    return likes, np.concatenate([share[:, None], interleaved, lean / base], axis=1)


def fit_modes() -> None:
    """Fit every sort's modes and write the table."""
    rng = np.random.default_rng(SEED_FIT)
    samples = {}
    for name, sort, share in sorts():
        views = flights.watch(fly(sort, FLIGHTS_FIT, rng), rng)
        seen = views.seen[views.has_height > 0.0][:, 2::5].reshape(-1, 6)
        picked = views.true[views.has_height > 0.0][:, 2::5].reshape(-1, 3)
        weight = views.weight[views.has_height > 0.0][:, 2::5]
        good = np.isfinite(seen[:, 0]) & np.isfinite(picked).all(axis=1)
        leaning = habits(weight).reshape(-1, len(kind.HABITS))[good]
        samples[sort] = name, share, picked[good], leaning
    base = sum(
        (PRIOR[name] * share * lean.mean(axis=0) for name, share, _, lean in samples.values()),
        np.zeros(len(kind.HABITS)),
    )
    rows = []
    for sort, (name, share, picked, lean) in samples.items():
        for mode in modes(picked, lean, base, MODES[sort]):
            mode[0] *= share
            rows.append((name, sort, mode))
        sys.stdout.write(f"{name} {sort}: {len(picked)} looks\n")
    order = {name: k for k, name in enumerate(KINDS)}
    rows.sort(key=lambda row: order[row[0]])
    rows = [(name, "" if name == sort else sort, mode) for name, sort, mode in rows]
    write(base, rows, kind_table.WORTH_LOOKS, kind_table.WORTH_FLAT,
          (kind_table.MEMORY_SHARE, kind_table.MEMORY_LOOKS))  # fmt: skip


def write(
    base: FloatArray, rows: list[tuple[str, str, FloatArray]], worth: float, flat: float,
    memory: tuple[float, tuple[float, float]],
) -> None:  # fmt: skip
    """Print the table."""
    lines = [
        '"""Numbers of `track.kind`, printed by `tools/fit_kind.py`; do not edit them here.',
        "",
        "Fitted on simulated flights only (`tools/kind_flights.py` gives the ranges and sources),",
        f"seeds {SEED_FIT} (modes) and {SEED_TUNE} (worth and memory of looks).",
        '"""',
        "",
        "from typing import Final",
        "",
        f"PRIOR: Final = ({', '.join(str(PRIOR[name]) for name in KINDS)})",
        '"""Of a track without identity, before its motion is known, in the order of `KINDS`;',
        'chosen: see `PRIOR` of the tool."""',
        f"WORTH_LOOKS: Final = {worth}  # looks count as at most so many independent ones",
        f"WORTH_FLAT: Final = {flat}  # the same of a track without height",
        f"MEMORY_SHARE: Final = {memory[0]!r}",
        f"MEMORY_LOOKS: Final = {memory[1]!r}",
        '"""The running mean is over this share of a track\'s looks, within these bounds."""',
        f"HABIT_SHARE: Final = ({', '.join(f'{x:.4f}' for x in base / base.sum())})",
        '"""Mean weight of straight, agile, turn, hover, bird over the mix of the prior."""',
        "",
        "MODES: Final = (",
        "    # kind, share; mean, s.d. of speed m/s; of height m; of climb m/s;",
        "    # P(habit | mode) / P(habit) of straight, agile, turn, hover, bird",
    ]
    for name, sort, mode in rows:
        if mode[0] < SHARE_MIN:
            continue
        numbers = [f"{mode[0]:.4f}", *(f"{x:.{0 if abs(x) >= 100 else 1}f}" for x in mode[1:7])]
        numbers += [f"{x:.{1 if x >= 1 else 2}f}" for x in mode[7:]]
        row = f'    ("{name}", {", ".join(numbers)}),' + (f"  # {sort}" if sort else "")
        lines.append(row if len(row) <= 100 else row.partition("  # ")[0])
    lines += [")  # fmt: skip"]
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


# ---- worth and memory --------------------------------------------------------------------------


@njit(cache=False)
def _likelihoods(
    numbers: Records, seen: FloatArray, habit: FloatArray, tall: FloatArray, out: FloatArray
) -> None:
    for i in range(len(seen)):
        rested = -1  # the look at which it was too slow for wings
        for look in range(seen.shape[1]):
            if np.isfinite(seen[i, look, 0]):
                if kind.slow(seen[i, look]):
                    rested = look
                since_ns = (look - rested) * flights.SCAN_S * 1_000_000_000
                wings = kind.winged(since_ns) if rested >= 0 else 1.0
                kind.log_likelihood(
                    numbers[0], seen[i, look], tall[i] > 0.0, habit[i, look], wings, out[i, look]
                )


def sky(seed: int) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """Kind (n,), sort (n,), has height (n,) and ln likelihoods (n,LOOKS,K), NaN where missed."""
    rng = np.random.default_rng(seed)
    kinds, which, tall, likes = [], [], [], []
    for number, (name, sort, share) in enumerate(sorts()):
        n = round(FLIGHTS_EVEN * share)
        views = flights.watch(fly(sort, n, rng), rng)
        out = np.full((n, flights.LOOKS, len(KINDS)), np.nan)
        _likelihoods(kind.TABLE, views.seen, habits(views.weight), views.has_height, out)
        kinds.append(np.full(n, KINDS.index(name)))
        which.append(np.full(n, number))
        tall.append(views.has_height)
        likes.append(out)
    return (np.concatenate(kinds), np.concatenate(which), np.concatenate(tall),
            np.concatenate(likes))  # fmt: skip


def means(
    likes: FloatArray, share: float, bounds: tuple[float, float]
) -> dict[int, tuple[IntArray, FloatArray]]:
    """For each age: flights that reach it (n,) and their running means (n,K)."""
    running, hits = np.zeros((len(likes), len(KINDS))), np.ones(len(likes))
    found = {}
    reached: dict[int, list[IntArray]] = {age: [] for age in AGES}
    held: dict[int, list[FloatArray]] = {age: [] for age in AGES}
    for look in range(likes.shape[1]):
        fresh = likes[:, look]
        here = np.isfinite(fresh[:, 0])
        hits[here] += 1
        longest = np.clip(hits * share, *bounds)
        rate = np.where(here, 1.0 / np.maximum(1.0, np.minimum(hits - 1.0, longest)), 0.0)
        running += rate[:, None] * (np.where(here[:, None], fresh, 0.0) - running)
        for age in AGES:
            now = np.flatnonzero(here & (hits == age))
            reached[age].append(now)
            held[age].append(running[now].copy())
    for age in AGES:
        found[age] = np.concatenate(reached[age]), np.concatenate(held[age])
    return found


def opinions(
    running: FloatArray, tall: FloatArray, age: int, worth: float, flat: float
) -> FloatArray:
    """Kind weights (n,K) from running means, as `kind.opinion` gives them."""
    count = np.minimum(age - 1.0, np.where(tall > 0.0, worth, flat))
    weight = np.log(kind_table.PRIOR) + count[:, None] * running
    weight = np.exp(weight - weight.max(axis=1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def tune() -> None:
    """Choose memory and worth by the log loss on the prior's mix, and write the table."""
    truth, _, tall, likes = sky(SEED_TUNE)
    mix = np.array(kind_table.PRIOR)[truth] / np.bincount(truth)[truth]
    best: dict[str, tuple[float, float, int]] = {}
    for number, (share, bounds) in enumerate(MEMORY):
        found = means(likes, share, bounds)
        for worth, name in product(WORTH, ("tall", "flat")):
            loss = 0.0
            for age, (rows, running) in found.items():
                here = (tall[rows] > 0.0) == (name == "tall")
                told = opinions(running[here], tall[rows][here], age, worth, worth)
                own = told[np.arange(here.sum()), truth[rows][here]]
                loss -= np.average(np.log(own), weights=mix[rows][here]) / len(AGES)
            sys.stdout.write(f"{name} memory {number} worth {worth}: {loss:.4f}\n")
            best[f"{name}{number}"] = min(best.get(f"{name}{number}", (np.inf, 0.0, 0)),
                                          (loss, worth, number))  # fmt: skip
    _, worth, number = min(best[f"tall{k}"] for k in range(len(MEMORY)))
    flat = best[f"flat{number}"][1]
    base = np.array(kind_table.HABIT_SHARE)
    text = [line for line in TABLE.read_text().splitlines() if line.startswith('    ("')]
    kept = [
        (str(row[0]), line.partition("# ")[2], np.array(row[1:], dtype=np.float64))
        for row, line in zip(kind_table.MODES, text, strict=True)
    ]
    write(base, kept, worth, flat, MEMORY[number])


# ---- the page ----------------------------------------------------------------------------------


def report() -> None:
    """Write the page and its picture from seeds that neither fitted nor tuned."""
    truth, which, tall, likes = sky(SEED_REPORT)
    found = means(likes, kind_table.MEMORY_SHARE, kind_table.MEMORY_LOOKS)
    worth = kind_table.WORTH_LOOKS, kind_table.WORTH_FLAT
    told = {
        age: (rows, opinions(running, tall[rows], age, *worth))
        for age, (rows, running) in found.items()
    }
    names = [f"{name}: {sort}" for name, sort, _ in sorts()]
    seeds = (SEED_FIT, SEED_TUNE, SEED_REPORT)
    text, matrix = page(truth, which, tall, told, names, np.array(kind_table.PRIOR), seeds)
    (ROOT / "docs" / "reference" / "kinds.md").write_text(text, encoding="utf-8")
    (ROOT / "docs" / "images" / "kinds.svg").write_text(picture(matrix), encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    {"modes": fit_modes, "worth": tune, "report": report}[sys.argv[1]]()
