"""The hooks: seven of one shape. Each takes nothing and yields frozen records; see docs/plugins.md."""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from domaintune.contracts import (
    Component,
    Composer,
    DataBuilder,
    Domain,
    Engine,
    Evaluator,
    Retriever,
    Teacher,
)

GROUP = "domaintune"
"""The entry-point group of plugin packages, and the project name pluggy knows us by."""

hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


@hookspec
def domaintune_domains() -> Iterable[Domain]:  # type: ignore[empty-body]
    """Offer specialities: what `domaintune build NAME` means."""


@hookspec
def domaintune_data_builders() -> Iterable[Component[DataBuilder]]:  # type: ignore[empty-body]
    """Offer sources of training and test examples."""


@hookspec
def domaintune_retrievers() -> Iterable[Component[Retriever]]:  # type: ignore[empty-body]
    """Offer ways to find passages for a question."""


@hookspec
def domaintune_evaluators() -> Iterable[Component[Evaluator]]:  # type: ignore[empty-body]
    """Offer graders of answers."""


@hookspec
def domaintune_teachers() -> Iterable[Component[Teacher]]:  # type: ignore[empty-body]
    """Offer sources of worked answers to learn from."""


@hookspec
def domaintune_engines() -> Iterable[Component[Engine]]:  # type: ignore[empty-body]
    """Offer backends that answer with a base model and named adapters."""


@hookspec
def domaintune_composers() -> Iterable[Component[Composer]]:  # type: ignore[empty-body]
    """Offer ways to use several adapters together."""
