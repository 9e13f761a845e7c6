"""The model card: what the adapter is, what it was made from, and what was measured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from domaintune import evaluation


def write(manifest: Mapping[str, Any], report: Mapping[str, Any]) -> str:
    """Return the README.md of an adapter package; every number in it comes from the manifest."""
    return f"---\n{_front_matter(manifest)}---\n\n{_body(manifest, evaluation.markdown(report))}"


def _front_matter(manifest: Mapping[str, Any]) -> str:
    """Return YAML, written as JSON values, which every YAML reader takes."""
    values = {
        "license": manifest["license"],
        "base_model": manifest["base"]["published_as"],
        "base_model_relation": "adapter",
        "library_name": "peft",
        "pipeline_tag": _task(manifest),
        "tags": ["lora", "trl", "sft", "domaintune", manifest["domain"]],
        "metrics": sorted({score["metric"] for score in manifest["metrics"]}),
        "model-index": [{"name": f"{manifest['domain']} adapter", "results": [_results(manifest)]}],
    }
    return "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())


def _results(manifest: Mapping[str, Any]) -> dict[str, Any]:
    tuned = [score for score in manifest["metrics"] if score["system"] == "tuned"]
    return {
        "task": {"type": _task(manifest), "name": manifest["summary"]},
        "dataset": {"name": f"held-out examples of {manifest['data']['builder']}", "type": manifest["domain"]},
        "metrics": [
            {
                "type": score["metric"],
                "name": f"{score['metric']} ({score['tag']}, n = {score['n']})",
                "value": round(100 * score["value"], 1),
            }
            for score in tuned
        ],
    }


def _body(manifest: Mapping[str, Any], results: str) -> str:
    data, training, base = manifest["data"], manifest["training"], manifest["base"]
    dropped = "".join(f"| dropped: {reason} | {count:,} |\n" for reason, count in sorted(data["dropped"].items()))
    sample = "\nThe data is the plugin's own sample: good for a first look, not for use.\n" if data["sample"] else ""
    return f"""# {manifest["domain"]} adapter

{manifest["summary"]}. {_kind(manifest)} for `{base["published_as"]}`, built by [domaintune]({_HOME}).

{"**" + manifest["safety"] + "**" if manifest["safety"] else ""}

## Use

```python
{_loading(base)}
```
{_base_note(base)}{_projector_note(manifest)}
The chat template must be the one in this folder (fingerprint `{manifest["template_fingerprint"]}`).

## Results

Base model, adapter and cheap floors on the same held-out examples; 95 % intervals, scores x 100.

{results}

## Data

| rows | count |
|---|---|
| read | {data["rows_in"]:,} |
| kept for training | {data["kept"]["train"]:,} |
| kept for testing | {data["kept"]["test"]:,} |
{dropped}
{sample}
Training examples equal or nearly equal to a test example were removed before training (`contamination`).
{_scrubbing(data)}{_knowledge(manifest)}
## Training

{training["steps"]} steps ({training["epochs"]} epochs), {training["trainable_parameters"]:,} trainable parameters,
seed {manifest["seed"]}; settings, versions and file hashes are in `domaintune.json`.

## Limits

Measured on {_test_size(manifest)} held-out examples; other collections, languages
or styles were not measured. A fluent answer can be wrong. {manifest["safety"]}
"""


def _task(manifest: Mapping[str, Any]) -> str:
    return "image-text-to-text" if _sees(manifest["base"]) else "text-generation"


def _sees(base: Mapping[str, Any]) -> bool:
    return base.get("reads") == "images"


def _loading(base: Mapping[str, Any]) -> str:
    """Return the lines of Python that load the adapter with peft."""
    kind, reader, variable, place = "CausalLM", "AutoTokenizer", "tokenizer", "path/to/this/folder"
    if _sees(base):
        kind, reader, variable, place = "ImageTextToText", "AutoProcessor", "processor", base["published_as"]
    return f"""from peft import PeftModel
from transformers import AutoModelFor{kind}, {reader}

{variable} = {reader}.from_pretrained("{place}")
base = AutoModelFor{kind}.from_pretrained("{base["published_as"]}")
model = PeftModel.from_pretrained(base, "path/to/this/folder")"""


def _kind(manifest: Mapping[str, Any]) -> str:
    return "A LoRA adapter with a projector" if manifest.get("projector") else "A LoRA adapter"


def _projector_note(manifest: Mapping[str, Any]) -> str:
    """Say what the adapter replaces in a model that reads pictures, and which model alone that fits."""
    carried, base = manifest.get("projector"), manifest["base"]
    if not carried:
        return ""
    return (
        f"\nIt replaces the projector, `{carried['path']}` ({carried['parameters']:,} parameters), whole; peft does so as "
        f"it loads. A projector fits the very vision tower (`{base['tower']['type']}`) and language model "
        f"(`{base['language']['type']}`) with which it was trained, and no others of their shapes: domaintune refuses a "
        f"base model with another fingerprint than `{base['fingerprint']}`.\n"
    )


def _scrubbing(data: Mapping[str, Any]) -> str:
    counts = {kind: count for kind, count in data.get("scrubbed", {}).items() if kind != "examples"}
    if not counts:
        return ""
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(counts.items()))
    return f"\nWhat identifies a person was replaced by patterns before anything else ({kinds}); patterns miss some.\n"


def _knowledge(manifest: Mapping[str, Any]) -> str:
    about = manifest.get("knowledge")
    if not about:
        return ""
    licenses = ", ".join(f"{name} ({count:,})" for name, count in sorted(about["licenses"].items()))
    return (
        f"\n## Knowledge\n\nTrained and measured with passages beside the question: {about['passages']:,} by "
        f"`{about['knowledge']}`, found by `{about['retriever']}`, at most {about['k']} in {about['budget']:,} tokens. "
        f"Licences: {licenses}. The passages are not in this folder; `+retrieval` marks the answers given with them.\n"
    )


def _base_note(base: Mapping[str, Any]) -> str:
    if base["name"] not in ("starter", base["published_as"]):
        return (
            f"\n`{base['published_as']}` is on no hub: domaintune makes it where a plugin offers "
            f"`model.base={base['name']}`, and keeps it in the folder `models` of its cache.\n"
        )
    if base["name"] != "starter":
        return ""
    return (
        "\nIt was trained on domaintune's `starter`, the same model dequantised from 4 bits; on the original weights "
        "the scores below may differ slightly.\n"
    )


def _test_size(manifest: Mapping[str, Any]) -> int:
    return max((int(score["n"]) for score in manifest["metrics"] if score["tag"] == "all"), default=0)


_HOME = "https://github.com/domaintune/domaintune"
