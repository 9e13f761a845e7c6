"""Training and test set: relatives stay together, and nothing of the test set is learned from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from domaintune.contracts import Dropped, Example
from domaintune.data.near import Kinship
from domaintune.data.text import digest

GROUP_DIGITS = 16
FEW = 50
"""With fewer families than these their number on each side is fixed; with more, a family's side depends on it alone."""


def group_text(example: Example) -> str:
    """Return the text that makes two examples relatives."""
    return example.question if example.group is None else example.group


def divide(
    examples: Sequence[Example], families: dict[str, str], test_fraction: float
) -> tuple[list[Example], list[Example]]:
    """Send whole families to the test set, about this fraction of them, by the hash of their key.

    Of few families it is exactly this fraction, rounded up: chance alone might leave one.
    """
    every = sorted(set(families.values()), key=_fraction)
    exact = every[: math.ceil(test_fraction * len(every))] if len(every) < FEW else []
    chosen = {*exact} or {key for key in every if _fraction(key) < test_fraction}
    train = [example for example in examples if families[group_text(example)] not in chosen]
    test = [example for example in examples if families[group_text(example)] in chosen]
    return train, test


def uncontaminated(
    train: Sequence[Example], test: Sequence[Example], kinship: Kinship
) -> tuple[list[Example], list[Dropped]]:
    """Drop from the training set what is equal or nearly equal to something in the test set."""
    origins = {group_text(example): example.origin for example in reversed(test)}
    matches = kinship.across(map(group_text, train), origins)
    kept, dropped = [], []
    for example in train:
        match = matches.get(group_text(example))
        if match is None:
            kept.append(example)
        else:
            detail = f"like the test row {origins[match.text]} (similarity {match.similarity:.2f})"
            dropped.append(Dropped(origin=example.origin, reason="contamination", detail=detail))
    return kept, dropped


def check_apart(train: Iterable[Example], test: Iterable[Example], kinship: Kinship) -> None:
    """Fail when a training example is the same as a test example: a split that leaks must not leave this room."""
    leaks = kinship.across(map(group_text, train), map(group_text, test))
    if leaks:
        raise AssertionError(f"the split leaks: {len(leaks)} training groups are the same as a test group")


def with_families(examples: Sequence[Example], families: dict[str, str]) -> list[Example]:
    """Replace each example's group text by the hash of its family."""
    return [replace(example, group=families[group_text(example)][:GROUP_DIGITS]) for example in examples]


def _fraction(key: str) -> float:
    """Turn a key into a number from 0 to 1 that has nothing to do with how the key was chosen."""
    return int(digest(key)[:13], 16) / 16**13
