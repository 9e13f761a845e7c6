"""The model card of a composed adapter."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from domaintune.evaluation.layout import difference, verdict


def write(manifest: Mapping[str, Any]) -> str:
    """Return the README.md; every number in it comes from the manifest."""
    base, members = manifest["base"], manifest["members"]
    names = " + ".join(f"{member['weight']:g} x {member['name']}" for member in members)
    rows = "".join(
        f"| {member['name']} | {member['weight']:g} | {member['domain']} | `{member['digest'][:12]}` |\n"
        for member in members
    )
    options = ", ".join(f"{name} {value}" for name, value in manifest["options"].items()) or "none"
    safety = "".join(f"**{text}**\n\n" for text in dict.fromkeys(member["safety"] for member in members) if text)
    return f"""---
{_front_matter(manifest)}---

# {names}

A LoRA adapter for `{base["published_as"]}`, composed of several by domaintune; plain peft loads it.
The chat template must be the members' own (fingerprint `{manifest["template_fingerprint"]}`).

{safety}| member | weight | domain | digest |
| --- | --- | --- | --- |
{rows}
Method `{manifest["method"]}`, options: {options}.

## Members against each other

Cosine of the weighted updates, share of entries whose signs differ, and shared share of the input and output
subspaces (by chance).

| members | cosine | conflict | inputs | outputs |
| --- | --- | --- | --- | --- |
{"".join(map(_pair, manifest["interference"]))}
## Members under the mix

{_results(manifest)}
"""


def _front_matter(manifest: Mapping[str, Any]) -> str:
    """Return YAML, written as JSON values, which every YAML reader takes."""
    values = {
        "license": manifest["license"],
        "base_model": manifest["base"]["published_as"],
        "base_model_relation": "adapter",
        "library_name": "peft",
        "pipeline_tag": "image-text-to-text" if manifest["base"].get("reads") == "images" else "text-generation",
        "tags": ["lora", "merge", "domaintune"],
    }
    return "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())


def _pair(row: Mapping[str, Any]) -> str:
    spaces = (f"{row[f'overlap_{side}']:.3f} ({row[f'chance_{side}']:.3f})" for side in ("in", "out"))
    return f"| {row['a']}, {row['b']} | {row['cosine']:+.3f} | {row['conflict']:.3f} | {' | '.join(spaces)} |\n"


def _results(manifest: Mapping[str, Any]) -> str:
    if not manifest["comparisons"]:
        return "Not measured; `domaintune compose --report` does."
    rows = "".join(
        f"| {row['member']} | {row['evaluator']} {row['metric']} | mix - {'base' if row['b'] == 'base' else 'alone'} "
        f"| {difference(row).strip()} | {verdict(row)} |\n"
        for row in manifest["comparisons"]
    )
    head = "| member | metric | | difference | verdict |\n| --- | --- | --- | --- | --- |"
    return f"Scores x 100, 95 % intervals.\n\n{head}\n{rows}"
