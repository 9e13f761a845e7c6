"""Adapters on the Hugging Face hub. A leaf module: imported when a repository is named."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from huggingface_hub import HfApi, constants, snapshot_download

from domaintune.adapters.admission import DEFAULT_RULES
from domaintune.errors import DomaintuneError, UsageError

T = TypeVar("T")


def fetch(repository: str, revision: str | None, wanted: Sequence[str], folder: Path) -> str:
    """Put the wanted files of a repository into a folder and return the commit; HF_HUB_OFFLINE takes the cache."""
    patterns, limit = list(wanted), DEFAULT_RULES.max_bytes
    if not constants.HF_HUB_OFFLINE:
        plan = _asked(
            repository,
            lambda: snapshot_download(repository, revision=revision, allow_patterns=patterns, dry_run=True),
        )
        size = sum(file.file_size or 0 for file in plan)
        if size > limit:
            raise UsageError(f"hub repository {repository!r} has {size:,} bytes of adapter; {limit:,} are allowed")
    snapshot = Path(
        _asked(repository, lambda: snapshot_download(repository, revision=revision, allow_patterns=patterns))
    )
    blobs = snapshot.parents[1].resolve()
    for file in sorted(path for path in snapshot.iterdir() if any(path.match(pattern) for pattern in wanted)):
        if file.resolve().is_relative_to(blobs):  # the cache keeps files as links to its own blobs
            shutil.copyfile(file, folder / file.name)
    return snapshot.name


def publish(repository: str, folder: Path, message: str, *, public: bool) -> str:
    """Upload a folder to a repository, which is made private where it is new, and return its address."""
    api = HfApi()
    _asked(repository, lambda: api.create_repo(repository, private=not public, exist_ok=True))
    done = _asked(repository, lambda: api.upload_folder(repo_id=repository, folder_path=folder, commit_message=message))
    return str(done.commit_url)


def _asked(repository: str, ask: Callable[[], T]) -> T:
    try:
        return ask()
    except Exception as error:  # the library and its network raise many kinds
        said = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise DomaintuneError(
            f"hub repository {repository!r}: {said[:300]}; check the name, the network, HF_TOKEN and HF_HUB_OFFLINE"
        ) from None
