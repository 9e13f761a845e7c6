"""Finding and loading a base model: hub id, local folder or `starter`; safetensors only, no code from strangers."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from domaintune import files, prompts
from domaintune.errors import ModelError
from domaintune.models import made, samples, starter, still, vision
from domaintune.settings import ModelSettings

SMALL_FILES = {".json", ".jinja", ".txt", ".model"}
"""Configuration, tokenizer and chat template."""

_KEPT_WHOLE = ["lm_head", *(rf".*\.{name}" for name in vision.CONNECTORS)]
"""What is not quantized of a model that reads pictures: its head, and the projector, which is trained whole."""


@dataclass(frozen=True, kw_only=True)
class BaseModel:
    """A base model that can be loaded: what the user calls it, and where transformers finds it."""

    name: str
    place: str
    revision: str | None = None

    @property
    def folder(self) -> Path | None:
        """The local folder, or None for a model on the hub."""
        path = Path(self.place)
        return path if path.is_dir() else None

    @property
    def published_as(self) -> str:
        """The name to write on a model card: no path of this machine."""
        if self.name == "starter":
            return starter.HUB_NAME
        return Path(self.place).name if self.folder else self.place


def identity(settings: ModelSettings) -> dict[str, Any]:
    """Return what tells one base model from another, without loading or fetching anything."""
    if settings.base == "starter":
        made.refuse_options(settings)
        return {"base": "starter", "sha256": starter.GGUF_SHA256}
    if (own := made.find(settings)) is not None:
        return {"base": settings.base, "made": own.fingerprint}
    path = Path(settings.base).expanduser()
    if not path.is_dir():
        return {"base": settings.base, "revision": settings.revision}
    small = {file.name: files.sha256(file) for file in sorted(path.iterdir()) if file.suffix in SMALL_FILES}
    return {"base": "folder", "files": small, "weights": samples.of_weights(path)}


def is_at_hand(settings: ModelSettings) -> bool:
    """Tell whether the model can be loaded without fetching anything (a hub id counts as not)."""
    if settings.base == "starter":
        return starter.is_ready()
    own = made.find(settings)
    return own.is_ready if own else Path(settings.base).expanduser().is_dir()


def is_unmade(settings: ModelSettings) -> bool:
    """Tell whether the model is known to be right, and is yet to be made or fetched: that may take minutes."""
    return not is_at_hand(settings) and (settings.base == "starter" or made.find(settings) is not None)


def locate(settings: ModelSettings) -> BaseModel:
    """Return where the base model is; the starter is fetched, and a plugin's own is made, the first time it is wanted."""
    if settings.base == "starter":
        made.refuse_options(settings)
        return BaseModel(name="starter", place=str(starter.get()))
    if (own := made.find(settings)) is not None:
        return BaseModel(name=settings.base, place=str(own.get()))
    path = Path(settings.base).expanduser()
    if path.is_dir():
        _check_folder(path)
        return BaseModel(name=settings.base, place=str(path))
    if path.exists() or settings.base.startswith((".", "/", "~")) or settings.base.count("/") > 1:
        raise ModelError(f"model.base {settings.base!r} is not a folder; give a model folder, a hub id or 'starter'")
    return BaseModel(name=settings.base, place=settings.base, revision=settings.revision)


def load_tokenizer(base: BaseModel) -> Any:
    """Load the tokenizer, with a chat template and a padding token whatever the model brought."""
    from transformers import AutoTokenizer

    quiet_transformers()
    try:
        tokenizer = AutoTokenizer.from_pretrained(base.place, revision=base.revision, trust_remote_code=False)
    except Exception as error:  # the tokenizers library raises bare exceptions for damaged files
        raise ModelError(_sentence(base, "tokenizer", error)) from None
    if tokenizer.chat_template is None:
        tokenizer.chat_template = prompts.PLAIN_TEMPLATE
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return prompts.understood(tokenizer)


def load_config(base: BaseModel) -> Any:
    """Load the configuration, which tells what kind of model it is."""
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(base.place, revision=base.revision, trust_remote_code=False)
    except (OSError, ValueError, ImportError, KeyError) as error:
        raise ModelError(_sentence(base, "configuration", error)) from None


def load_processor(base: BaseModel) -> vision.Processor | None:
    """Load the processor of a model that reads pictures; None for any other.

    A model whose prompts have no token for a picture (GIT, BLIP) reads text alone here.
    """
    config = load_config(base)
    if not vision.reads_images(config):
        return None
    quiet_transformers()
    tokenizer = load_tokenizer(base)
    try:
        found = still.load(base.place, base.revision, config)
    except Exception as error:  # like the tokenizer's
        raise ModelError(_sentence(base, "processor", error)) from None
    return vision.Processor(found, tokenizer, config) if getattr(found, "image_token", None) else None


def load_model(base: BaseModel, settings: ModelSettings) -> Any:
    """Load the weights (safetensors only) on the chosen device, in the chosen dtype."""
    from safetensors import SafetensorError

    from domaintune.models.device import choose_device, choose_dtype

    quiet_transformers()
    device = choose_device(settings.device)
    config = load_config(base)
    kept_whole = _KEPT_WHOLE if vision.reads_images(config) else None
    quantized = _quantization(settings, device, kept_whole)
    options: dict[str, Any] = {"dtype": choose_dtype(settings.dtype, device), **quantized}
    kind = vision.auto_class(config)
    try:
        model = kind.from_pretrained(
            base.place, revision=base.revision, use_safetensors=True, trust_remote_code=False, **options
        )
    except (OSError, ValueError, ImportError, SafetensorError) as error:
        raise ModelError(_sentence(base, "weights", error)) from None
    return model if settings.quantization != "none" else model.to(device)


def quiet_transformers() -> None:
    """Keep transformers' own progress bars off the screen."""
    from transformers.utils import logging

    logging.disable_progress_bar()


def fingerprint(base: BaseModel) -> str:
    """Return a short hash of the base: its configuration, its tokenizer, its processor and samples of its weights."""
    folder = base.folder or _snapshot(base)
    tokenizer = folder / "tokenizer.json"
    return files.fingerprint(
        {
            "config": files.sha256(folder / "config.json"),
            "tokenizer": files.sha256(tokenizer) if tokenizer.is_file() else None,
            "weights": samples.of_weights(folder),
            **samples.of_processor(folder),
        }
    )


def commit(base: BaseModel) -> str | None:
    """Return the commit of a hub model that has been loaded, or None for a local one."""
    return None if base.folder else _snapshot(base).name


def _snapshot(base: BaseModel) -> Path:
    """Return the cached files of a hub model that has been loaded before."""
    from huggingface_hub import snapshot_download

    return Path(
        snapshot_download(
            base.place, revision=base.revision, local_files_only=True, allow_patterns=["*.json", "*.safetensors"]
        )
    )


def _check_folder(path: Path) -> None:
    if not (path / "config.json").is_file():
        raise ModelError(f"{path} is not a model folder: it has no config.json")
    if not list(path.glob("*.safetensors")):
        pickles = [file.name for file in path.glob("*.bin")]
        raise ModelError(
            f"{path} has no .safetensors file"
            + (f" ({pickles[0]} is a pickle, which could run code; convert it)" if pickles else "")
        )


def _quantization(settings: ModelSettings, device: str, kept_whole: list[str] | None) -> dict[str, Any]:
    if settings.quantization == "none":
        return {}
    if device != "cuda":
        raise ModelError(f"model.quantization={settings.quantization!r} needs a CUDA device; set it to 'none'")
    if find_spec("bitsandbytes") is None:
        raise ModelError(f"model.quantization={settings.quantization!r} needs bitsandbytes: pip install bitsandbytes")
    from transformers import BitsAndBytesConfig

    four = settings.quantization == "4bit"
    config = BitsAndBytesConfig(
        load_in_4bit=four, load_in_8bit=not four, bnb_4bit_quant_type="nf4", llm_int8_skip_modules=kept_whole
    )
    return {"quantization_config": config, "device_map": {"": device}}


def _sentence(base: BaseModel, part: str, error: Exception) -> str:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
    where = "this folder" if base.folder else "the hub (is it reachable, and the name right?)"
    return f"the {part} of base model {base.name!r} could not be loaded from {where}: {reason}"
