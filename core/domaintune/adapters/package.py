"""The files of an adapter package, and the manifest that says where they come from."""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domaintune import files, prompts
from domaintune.evaluation import contact_sheet
from domaintune.settings import Settings

MANIFEST = "domaintune.json"
PEFT_FILES = ("adapter_config.json", "adapter_model.safetensors")


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a manifest records of a build."""

    domain: str
    summary: str
    safety: str
    license: str
    base: dict[str, Any]
    tokenizer: Any
    data: dict[str, Any]
    training: dict[str, Any]
    settings: dict[str, Any]
    versions: dict[str, str]
    report: dict[str, Any]
    knowledge: dict[str, Any] | None = None


def copy_adapter(trained: Path, folder: Path, *, published_as: str, revision: str | None) -> None:
    """Copy the PEFT files; the configuration names the base model as others know it, not as a path of this machine."""
    for name in PEFT_FILES:
        shutil.copyfile(trained / name, folder / name)
    config = files.read_json(folder / "adapter_config.json")
    config |= {"base_model_name_or_path": published_as, "revision": revision}
    if isinstance(config["target_modules"], list):
        config["target_modules"].sort()  # peft keeps a set; a package should not differ from run to run
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def shows_samples(settings: Settings) -> bool:
    """Tell whether questions and answers stand on the card with their pictures: a package is made to be published.

    With `pack.samples` = auto they do where the builder drew or brought the data itself, the evaluators their items too,
    and nothing was to be scrubbed. A file, folder or hub data set named anywhere may hold what is not to be shown.
    """
    if settings.pack.samples != "auto":
        return settings.pack.samples == "yes"
    data, retrieval = settings.data, settings.retrieval
    options = (
        data.options,
        data.teacher_options,
        retrieval.options,
        retrieval.knowledge_options,
        settings.eval.graders,
    )
    named = data.sources or data.test_source or data.images or retrieval.sources or any(map(_names_a_place, options))
    return data.scrub == "off" and not named


def _names_a_place(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_names_a_place, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_names_a_place, value))
    return isinstance(value, str) and bool(value) and (value.startswith("hf:") or _exists(value))


def _exists(name: str) -> bool:
    try:
        return Path(name).expanduser().exists()
    except (OSError, ValueError, RuntimeError):  # too long, a zero in it, or the home of nobody
        return False


def copy_pictures(report: dict[str, Any], run: Path, folder: Path) -> None:
    """Put the pictures of the evaluation beside the card that shows them."""
    drawn = [run / picture["file"] for picture in report.get("pictures", ())]
    sheet = run / "evaluation" / contact_sheet.FILE
    shown = contact_sheet.chosen(report.get("samples", ())) and sheet.is_file()
    for file in [*drawn, *([sheet] if shown else [])]:
        shutil.copyfile(file, folder / file.name)


def manifest(facts: Facts, folder: Path) -> dict[str, Any]:
    """Return the manifest of a package: origins, hashes, settings, versions and measured results."""
    return {
        "schema_version": 1,
        "domain": facts.domain,
        "summary": facts.summary,
        "safety": facts.safety,
        "license": facts.license,
        "base": facts.base,
        "template_fingerprint": prompts.template_fingerprint(facts.tokenizer),
        "data": facts.data,
        **({"knowledge": facts.knowledge} if facts.knowledge else {}),
        **({"projector": carried} if (carried := projector(folder)) else {}),
        "training": facts.training,
        "seed": facts.settings["seed"],
        "settings": portable(facts.settings),
        "versions": facts.versions,
        "metrics": facts.report["scores"],
        "comparisons": facts.report["comparisons"],
        "warnings": facts.report["warnings"],
        "files": files.folder_hashes(folder),
    }


def projector(folder: Path) -> dict[str, Any] | None:
    """Return the path and the size of the projector that the adapter of a folder carries, None where it carries none."""
    from safetensors import safe_open  # noqa: PLC0415  (only where a package is written)

    saved = files.read_json(folder / "adapter_config.json").get("modules_to_save")
    if not saved:
        return None
    with safe_open(folder / "adapter_model.safetensors", framework="numpy") as file:
        own = [name for name in file.keys() if ".lora_" not in name]  # noqa: SIM118  (safe_open is no dict)
        count = sum(math.prod(file.get_slice(name).get_shape()) for name in own)
    return {"path": saved[0], "parameters": count}


def portable(settings: dict[str, Any]) -> dict[str, Any]:
    """Leave out the folders of this machine: of a file only its name is kept."""
    data, retrieval = dict(settings["data"]), dict(settings["retrieval"])
    for section, key in ((data, "sources"), (data, "test_source"), (retrieval, "sources")):
        section[key] = [name if name.startswith("hf:") else Path(name).name for name in section[key]]
    for section, key in (
        (data, "options"), (data, "teacher_options"), (retrieval, "options"), (retrieval, "knowledge_options"),
    ):  # fmt: skip
        section[key] = {name: _portable(value) for name, value in section[key].items()}
    data["images"] = None if data["images"] is None else Path(data["images"]).name
    base = settings["model"]["base"]
    model = {**settings["model"], "base": Path(base).name if Path(base).expanduser().is_dir() else base}
    model["options"] = {name: _portable(value) for name, value in model["options"].items()}
    return {**settings, "data": data, "retrieval": retrieval, "model": model}


def _portable(value: Any) -> Any:
    """Return an option without the folders of this machine, if it names something here."""
    if isinstance(value, list | tuple):
        return [_portable(item) for item in value]
    is_path = isinstance(value, str) and os.path.isabs(os.path.expanduser(value)) and os.path.exists(value)  # noqa: PTH117, PTH111, PTH110
    return Path(value).name if is_path else value
