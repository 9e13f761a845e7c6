"""A composed adapter on disk: an ordinary PEFT folder, with a manifest that says who is in it and how."""

from __future__ import annotations

import json
import math
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from domaintune import files
from domaintune.adapters.package import MANIFEST, PEFT_FILES
from domaintune.composition import card, factors
from domaintune.composition.interference import interference
from domaintune.composition.members import Part
from domaintune.contracts import Component, Member
from domaintune.errors import PluginError, UsageError
from domaintune.runs import versions
from domaintune.settings import validate

TOKENIZER = (
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "chat_template.jinja",
    "vocab.json", "vocab.txt", "merges.txt", "tokenizer.model",
)  # fmt: skip
"""Files copied from the first member: the members' chat templates are the same."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What is composed: members, a weight each, the composer and its options."""

    parts: Sequence[Part]
    weights: Sequence[float]
    method: Component[Any]
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def members(self) -> list[Member]:
        """The members as a composer is given them."""
        return [
            Member(name=part.name, folder=part.folder, weight=weight)
            for part, weight in zip(self.parts, self.weights, strict=True)
        ]


Judge = Callable[[Path], Mapping[str, Any]]
"""Measures the answers of a composed folder; what `scores.judge` returns."""


def compose(recipe: Recipe, place: Path, judge: Judge | None = None) -> dict[str, Any]:
    """Write the composed adapter to a new or empty folder, whole or not at all; returns its manifest."""
    _refuse_weights(recipe.weights, len(recipe.parts))
    _refuse_full(place)
    _refuse_projectors(recipe.parts)
    composer, options = open_composer(recipe.method, recipe.options)
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=f".{place.name}-") as work:
        folder = Path(work) / "mix"
        folder.mkdir()
        composer.merge(recipe.members, folder)
        _finish_config(folder, recipe)
        for name in TOKENIZER:
            if (recipe.parts[0].folder / name).is_file():
                shutil.copyfile(recipe.parts[0].folder / name, folder / name)
        measured = {"interference": pairs(recipe), **(judge(folder) if judge else {})}
        manifest = _manifest(recipe, options, measured, folder)
        (folder / "README.md").write_text(card.write(manifest), encoding="utf-8")
        files.write_json(folder / MANIFEST, manifest)
        files.replace_folder(folder, place)
    return manifest


def open_composer(component: Component[Any], given: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Load a composer that merges, with its options; returns these too. Raises SettingsError or PluginError."""
    where = f"--option of {component.name}"
    if component.options is None and given:
        raise UsageError(f"{where}: unknown option {next(iter(given))!r}; this composer has none")
    record = validate(component.options, given, where) if component.options else None
    part = component.load()
    if isinstance(part, type) or (callable(part) and not hasattr(part, "merge")):
        part = part() if record is None else part(record)
    if not callable(getattr(part, "merge", None)):
        raise PluginError(f"composer {component.name!r} chooses who answers a request; it makes no adapter of several")
    return part, {} if record is None else asdict(record)


def pairs(recipe: Recipe) -> list[dict[str, Any]]:
    """Return the interference of each two members, as they enter the mix."""
    updates = [factors.read(part.folder) for part in recipe.parts]
    weighted = list(zip(updates, recipe.weights, strict=True))
    return interference([part.name for part in recipe.parts], weighted)


def _refuse_weights(weights: Sequence[float], members: int) -> None:
    if len(weights) != members:
        raise UsageError(f"{len(weights)} weights for {members} members; give one each: --weights 0.7 0.3")
    if not all(math.isfinite(weight) for weight in weights):
        raise UsageError(f"weights must be finite numbers, not {', '.join(map(str, weights))}")
    if not any(weights):
        raise UsageError("all weights are 0, so the result would change nothing")


def _refuse_full(place: Path) -> None:
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise UsageError(f"{place} is there already and not empty; name a new folder with -o, or remove it first")


def _refuse_projectors(parts: Sequence[Part]) -> None:
    """Refuse members that are more than updates, before a composer of anybody's leaves that part out."""
    for part in parts:
        if factors.replaces_modules(part.folder):
            raise UsageError(f"{part.name} {factors.NO_AVERAGE}")


def _finish_config(folder: Path, recipe: Recipe) -> None:
    """Name the base model as others know it, after checking that there is an adapter at all."""
    for name in PEFT_FILES:
        if not (folder / name).is_file():
            raise PluginError(f"composer {recipe.method.name!r} wrote no {name}; its merge must write a PEFT folder")
    config = files.read_json(folder / PEFT_FILES[0])
    base = recipe.parts[0].base
    config |= {"base_model_name_or_path": base["published_as"], "revision": base.get("revision")}
    (folder / PEFT_FILES[0]).write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _manifest(recipe: Recipe, options: Mapping[str, Any], measured: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    first = recipe.parts[0]
    licences = {str(part.manifest.get("license", "other")) for part in recipe.parts}
    return {
        "schema_version": 1,
        "kind": "composition",
        "license": licences.pop() if len(licences) == 1 else "other",
        "base": dict(first.base),
        "template_fingerprint": first.template,
        "members": [
            {"name": part.name, "digest": part.digest, "weights_sha256": part.weights_sha256, "domain": part.domain}
            | {"weight": weight, "safety": str(part.manifest.get("safety", ""))}
            for part, weight in zip(recipe.parts, recipe.weights, strict=True)
        ],
        "method": recipe.method.name,
        "options": dict(options),
        "interference": [_brief(pair) for pair in measured["interference"]],
        "metrics": measured.get("metrics", []),
        "comparisons": measured.get("comparisons", []),
        "warnings": measured.get("notes", []),
        "versions": versions(),
        "files": files.folder_hashes(folder),
    }


def _brief(pair: Mapping[str, Any]) -> dict[str, Any]:
    """Replace the rows of single modules by one for each kind of module: `q_proj`, `down_proj`."""
    kinds: dict[str, list[Mapping[str, float]]] = {}
    for module, row in pair["modules"].items():
        kinds.setdefault(module.rpartition(".")[2], []).append(row)
    means = {
        kind: {name: round(sum(row[name] for row in rows) / len(rows), 6) for name in rows[0]}
        for kind, rows in sorted(kinds.items())
    }
    return {**{key: value for key, value in pair.items() if key != "modules"}, "kinds": means}
