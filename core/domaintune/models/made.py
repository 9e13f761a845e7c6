"""Base models that plugins make: named in `model.base`, made once, and kept under what decided them."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domaintune import files
from domaintune.console import note, progress
from domaintune.errors import DomaintuneError, ModelError, PluginError
from domaintune.home import cache_folder
from domaintune.models import kept
from domaintune.parts import opened
from domaintune.plugins import catalog
from domaintune.settings import ModelSettings

KIND = "base model"


@dataclass(frozen=True, kw_only=True)
class Made:
    """A base model of a plugin with its options: who makes it, and where it is kept."""

    name: str
    maker: Any

    @property
    def fingerprint(self) -> str:
        """A hash of what decides the model."""
        try:
            decides = {"name": self.name, **self.maker.identity()}
            json.dumps(decides)  # what is no plain value might read otherwise in every process
        except DomaintuneError:
            raise
        except Exception as error:  # whatever a plugin's code raises
            raise PluginError(f"base model {self.name!r} does not say what decides it: {_reason(error)}") from error
        return files.fingerprint(decides)

    @property
    def folder(self) -> Path:
        """Where the model lies, whether or not it is there yet."""
        return cache_folder() / "models" / f"{self.name}-{self.fingerprint[:12]}"

    @property
    def is_ready(self) -> bool:
        """Whether it has been made."""
        return kept.is_ready(self.folder)

    def get(self) -> Path:
        """Return its folder, making it the first time."""
        return kept.get(self.folder, self._make)

    def _make(self, work: Path) -> Path:
        folder = work / "model"
        folder.mkdir()
        note(f"base model {self.name}: making it (once)")
        began = time.monotonic()
        try:
            told = self.maker.make(folder, progress)
        except DomaintuneError:
            raise
        except Exception as error:  # whatever a plugin's code raises
            raise ModelError(f"base model {self.name!r} could not be made: {_reason(error)}") from error
        if not kept.is_ready(folder) or not list(folder.glob("*.safetensors")):
            raise ModelError(
                f"the maker of base model {self.name!r} left no config.json or no .safetensors; it is broken"
            )
        note(f"base model {self.name}: made in {time.monotonic() - began:.0f} s{f'; {told}' if told else ''}")
        return folder


def refuse_options(settings: ModelSettings) -> None:
    """Refuse options of a base model that no plugin makes: nothing would read them."""
    if settings.options:
        raise ModelError(
            f"model.options are for base models that plugins make, and {settings.base!r} is none; leave them out, those "
            "of a preset too, with --set model.options={}"
        )


def find(settings: ModelSettings) -> Made | None:
    """Return the base model that a plugin makes under this name, or None where no plugin does."""
    if settings.base not in catalog().names(KIND):
        refuse_options(settings)
        return None
    part = catalog().component(KIND, settings.base)
    return Made(name=settings.base, maker=opened(part, settings.options, "model.options"))


def _reason(error: Exception) -> str:
    first = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
