"""The options of the built-in teachers, written `[data.teacher_options]`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Gt


@dataclass(frozen=True, kw_only=True)
class ReplayOptions:
    """Options of the teacher that repeats recorded answers."""

    file: str = field(
        default="", metadata={"doc": 'JSONL, a row an answer: {"messages": [{"role": …, "content": …}], "answer": …}'}
    )
    missing: Literal["error", "decline"] = field(
        default="error", metadata={"doc": "what happens where nothing is recorded: an error, or no answer"}
    )


@dataclass(frozen=True, kw_only=True)
class LocalOptions:
    """Options of the teacher that is a model on this machine."""

    base: str = field(default="starter", metadata={"doc": "hub id, local folder, or 'starter'"})
    revision: str | None = field(default=None, metadata={"doc": "hub revision; a commit hash pins it"})
    device: Literal["auto", "cuda", "mps", "cpu"] = field(
        default="auto", metadata={"doc": "auto takes cuda, then mps, then cpu"}
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = field(
        default="auto", metadata={"doc": "auto takes bfloat16 where the processor multiplies it, else float32"}
    )
    quantization: Literal["none", "8bit", "4bit"] = field(
        default="none", metadata={"doc": "load the model in 8 or 4 bits (GPU)"}
    )
    engine: str = field(default="transformers", metadata={"doc": "who answers, by name"})
    batch: Annotated[int, Gt(0)] = field(default=16, metadata={"doc": "questions answered at once"})
