"""What is to be built: a domain, its settings, and the parts plugins offer for it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domaintune import files
from domaintune.contracts import Component, Domain
from domaintune.data.sources import contents
from domaintune.errors import SettingsError, nearest
from domaintune.parts import NoOptions, checked
from domaintune.plugins import Catalog, Offer
from domaintune.settings import Settings, resolve, validate

NO_RETRIEVER, RETRIEVER, DOCUMENTS = "none", "hybrid", "documents"
"""The name that switches retrieval off, and core's own retriever and builder of passages."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A domain with resolved settings."""

    domain: Domain
    settings: Settings
    catalog: Catalog
    preset: str | None = None

    @property
    def builder(self) -> Component[Any]:
        """The data builder: the one the settings name, or the domain's."""
        return self.catalog.component("data builder", self.settings.data.builder or self.domain.data)

    @property
    def builder_options(self) -> Any:
        """The builder's validated options, or None where it declares none."""
        return checked(self.builder, self.settings.data.options, "data.options")

    @property
    def uses_knowledge(self) -> bool:
        """Whether a build indexes knowledge and puts it beside its questions."""
        name = self.settings.retrieval.retriever
        return name != NO_RETRIEVER if name else self.domain.retriever is not None

    @property
    def has_knowledge(self) -> bool:
        """Whether there is knowledge to index, used by builds or not."""
        given = self.settings.retrieval
        return bool(given.knowledge or self.domain.knowledge or given.sources)

    @property
    def knowledge(self) -> Component[Any]:
        """The builder of passages: the one the settings name, or the domain's; DOCUMENTS where files are named."""
        given = self.settings.retrieval
        name = given.knowledge or self.domain.knowledge or (DOCUMENTS if given.sources else None)
        if name is None:
            raise SettingsError(
                f"domain {self.domain.name!r} brings no knowledge; name files with --set retrieval.sources=FILE"
            )
        return self.catalog.component("data builder", name)

    @property
    def knowledge_options(self) -> Any:
        """The validated options of the builder of passages."""
        return checked(self.knowledge, self.settings.retrieval.knowledge_options, "retrieval.knowledge_options")

    @property
    def retriever(self) -> Component[Any]:
        """Who finds passages: the one the settings name, or the domain's, or core's own."""
        name = self.settings.retrieval.retriever
        chosen = name if name and name != NO_RETRIEVER else self.domain.retriever
        return self.catalog.component("retriever", chosen or RETRIEVER)

    @property
    def retriever_options(self) -> Any:
        """The validated options of the retriever."""
        return checked(self.retriever, self.settings.retrieval.options, "retrieval.options")

    @property
    def evaluators(self) -> list[Component[Any]]:
        """The graders: those the settings name, or the domain's."""
        names = self.settings.eval.evaluators or self.domain.evaluators
        return [self.catalog.component("evaluator", name) for name in names]

    @property
    def engine(self) -> Component[Any]:
        """The engine that answers."""
        return self.catalog.component("engine", self.settings.model.engine)

    @property
    def teacher_code(self) -> dict[str, Any] | None:
        """What changes when the teacher of the data does, the files that its options name among it; None without one."""
        name, options = self.settings.data.teacher, self.settings.data.teacher_options
        if name is None:
            return None
        named = [value for value in options.values() if isinstance(value, str)]
        return {**self.code("teacher", self.catalog.component("teacher", name)), "files": contents(named)}

    @property
    def key(self) -> str:
        """A hash of what decides the adapter: a changed evaluation or card belongs to the same run."""
        values = self.settings.as_dict()
        sections = ["seed", "model", "data", "lora", "train", *(["retrieval"] if self.uses_knowledge else [])]
        del values["data"]["overlap"]  # it decides about rows, not about which run this is
        deciding = {name: values[name] for name in sections}
        return files.fingerprint({"domain": self.domain.name, **deciding})

    def code(self, kind: str, component: Component[Any]) -> dict[str, str]:
        """Return what changes when the code behind a part does: its version and a hash of its package."""
        return code_of(self.catalog.owner(kind, component.name))


def make_plan(
    catalog: Catalog,
    domain: str,
    *,
    preset: str | None = None,
    file: Path | None = None,
    overrides: Sequence[str] = (),
    unsafe: bool = False,
) -> Plan:
    """Resolve the settings of a domain; every part that will be needed is looked up here, before any work."""
    found = catalog.domain(domain)
    known = catalog.names("evaluator")
    settings = resolve(found, preset=preset, file=file, overrides=overrides, evaluators=known, unsafe=unsafe)
    plan = Plan(domain=found, settings=settings, catalog=catalog, preset=preset)
    _ = plan.builder, plan.builder_options, plan.engine
    _check_graders(plan)
    if plan.uses_knowledge:
        _ = plan.knowledge_options, plan.retriever_options
    if settings.data.teacher:
        checked(
            catalog.component("teacher", settings.data.teacher), settings.data.teacher_options, "data.teacher_options"
        )
    return plan


def _check_graders(plan: Plan) -> None:
    """Refuse options that no grader of this build takes: they would be missed only after training."""
    options = plan.settings.eval.graders
    graders = {part.name: part for part in plan.evaluators}
    for name, given in options.items():
        if name not in graders:
            known = f"; evaluators of this build: {', '.join(graders) or 'none'}"
            raise SettingsError(f"eval.graders: no evaluator {name!r}{nearest(name, graders)}{known}")
        validate(graders[name].options or NoOptions, given, f"eval.graders.{name}")


def code_of(offer: Offer) -> dict[str, str]:
    """Return owner, version and a hash of the files of the package that an offer comes from."""
    load = getattr(offer.record, "load", None)
    load = getattr(load, "func", load)  # behind functools.partial
    module = sys.modules.get(getattr(load, "__module__", "").partition(".")[0])
    record = {"owner": offer.owner, "version": offer.version}
    place = getattr(module, "__file__", None)
    if place is None:
        return record
    path = Path(place)
    parts = sorted(path.parent.rglob("*")) if path.name == "__init__.py" else [path]
    hashes = {
        str(part.relative_to(path.parent)): files.sha256(part)
        for part in parts
        if part.is_file() and part.suffix != ".pyc"
    }
    return {**record, "sha256": files.fingerprint(hashes)}
