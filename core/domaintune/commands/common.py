"""What the commands share: the common options, and answering for errors."""

from __future__ import annotations

import errno
import functools
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import typer

from domaintune.console import fail, note
from domaintune.errors import DomaintuneError, UsageError

P = ParamSpec("P")
R = TypeVar("R")

DomainName = Annotated[str, typer.Argument(metavar="DOMAIN", help="A speciality, as `domaintune plugins` lists them.")]
Preset = Annotated[str | None, typer.Option("--preset", metavar="NAME", help="quick, gpu, paper, …")]
Sources = Annotated[list[str] | None, typer.Option("--source", metavar="FILE", help="Data to learn from; repeatable.")]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a setting; repeatable.")
]
ConfigFile = Annotated[Path | None, typer.Option("-c", "--config", metavar="FILE", help="Settings in TOML.")]
Name = Annotated[str | None, typer.Option("--name", metavar="NAME", help="Name of the run folder.")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="Read only the first rows.")]
Seed = Annotated[int | None, typer.Option("--seed", min=0, help="Seed of everything drawn.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done; write nothing.")]
Unsafe = Annotated[
    bool, typer.Option("--allow-unsafe-exec", help="Run what models write without a sandbox, with all your rights.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


Knowledge = Annotated[
    list[str] | None, typer.Option("--knowledge", metavar="FILE", help="Knowledge, a file or a folder; repeatable.")
]


def settings_from(
    overrides: list[str] | None, sources: list[str] | None = None, limit: int | None = None, seed: int | None = None
) -> list[str]:
    """Return the options as `--set` values; `--set` itself comes last and wins."""
    given = _named("data.sources", sources)
    given += [f"data.limit={limit}"] if limit is not None else []
    given += [f"seed={seed}"] if seed is not None else []
    return given + (overrides or [])


def knowledge_from(sources: list[str] | None) -> list[str]:
    """Return the files of the knowledge as a `--set` value."""
    return _named("retrieval.sources", sources)


def _named(setting: str, sources: list[str] | None) -> list[str]:
    for source in sources or []:
        if any("\ud800" <= letter <= "\udfff" for letter in source):  # bytes that are no text
            raise UsageError(f"--source {source!r}: the name is not valid UTF-8; rename the file")
    return [f"{setting}={json.dumps(sources, ensure_ascii=False)}"] if sources else []


def print_json(value: Any) -> None:
    """Print one JSON document on stdout, in ASCII where stdout cannot take more."""
    narrow = "utf" not in (sys.stdout.encoding or "").lower()
    sys.stdout.write(json.dumps(value, ensure_ascii=narrow, indent=2, sort_keys=True) + "\n")


def answering(command: Callable[P, R]) -> Callable[P, R]:
    """Turn what a user can cause into one sentence and the right exit code; bugs of ours keep their traceback."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **options: P.kwargs) -> R:
        try:
            return command(*args, **options)
        except KeyboardInterrupt:
            note("interrupted; the same command goes on where this one stopped")
            raise typer.Exit(130) from None
        except Exception as error:
            answer = _answer(error)
            if answer is None:
                raise
            fail(answer[0])
            raise typer.Exit(answer[1]) from None

    return wrapped


def _answer(error: Exception) -> tuple[str, int] | None:
    """Return the sentence and the exit code for an error that is not a bug of ours."""
    if isinstance(error, DomaintuneError):
        return str(error), error.exit_code
    if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] in _EXTRAS | _SERVING:
        extra = "serve" if (error.name or "").partition(".")[0] in _SERVING else "train"
        return f"this needs {error.name!r}, which is not installed: pip install 'domaintune[{extra}]'", 2
    if type(error).__name__ in _OUT_OF_MEMORY:
        return "memory ran out; lower train.micro_batch_size, train.max_length or eval.batch_size and run it again", 1
    if isinstance(error, OSError) and error.errno is not None and not isinstance(error, BrokenPipeError):
        return _refusal(error), 2 if error.errno == errno.ENAMETOOLONG else 1
    return None


def _refusal(error: OSError) -> str:
    """Say what the machine refused, for which file, and what to do."""
    reason = (error.strerror or str(error)) + (f": {error.filename!r}" if error.filename else "")
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"{reason}; free some space, then the same command goes on where this one stopped"
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return (
            f"{reason}; choose folders that can be written to: DOMAINTUNE_RUNS for runs, DOMAINTUNE_HOME for the cache"
        )
    return reason


_OUT_OF_MEMORY = {"OutOfMemoryError", "MemoryError"}  # torch's, by name: it is not imported here
_SERVING = {"prometheus_client", "starlette", "uvicorn"}
_EXTRAS = {
    "accelerate", "bm25s", "datasets", "datasketch", "faiss", "gguf", "jinja2", "matplotlib", "numpy", "peft", "pyarrow",
    "sklearn", "torch", "transformers", "trl",
}  # fmt: skip
