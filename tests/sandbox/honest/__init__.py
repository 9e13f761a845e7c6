"""The honest corpus: right and wrong solutions of little tasks, in four styles of tests."""

from __future__ import annotations

from honest import classes, functions, hard, library, values
from honest.case import CASES, Honest

__all__ = ["CASES", "Honest", "classes", "functions", "hard", "library", "values"]
