"""After a build: its package becomes a candidate of the registry."""

from __future__ import annotations

from domaintune import files
from domaintune.adapters import bases
from domaintune.adapters.package import MANIFEST
from domaintune.adapters.registry import Registry
from domaintune.adapters.versions import Version
from domaintune.plan import Plan
from domaintune.runs import Run


def enrol(plan: Plan, run: Run, registry: Registry | None = None) -> Version:
    """Add the package of a finished run under the name of its domain; a package that is known stays what it is."""
    registry = registry or Registry()
    folder = run.file("adapter")
    if plan.uses_knowledge:
        registry.keep_knowledge(run.file("index"), run.stages["index"]["files"])
    base = bases.base_of_package(registry, plan.settings.model, files.read_json(folder / MANIFEST))
    return registry.add(folder, name=plan.domain.name, base=base, source=f"build: {run.folder.resolve()}")
