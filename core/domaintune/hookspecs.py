"""The hooks: eight of one shape. Each takes nothing and yields frozen records; see docs/plugins.md.

A hook is called once in a process, when the first command asks what is installed. It must be quick and import nothing
heavy: what a record offers is imported by the record's `load`, and only for the part that is used.
"""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from domaintune.contracts import BaseMaker, Component, Composer, DataBuilder, Domain, Evaluator, Retriever, Teacher
from domaintune.sessions import Engine

GROUP = "domaintune"
"""The entry-point group of plugin packages, and the project name pluggy knows us by."""

hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


@hookspec
def domaintune_domains() -> Iterable[Domain]:  # type: ignore[empty-body]
    """Offer specialities: what `domaintune build NAME` means.

    Called when the first command of a process needs to know what is installed; nothing is loaded then. The domain that
    is asked for by name gives the settings of a build their presets, and names the parts that do the work (a data
    builder, evaluators, perhaps a retriever and a composer). These may come from any plugin, and users can replace each
    of them in their settings.
    """


@hookspec
def domaintune_data_builders() -> Iterable[Component[DataBuilder]]:  # type: ignore[empty-body]
    """Offer sources of training and test examples.

    Called with all other hooks, when the first command needs to know what is installed; `load` is called when a build
    reaches its data stage, and by `domaintune data` and `--dry-run`. It returns a function of a build context, called
    once for the sources and once more for a test source, that yields an `Example` for every row it uses and a `Dropped`
    for every row it does not; one that makes its own examples by the million may yield `Shard` instead, and one that a
    domain names as its `knowledge` yields `Passage`. It neither splits nor writes, and the same seed gives the same
    examples.
    """


@hookspec
def domaintune_retrievers() -> Iterable[Component[Retriever]]:  # type: ignore[empty-body]
    """Offer ways to find passages for a question.

    Called with all other hooks, when the first command needs to know what is installed; `load` is called by `domaintune
    index` and `search`, by the index stage of a build, and by a server that is asked for knowledge. It returns an object
    with `index(passages, folder, before)`, which fills a folder, and `open(passages, folder)`, which returns an object
    with `search(query, k)`, called for every question and giving `Hit` records, best first. Core keeps the passages
    themselves. Where the component declares `options`, `load` returns a class that takes them.
    """


@hookspec
def domaintune_evaluators() -> Iterable[Component[Evaluator]]:  # type: ignore[empty-body]
    """Offer graders of answers.

    Called with all other hooks, when the first command needs to know what is installed; `load` is called when a build
    begins, for each grader in use, and by `domaintune grade`. It returns a class or an object with
    `grade(example, answer)`, or a plain function of the two, called for every answer of every system and giving `Score`
    records; higher is better. Where the component declares `options`, `load` returns a class that takes them. Eight
    methods are optional: `items(test)` chooses what is asked, before any model is; `floors(train)` returns cheap answers
    by name, `{name: predict}`, that a tuned model must beat; `draw(scores, file)` writes a picture for the report and
    returns the sentence that describes it; `read(passages)` is shown the knowledge of the build before all else;
    `run_in(sandbox)` is given the sandbox before anything is graded; `grade_all(pairs)` grades many answers at once;
    `grade_samples(several)` grades items with several answers each; `given_away(train)` tells which training examples
    solve its items. An evaluator with an attribute `retrievers`, a tuple of names, is put to these instead of to models:
    its answers are the titles that they find for its own items, best first, one a line.
    """


@hookspec
def domaintune_teachers() -> Iterable[Component[Teacher]]:  # type: ignore[empty-body]
    """Offer sources of worked answers to learn from.

    Called with all other hooks, when the first command needs to know what is installed; `load` is called when a data
    builder asks its context for the teacher that `data.teacher` names, or a part calls `open_teacher(name)`. It returns
    an object with `answer(messages, sampling)`, which may decline with None, or a class that takes the options which
    the component declares. Two members are optional: `answers(several, samplings)` takes many conversations, as it needs
    them, and yields their answers in order while it works on later ones; the property `usage` is a `Usage` record, what
    was asked and spent so far. Builders ask many at once with `ask_teacher(teacher, several, samplings)`, which works
    with any teacher. A teacher never sees a test item.
    """


@hookspec
def domaintune_engines() -> Iterable[Component[Engine]]:  # type: ignore[empty-body]
    """Offer backends that answer with a base model and named adapters.

    Called with all other hooks, when the first command needs to know what is installed; `load` is called when a build
    reaches its evaluation, and by `domaintune serve` and `chat`, for the engine that `model.engine` names. It returns an
    object with `open(model)`, called where questions have no stored answer yet, which opens a session: adapters are
    loaded into it by name, and `generate(requests)` is called for every batch. The adapter, or the mix of several, is
    part of each request, never a state of the session. A session that is to serve has `limit`, `add`, `step` and
    `cancel` besides: requests join and leave while it runs.
    """


@hookspec
def domaintune_composers() -> Iterable[Component[Composer]]:  # type: ignore[empty-body]
    """Offer ways to use several adapters together.

    Called with all other hooks, when the first command needs to know what is installed; `load` is called by `domaintune
    compose`, for the composer that `--method` names. It returns an object with `merge(members, folder)`, which writes
    adapter_config.json and adapter_model.safetensors of one adapter, or with `route(text, members)`, which names the
    member that answers a prompt, a mix of several, or None for the base model; or with both. A member has a name, a
    folder and a weight. Where the component declares `options`, `load` returns a class that takes them. Checking the
    members, the manifest, the card and the comparison of the members are done for it.
    """


@hookspec
def domaintune_models() -> Iterable[Component[BaseMaker]]:  # type: ignore[empty-body]
    """Offer base models that nobody publishes: put together from parts, or trained from nothing.

    Called with all other hooks, when the first command needs to know what is installed; `load` is called where
    `model.base` names the model. It returns an object with `identity()`, the plain values that decide what is made, and
    `make(folder, bars)`, which writes an ordinary transformers folder; or, where the component declares `options`, a
    class that takes them (`model.options`). What was made is kept in the cache under its identity, so it is made once.
    """
