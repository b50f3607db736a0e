"""The same work on many things, in several processes."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context
from typing import TypeVar

from rich.progress import Progress

from tocsin.cli.say import progress_console

T = TypeVar("T")
Item = TypeVar("Item")


def cores() -> int:
    """How many processes this machine runs at once for us."""
    return len(os.sched_getaffinity(0))


def in_processes(
    work: Callable[[Item], T], items: Iterable[Item], jobs: int, title: str
) -> Iterator[tuple[Item, T]]:
    """`work(item)` of every item in `jobs` processes, as they are done; a bar on a terminal."""
    todo = list(items)
    hidden = not sys.stderr.isatty()
    with Progress(console=progress_console, disable=hidden) as progress:
        task = progress.add_task(title, total=len(todo))
        if jobs == 1:
            for item in todo:
                yield item, work(item)
                progress.advance(task)
            return
        with _pool(min(jobs, len(todo))) as pool:
            waiting = {pool.submit(work, item): item for item in todo}
            for done in as_completed(waiting):
                yield waiting[done], done.result()
                progress.advance(task)


@contextmanager
def _pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that start clean; what has not begun is dropped when one fails."""
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
