"""Where domaintune keeps things, and the environment it gives to the libraries it uses."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """Return the folder for things that can be fetched again (`DOMAINTUNE_HOME`, default by platform)."""
    home = os.environ.get("DOMAINTUNE_HOME")
    return Path(home).expanduser() if home else Path(platformdirs.user_cache_dir("domaintune"))


def registry_folder() -> Path:
    """Return the folder of the adapter registry (in `DOMAINTUNE_HOME`, default by platform): it cannot be fetched again."""
    home = os.environ.get("DOMAINTUNE_HOME")
    return (Path(home).expanduser() if home else Path(platformdirs.user_data_dir("domaintune"))) / "registry"


def runs_folder() -> Path:
    """Return the folder of runs (`DOMAINTUNE_RUNS`, default ./runs)."""
    return Path(os.environ.get("DOMAINTUNE_RUNS") or "runs").expanduser()


def quiet_libraries() -> None:
    """Switch off telemetry and chatter of the libraries before they are imported."""
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["DO_NOT_TRACK"] = "1"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
    os.environ.setdefault("TQDM_DISABLE", "1")  # their bars; ours is rich's
    for library in ("transformers", "trl", "peft", "torch"):
        warnings.filterwarnings("ignore", module=library)  # advice to programmers, not to users
