"""How a model makes one vector of a text, as sentence-transformers writes it beside the weights.

`modules.json` names the steps, `1_Pooling/config.json` says which tokens count, `sentence_bert_config.json` how much is
read, and `config_sentence_transformers.json` what is written before a question and before a passage.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from domaintune.errors import ModelError

MODULES, POOLING = "modules.json", "Pooling"
KNOWN = ("Transformer", POOLING, "Normalize")
MODES = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
"""How older versions of sentence-transformers write `pooling_mode`."""
SAME_DIRECTION = {"mean_sqrt_len_tokens": "mean"}
"""What differs by a factor only, which scaling to length 1 takes away."""
POOLINGS = ("mean", "cls", "lasttoken", "max")
PASSAGES = ("document", "passage", "corpus")
"""The names of the prompt of a text that is to be found, the first that is there counts."""

Find: TypeAlias = Callable[[str], Path | None]
"""Returns where a file of the model lies, or None where the model has none of that name."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What is done with a text: what is written before it, how much is read, and how its tokens become one vector."""

    pooling: str = "mean"
    query: str = ""
    passage: str = ""
    lower: bool = False
    longest: int | None = None

    @property
    def plain(self) -> bool:
        """Whether it is the mean of the tokens of the text as it stands."""
        return (self.pooling, self.query, self.passage, self.lower) == ("mean", "", "", False)


def read(name: str, find: Find) -> Recipe:
    """Read a model's recipe; ModelError where it asks for a step that is not known here."""
    steps = _steps(name, find)
    pooling, whole = _pooling(name, find, steps.get(POOLING))
    prompts = _json(name, find, "config_sentence_transformers.json")
    query, passage = _prompts(prompts)
    if (query or passage) and not whole:
        raise ModelError(
            f"the embedder {name!r} leaves its prompt out of the pooling, which is not known here; {OTHER}"
        )
    reading = _json(name, find, "sentence_bert_config.json")
    longest = reading.get("max_seq_length")
    return Recipe(
        pooling=pooling,
        query=query,
        passage=passage,
        lower=bool(reading.get("do_lower_case")),
        longest=int(longest) if longest else None,
    )


OTHER = "name another embedder"


def _steps(name: str, find: Find) -> dict[str, str]:
    """Return the folder of each step by its kind; nothing where the model names no steps."""
    found = find(MODULES)
    if found is None:
        return {}
    modules = _parsed(name, found, list)
    try:
        steps = {str(module["type"]).rpartition(".")[2]: str(module["path"]) for module in modules}
    except (TypeError, KeyError):
        raise ModelError(f"the embedder {name!r} has a {MODULES} that cannot be read; fetch the model again") from None
    strange = [kind for kind in steps if kind not in KNOWN]
    if strange or len(steps) < len(modules):
        what = ", ".join(strange) or "a step twice"
        raise ModelError(f"the embedder {name!r} needs {what} ({MODULES}); known: {', '.join(KNOWN)}; {OTHER}")
    if steps.get("Transformer"):
        raise ModelError(f"the embedder {name!r} keeps its weights in a folder of their own ({MODULES}); {OTHER}")
    return steps


def _pooling(name: str, find: Find, folder: str | None) -> tuple[str, bool]:
    """Return which tokens count, and whether those of a prompt do."""
    if folder is None:
        return "mean", True
    config = _json(name, find, f"{folder}/config.json")
    given = config.get("pooling_mode") or [mode for key, mode in MODES.items() if config.get(key)] or "mean"
    modes = [given] if isinstance(given, str) else list(given)
    pooling = SAME_DIRECTION.get(modes[0], modes[0])
    if len(modes) > 1 or pooling not in POOLINGS:
        raise ModelError(
            f"the embedder {name!r} pools by {' and '.join(map(str, modes))}; known: {', '.join(POOLINGS)}; {OTHER}"
        )
    return pooling, bool(config.get("include_prompt", True))


def _prompts(config: Mapping[str, Any]) -> tuple[str, str]:
    """Return what is written before a query and before a passage."""
    prompts = config.get("prompts") or {}
    default = prompts.get(config.get("default_prompt_name") or "", "")
    passage = next((prompts[key] for key in PASSAGES if key in prompts), default)
    return str(prompts.get("query", default) or ""), str(passage or "")


def _json(name: str, find: Find, file: str) -> dict[str, Any]:
    found = find(file)
    parsed: dict[str, Any] = _parsed(name, found, dict) if found else {}
    return parsed


def _parsed(name: str, path: Path, kind: type) -> Any:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        value = None
    if not isinstance(value, kind):
        raise ModelError(f"the embedder {name!r} has a damaged {path.name}; fetch the model again")
    return value
