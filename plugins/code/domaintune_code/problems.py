"""The plugin's own problems, written for this project: a small set for builds that have no benchmark at hand."""

from __future__ import annotations

from importlib.resources import as_file, files

from domaintune_code import humaneval
from domaintune_code.problem import Problem


def own() -> list[Problem]:
    """Return the problems of `samples/problems.jsonl`, which has HumanEval's form."""
    with as_file(files("domaintune_code") / "samples" / "problems.jsonl") as path:
        return humaneval.read(str(path), named="code-problems")
