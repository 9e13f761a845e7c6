"""The built-in offers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from domaintune.contracts import Component, Evaluator
from domaintune.defaults import composer_options as options
from domaintune.defaults.document_options import DocumentOptions
from domaintune.defaults.teacher_options import LocalOptions, OpenAIOptions, ReplayOptions
from domaintune.hookspecs import hookimpl
from domaintune.retrieval.options import Bm25Options, DenseOptions, HybridOptions

if TYPE_CHECKING:
    from domaintune.contracts import Composer
    from domaintune.sessions import Engine


@hookimpl
def domaintune_engines() -> Iterator[Component[Engine]]:
    """Offer transformers + peft, in this process."""
    yield Component(name="transformers", summary="transformers and peft in this process", load=_transformers)


@hookimpl
def domaintune_evaluators() -> Iterator[Component[Evaluator]]:
    """Offer graders that fit any domain."""
    yield Component(name="exact", summary="1 where the answer equals the reference, case and space aside", load=_exact)


@hookimpl
def domaintune_data_builders() -> Iterator[Component[Any]]:
    """Offer a builder of knowledge that fits any domain."""
    yield Component(
        name="documents",
        summary="Knowledge: tables with a text column, Markdown and plain text, cut into passages",
        load=_documents,
        options=DocumentOptions,
    )


@hookimpl
def domaintune_retrievers() -> Iterator[Component[Any]]:
    """Offer search by words, by meaning, and by both."""
    yield Component(name="bm25", summary="by the words of the question (bm25s)", load=_bm25, options=Bm25Options)
    yield Component(name="dense", summary="by the meaning of the question (FAISS)", load=_dense, options=DenseOptions)
    yield Component(
        name="hybrid", summary="bm25 and dense joined by their ranks (RRF)", load=_hybrid, options=HybridOptions
    )


@hookimpl
def domaintune_teachers() -> Iterator[Component[Any]]:
    """Offer a model of this machine, one behind an address, and answers that were recorded."""
    yield Component(name="teacher-local", summary="a base model on this machine", load=_local, options=LocalOptions)
    yield Component(name="teacher-openai", summary="an OpenAI-compatible server", load=_openai, options=OpenAIOptions)
    yield Component(name="teacher-replay", summary="answers recorded in a file", load=_replay, options=ReplayOptions)


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


def _documents() -> Any:
    from domaintune.defaults.documents import documents

    return documents


def _bm25() -> Any:
    from domaintune.retrieval.lexical import Bm25

    return Bm25


def _dense() -> Any:
    from domaintune.retrieval.dense import Dense

    return Dense


def _hybrid() -> Any:
    from domaintune.retrieval.hybrid import Hybrid

    return Hybrid


def _local() -> Any:
    from domaintune.defaults.teacher_local import Local

    return Local


def _openai() -> Any:
    from importlib.util import find_spec

    from domaintune.errors import PluginError

    if find_spec("openai") is None or find_spec("httpx2") is None:
        raise PluginError("teacher-openai needs the package openai: pip install 'domaintune[teachers]'")
    from domaintune.defaults.teacher_openai import OpenAI

    return OpenAI


def _replay() -> Any:
    from domaintune.defaults.teacher_replay import Replay

    return Replay


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
