"""The built-in offers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from domaintune.contracts import Component, Evaluator
from domaintune.hookspecs import hookimpl

if TYPE_CHECKING:
    from domaintune.contracts import Engine


@hookimpl
def domaintune_engines() -> Iterator[Component[Engine]]:
    """Offer transformers + peft, in this process."""
    yield Component(name="transformers", summary="transformers and peft in this process", load=_transformers)


@hookimpl
def domaintune_evaluators() -> Iterator[Component[Evaluator]]:
    """Offer graders that fit any domain."""
    yield Component(name="exact", summary="1 where the answer equals the reference, case and space aside", load=_exact)


def _transformers() -> Engine:
    from domaintune.engine.session import TransformersEngine

    return TransformersEngine()


def _exact() -> Evaluator:
    from domaintune.defaults.exact import Exact

    return Exact()
