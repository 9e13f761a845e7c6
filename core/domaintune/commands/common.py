"""What the commands share: the common options, and answering for errors."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import typer

from domaintune.console import err, note
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
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]


def settings_from(
    overrides: list[str] | None, sources: list[str] | None = None, limit: int | None = None, seed: int | None = None
) -> list[str]:
    """Return the options as `--set` values; `--set` itself comes last and wins."""
    given = [f"data.sources={json.dumps(sources)}"] if sources else []
    given += [f"data.limit={limit}"] if limit is not None else []
    given += [f"seed={seed}"] if seed is not None else []
    return given + (overrides or [])


def print_json(value: Any) -> None:
    """Print one JSON document on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n")


def answering(command: Callable[P, R]) -> Callable[P, R]:
    """Turn what a user can cause into one sentence and the right exit code; bugs of ours keep their traceback."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **options: P.kwargs) -> R:
        try:
            return command(*args, **options)
        except DomaintuneError as error:
            err().print(f"error: {error}", style="red", markup=False, soft_wrap=True)
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            note("interrupted; the same command goes on where this one stopped")
            raise typer.Exit(130) from None
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in _EXTRAS:
                raise
            note(f"error: this needs {error.name!r}, which is not installed: pip install 'domaintune[train]'")
            raise typer.Exit(UsageError.exit_code) from None
        except BrokenPipeError:  # the reader of our output has gone
            sys.stderr.close()
            raise typer.Exit(1) from None
        except OSError as error:
            if error.filename is None and error.errno is None:
                raise
            note(f"error: {error.strerror or error}" + (f": {error.filename!r}" if error.filename else ""))
            raise typer.Exit(1) from None

    return wrapped


_EXTRAS = {
    "accelerate", "datasets", "datasketch", "faiss", "gguf", "jinja2", "matplotlib", "numpy", "peft", "pyarrow",
    "sklearn", "torch", "transformers", "trl",
}  # fmt: skip
