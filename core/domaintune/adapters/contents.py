"""What may lie in an adapter folder, and opening it so that what is checked is what was opened."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from domaintune.adapters.refusals import AdmissionError, Sentence
from domaintune.errors import nearest

CONFIG, WEIGHTS, MANIFEST = "adapter_config.json", "adapter_model.safetensors", "domaintune.json"
TOKENIZER_CONFIG, TEMPLATE, ROUTING = "tokenizer_config.json", "chat_template.jinja", "routing.safetensors"
PROCESSORS = ("preprocessor_config.json", "processor_config.json")
"""How a model that reads pictures is shown them; peft users leave these there, and nothing here reads them."""
KILOBYTE, MEGABYTE = 1024, 1024 * 1024

LIMITS: Mapping[str, int] = {
    CONFIG: MEGABYTE,
    MANIFEST: MEGABYTE,
    "README.md": 4 * MEGABYTE,
    "LICENSE": MEGABYTE,
    ".gitattributes": 64 * KILOBYTE,
    "train_log.jsonl": 32 * MEGABYTE,
    ROUTING: 16 * MEGABYTE,
    TEMPLATE: 256 * KILOBYTE,
    TOKENIZER_CONFIG: 4 * MEGABYTE,
    "tokenizer.json": 32 * MEGABYTE,
    "tokenizer.model": 16 * MEGABYTE,
    "special_tokens_map.json": MEGABYTE,
    "added_tokens.json": 4 * MEGABYTE,
    "vocab.json": 16 * MEGABYTE,
    "vocab.txt": 16 * MEGABYTE,
    "merges.txt": 16 * MEGABYTE,
    **dict.fromkeys(PROCESSORS, 256 * KILOBYTE),
}
"""The files an adapter folder may hold beside its weights and pictures (.png), and the bytes of each."""
PICTURE_LIMIT = 8 * MEGABYTE
MOST_FILES, MOST_BYTES = 64, 128 * MEGABYTE
"""Of all files, and of all but the weights together."""

PICKLES = {".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".dill", ".npy", ".npz"}
PROGRAMS = {
    ".py", ".pyc", ".pyo", ".pyd", ".pyx", ".ipynb", ".so", ".dll", ".dylib", ".exe", ".sh", ".bash", ".bat", ".cmd",
    ".ps1", ".js", ".jar", ".wasm",
}  # fmt: skip


@dataclass(frozen=True)
class OpenFile:
    """A file of an adapter folder, opened once; everything about it is learned from this handle."""

    name: str
    handle: io.BufferedReader
    state: tuple[int, ...]

    @property
    def size(self) -> int:
        """Bytes when it was opened."""
        return self.state[2]

    def read(self, start: int = 0, count: int | None = None) -> bytes:
        """Return so many bytes; a file that has become shorter is refused."""
        wanted = self.size - start if count is None else count
        self.handle.seek(start)
        data = self.handle.read(wanted)
        if len(data) < wanted:
            raise AdmissionError("changed_while_read", file=self.name)
        return data

    def sha256(self) -> str:
        """Return the SHA-256 of its bytes, in hex."""
        self.handle.seek(0)
        return hashlib.file_digest(self.handle, "sha256").hexdigest()

    def check_unchanged(self) -> None:
        """Refuse a file that was written to since it was opened."""
        if _state(os.fstat(self.handle.fileno())) != self.state:
            raise AdmissionError("changed_while_read", file=self.name)


@contextmanager
def opened(folder: Path, max_bytes: int) -> Iterator[dict[str, OpenFile]]:
    """Open the files of a folder, once every name, kind and size has been found to be allowed."""
    with ExitStack() as stack:
        found = dict(_entries(folder))
        for name, status in found.items():
            _check_entry(name, status, max_bytes)
        total = sum(status.st_size for name, status in found.items() if name != WEIGHTS)
        if total > MOST_BYTES:
            raise AdmissionError("folder_too_large", bytes=total, limit=MOST_BYTES)
        for name in (CONFIG, WEIGHTS):
            if name not in found:
                raise AdmissionError("file_missing", file=name)
        yield {name: _open(folder / name, status, stack) for name, status in found.items()}


def _entries(folder: Path) -> list[tuple[str, os.stat_result]]:
    entries: list[tuple[str, os.stat_result]] = []
    try:
        with os.scandir(folder) as listing:
            for entry in listing:
                if len(entries) == MOST_FILES:
                    raise AdmissionError("too_many_files", limit=MOST_FILES)
                # not entry.stat(): on Windows that leaves out the identity of the file
                entries.append((entry.name, (folder / entry.name).lstat()))
    except OSError as error:
        if isinstance(error, FileNotFoundError | NotADirectoryError):
            raise AdmissionError("not_a_folder", path=str(folder)) from None
        raise AdmissionError("unreadable", file=str(folder), problem=_words(error)) from None
    except ValueError:  # a NUL in the path
        raise AdmissionError("not_a_folder", path=str(folder)) from None
    return sorted(entries)


def _check_entry(name: str, status: os.stat_result, max_bytes: int) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise AdmissionError("symlink", file=name)
    if stat.S_ISDIR(status.st_mode):
        raise AdmissionError("subfolder", file=name)
    if not stat.S_ISREG(status.st_mode):
        raise AdmissionError("not_a_regular_file", file=name)
    limit = _limit(name, max_bytes)
    if status.st_size > limit:
        raise AdmissionError("file_too_large", file=name, bytes=status.st_size, limit=limit)


def _limit(name: str, max_bytes: int) -> int:
    """Return the bytes that a file of this name may have; a name that has no place here is refused."""
    if name == WEIGHTS:
        return max_bytes
    if name in LIMITS:
        return LIMITS[name]
    ending = Path(name).suffix.lower()
    if ending == ".png":
        return PICTURE_LIMIT
    if ending in PICKLES:
        raise AdmissionError("pickle", file=name)
    if ending in PROGRAMS:
        raise AdmissionError("program", file=name)
    raise AdmissionError("file_unknown", file=name, nearest=Sentence(nearest(name[:80], [*LIMITS, WEIGHTS])))


def _open(path: Path, status: os.stat_result, stack: ExitStack) -> OpenFile:
    # without following a link, nor waiting for the other end of a pipe, should one have taken the file's place
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = stack.enter_context(os.fdopen(os.open(path, flags), "rb"))
    except OSError as error:
        raise AdmissionError("unreadable", file=path.name, problem=_words(error)) from None
    file = OpenFile(path.name, handle, _state(os.fstat(handle.fileno())))
    if file.state != _state(status):
        raise AdmissionError("changed_while_read", file=path.name)
    return file


def _state(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, stat.S_IFMT(status.st_mode))


def _words(error: OSError) -> Sentence:
    return Sentence(error.strerror or type(error).__name__)
