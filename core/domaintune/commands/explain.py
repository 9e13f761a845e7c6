"""Settings as TOML with a sentence beside each."""

from __future__ import annotations

import dataclasses
from typing import Any

import tomli_w

from domaintune.plan import Plan
from domaintune.settings import Settings, validate


def commented(plan: Plan) -> str:
    """Return the resolved settings as TOML; the options of the parts are listed with their meaning."""
    lines = [f"# settings of `domaintune build {plan.domain.name}`"]
    lines += [f"# presets: {', '.join(plan.domain.presets)}"] if plan.domain.presets else []
    sections = [field for field in dataclasses.fields(Settings) if dataclasses.is_dataclass(field.default_factory)]
    lines += _fields(plan.settings, skip={field.name for field in sections})
    for section in sections:
        lines += ["", f"[{section.name}]", *_fields(getattr(plan.settings, section.name))]
        if section.name == "model":
            lines += _of_base(plan)
        if section.name == "data":
            lines += _options("data.options", plan.builder.options, plan.settings.data.options)
        if section.name == "data" and plan.settings.data.teacher:
            teacher = plan.catalog.component("teacher", plan.settings.data.teacher)
            lines += _options("data.teacher_options", teacher.options, plan.settings.data.teacher_options)
        if section.name == "retrieval" and plan.has_knowledge:
            used = plan.settings.retrieval
            lines += _options("retrieval.knowledge_options", plan.knowledge.options, used.knowledge_options)
            lines += _options("retrieval.options", plan.retriever.options, used.options)
        if section.name == "eval":
            for part in plan.evaluators:
                given = plan.settings.eval.graders.get(part.name, {})
                lines += _options(f"eval.{part.name}", part.options, given)
    return "\n".join(lines) + "\n"


def _of_base(plan: Plan) -> list[str]:
    """Return the options of a base model that a plugin makes; no other has any."""
    name = plan.settings.model.base
    if name not in plan.catalog.names("base model"):
        return []
    return _options("model.options", plan.catalog.component("base model", name).options, plan.settings.model.options)


_TABLES = {"options", "graders", "knowledge_options", "teacher_options"}


def _fields(record: Any, skip: set[str] | None = None) -> list[str]:
    lines = []
    for field in dataclasses.fields(record):
        value = getattr(record, field.name)
        if field.name in _TABLES or field.name in (skip or set()):
            continue
        lines.append(f"{_assignment(field.name, value)}  # {field.metadata['doc']}")
    return lines


def _options(table: str, kind: Any, given: dict[str, Any]) -> list[str]:
    if kind is None:
        return []
    lines = ["", f"[{table}]"]
    options = validate(kind, given, table)
    for field in dataclasses.fields(kind):
        value = getattr(options, field.name)
        lines.append(f"{_assignment(field.name, value)}  # {field.metadata.get('doc', '')}")
    return lines


def _assignment(name: str, value: Any) -> str:
    if value is None:
        return f"# {name} is not set"
    if isinstance(value, dict):  # inline, so that it stays in its section
        inside = ", ".join(tomli_w.dumps({key: item}).strip() for key, item in value.items())
        return f"{name} = {{ {inside} }}" if inside else f"{name} = {{}}"
    if isinstance(value, (list, tuple)):
        inside = ", ".join(tomli_w.dumps({"x": item}).strip().removeprefix("x = ") for item in value)
        return f"{name} = [{inside}]"
    return tomli_w.dumps({name: value}).strip()
