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
        "pipeline_tag": "text-generation",
        "tags": ["lora", "trl", "sft", "domaintune", manifest["domain"]],
        "metrics": sorted({score["metric"] for score in manifest["metrics"]}),
        "model-index": [{"name": f"{manifest['domain']} adapter", "results": [_results(manifest)]}],
    }
    return "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())


def _results(manifest: Mapping[str, Any]) -> dict[str, Any]:
    tuned = [score for score in manifest["metrics"] if score["system"] == "tuned"]
    return {
        "task": {"type": "text-generation", "name": manifest["summary"]},
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

{manifest["summary"]}. A LoRA adapter for `{base["published_as"]}`, built by [domaintune]({_HOME}).

{"**" + manifest["safety"] + "**" if manifest["safety"] else ""}

## Use

```python
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("path/to/this/folder")
base = AutoModelForCausalLM.from_pretrained("{base["published_as"]}")
model = PeftModel.from_pretrained(base, "path/to/this/folder")
```
{_base_note(base)}
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
    if base["name"] != "starter":
        return ""
    return (
        "\nIt was trained on domaintune's `starter`, the same model dequantised from 4 bits; on the original weights "
        "the scores below may differ slightly.\n"
    )


def _test_size(manifest: Mapping[str, Any]) -> int:
    return max((int(score["n"]) for score in manifest["metrics"] if score["tag"] == "all"), default=0)


_HOME = "https://github.com/domaintune/domaintune"
