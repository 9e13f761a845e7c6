"""What the benchmarks of serving share: adapters in the starter's shape, questions, and a table of medians."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from domaintune.home import quiet_libraries

quiet_libraries()

import torch  # noqa: E402
from peft import LoraConfig, PeftModel, get_peft_model  # noqa: E402

from domaintune import Message, Request, Sampling, prompts  # noqa: E402
from domaintune.contracts import Mix  # noqa: E402
from domaintune.engine.session import TransformersEngine, TransformersSession  # noqa: E402
from domaintune.models import base as models  # noqa: E402
from domaintune.settings import ModelSettings  # noqa: E402

QUESTIONS = (
    "What is the capital of France?",
    "Tell me a story about a fox.",
    "Why is the sky blue in the day and red in the evening?",
    "Name three colours.",
    "How do I cook rice without burning it?",
    "What is 2 + 3?",
    "Who wrote Hamlet, and when?",
    "Describe a cat to somebody who has never seen one.",
)


def model_settings(dtype: str) -> ModelSettings:
    """The starter on the processor."""
    return ModelSettings(dtype=dtype, device="cpu")  # type: ignore[arg-type]


def plain_model(dtype: str) -> Any:
    """The starter as transformers loads it."""
    settings = model_settings(dtype)
    return models.load_model(models.locate(settings), settings).eval()


def make_adapters(place: Path, ranks: Sequence[int], dtype: torch.dtype = torch.float32) -> list[Path]:
    """Save one random adapter a rank on all 210 linear layers; each changes what is said and keeps it readable."""
    made = []
    for seed, rank in enumerate(ranks):
        torch.manual_seed(seed)
        config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear")
        tuned = get_peft_model(plain_model("float32"), config)
        for name, weight in tuned.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weight, std=0.004)
        folder = place / f"rank{rank}-{seed}"
        tuned.to(dtype).save_pretrained(folder, save_embedding_layers=False)
        made.append(folder)
    return made


def request(place: int, adapter: str | Mix | None, tokens: int) -> Request:
    """The question of a row."""
    return Request(
        messages=(Message(role="user", content=QUESTIONS[place % len(QUESTIONS)]),),
        adapter=adapter,
        sampling=Sampling(max_new_tokens=tokens),
    )


def open_session(dtype: str, adapters: Mapping[str, Path], *, endless: bool = True) -> TransformersSession:
    """Our engine; `endless` makes it answer as many tokens as it is asked for."""
    session = TransformersEngine().open(model_settings(dtype))
    session.ends = frozenset() if endless else session.ends
    for name, folder in adapters.items():
        session.load(name, folder)
    return session


def answer(session: TransformersSession, adapters: Sequence[str | Mix | None], tokens: int) -> list[list[int]]:
    """Token ids [rows][tokens] of our engine, a row an adapter."""
    found: list[list[int]] = [[] for _ in adapters]
    for event in session.generate([request(place, adapter, tokens) for place, adapter in enumerate(adapters)]):
        found[event.request] += event.ids
    return found


class Peft:
    """peft's `generate`, on a model of its own."""

    def __init__(self, dtype: str, adapters: Mapping[str, Path]) -> None:
        self.tokenizer = models.load_tokenizer(models.locate(model_settings(dtype)))
        self.model: Any = plain_model(dtype)
        for name, folder in adapters.items():
            if isinstance(self.model, PeftModel):
                self.model.load_adapter(str(folder), adapter_name=name)
            else:
                self.model = PeftModel.from_pretrained(self.model, str(folder), adapter_name=name)
        self.model.eval()

    def generate(self, rows: Sequence[int], tokens: int, **options: Any) -> list[list[int]]:
        """Token ids of the questions of some rows, in one batch padded on the left."""
        asked = [prompts.prompt_ids(self.tokenizer, request(row, None, 1).messages) for row in rows]
        width, pad = max(map(len, asked)), self.tokenizer.pad_token_id
        ids = torch.tensor([[pad] * (width - len(row)) + row for row in asked])
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in asked])
        with torch.inference_mode():
            out = self.model.generate(
                input_ids=ids, attention_mask=mask, max_new_tokens=tokens, min_new_tokens=tokens, do_sample=False,
                pad_token_id=pad, eos_token_id=None, **options,
            )  # fmt: skip
        return [list(map(int, row)) for row in out[:, width:].tolist()]

    def mixed(self, adapters: Sequence[str | None], tokens: int) -> list[list[int]]:
        """One batch with an adapter a row."""
        names = [name or "__base__" for name in adapters]
        return self.generate(range(len(adapters)), tokens, adapter_names=names)

    def one_by_one(self, adapters: Sequence[str | None], tokens: int) -> list[list[int]]:
        """A row at a time, the adapter swapped between them."""
        found = []
        for row, name in enumerate(adapters):
            self.model.set_adapter(name)
            found += self.generate([row], tokens)
        return found


def interleaved(systems: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each system in each round; a round runs all of them once, so that a busy machine slows all alike."""
    for run in systems.values():
        run()
    seconds: dict[str, list[float]] = {name: [] for name in systems}
    for _ in range(rounds):
        for name, run in systems.items():
            began = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - began)
    return seconds


def show(seconds: Mapping[str, Sequence[float]], work: float, unit: str, against: str) -> None:
    """Print the median rate of each system, its spread, and its ratio to one of them (the median of the rounds' ratios)."""
    for name, times in seconds.items():
        ratio = statistics.median(other / own for other, own in zip(seconds[against], times, strict=True))
        rate = work / statistics.median(times)
        spread = f"{work / max(times):,.1f} to {work / min(times):,.1f}"
        print(f"  {name:<44} {rate:8,.1f} {unit} ({spread})  {ratio:5.2f} x {against}")


def refuse(reason: str) -> None:
    """End without a figure: what is not correct is not timed."""
    print(f"not correct, so not timed: {reason}")
    sys.exit(1)
