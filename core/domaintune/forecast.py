"""What a build would take, said before anything is written."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

from domaintune import prompts, runs
from domaintune.data import stage as data
from domaintune.data.ledger import Ledger
from domaintune.home import runs_folder
from domaintune.models import base as models
from domaintune.plan import Plan
from domaintune.runs import Stage
from domaintune.settings import LoraSettings

CHARACTERS_A_TOKEN = 3.6
"""Of English text; used only where the base model's tokenizer is not on this machine yet."""


SAMPLED = 2000
"""Examples that stand for all of a data set made in shards."""


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """A build's expected size."""

    run: str
    ledger: Ledger
    tokens_counted: bool
    train_tokens: int
    steps: int
    epochs: float
    parameters: int | None
    trainable_parameters: int | None
    memory_gb: float | None
    minutes: float | None
    files: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {"schema_version": 1, **asdict(self), "ledger": self.ledger.as_dict()}

    def lines(self) -> list[str]:
        """Return the forecast as sentences."""
        how = "counted" if self.tokens_counted else f"estimated at {CHARACTERS_A_TOKEN} characters a token"
        lines = [
            f"tokens in the training set: {self.train_tokens:,} ({how})",
            f"training: {self.steps:,} steps, {self.epochs:.1f} epochs",
        ]
        if self.parameters is None:
            lines.append("memory and minutes: not known before the base model is on this machine")
        else:
            lines.append(f"model: {self.parameters:,} parameters, {self.trainable_parameters:,} of them trained")
            lines.append(f"memory: about {self.memory_gb:.1f} GB    training time: about {self.minutes:.1f} minutes")
        return [*lines, "would write:", *(f"  {name}" for name in self.files)]


def forecast_of(plan: Plan, name: str | None = None, until: Stage = "adapter") -> Forecast:
    """Build the examples in memory and work out the rest; writes nothing and fetches nothing."""
    from domaintune.training.sft import schedule

    at_hand = models.is_at_hand(plan.settings.model)
    words = data.tokenizer(plan) if at_hand else None
    made = data.preview(plan, SAMPLED, words)
    lengths = prompts.count_tokens(words(), made.train, data.processor(plan)) if words else _guess(made.train)
    tokens = sum(map(sum, lengths)) * made.ledger.train // len(made.train)  # shards show a sample of their rows
    train, used = plan.settings.train, plan.settings.retrieval
    if plan.uses_knowledge:  # at most: passages need not fill their budget
        tokens += int(made.ledger.train * used.budget * min(1.0, used.right + used.distractors))
    rows = -(-tokens // train.max_length) if train.packing else made.ledger.train  # packed, nearly every row is full
    course = schedule(train, rows)
    run = runs.place(runs_folder(), plan.domain.name, name, plan.key)
    size = _size(plan, tokens / rows, course.steps * course.batch) if at_hand else {}
    return Forecast(
        run=str(run.folder),
        ledger=made.ledger,
        tokens_counted=at_hand,
        train_tokens=tokens,
        steps=course.steps,
        epochs=course.epochs,
        parameters=size.get("parameters"),
        trainable_parameters=size.get("trainable"),
        memory_gb=size.get("memory_gb"),
        minutes=size.get("minutes"),
        files=tuple(str(run.file(file)) for file in _files(until, knowledge=plan.uses_knowledge)),
    )


def _files(until: Stage, *, knowledge: bool) -> list[str]:
    """Return what a run folder holds after a stage."""
    made = {
        "data": ["data/"],
        "index": ["index/"] if knowledge else [],
        "train": ["train/"],
        "evaluation": ["evaluation/", "answers/", "report.html", "report.json"],
    }
    reached = list(made)[: [*made, "adapter"].index(until) + 1]
    last = ["adapter/"] if until == "adapter" else []
    return ["settings.toml", "stages.json", *(file for stage in reached for file in made[stage]), *last]


def _guess(examples: Any) -> list[tuple[int, int]]:
    def tokens(messages: Any) -> int:
        return int(sum(len(m["content"]) / CHARACTERS_A_TOKEN + 5 for m in messages))

    return [(tokens(e.prompt), tokens(e.completion)) for e in examples]


def _size(plan: Plan, tokens_an_example: float, examples_seen: int) -> dict[str, Any]:
    """Work out memory and minutes from the model's shape and a short measurement of this machine.

    Training LoRA costs about 4 floating point operations a parameter and token: 2 forward, 2 backward to the inputs;
    the backward to the frozen weights is not needed. Memory is weights + 16 bytes a trained parameter + activations.
    """
    import torch

    from domaintune.models.device import choose_device, choose_dtype
    from domaintune.models.vision import auto_class

    settings = plan.settings
    base = models.locate(settings.model)
    whole = models.load_config(base)
    config = whole.get_text_config()
    with torch.device("meta"):  # shapes only: no weights are read
        model = auto_class(whole).from_config(whole)
        parameters = model.num_parameters()
        trainable = _trainable(model, settings.lora)
    device = choose_device(settings.model.device)
    dtype = choose_dtype(settings.model.dtype, device)
    tokens = tokens_an_example * settings.train.micro_batch_size
    activations = tokens * config.num_hidden_layers * (config.hidden_size * 18 + config.intermediate_size * 6) * 4
    if settings.train.gradient_checkpointing:
        activations /= config.num_hidden_layers
    logits = tokens * config.vocab_size * 4
    memory = parameters * dtype.itemsize + trainable * 16 + activations + logits + 0.6e9
    operations = 4 * parameters * tokens_an_example * examples_seen
    return {
        "parameters": parameters,
        "trainable": trainable,
        "memory_gb": round(memory / 1e9, 1),
        "minutes": round(operations / (0.6 * _rate(device, dtype, config.hidden_size)) / 60, 1),
    }


def _trainable(model: Any, settings: LoraSettings) -> int:
    """Count what an adapter adds to a model; raises SettingsError where it has none of the modules."""
    from peft import get_peft_model

    from domaintune.training.sft import lora_config, misfit

    try:
        tuned = get_peft_model(model, lora_config(settings, model))
    except ValueError as error:
        raise misfit(settings, error) from None
    return int(tuned.get_nb_trainable_parameters()[0])


def _rate(device: str, dtype: Any, width: int) -> float:
    """Measure matrix multiplication on this machine at the model's width: operations a second."""
    import torch

    left = torch.randn(512, width, dtype=dtype, device=device)
    right = torch.randn(width, 3 * width, dtype=dtype, device=device)
    for _ in range(3):
        left @ right
    started, count = time.perf_counter(), 20
    for _ in range(count):
        float((left @ right)[0, 0])
    return 2 * 512 * width * 3 * width * count / (time.perf_counter() - started)
