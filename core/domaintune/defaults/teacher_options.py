"""The options of the built-in teachers, written `[data.teacher_options]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt


@dataclass(frozen=True, kw_only=True)
class OpenAIOptions:
    """Options of the teacher that is asked over the network."""

    url: str = field(
        default="https://api.openai.com/v1", metadata={"doc": "address of an OpenAI-compatible server, up to /v1"}
    )
    model: str = field(default="", metadata={"doc": "the server's name of the model; it has to be given"})
    key_env: str = field(
        default="",
        metadata={
            "doc": "environment variable that holds the key; default: DOMAINTUNE_TEACHER_KEY, and for api.openai.com "
            "OPENAI_API_KEY"
        },
    )
    concurrency: Annotated[int, Gt(0)] = field(default=16, metadata={"doc": "requests in flight at once"})
    timeout: Annotated[float, Gt(0)] = field(default=300.0, metadata={"doc": "seconds that one try may take in all"})
    stream: bool = field(
        default=False, metadata={"doc": "let answers come in pieces; one that breaks off is asked for again"}
    )
    silence: Annotated[float, Gt(0)] = field(
        default=60.0, metadata={"doc": "seconds that may pass between two pieces of a streamed answer"}
    )
    tries: Annotated[int, Gt(0)] = field(default=8, metadata={"doc": "times that one request is tried"})
    pause: Annotated[float, Ge(0)] = field(
        default=1.0, metadata={"doc": "seconds before the second try, about twice as many before each further one"}
    )
    limit_field: Literal["max_tokens", "max_completion_tokens"] = field(
        default="max_tokens", metadata={"doc": "what the server calls the most tokens of an answer"}
    )
    leave_out: tuple[str, ...] = field(
        default=(), metadata={"doc": "fields of a request that the server does not take, such as seed or temperature"}
    )
    extra: Mapping[str, Any] = field(
        default_factory=dict, metadata={"doc": "further fields of every request, such as reasoning_effort"}
    )
    budget_tokens: Annotated[int, Ge(0)] = field(
        default=0, metadata={"doc": "tokens, of prompts and answers, that one run may pay for; 0: no limit"}
    )
    budget_cost: Annotated[float, Ge(0)] = field(
        default=0.0, metadata={"doc": "what one run may cost, in the currency of the prices; 0: no limit"}
    )
    price_in: Annotated[float, Ge(0)] = field(default=0.0, metadata={"doc": "price of a million tokens of prompts"})
    price_out: Annotated[float, Ge(0)] = field(default=0.0, metadata={"doc": "price of a million tokens of answers"})
    on_budget: Literal["stop", "decline"] = field(
        default="stop", metadata={"doc": "where the budget is spent: stop with an error, or give no more answers"}
    )
    store: str = field(
        default="", metadata={"doc": "SQLite file that keeps the answers; default: one for all; none: keep nothing"}
    )


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
    store: str = field(
        default="none", metadata={"doc": "SQLite file that keeps the answers, so that a killed run asks on; none: none"}
    )
