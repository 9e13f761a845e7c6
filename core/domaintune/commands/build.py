"""`domaintune build`, `train`, `eval`: the road from data to a packed adapter, whole or up to a stage."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from domaintune.commands.common import (
    AsJson,
    ConfigFile,
    DomainName,
    DryRun,
    Knowledge,
    Limit,
    Name,
    Overrides,
    Preset,
    Seed,
    Sources,
    Unsafe,
    answering,
    knowledge_from,
    settings_from,
)
from domaintune.errors import UsageError

if TYPE_CHECKING:
    from domaintune.runs import Stage


def _road(until: Stage, doc: str) -> Callable[..., None]:
    """Return the command that walks the stages up to one of them."""

    def walk_until(  # noqa: PLR0913  (the common options; all else is settings)
        domain: DomainName,
        preset: Preset = None,
        source: Sources = None,
        knowledge: Knowledge = None,
        override: Overrides = None,
        config: ConfigFile = None,
        name: Name = None,
        limit: Limit = None,
        seed: Seed = None,
        dry_run: DryRun = False,
        allow_unsafe_exec: Unsafe = False,
        json: AsJson = False,
    ) -> None:
        from domaintune.commands import walk

        overrides = [*knowledge_from(knowledge), *settings_from(override, source, limit, seed)]
        plan = walk.plan(domain, preset=preset, file=config, overrides=overrides, unsafe=allow_unsafe_exec)
        if knowledge and not plan.uses_knowledge:
            raise UsageError(
                f"builds of {domain!r} use no knowledge; name who finds it: --set retrieval.retriever=hybrid"
            )
        if dry_run:
            walk.forecast(plan, name, until=until, as_json=json)
        else:
            walk.through(plan, name, until=until, as_json=json)

    walk_until.__doc__ = (
        doc + "\n\nRepeating the command goes on where it stopped; what has not changed is not done again."
    )
    return answering(walk_until)


build = _road("adapter", "Build a domain expert: data, knowledge, training, evaluation, package.")
train = _road("train", "Train a domain's adapter; the data stage runs first where it has to.")
evaluate = _road("evaluation", "Measure a domain's adapter against the base model and the cheap floors.")
