"""The hooks: seven of one shape. Each takes nothing and yields frozen records; see docs/plugins.md.

A hook is called once in a process, when the first command asks what is installed. It must be quick and import nothing
heavy: what a record offers is imported by the record's `load`, and only for the part that is used.
"""

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
    """Offer specialities: what `domaintune build NAME` means.

    A domain names its parts (a data builder, evaluators, perhaps a retriever and a composer) and holds presets. The
    parts may come from any plugin, and users can replace each of them in their settings.
    """


@hookspec
def domaintune_data_builders() -> Iterable[Component[DataBuilder]]:  # type: ignore[empty-body]
    """Offer sources of training and test examples.

    `load` returns a function of a build context that yields an `Example` for every row it uses and a `Dropped` for
    every row it does not. It neither splits nor writes, and the same seed gives the same examples.
    """


@hookspec
def domaintune_retrievers() -> Iterable[Component[Retriever]]:  # type: ignore[empty-body]
    """Offer ways to find passages for a question.

    `load` returns an object with `index(passages, folder)` and `search(folder, query, k)`. The index stage that calls
    them is not built yet.
    """


@hookspec
def domaintune_evaluators() -> Iterable[Component[Evaluator]]:  # type: ignore[empty-body]
    """Offer graders of answers.

    `load` returns a class or an object with `grade(example, answer)`, or a plain function of the two, giving `Score`
    records; higher is better. Where the component declares `options`, it returns a class that takes them. Two methods
    are optional: `items(test)` chooses what is asked, and `floors(train)` returns cheap answers by name,
    `{name: predict}`, that a tuned model must beat.
    """


@hookspec
def domaintune_teachers() -> Iterable[Component[Teacher]]:  # type: ignore[empty-body]
    """Offer sources of worked answers to learn from.

    `load` returns an object with `answer(messages, sampling)`, which may decline with None. A teacher never sees a
    test item. The recipes that ask teachers are not built yet.
    """


@hookspec
def domaintune_engines() -> Iterable[Component[Engine]]:  # type: ignore[empty-body]
    """Offer backends that answer with a base model and named adapters.

    `load` returns an object with `open(model)`, which opens a session; the adapter is part of each request, never a
    state of the session. `model.engine` in the settings chooses one.
    """


@hookspec
def domaintune_composers() -> Iterable[Component[Composer]]:  # type: ignore[empty-body]
    """Offer ways to use several adapters together.

    `load` returns an object with `merge(parts, folder)`, which writes one adapter folder from several with weights.
    The commands that call it are not built yet.
    """
