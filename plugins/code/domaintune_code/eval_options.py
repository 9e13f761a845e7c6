"""The options of the graders of programs, as users write them in `[eval.code-humaneval]` and its like."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Gt

Positive = Annotated[int, Gt(0)]

HUMANEVAL = "hf:openai/openai_humaneval"
MBPP = "hf:google-research-datasets/mbpp"
_K = {"doc": "report pass@k for these k; one larger than the number of answers an item is left out"}
_PLUS = {"doc": "run the extra tests too, where the file has them: plus_pass@k"}


@dataclass(frozen=True, kw_only=True)
class HumanEvalOptions:
    """Options of `code-humaneval`."""

    items: str = field(
        default=HUMANEVAL, metadata={"doc": "the problems: HumanEval.jsonl(.gz), HumanEval+ or hf:owner/name"}
    )
    k: tuple[Positive, ...] = field(default=(1, 10, 100), metadata=_K)
    plus: bool = field(default=True, metadata=_PLUS)


@dataclass(frozen=True, kw_only=True)
class MbppOptions:
    """Options of `code-mbpp`."""

    items: str = field(default=MBPP, metadata={"doc": "the problems: mbpp.jsonl, sanitized, MBPP+ or hf:owner/name"})
    k: tuple[Positive, ...] = field(default=(1, 10, 100), metadata=_K)
    plus: bool = field(default=True, metadata=_PLUS)
    split: Literal["test", "all"] = field(
        default="test", metadata={"doc": "test: tasks 11 to 510, as usual; all: every row of the file"}
    )
    challenge: bool = field(default=False, metadata={"doc": "run the challenge tests too, where the file has them"})


@dataclass(frozen=True, kw_only=True)
class ProblemsOptions:
    """Options of `code-problems`."""

    items: str = field(
        default="", metadata={"doc": "problems in HumanEval's form: a file or hf:owner/name; empty: the plugin's own"}
    )
    k: tuple[Positive, ...] = field(default=(1, 10, 100), metadata=_K)
