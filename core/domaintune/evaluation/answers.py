"""Asking a model every question once, and keeping each answer as soon as it is there.

A killed evaluation continues where it stopped: finished batches lie in a JSONL file and are not asked again.
"""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from domaintune import files
from domaintune.contracts import Answer, Example, Sampling
from domaintune.errors import ModelError
from domaintune.evaluation.items import prompt_key
from domaintune.sessions import Request, Session
from domaintune.settings import EvalSettings

PICTURE = 2_000
"""Characters of text that take about as much room in a prompt as a picture does."""


def collect(  # noqa: PLR0913  (session, examples, adapter and sampling say what; the rest says how)
    session: Session,
    examples: Sequence[Example],
    adapter: str | None,
    sampling: Sampling,
    *,
    batch_size: int,
    store: Path,
    progress: Callable[[int, int], None] | None = None,
) -> list[Answer]:
    """Return the answers of one system in the order of the examples; identical prompts are asked once.

    `store` belongs to one model with one adapter or none. Batches hold prompts of like length, longest first, so that
    memory runs out at the start or not at all; multiple choice comes last. `progress` is called with (distinct prompts
    answered, distinct prompts).
    """
    samples = collect_samples(
        session, examples, adapter, [sampling], batch_size=batch_size, store=store, progress=progress
    )
    return [said[0] for said in samples]


def collect_samples(  # noqa: PLR0913  (as above, with several samplings in the place of one)
    session: Session,
    examples: Sequence[Example],
    adapter: str | None,
    samplings: Sequence[Sampling],
    *,
    batch_size: int,
    store: Path,
    progress: Callable[[int, int], None] | None = None,
) -> list[list[Answer]]:
    """Return an answer for each sampling to each example, as `collect` does; a batch may hold several of one example."""
    keys = [_keys(example, samplings) for example in examples]
    asked: dict[str, tuple[Example, Sampling]] = {}
    for own, example in zip(keys, examples, strict=True):
        for key, sampling in zip(own, samplings, strict=True):
            asked.setdefault(key, (example, sampling))
    known = _read(store)
    todo = sorted(asked.keys() - known.keys(), key=lambda key: (*_order(asked[key][0]), key))
    for start in range(0, len(todo), batch_size):
        _report(progress, len(asked) - len(todo) + start, len(asked))
        batch = todo[start : start + batch_size]
        requests = [
            Request(
                messages=example.prompt,
                images=example.images,
                adapter=adapter,
                sampling=sampling,
                choices=example.choices,
            )
            for example, sampling in map(asked.__getitem__, batch)
        ]
        answers = dict(zip(batch, _ask(session, requests), strict=True))
        _append(store, answers.items())
        known |= answers
    _report(progress, len(asked), len(asked))
    return [[known[key] for key in own] for own in keys]


def missing(examples: Sequence[Example], sampling: Sampling | Sequence[Sampling], store: Path) -> int:
    """Return how many distinct prompts the store has no answer to: with 0, no model has to be opened."""
    samplings = [sampling] if isinstance(sampling, Sampling) else sampling
    return len({key for example in examples for key in _keys(example, samplings)} - _read(store).keys())


def samplings_of(settings: EvalSettings, seed: int) -> list[Sampling]:
    """Return how each of the `eval.n` answers to an item is drawn: alike, but for the seed."""
    return [
        Sampling(max_new_tokens=settings.max_new_tokens, temperature=settings.temperature, seed=seed + place)
        for place in range(settings.n)
    ]


def _keys(example: Example, samplings: Sequence[Sampling]) -> list[str]:
    """Return a key for each answer to an example; nothing is drawn where there are choices, so they share the first."""
    if example.choices:
        return [_key(example, samplings[0])] * len(samplings)
    return [_key(example, sampling) for sampling in samplings]


def _key(example: Example, sampling: Sampling) -> str:
    return files.fingerprint([prompt_key(example), dataclasses.asdict(sampling)])


def _order(example: Example) -> tuple[bool, int]:
    length = sum(len(message["content"]) for message in example.prompt) + PICTURE * len(example.images)
    return bool(example.choices), -length


def _report(progress: Callable[[int, int], None] | None, done: int, total: int) -> None:
    if progress is not None:
        progress(done, total)


def _ask(session: Session, requests: Sequence[Request]) -> list[Answer]:
    """Answer one batch; an answer's seconds run from the start of its batch to its last token."""
    began = time.monotonic()
    texts, tokens = [""] * len(requests), [0] * len(requests)
    ends: dict[int, tuple[str, float]] = {}
    for event in session.generate(requests):
        texts[event.request] += event.text
        tokens[event.request] += event.tokens
        if event.finish_reason is not None:
            ends[event.request] = (event.finish_reason, round(time.monotonic() - began, 3))
    if len(ends) < len(requests):
        raise ModelError(
            f"the engine left {len(requests) - len(ends)} of {len(requests)} questions without an end; "
            "run the same command again to continue, or choose another model.engine"
        )
    return [
        Answer(text=_storable(texts[i]).strip(), tokens=tokens[i], finish_reason=ends[i][0], seconds=ends[i][1])
        for i in range(len(requests))
    ]


def _storable(text: str) -> str:
    """Replace lone surrogates, which no UTF-8 file can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _read(store: Path) -> dict[str, Answer]:
    """Return the answers kept so far, after cutting off a last line that a kill has torn."""
    if not store.exists():
        return {}
    content = store.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        os.truncate(store, len(whole))
    return dict(pair for line in whole.splitlines() if (pair := _parse(line)) is not None)


def _parse(line: bytes) -> tuple[str, Answer] | None:
    try:
        row = json.loads(line)
        return str(row.pop("key")), Answer(**row)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None  # a damaged line costs one answer, which is asked again


def _append(store: Path, answers: Iterable[tuple[str, Answer]]) -> None:
    store.parent.mkdir(parents=True, exist_ok=True)
    rows = [{"key": key, **dataclasses.asdict(answer)} for key, answer in answers]
    text = "".join(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows)
    with store.open("ab") as file:
        file.write(text.encode("utf-8"))
        file.flush()
        os.fsync(file.fileno())
