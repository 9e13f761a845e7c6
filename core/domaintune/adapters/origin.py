"""Checking where an adapter comes from: its base model, its chat template, and the hashes of its manifest."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from domaintune.adapters import strict_json
from domaintune.adapters.contents import MANIFEST, PROCESSORS, TEMPLATE, TOKENIZER_CONFIG, OpenFile
from domaintune.adapters.refusals import AdmissionError, shown
from domaintune.adapters.shape import BaseShape
from domaintune.models import starter

UNLISTED = {MANIFEST, "README.md", "LICENSE", ".gitattributes"}
"""Written after the manifest, or beside it; no loader reads them."""

_HASH = re.compile(r"[0-9a-f]{64}")


def read_manifest(file: OpenFile) -> dict[str, Any]:
    """Return the manifest of a package, with the four keys that admission needs in order."""
    manifest = strict_json.parse(file.read(), file.name)
    if manifest.get("schema_version") != 1:
        raise AdmissionError("manifest_version", version=manifest.get("schema_version"))
    base = manifest.get("base")
    if not isinstance(base, dict) or not isinstance(base.get("fingerprint"), str):
        raise AdmissionError("manifest_incomplete", key="base.fingerprint")
    if not isinstance(manifest.get("template_fingerprint"), str):
        raise AdmissionError("manifest_incomplete", key="template_fingerprint")
    _check_list(manifest.get("files"))
    return manifest


def check_base(config: Mapping[str, Any], manifest: Mapping[str, Any] | None, base: BaseShape) -> None:
    """Refuse an adapter of another base: by fingerprint where there is a manifest, by name where there is none."""
    ours = f"{base.published_as} ({base.fingerprint})"
    if manifest is not None:
        made_for = manifest["base"]
        if made_for["fingerprint"] != base.fingerprint:
            theirs = f"{made_for.get('published_as') or made_for.get('name')} ({made_for['fingerprint']})"
            raise AdmissionError("wrong_base", theirs=theirs, ours=ours)
        return
    named = config.get("base_model_name_or_path")
    if not named:
        raise AdmissionError("base_not_named")
    if not _fits(named, base):
        raise AdmissionError("wrong_base", theirs=named, ours=ours)


def _fits(named: str, base: BaseShape) -> bool:
    """Tell whether a name, or the last part of a path of some machine, is the base's."""
    if named in (base.published_as, base.name):
        return True
    is_path = named.startswith(("/", ".", "~")) or "\\" in named or named.count("/") != 1
    # a base that is a folder itself has no owner in its name to compare
    if not is_path and "/" in base.published_as:
        return False
    known = {_last(base.published_as), _last(base.name)}
    if base.name == "starter":
        known.add(starter.folder().name)
    return _last(named) in known


def _last(path: str) -> str:
    return PurePosixPath(path.replace("\\", "/")).name


def check_templates(
    contents: Mapping[str, OpenFile], manifest: Mapping[str, Any] | None, approved: frozenset[str], ours: str
) -> None:
    """Refuse a chat template that is neither the base model's nor approved, wherever the folder names one."""
    found = {} if manifest is None else {MANIFEST: str(manifest["template_fingerprint"])}
    if TEMPLATE in contents:
        found[TEMPLATE] = _fingerprint(_template(contents[TEMPLATE]))
    for name in (TOKENIZER_CONFIG, *PROCESSORS):
        within = _template_within(contents[name]) if name in contents else None
        found |= {} if within is None else {name: _fingerprint(within)}
    for file, theirs in found.items():
        if theirs != ours and theirs not in approved:
            raise AdmissionError("template_not_approved", file=file, theirs=theirs, ours=ours)


def check_files(contents: Mapping[str, OpenFile], hashes: Mapping[str, str], manifest: Mapping[str, Any]) -> None:
    """Refuse a folder whose files are not exactly those of its manifest."""
    listed: Mapping[str, str] = manifest["files"]
    for name in listed:
        if name not in contents:
            raise AdmissionError("file_listed_but_missing", file=name)
    for name, found in hashes.items():
        if name in listed and listed[name] != found:
            raise AdmissionError("file_changed", file=name, theirs=found[:16], ours=listed[name][:16])
        if name not in listed and name not in UNLISTED:
            raise AdmissionError("file_not_listed", file=name)


def _check_list(listed: Any) -> None:
    if not isinstance(listed, dict) or not listed:
        raise AdmissionError("manifest_incomplete", key="files")
    for name, found in listed.items():
        if not name or name in (".", "..") or any(mark in name for mark in "/\\\0:"):
            raise AdmissionError("manifest_path", file=name)
        if not isinstance(found, str) or not _HASH.fullmatch(found):
            raise AdmissionError("manifest_incomplete", key=f"files[{shown(name)}]")


def _template(file: OpenFile) -> str:
    try:
        text = file.read().decode("utf-8")
    except UnicodeDecodeError:
        raise AdmissionError("template_not_text", file=file.name) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")  # as Python reads text files, and transformers with it


def _template_within(file: OpenFile) -> str | None:
    """Return the chat template inside the configuration of a tokenizer or a processor, which may name no code either."""
    config = strict_json.parse(file.read(), file.name)
    # a processor's holds those of its parts
    if any(part.get("auto_map") for part in (config, *config.values()) if isinstance(part, Mapping)):
        raise AdmissionError("tokenizer_with_code", file=file.name, key="auto_map")
    template = config.get("chat_template")
    if template is not None and not isinstance(template, str):
        raise AdmissionError("template_not_text", file=file.name)
    return template


def _fingerprint(template: str) -> str:
    """Return what prompts.template_fingerprint says of a tokenizer with this template."""
    return hashlib.sha256(template.encode()).hexdigest()[:16]
