"""The files of an adapter package, and the manifest that says where they come from."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domaintune import files, prompts

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


def copy_pictures(report: dict[str, Any], run: Path, folder: Path) -> None:
    """Put the pictures of the evaluation beside the card that shows them."""
    for picture in report.get("pictures", ()):
        file = run / picture["file"]
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
        "training": facts.training,
        "seed": facts.settings["seed"],
        "settings": portable(facts.settings),
        "versions": facts.versions,
        "metrics": facts.report["scores"],
        "comparisons": facts.report["comparisons"],
        "warnings": facts.report["warnings"],
        "files": files.folder_hashes(folder),
    }


def portable(settings: dict[str, Any]) -> dict[str, Any]:
    """Leave out the folders of this machine: of a file only its name is kept."""
    data, retrieval = dict(settings["data"]), dict(settings["retrieval"])
    for section, key in ((data, "sources"), (data, "test_source"), (retrieval, "sources")):
        section[key] = [name if name.startswith("hf:") else Path(name).name for name in section[key]]
    for section, key in (
        (data, "options"), (data, "teacher_options"), (retrieval, "options"), (retrieval, "knowledge_options"),
    ):  # fmt: skip
        section[key] = {name: _portable(value) for name, value in section[key].items()}
    base = settings["model"]["base"]
    model = {**settings["model"], "base": Path(base).name if Path(base).expanduser().is_dir() else base}
    return {**settings, "data": data, "retrieval": retrieval, "model": model}


def _portable(value: Any) -> Any:
    """Return an option without the folders of this machine, if it names something here."""
    if isinstance(value, list | tuple):
        return [_portable(item) for item in value]
    is_path = isinstance(value, str) and os.path.isabs(os.path.expanduser(value)) and os.path.exists(value)  # noqa: PTH117, PTH111, PTH110
    return Path(value).name if is_path else value
