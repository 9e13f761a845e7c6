"""Training and test set: relatives stay together, and nothing of the test set is learned from."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from domaintune.contracts import Dropped, Example
from domaintune.data.near import Kinship, join, root_of
from domaintune.data.records import shown
from domaintune.data.text import digest
from domaintune.errors import DataError, PluginError
from domaintune.images.naming import picture_key

GROUP_DIGITS = 16
FEW = 50
"""With fewer families than these their number on each side is fixed; with more, a family's side depends on it alone."""


def group_text(example: Example) -> str:
    """Return the text that makes two examples relatives: by default the question, or the hashes of the pictures."""
    if example.group is not None:
        return example.group
    return " ".join(map(picture_key, example.images)) if example.images else example.question


def joined_by_pictures(examples: Iterable[Example], families: Mapping[str, str]) -> dict[str, str]:
    """Join the families that show the same picture, so that none is on both sides; keys do not depend on the order."""
    parent: dict[str | int, str | int] = {}
    for example in examples:
        for image in example.images:
            join(parent, ("picture " + image), families[group_text(example)])
    if not parent:
        return dict(families)
    keys: dict[str | int, str] = {}
    for key in families.values():
        keys[root_of(parent, key)] = min(key, keys.get(root_of(parent, key), key))
    return {text: keys[root_of(parent, key)] for text, key in families.items()}


def divide(
    examples: Sequence[Example], families: Mapping[str, str], test_fraction: float
) -> tuple[list[Example], list[Example]]:
    """Send whole families to the test set, about this fraction of them, by the hash of their key.

    Of few families it is exactly this fraction, rounded up: chance alone might leave one. A family with an example whose
    `side` the builder has decided goes there, and does not count; with examples for both sides it is a DataError.
    """
    decided = _decided(examples, families)
    every = sorted(set(families.values()) - decided.keys(), key=_fraction)
    exact = every[: math.ceil(test_fraction * len(every))] if len(every) < FEW else []
    chosen = {*exact} or {key for key in every if _fraction(key) < test_fraction}
    chosen |= {key for key, example in decided.items() if example.side == "test"}
    train = [example for example in examples if families[group_text(example)] not in chosen]
    test = [example for example in examples if families[group_text(example)] in chosen]
    return train, test


def _decided(examples: Iterable[Example], families: Mapping[str, str]) -> dict[str, Example]:
    """Return the first example of each family that has a side; raises DataError where another one has the other."""
    decided: dict[str, Example] = {}
    for example in examples:
        if example.side is None:
            continue
        if example.side not in {"train", "test"}:
            raise PluginError(f"{example.origin} is for side {example.side!r}; a data builder says train, test or None")
        first = decided.setdefault(families[group_text(example)], example)
        if first.side != example.side:
            raise DataError(
                f"{first.origin} is for side {first.side!r} and {example.origin} for side {example.side!r}, but they have "
                f"the same group ({shown(group_text(example))}) or are joined by a picture; the data builder must send "
                "relatives to one side"
            )
    return decided


def uncontaminated(
    train: Sequence[Example], test: Sequence[Example], kinship: Kinship
) -> tuple[list[Example], list[Dropped]]:
    """Drop from the training set what is like something in the test set, or shows one of its pictures."""
    origins = {group_text(example): example.origin for example in reversed(test)}
    matches = kinship.across(map(group_text, train), origins)
    kept, dropped = [], []
    shown_by = {image: example.origin for example in reversed(test) for image in example.images}
    for example in train:
        match = matches.get(group_text(example))
        seen = next((shown_by[image] for image in example.images if image in shown_by), None)
        if match is None and seen is None:
            kept.append(example)
            continue
        detail = f"like the test row {origins[match.text]} (similarity {match.similarity:.2f})" if match else ""
        detail = detail or f"shows a picture of the test row {seen}"
        dropped.append(Dropped(origin=example.origin, reason="contamination", detail=detail))
    return kept, dropped


def check_apart(train: Sequence[Example], test: Sequence[Example], kinship: Kinship) -> None:
    """Fail when a training example is the same as a test example, or shows its picture.

    A split that leaks must not leave this room. What is the same is for the kinship to say: where a builder decides sides,
    texts that are equal; questions about two scenes may be alike in their words.
    """
    leaks = kinship.across(map(group_text, train), map(group_text, test))
    if leaks:
        raise AssertionError(f"the split leaks: {len(leaks)} training groups are the same as a test group")
    seen = {image for example in train for image in example.images}
    if any(image in seen for example in test for image in example.images):
        raise AssertionError("the split leaks: a picture is on both sides")


def with_families(examples: Sequence[Example], families: Mapping[str, str]) -> list[Example]:
    """Replace each example's group text by the hash of its family; its side is where it now is."""
    return [replace(example, group=families[group_text(example)][:GROUP_DIGITS], side=None) for example in examples]


def _fraction(key: str) -> float:
    """Turn a key into a number from 0 to 1 that has nothing to do with how the key was chosen."""
    return int(digest(key)[:13], 16) / 16**13
