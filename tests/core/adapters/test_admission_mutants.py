"""Good adapters with one byte or one field changed, with and without a manifest.

With a manifest a mutant is refused, or answers exactly as the original: its hashes guard the content. Without one there
is nothing to compare the content with, and admission guarantees its structure only: what is admitted loads in plain
peft with no tensor missing, left over or of another shape, and answers with finite numbers, as its files say.
"""

from __future__ import annotations

import json
import random
import shutil
import string
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from hostile_adapters import CONFIG, MANIFEST, WEIGHTS, Adapter
from transformers import AutoTokenizer

from domaintune import files
from domaintune.adapters.admission import AdmissionError, admit
from domaintune.adapters.shape import BaseShape

FILES = (CONFIG, WEIGHTS, MANIFEST, "tokenizer_config.json", "chat_template.jinja", "README.md")
ODD: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 7, 8.5, 1e9, -0.0, "", "x", "LORA", "q_proj", ".*", [], ["q_proj"], [0], {},
    {"q_proj": 4}, {"v_proj": 2}, {"a": {"b": []}},
)  # fmt: skip


def change_byte(folder: Path, rng: random.Random) -> str:
    path = folder / rng.choice([name for name in FILES if (folder / name).exists()])
    data = bytearray(path.read_bytes())
    # a header is small beside the numbers: half of the mutants are meant for it
    place = rng.randrange(min(len(data), 2000) if rng.random() < 0.5 else len(data))
    data[place] = (data[place] + rng.randrange(1, 256)) % 256
    path.write_bytes(data)
    return path.name


def change_field(folder: Path, rng: random.Random) -> str:
    path = folder / rng.choice([CONFIG, CONFIG, CONFIG, *([MANIFEST] if (folder / MANIFEST).exists() else [])])
    values = json.loads(path.read_text())
    place = values
    while True:
        key = rng.choice(sorted(place))
        if not (isinstance(place[key], dict) and place[key] and rng.random() < 0.7):
            break
        place = place[key]
    how = rng.random()
    if how < 0.15:
        del place[key]
    elif how < 0.25:
        place["".join(rng.choices(string.ascii_lowercase, k=4))] = place.pop(key)
    else:
        place[key] = near(place[key], rng) if rng.random() < 0.5 else rng.choice(ODD)
    path.write_text(json.dumps(values))
    return path.name


def near(value: Any, rng: random.Random) -> Any:
    """Return a value of the same kind that is a little different."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + rng.choice([-1, 1, 0.5])
    if isinstance(value, str):
        return value[1:] + rng.choice(string.ascii_letters)
    return [*value, rng.choice(["k_proj", "lm_head", "v_proj"])] if isinstance(value, list) else rng.choice(ODD)


@dataclass
class Tally:
    """What became of the mutants."""

    codes: Counter[str] = field(default_factory=Counter)
    admitted: Counter[str] = field(default_factory=Counter)
    different: Counter[str] = field(default_factory=Counter)


@dataclass
class Mutation:
    """An original, and everything needed to see whether a mutant of it answers as it does."""

    folder: Path
    base: BaseShape
    load: Callable[[Path], Any]

    def run(self, count: int, work: Path) -> Tally:
        tally, original = Tally(), self.load(self.folder)
        for seed in range(count):
            rng = random.Random(seed)
            mutant = shutil.copytree(self.folder, work / "mutant")
            changed = rng.choice([change_byte, change_field])(mutant, rng)
            self._judge(mutant, changed, original, tally)
            shutil.rmtree(mutant)
        return tally

    def _judge(self, mutant: Path, changed: str, original: Any, tally: Tally) -> None:
        try:
            found = admit(mutant, self.base)
        except AdmissionError as error:
            tally.codes[error.code] += 1
            return
        tally.admitted[changed] += 1
        logits = self.load(mutant)  # of tensors that are missing peft only warns, and here a warning is an error
        assert torch.isfinite(logits).all()
        if not torch.equal(logits, original):
            assert found.files != files.folder_hashes(self.folder)
            tally.different[changed] += 1


@pytest.fixture
def bare(adapter: Adapter, base: BaseShape, load_in_peft: Callable[[Path], Any]) -> Mutation:
    return Mutation(adapter.folder, base, load_in_peft)


@pytest.fixture
def packed(adapter: Adapter, base: BaseShape, load_in_peft: Callable[[Path], Any], tiny: Path) -> Mutation:
    AutoTokenizer.from_pretrained(tiny).save_pretrained(adapter.folder)
    adapter.package(summary="an adapter", domain="made", seed=0)
    return Mutation(adapter.folder, base, load_in_peft)


def check_packed(mutation: Mutation, count: int, work: Path) -> Tally:
    tally = mutation.run(count, work)
    assert not tally.different, "an adapter with a manifest was silently another"
    assert set(tally.admitted) <= {MANIFEST, "README.md"}, "its hashes guard every other file"
    assert tally.codes.total() > 0.7 * count
    return tally


def check_bare(mutation: Mutation, count: int, work: Path) -> Tally:
    tally = mutation.run(count, work)
    assert set(tally.different) <= {CONFIG, WEIGHTS}
    assert tally.codes.total() > 0.2 * count
    return tally


def test_a_mutant_with_a_manifest_is_refused_or_answers_the_same(packed: Mutation, tmp_path: Path) -> None:
    check_packed(packed, 200, tmp_path)


def test_a_mutant_without_a_manifest_is_refused_or_whole(bare: Mutation, tmp_path: Path) -> None:
    check_bare(bare, 200, tmp_path)


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_two_thousand_mutants_with_a_manifest(packed: Mutation, tmp_path: Path) -> None:
    sys.stdout.write(f"{check_packed(packed, 2000, tmp_path)}\n")


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_two_thousand_mutants_without_a_manifest(bare: Mutation, tmp_path: Path) -> None:
    sys.stdout.write(f"{check_bare(bare, 2000, tmp_path)}\n")
