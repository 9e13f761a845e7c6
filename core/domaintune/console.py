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
    err().print(harmless(text), markup=False, soft_wrap=True)


def warn(text: str) -> None:
    """Say something that should not be missed."""
    err().print(f"warning: {harmless(text)}", style="yellow", markup=False, soft_wrap=True)


def fail(text: str) -> None:
    """Say why a command ends without a result."""
    err().print(f"error: {harmless(text)}", style="red", markup=False, soft_wrap=True)


def harmless(text: str) -> str:
    """Return text whose control characters are spelled out: what a file or a model wrote must not steer a terminal."""
    return text.translate(_CONTROLS)


_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}


@contextmanager
def progress(title: str, total: int | None) -> Iterator[Callable[..., None]]:
    """Show a bar on a terminal and nothing elsewhere; yields a function of (done, total), and a note behind the bar."""
    if not err().is_terminal:
        yield lambda _done, _total, _note="": None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn(title), BarColumn(bar_width=20), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, TextColumn("{task.fields[note]}"), console=err(), transient=True) as bar:
        task = bar.add_task(title, total=total, note="")
        yield lambda done, of, note="": bar.update(task, completed=done, total=of, note=harmless(note))
