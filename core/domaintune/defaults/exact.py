"""The simplest grader."""

from __future__ import annotations

from collections.abc import Iterator

from domaintune.contracts import Example, Score


class Exact:
    """Scores 1 where the answer equals the reference, upper/lower case and white space aside."""

    def grade(self, example: Example, answer: str) -> Iterator[Score]:
        """Yield the metric `exact`."""
        same = _plain(answer) == _plain(example.reference)
        yield Score(metric="exact", value=float(same), reason="equal" if same else "not equal")


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
