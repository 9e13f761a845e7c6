"""The built-in offers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from domaintune.contracts import Component, Evaluator
from domaintune.defaults import composer_options as options
from domaintune.hookspecs import hookimpl

if TYPE_CHECKING:
    from domaintune.contracts import Composer, Engine


@hookimpl
def domaintune_engines() -> Iterator[Component[Engine]]:
    """Offer transformers + peft, in this process."""
    yield Component(name="transformers", summary="transformers and peft in this process", load=_transformers)


@hookimpl
def domaintune_evaluators() -> Iterator[Component[Evaluator]]:
    """Offer graders that fit any domain."""
    yield Component(name="exact", summary="1 where the answer equals the reference, case and space aside", load=_exact)


_BY_PEFT: tuple[tuple[str, str, type[Any] | None], ...] = (
    ("linear", "peft: sums of the factors; a rough likeness of the sum of updates", None),
    ("cat", "peft: factors beside each other; the rank is the sum of the ranks", None),
    ("ties", "peft: the largest numbers of the factors, conflicts of sign settled", options.TiesOptions),
    ("dare_ties", "peft: factors thinned by chance, conflicts of sign settled", options.DareTiesOptions),
    ("dare_linear", "peft: factors thinned by chance and added", options.DareOptions),
    ("magnitude_prune", "peft: the largest numbers of the factors, added", options.PruneOptions),
    ("ties_svd", "peft: ties on whole updates, cut off at a rank", options.TiesSvdOptions),
    ("dare_ties_svd", "peft: dare_ties on whole updates, cut off at a rank", options.DareTiesSvdOptions),
    ("dare_linear_svd", "peft: dare_linear on whole updates, cut off at a rank", options.DareSvdOptions),
    ("magnitude_prune_svd", "peft: magnitude_prune on whole updates, cut off at a rank", options.PruneSvdOptions),
    ("peft_svd", "peft: its own svd, which decomposes whole updates", options.SvdOptions),
)


@hookimpl
def domaintune_composers() -> Iterator[Component[Composer]]:
    """Offer the exact sum, its best approximation, peft's merges, and routing by examples."""
    yield Component(name="exact", summary="the weighted sum of the updates itself; the ranks add up", load=_exact_sum)
    yield Component(
        name="svd", summary="the best approximation of that sum of a rank", load=_svd, options=options.SvdOptions
    )
    for name, summary, kind in _BY_PEFT:
        yield Component(name=name, summary=summary, load=partial(_by_peft, name), options=kind)
    yield Component(
        name="nearest",
        summary="for each request the adapter whose examples are nearest",
        load=_nearest,
        options=options.NearestOptions,
    )


def _exact_sum() -> Any:
    from domaintune.defaults.composers import Exact

    return Exact()


def _svd() -> Any:
    from domaintune.defaults.composers import Svd

    return Svd


def _by_peft(name: str) -> Any:
    from domaintune.defaults.peft_composers import ByPeft

    return partial(ByPeft, name.removeprefix("peft_"))


def _nearest() -> Any:
    from domaintune.defaults.nearest import Nearest

    return Nearest


def _transformers() -> Engine:
    from domaintune.engine.session import TransformersEngine

    return TransformersEngine()


def _exact() -> Evaluator:
    from domaintune.defaults.exact import Exact

    return Exact()
