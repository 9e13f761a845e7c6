"""Works, and prints at import and in its hook."""

from __future__ import annotations

from domaintune import Component, hookimpl

print("thank you for installing prints")  # noqa: T201  (what this package is for)


@hookimpl
def domaintune_evaluators():
    print("prints has an offer for you")  # noqa: T201
    yield Component(name="prints-same", summary="1 where the answer is the reference", load=lambda: grade)


def grade(example, answer):
    from domaintune import Score

    return Score(metric="exact", value=float(example.reference == answer))
