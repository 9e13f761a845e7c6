"""Running the command line in this process, and files to run it on."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from domaintune import cli

SENTENCES = (
    "The heart is normal in size and the lungs are clear on both sides",
    "There is a small pleural effusion on the left with adjacent atelectasis",
    "A nodule of five millimetres is seen in the right upper lobe of the lung",
    "The mediastinal contours are unchanged and there is no pneumothorax today",
)


def run(*arguments: object) -> Result:
    """Run `domaintune ARGUMENTS` in this process."""
    given = [str(argument) for argument in arguments]
    return CliRunner().invoke(cli.app(given[:1] if given[0] in cli.COMMANDS else None), given)


def reports(path: Path, count: int = 40) -> Path:
    """Write a CSV file of findings and impressions, each different from all others."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["findings", "impression"])
        writer.writerows(report(i) for i in range(count))
    return path


def report(i: int) -> tuple[str, str]:
    words = [hashlib.sha256(f"{i} {n}".encode()).hexdigest()[:6] for n in range(12)]
    return f"{SENTENCES[i % len(SENTENCES)]}; marks {' '.join(words)}.", f"Impression number {i} with {words[0]}."


def tree(folder: Path) -> dict[str, Any]:
    """Return what is below a folder: names, and the bytes of files as a hash."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        if path.is_file()
        else "folder"
        for path in sorted(folder.rglob("*"))
    }
