"""Supervised fine-tuning of a LoRA adapter on a domain's examples."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from datasets import Dataset
from peft import LoraConfig
from peft.utils.error import PeftError
from transformers import PrinterCallback, ProgressCallback, set_seed
from trl import SFTConfig, pack_dataset

from domaintune import files, prompts
from domaintune.console import note
from domaintune.contracts import Example
from domaintune.errors import SettingsError, TrainingError
from domaintune.models import vision
from domaintune.models.counting import Counting
from domaintune.models.vision import Processor
from domaintune.settings import LoraSettings, Settings, TrainSettings
from domaintune.training import checkpoints, lean, pictures
from domaintune.training.progress import ShowProgress, draw_loss, log_row
from domaintune.training.trainer import DurableTrainer

ROW = pa.schema({"input_ids": pa.list_(pa.int32()), "labels": pa.list_(pa.int32()), "shown": pa.list_(pa.string())})
PIECE = 10_000
"""Rows that are Python lists at once."""
LOG, LOSS_PLOT, ADAPTER = "train_log.jsonl", "training_loss.png", "adapter"


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """The arithmetic of a run: optimizer steps, passes over the data, and how a batch is made up."""

    steps: int
    epochs: float
    rows: int
    micro_batch: int
    accumulate: int

    @property
    def batch(self) -> int:
        """Rows an optimizer step: examples, or sequences packed with them."""
        return self.micro_batch * self.accumulate


def schedule(settings: TrainSettings, rows: int) -> Schedule:
    """Work out the steps of a run over rows (examples, or packed sequences); `steps` wins over `epochs`."""
    micro = min(settings.micro_batch_size, settings.batch_size)
    accumulate = math.ceil(settings.batch_size / micro)
    batch = micro * accumulate
    steps = settings.steps or max(1, math.ceil(settings.epochs * rows / batch))
    epochs = steps * batch / max(rows, 1)
    return Schedule(steps=steps, epochs=epochs, rows=rows, micro_batch=micro, accumulate=accumulate)


def train(
    model: Any,
    tokenizer: Any,
    examples: Iterable[Example],
    settings: Settings,
    folder: Path,
    processor: Processor | None = None,
) -> dict[str, Any]:
    """Train in `folder`, going on from its last checkpoint; leaves the adapter, the log and the loss plot there.

    With a `processor` the examples may show pictures. Returns counts and figures of the run: steps, epochs, last loss,
    trainable parameters.
    """
    folder.mkdir(parents=True, exist_ok=True)
    trainer = make_trainer(model, tokenizer, examples, settings, folder, processor)
    last = checkpoints.latest_valid(folder)
    if last:
        note(f"  going on from {last.name}")
    trainer.train(resume_from_checkpoint=str(last) if last else None)
    history = [log_row(entry) for entry in trainer.state.log_history if "loss" in entry]
    files.write_jsonl(folder / LOG, history)
    draw_loss(history, folder / LOSS_PLOT)
    trainer.model.save_pretrained(folder / ADAPTER, save_embedding_layers=False)
    checkpoints.prune(folder, keep=0)
    return {
        "steps": trainer.state.global_step,
        "epochs": round(schedule(settings.train, len(trainer.train_dataset)).epochs, 2),
        "loss": history[-1]["loss"],
        "trainable_parameters": trainer.model.get_nb_trainable_parameters()[0],
    }


def make_trainer(
    model: Any,
    tokenizer: Any,
    examples: Iterable[Example],
    settings: Settings,
    folder: Path,
    processor: Processor | None = None,
) -> DurableTrainer:
    """Put model, adapter, tokenised examples and settings together."""
    set_seed(settings.seed)  # the adapter starts from random numbers
    model.config.use_cache = False
    collator = _collator(model, settings.train, tokenizer, processor)  # refuses before work is done
    dataset = _dataset(tokenizer, processor, examples, settings.train)
    course = schedule(settings.train, len(dataset))
    note(f"  {course.steps} steps of {course.batch} ({course.epochs:.1f} epochs of {course.rows:,} rows)")
    try:
        trainer = DurableTrainer(
            model=model,
            args=_arguments(settings, course, str(model.device.type), folder, own_batches=collator is not None),
            train_dataset=dataset,
            processing_class=tokenizer,
            data_collator=collator,
            peft_config=lora_config(settings.lora, model),
        )
    except PeftError as error:
        raise misfit(settings.lora, error) from None
    pictures.sharpen(trainer.model)
    trainer.lean = settings.train.lean
    trainer.remove_callback(ProgressCallback)
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(ShowProgress(folder / LOG, lambda: trainer.tokens_seen))
    return trainer


def _collator(
    model: Any, settings: TrainSettings, tokenizer: Any, processor: Processor | None
) -> Callable[..., Any] | None:
    """Return what makes batches of rows, where it is not trl's own."""
    if settings.packing and processor is not None:
        raise SettingsError("train.packing does not go with a base model that reads pictures; set it to false")
    if settings.lean:
        _check_lean(model, settings)
        return lean.collate if processor is None else pictures.Collate(processor, None)
    return None if processor is None else pictures.Collate(processor, int(tokenizer.pad_token_id))


def _check_lean(model: Any, settings: TrainSettings) -> None:
    """Refuse lean batches with what they do not go with."""
    config = model.config.get_text_config()
    if settings.packing or not settings.padding_free:
        raise SettingsError("train.lean needs train.padding_free = true and train.packing = false")
    kind, window = getattr(config, "_attn_implementation", None), getattr(config, "sliding_window", None)
    if hasattr(getattr(model, "model", model), "get_rope_index"):
        raise SettingsError(
            f"train.lean does not fit {type(model).__name__}, which counts the places of a picture in rows and columns; "
            "set it to false"
        )
    if kind != "sdpa" or (window and window < settings.max_length):
        why = f"to {window:,} tokens at once" if window else f"by {kind!r}, which reads its mask in another way"
        raise SettingsError(f"train.lean does not fit a base model that attends {why}; set it to false")
    if odd := _otherwise_mixed(config):
        raise SettingsError(
            f"train.lean does not fit a base model whose layers mix tokens in another way ({odd}): rows would reach into "
            "each other; set it to false"
        )


def _otherwise_mixed(config: Any) -> str:
    """Name what of a model's layers does not go by a mask alone: windows in pieces, convolutions, the best few tokens."""
    kinds = set(getattr(config, "layer_types", None) or ()) - {"full_attention", "sliding_attention"}
    few = {name for name in ("index_topk", "keep_window_size") if getattr(config, name, None)}
    return ", ".join(sorted(kinds | few))


def lora_config(settings: LoraSettings, model: Any) -> LoraConfig:
    """Return peft's configuration of the adapter that the settings describe.

    Of a model that reads pictures, the language model is adapted and the projector trained whole: LLaVA's LoRA. Layers
    that are named are looked for in the language model alone: `q_proj` is a layer of most vision towers, too.
    """
    targets = settings.targets if isinstance(settings.targets, str) else list(settings.targets)
    sees = vision.reads_images(model.config)
    connector = vision.connector_of(model) if sees else None
    if sees:
        targets = vision.language_linears(model) if targets == "all-linear" else _of_language(settings, model)
    return LoraConfig(
        task_type="CAUSAL_LM",
        r=settings.r,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=targets,
        modules_to_save=[connector] if connector is not None and settings.projector else None,
    )


def _of_language(settings: LoraSettings, model: Any) -> list[str]:
    """Return the paths of the language model's layers, its head among them, that the settings name."""
    head = model.get_output_embeddings()
    heads = [path for path, module in model.named_modules() if module is head]
    layers = dict.fromkeys([*vision.language_linears(model), *heads])
    named = [settings.targets] if isinstance(settings.targets, str) else settings.targets
    for name in named:
        if not any(f".{path}".endswith(f".{name}") for path in layers):
            raise misfit(settings, ValueError(f"its language model has no linear layer {name!r}"))
    return [path for path in layers if any(f".{path}".endswith(f".{name}") for name in named)]


def misfit(settings: LoraSettings, error: Exception) -> SettingsError:
    """Say in one sentence that the base model has none of the modules to adapt."""
    reason = str(error).partition("\n")[0]
    return SettingsError(f"lora.targets = {settings.targets!r} does not fit the base model: {reason}")


def _dataset(
    tokenizer: Any, processor: Processor | None, examples: Iterable[Example], settings: TrainSettings
) -> Dataset:
    """Tokenise with prompts.py, so that training sees exactly the tokens that grading and serving use."""
    counting = None if processor is None else Counting(processor)  # ids are all that is wanted of pictures yet
    rows = (_row(tokenizer, counting, example, settings.max_length) for example in examples)
    # straight into Arrow, a piece at a time: a million rows as Python lists would fill the memory
    pieces = [pa.Table.from_pylist(piece, schema=ROW) for piece in iter(lambda: list(islice(rows, PIECE)), [])]
    table = pa.concat_tables(pieces)
    dataset = Dataset(table if processor is not None else table.drop_columns("shown"))
    return pack_dataset(dataset, settings.max_length, "bfd") if settings.packing else dataset


def _row(tokenizer: Any, processor: Processor | None, example: Example, max_length: int) -> dict[str, list[Any]]:
    ids = prompts.example_ids(tokenizer, example, processor)
    labels = [prompts.MASKED] * len(ids.prompt) + ids.labels
    if not example.reference.strip() or all(label == prompts.MASKED for label in labels):
        raise TrainingError(f"the completion of {example.origin} is empty: there is nothing to learn from it")
    if len(labels) > max_length:
        raise TrainingError(f"{example.origin} is longer than train.max_length={max_length}")
    return {"input_ids": ids.prompt + ids.completion, "labels": labels, "shown": list(example.images)}


def _arguments(settings: Settings, run: Schedule, device: str, folder: Path, *, own_batches: bool) -> SFTConfig:
    train = settings.train
    arguments = SFTConfig(
        output_dir=str(folder),
        max_steps=run.steps,
        per_device_train_batch_size=run.micro_batch,
        gradient_accumulation_steps=run.accumulate,
        learning_rate=train.learning_rate,
        lr_scheduler_type=train.schedule,
        warmup_steps=math.ceil(train.warmup * run.steps),
        weight_decay=train.weight_decay,
        max_length=train.max_length if train.packing else None,  # longer rows were dropped, and counted, before
        packing=train.packing,
        padding_free=train.padding_free and not own_batches,  # trl refuses it beside a collator
        gradient_checkpointing=train.gradient_checkpointing,
        dataset_kwargs={"skip_prepare_dataset": True},
        remove_unused_columns=False,  # pictures are read when their batch is made
        bf16=False,  # the model is loaded in its dtype; no autocast on top
        use_cpu=device == "cpu",
        seed=settings.seed,
        data_seed=settings.seed,
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_steps=train.checkpoint_every,
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=device == "cuda",
    )
    # One process trains on one GPU: transformers would spread a flat batch over all it sees, which it cannot divide.
    arguments._n_gpu = min(arguments.n_gpu, 1)
    return arguments
