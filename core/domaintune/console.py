"""Speaking to people: results go to stdout, everything else to stderr."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

from rich.console import Console


@cache
def out() -> Console:
    """Return the console for results (stdout)."""
    return Console(highlight=False, soft_wrap=False)


@cache
def err() -> Console:
    """Return the console for progress and notes (stderr)."""
    return Console(stderr=True, highlight=False)


def note(text: str) -> None:
    """Say something on stderr; square brackets are printed as they are."""
    err().print(text, markup=False, soft_wrap=True)


def warn(text: str) -> None:
    """Say something that should not be missed."""
    err().print(f"warning: {text}", style="yellow", markup=False, soft_wrap=True)


@contextmanager
def progress(title: str, total: int) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on a terminal and nothing elsewhere; yields a function of (done, total)."""
    if not err().is_terminal:
        yield lambda _done, _total: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn(title), BarColumn(bar_width=20), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err(), transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda done, of: bar.update(task, completed=done, total=of)
