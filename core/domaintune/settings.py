"""Settings: frozen records, resolved as defaults < preset < TOML file < `--set key=value`.

A run stores what it was made with, and nothing else decides what it does. An unknown key is an error that names the
nearest known one; a value of the wrong type is an error that says which.
"""

from __future__ import annotations

import dataclasses
import math
import tomllib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BeforeValidator, TypeAdapter, ValidationError

from domaintune.contracts import Domain
from domaintune.errors import SettingsError, nearest

Positive = Annotated[int, Gt(0)]
PositiveFloat = Annotated[float, Gt(0), Lt(math.inf)]
NonNegative = Annotated[float, Ge(0), Lt(math.inf)]
Share = Annotated[float, Ge(0), Le(1)]
Names = Annotated[tuple[str, ...], BeforeValidator(lambda value: (value,) if isinstance(value, str) else value)]
"""Several names, or one written without brackets."""


def setting(default: Any, doc: str) -> Any:
    """Declare a field with its default and the sentence that documents it."""
    if isinstance(default, (dict, list)):
        return dataclasses.field(default_factory=lambda: type(default)(default), metadata={"doc": doc})
    return dataclasses.field(default=default, metadata={"doc": doc})


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """The base model and where it runs."""

    base: str = setting(
        "starter", "hub id, local folder, 'starter' (SmolLM2-135M-Instruct), or a base model that a plugin makes"
    )
    revision: str | None = setting(None, "hub revision; a commit hash pins it")
    device: Literal["auto", "cuda", "mps", "cpu"] = setting("auto", "auto takes cuda, then mps, then cpu")
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = setting(
        "auto", "auto takes bfloat16 where the processor multiplies it, else float32"
    )
    quantization: Literal["none", "8bit", "4bit"] = setting("none", "QLoRA: load the base in 8 or 4 bits (GPU)")
    engine: str = setting("transformers", "who answers, in evaluation and serving")
    options: dict[str, Any] = setting({}, "options of a base model that a plugin makes")


@dataclasses.dataclass(frozen=True, kw_only=True)
class DataSettings:
    """Where examples come from and how they are divided."""

    builder: str | None = setting(None, "data builder; default: the domain's own")
    sources: Names = setting((), "files, folders or hub dataset ids; none: the builder's own sample")
    test_source: Names = setting((), "files to test on; none: a share of the sources")
    test_fraction: Share = setting(0.15, "share of the groups held out for testing, without test_source")
    columns: dict[str, str] = setting({}, "field = column, where the names in your file are not recognised")
    encoding: str = setting("utf-8", "text encoding of CSV, JSON and JSONL sources")
    images: str | None = setting(None, "folder of the pictures that rows name; none: the folder of the source")
    limit: Positive | None = setting(None, "read only the first rows of the sources")
    max_malformed: Share = setting(0.1, "a larger share of malformed rows stops the build")
    near: Share = setting(0.8, "texts with this Jaccard similarity of word 3-grams count as the same")
    overlap: tuple[Positive, Positive] = setting(
        (10, 13),
        "words in a row, two names among them, that a training row may not share with an evaluator's own items: question "
        "with question, anything",
    )
    duplicates: Literal["keep", "drop"] = setting(
        "keep", "drop repeats of the same prompt and completion from training"
    )
    balance: dict[str, Share] = setting(
        {}, "tag = largest share of the training set; the surplus is dropped and counted"
    )
    scrub: Literal["off", "patterns", "presidio"] = setting(
        "off", "replace what identifies a person; presidio needs the extra 'privacy'"
    )
    teacher: str | None = setting(None, "who writes answers, for builders that ask for them")
    teacher_options: dict[str, Any] = setting({}, "options of the teacher")
    options: dict[str, Any] = setting({}, "options of the data builder")


@dataclasses.dataclass(frozen=True, kw_only=True)
class RetrievalSettings:
    """Knowledge beside the model: where passages come from, who finds them, and how many go into a prompt."""

    retriever: str | None = setting(None, "who finds passages; default: the domain's own; 'none' uses no knowledge")
    knowledge: str | None = setting(None, "builder of the passages; default: the domain's own")
    sources: Names = setting((), "knowledge files or folders; none: the builder's own sample")
    columns: dict[str, str] = setting({}, "field = column, where the names in your file are not recognised")
    encoding: str = setting("utf-8", "text encoding of the knowledge files")
    max_malformed: Share = setting(0.1, "a larger share of malformed rows stops the index")
    license: str = setting("", "licence of the sources, where they do not name their own")
    k: Positive = setting(4, "passages beside a question")
    budget: Positive = setting(512, "tokens that the passages of a prompt may have together")
    right: Share = setting(0.6, "share of training examples that get the right passage among others")
    distractors: Share = setting(0.2, "share that get others only; the rest get none")
    knowledge_options: dict[str, Any] = setting({}, "options of the builder of passages")
    options: dict[str, Any] = setting({}, "options of the retriever")


@dataclasses.dataclass(frozen=True, kw_only=True)
class LoraSettings:
    """The adapter (Hu et al. 2021)."""

    r: Positive = setting(16, "rank")
    alpha: PositiveFloat = setting(32.0, "scale; the update is multiplied by alpha / r")
    dropout: Share = setting(0.0, "dropout before the adapter")
    targets: str | tuple[str, ...] = setting(
        "all-linear", "module names, or 'all-linear'; of a model that reads pictures, those of its language model"
    )
    projector: bool = setting(True, "train the projector of a model that reads pictures, whole, beside the adapter")


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """Supervised fine-tuning with trl's SFTTrainer, loss on the completion only."""

    steps: Positive | None = setting(None, "optimizer steps; none: count by epochs")
    epochs: PositiveFloat = setting(3.0, "passes over the training set, where steps is not set")
    batch_size: Positive = setting(16, "examples an optimizer step")
    micro_batch_size: Positive = setting(8, "examples in memory at once")
    learning_rate: PositiveFloat = setting(2e-4, "peak learning rate")
    schedule: Literal["linear", "cosine", "constant"] = setting("cosine", "shape after the warm-up")
    warmup: Share = setting(0.05, "share of the steps spent warming up")
    weight_decay: NonNegative = setting(0.0, "AdamW weight decay")
    max_length: Positive = setting(1024, "tokens an example may have; longer ones are dropped and counted")
    padding_free: bool = setting(True, "one flat sequence instead of padding")
    lean: bool = setting(
        False, "short examples on a CPU: a batch's common beginning is computed once, logits only where one is learned"
    )
    packing: bool = setting(False, "fill sequences of max_length with several examples (GPU)")
    gradient_checkpointing: bool = setting(False, "recompute activations: less memory, a third more time")
    checkpoint_every: Positive = setting(20, "steps between checkpoints")


@dataclasses.dataclass(frozen=True, kw_only=True)
class EvalSettings:
    """Answers on the held-out examples, and how they are compared."""

    evaluators: Names = setting((), "graders; default: the domain's own")
    limit: Positive | None = setting(None, "test items a grader, drawn by content hash; none: all")
    batch_size: Positive = setting(16, "questions answered at once")
    max_new_tokens: Positive = setting(128, "tokens an answer may have")
    temperature: NonNegative = setting(0.0, "0 is greedy decoding")
    n: Annotated[int, Gt(0), Le(1000)] = setting(1, "answers an item, each with a seed of its own (pass@k)")
    draws: Annotated[int, Gt(0), Le(100_000)] = setting(2000, "bootstrap draws of an interval")
    samples: Annotated[int, Ge(0)] = setting(10, "answers shown in the report")
    blind: bool = setting(True, "ask about pictures once more with blank ones: what is right then as well was not seen")
    require: dict[str, Literal["better", "no evidence", "worse"]] = setting(
        {}, "gates: metric = verdict that tuned against base must reach ('better')"
    )
    graders: dict[str, dict[str, Any]] = setting({}, "options by evaluator; written [eval.NAME]")

    def __post_init__(self) -> None:
        """Refuse several answers to an item that would all be the same."""
        if self.n > 1 and not self.temperature:
            raise ValueError(
                f"eval.n = {self.n} asks for several answers to an item, and with eval.temperature = 0 they are all the "
                "same; raise it, for example --set eval.temperature=0.8, or leave eval.n at 1"
            )


@dataclasses.dataclass(frozen=True, kw_only=True)
class SandboxSettings:
    """Where programs run that a model wrote, and what they may use."""

    tier: Literal["T1", "T2", "T3", "unsafe"] = setting(
        "T1", "T1: seccomp and Landlock; T2: and namespaces; T3: an external runner; a lower one is never taken instead"
    )
    runner: tuple[str, ...] = setting((), "T3: the command that starts Python in a container")
    seconds: PositiveFloat = setting(30.0, "seconds until a program is stopped")
    cpu_seconds: PositiveFloat = setting(10.0, "seconds of processor time until a program is stopped")
    memory: Positive = setting(1 << 30, "bytes of address space of a program")
    workers: Annotated[int, Ge(0)] = setting(0, "programs that run at once; 0: one a processor")


@dataclasses.dataclass(frozen=True, kw_only=True)
class PackSettings:
    """The adapter package."""

    license: str = setting("other", "licence named on the model card")
    embedder: str = setting(
        "minilm", "embeds some training prompts for `model=auto`: minilm, a model folder, a hub id, or none"
    )
    samples: Literal["auto", "yes", "no"] = setting(
        "auto", "questions and answers with their pictures on the card; auto: only where no data are yours"
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class ServeSettings:
    """The server: where it listens, and what it allows."""

    host: str = setting("127.0.0.1", "address; any other than this machine's own needs a key")
    port: Annotated[int, Ge(0), Le(65535)] = setting(8000, "port; 0 takes a free one")
    key_env: str = setting("DOMAINTUNE_API_KEY", "environment variable that holds the key of the users")
    admin_key_env: str = setting("DOMAINTUNE_ADMIN_KEY", "environment variable that holds the key of the admin routes")
    rows: Positive = setting(8, "requests that are answered at once by a base model")
    queue: Positive = setting(64, "requests that may wait; more are told to come back (429)")
    max_length: Positive = setting(2048, "tokens that a prompt and its answer may have together")
    max_tokens: Positive = setting(1024, "tokens that an answer may have")
    default_tokens: Positive = setting(256, "tokens of an answer where the request does not say")
    deadline: PositiveFloat = setting(120.0, "seconds until an answer must be finished")
    drain: NonNegative = setting(30.0, "seconds that running requests get on shutdown")
    body_bytes: Positive = setting(1_000_000, "size of a request without its pictures")
    images: Annotated[int, Ge(0)] = setting(4, "pictures of a request, earlier turns included; 0 takes none")
    image_bytes: Annotated[int, Ge(0)] = setting(8_000_000, "bytes of the pictures of a request, in base64")
    image_side: Annotated[int, Ge(8)] = setting(2048, "pixels of a picture's longer side; larger ones are made smaller")
    messages: Positive = setting(256, "messages of a request")
    adapter_memory: Positive = setting(2_000_000_000, "bytes of adapters held in memory; the least used ones go")
    max_rank: Positive = setting(512, "largest rank of an adapter that is admitted")
    follow: PositiveFloat = setting(0.5, "seconds between looks at the registry")
    threshold: Share = setting(0.35, "similarity below which `auto` asks the base model")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that decides a build."""

    __pydantic_config__: ClassVar[Any] = {"extra": "forbid"}

    seed: Annotated[int, Ge(0), Lt(2**32)] = setting(0, "seed of sampling, order, initialisation and bootstrap")
    model: ModelSettings = dataclasses.field(default_factory=ModelSettings)
    data: DataSettings = dataclasses.field(default_factory=DataSettings)
    retrieval: RetrievalSettings = dataclasses.field(default_factory=RetrievalSettings)
    lora: LoraSettings = dataclasses.field(default_factory=LoraSettings)
    train: TrainSettings = dataclasses.field(default_factory=TrainSettings)
    eval: EvalSettings = dataclasses.field(default_factory=EvalSettings)
    sandbox: SandboxSettings = dataclasses.field(default_factory=SandboxSettings)
    pack: PackSettings = dataclasses.field(default_factory=PackSettings)
    serve: ServeSettings = dataclasses.field(default_factory=ServeSettings)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values by section, ready for TOML or JSON."""
        return dataclasses.asdict(self)


def resolve(
    domain: Domain | None,
    *,
    preset: str | None = None,
    file: Path | None = None,
    overrides: Sequence[str] = (),
    evaluators: Collection[str] = (),
    unsafe: bool = False,
) -> Settings:
    """Return the settings of a build, or without a domain those of a server; the later source wins. Raises SettingsError.

    `evaluators` are the installed graders, whose options may be written `[eval.NAME]`. `unsafe` is the only way to run
    programs without a sandbox: it is typed with every command, and no file can say it.
    """
    layers: list[tuple[str, Mapping[str, Any]]] = [(f"domain {domain.name!r}", domain.settings)] if domain else []
    if preset is not None and domain is not None:
        if preset not in domain.presets:
            known = ", ".join(domain.presets) or "none"
            raise SettingsError(
                f"domain {domain.name!r} has no preset {preset!r}{nearest(preset, domain.presets)}; presets: {known}"
            )
        layers.append((f"preset {preset!r}", domain.presets[preset]))
    if file is not None:
        layers.append((str(file), _read_toml(file)))
    layers += [(f"--set {text}", _parse_override(text)) for text in overrides]
    merged: dict[str, Any] = {}
    for where, given in layers:
        layer = _move_grader_options(given, {*(domain.evaluators if domain else ()), *evaluators})
        _refuse_unknown(layer, Settings, where)
        _refuse_unsafe(layer, where)
        merged = _merge(merged, layer)
    if unsafe:
        merged = _merge(merged, {"sandbox": {"tier": "unsafe"}})
    settings = validate(Settings, merged, "settings")
    assert isinstance(settings, Settings)
    return settings


def _refuse_unsafe(layer: Mapping[str, Any], where: str) -> None:
    section = layer.get("sandbox")
    if isinstance(section, Mapping) and section.get("tier") == "unsafe":
        raise SettingsError(f"{where}: programs run without a sandbox only where --allow-unsafe-exec is typed")


def validate(kind: type[Any], values: Mapping[str, Any], where: str) -> Any:
    """Make a settings record from plain values, or say which key does not fit and why."""
    _refuse_unknown(values, kind, where)
    try:
        return TypeAdapter(kind).validate_python(dict(values))
    except ValidationError as error:
        raise SettingsError(f"{where}: " + "; ".join(map(_sentence, error.errors()))) from None


def _sentence(problem: Any) -> str:
    """Say what does not fit; a record that refuses itself (`__post_init__`) has said it already."""
    if not problem["loc"]:
        return str(problem["msg"]).removeprefix("Value error, ")
    return f"{'.'.join(map(str, problem['loc']))} = {problem['input']!r}: {problem['msg']}"


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as stream:
            return tomllib.load(stream)
    except OSError as error:
        raise SettingsError(f"cannot read the settings file {str(file)!r}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsError(f"{file}: not valid TOML: {error}") from None


def _parse_override(text: str) -> dict[str, Any]:
    """Turn `train.steps=40` into nested values; what is not a TOML value is a string."""
    key, equals, value = text.partition("=")
    if not equals or not all(key.strip().split(".")):
        raise SettingsError(f"--set {text!r}: write key=value, for example --set train.steps=40")
    try:
        parsed: Any = tomllib.loads(f"value = {value}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        parsed = value
    for part in reversed(key.strip().split(".")):
        parsed = {part: parsed}
    result: dict[str, Any] = parsed
    return result


def _move_grader_options(layer: Mapping[str, Any], evaluators: set[str]) -> Mapping[str, Any]:
    """Write `[eval.medical-rouge]` as `[eval.graders.medical-rouge]`, where it is stored."""
    section = layer.get("eval")
    if not isinstance(section, Mapping) or not evaluators & set(section):
        return layer
    rest = {key: value for key, value in section.items() if key not in evaluators}
    named = {key: value for key, value in section.items() if key in evaluators}
    return {**layer, "eval": {**rest, "graders": _merge(rest.get("graders", {}), named)}}


def _refuse_unknown(values: Mapping[str, Any], kind: type[Any], where: str, path: str = "") -> None:
    fields = {field.name: field for field in dataclasses.fields(kind)}
    for key, value in values.items():
        if key not in fields:
            full, known = f"{path}{key}", [f"{path}{name}" for name in fields]
            raise SettingsError(f"{where}: unknown setting {full!r}{nearest(full, known)}")
        factory = fields[key].default_factory
        if isinstance(factory, type) and dataclasses.is_dataclass(factory):
            if not isinstance(value, Mapping):
                raise SettingsError(f"{where}: {key!r} is a section; write {key}.NAME=value")
            _refuse_unknown(value, factory, where, f"{path}{key}.")


def _merge(low: Mapping[str, Any], high: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    """Lay `high` over `low`, table by table; an empty table inside a section clears what lay below it."""
    merged = dict(low)
    for key, value in high.items():
        old = merged.get(key)
        both = isinstance(old, Mapping) and isinstance(value, Mapping) and (value or depth == 0)
        merged[key] = _merge(old, value, depth + 1) if both else value  # type: ignore[arg-type]
    return merged
