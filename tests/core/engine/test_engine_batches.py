"""Who else is asking has no influence: requests join and leave, and every answer is the one given alone."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from domaintune import Message, Request, Sampling
from domaintune.contracts import Mix
from domaintune.engine.session import TransformersSession
from domaintune.errors import ModelError, RequestError
from domaintune.sessions import Limits, LiveSession, TokenEvent

Opened = Callable[..., TransformersSession]
TEXTS = [
    "Is the heart large?",
    "Small effusion.",
    "What is there to see in the left lower lobe? " * 9,
    "x",
    "Hello there",
]
ADAPTERS = [
    None,
    "r4",
    "r8",
    "attention",
    "rslora",
    "patterns",
    Mix(weights=(("r4", 0.7), ("r8", -0.4))),
    Mix(weights=(("r4", 1.0), ("r8", 1.0), ("attention", 1.0)), route="arrow"),
]


def asked(text: str, adapter: str | Mix | None = None, tokens: int = 10, **sampling: object) -> Request:
    return Request(
        messages=(Message(role="user", content=text),),
        adapter=adapter,
        sampling=replace(Sampling(max_new_tokens=tokens), **sampling),
    )


def ids(session: TransformersSession, requests: Sequence[Request]) -> list[list[int]]:
    found: list[list[int]] = [[] for _ in requests]
    for event in session.generate(requests):
        found[event.request] += event.ids
    return found


@pytest.fixture(scope="module")
def asked_before() -> dict[tuple[str, Request], list[int]]:
    return {}


def test_a_session_is_live(opened: Opened) -> None:
    assert isinstance(opened(), LiveSession)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("seed", range(4))
def test_answers_in_a_batch_that_changes_all_the_time_are_those_given_alone(
    opened: Opened, dtype: str, seed: int
) -> None:
    session, alone, draw = opened(dtype), opened(dtype), random.Random(seed)
    session.limit(Limits(rows=6, prompt_tokens=64))
    requests = [
        asked(
            draw.choice(TEXTS), draw.choice(ADAPTERS), draw.randint(1, 14), temperature=draw.choice([0, 0, 1.3]), seed=n
        )
        for n in range(40)
    ]
    numbers: dict[int, int] = {}
    found: dict[int, list[int]] = {}
    cancelled = set()
    waiting = list(enumerate(requests))
    while waiting or session.running or session.waiting:
        for _ in range(draw.randint(0, 3)):
            if waiting:
                place, request = waiting.pop()
                numbers[session.add(request).request] = place
                found[place] = []
        for event in session.step():
            found[numbers[event.request]] += event.ids
        if session.running and draw.random() < 0.1:
            leaving = draw.choice(session.running).number
            session.cancel(leaving)
            cancelled.add(numbers[leaving])
    for place, request in enumerate(requests):
        whole = ids(alone, [request])[0]
        assert found[place] == (whole[: len(found[place])] if place in cancelled else whole)


@pytest.mark.parametrize("adapter", [None, "r8", *ADAPTERS[-2:]], ids=["base", "adapter", "sum", "arrow"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_logits_are_the_same_to_the_last_bit_alone_and_among_others(
    opened: Opened, dtype: str, adapter: str | Mix | None
) -> None:
    def logits(others: Sequence[str | Mix | None]) -> list[torch.Tensor]:
        session, seen = opened(dtype), []
        first = session.add(asked("Hello there", adapter, 6)).request
        for text, other in zip(TEXTS * 4, others, strict=False):
            session.add(asked(text, other, 9))
        take = session._take

        def watched(one: object, row: torch.Tensor, *rest: int) -> TokenEvent:
            if one.number == first:  # type: ignore[attr-defined]
                seen.append(row.clone())
            return take(one, row, *rest)  # type: ignore[arg-type]

        session._take = watched  # type: ignore[method-assign, assignment]
        while session.running or session.waiting:
            session.step()
        return seen

    alone = logits([])
    assert len(alone) >= 2
    for others in ([None] * 3, ["r8"] * 7, ADAPTERS, ADAPTERS[::-1] * 2):
        among = logits(others)
        assert all(torch.equal(one, other) for one, other in zip(alone, among, strict=True))


def test_cancelling_frees_the_row_at_once(opened: Opened) -> None:
    session = opened()
    session.limit(Limits(rows=1))
    first, second = (session.add(asked("Hello", tokens=50)).request for _ in range(2))
    assert {event.request for event in session.step()} == {first}
    session.cancel(first)
    session.cancel(first)
    session.cancel(999)
    assert {event.request for event in session.step()} == {second}


def test_a_long_prompt_is_read_in_pieces_while_others_go_on(opened: Opened) -> None:
    session = opened()
    session.limit(Limits(prompt_tokens=1))
    short = session.add(asked("x", tokens=30)).request
    session.step()
    admission = session.add(asked(TEXTS[2] * 3, tokens=3))
    pieces = -(-admission.prompt_tokens // 256)
    assert pieces >= 3
    events = [session.step() for _ in range(pieces)]
    assert all(short in {event.request for event in step} for step in events)
    assert [admission.request in {event.request for event in step} for step in events] == [False] * (pieces - 1) + [
        True
    ]


def test_what_cannot_be_answered_is_refused_before_it_joins(opened: Opened) -> None:
    session = opened()
    session.limit(Limits(max_length=50))
    with pytest.raises(RequestError, match="together they may have 50") as error:
        session.add(asked("Hello", tokens=60))
    assert error.value.code == "context_length_exceeded"
    with pytest.raises(RequestError, match="together"):
        session.add(replace(asked("Hello " * 60, tokens=60), shorten=True))
    with pytest.raises(ModelError, match="r44"):
        session.add(asked("Hello", "r44"))
    with pytest.raises(ModelError, match="'x'"):
        session.add(asked("Hello", Mix(weights=(("r4", 1), ("x", 1)))))
    assert not session.waiting


def test_an_answer_may_be_shortened_to_what_fits(opened: Opened) -> None:
    session = opened()
    session.ends = frozenset()
    session.limit(Limits(max_length=50))
    request = replace(asked("Hello", tokens=60), shorten=True)
    admission = session.add(request)
    session.cancel(admission.request)
    events = list(session.generate([request]))
    assert sum(event.tokens for event in events) == 50 - admission.prompt_tokens
    assert events[-1].finish_reason == "length"


def test_unloading_ends_the_requests_that_use_the_adapter_and_no_others(opened: Opened) -> None:
    session, alone = opened(), ids(opened(), [asked("Hello", "r8", 12)])[0]
    lost = session.add(asked("Hello", "r4", 12)).request
    waits = session.add(asked("Hello", Mix(weights=(("r4", 1.0),)), 12)).request
    kept = session.add(asked("Hello", "r8", 12)).request
    found = [event for _ in range(2) for event in session.step()]
    session.unload("r4")
    while session.running:
        found += session.step()
    ends = {event.request: event for event in found if event.finish_reason}
    assert ends[lost].finish_reason == ends[waits].finish_reason == "error"
    assert "r4" in ends[lost].error
    assert [token for event in found if event.request == kept for token in event.ids] == alone


def test_the_logprobs_are_those_of_the_logits(opened: Opened) -> None:
    session = opened()
    events = list(session.generate([replace(asked("Hello", "r4", 5), logprobs=3)]))
    chances = [chance for event in events for chance in event.chances]
    assert chances
    for chance in chances:
        assert len(chance.top) == 3
        assert chance.top[0][1] == max(value for _, value in chance.top) <= 0
        assert chance.logprob == pytest.approx(chance.top[0][1])  # greedy decoding took the likeliest


@settings(max_examples=60, deadline=None)
@given(temperature=st.floats(0.2, 3), top_p=st.floats(0.05, 1), seed=st.integers(0, 2**64), shift=st.floats(-50, 50))
def test_a_draw_stays_in_the_nucleus_and_follows_its_seed(
    temperature: float, top_p: float, seed: int, shift: float
) -> None:
    from domaintune.engine.sampling import Draw

    logits = torch.linspace(-4, 4, 50) + shift
    sampling = Sampling(temperature=temperature, top_p=top_p, seed=seed)
    one, two = Draw(sampling), Draw(sampling)
    drawn = [one(logits) for _ in range(20)]
    assert drawn == [two(logits) for _ in range(20)]
    chances = torch.softmax((logits - shift).double() / temperature, 0).flip(0)
    nucleus = int((chances.cumsum(0) - chances < top_p).sum())
    assert min(drawn) >= 50 - nucleus - 1


def test_draws_have_the_model_s_chances() -> None:
    from domaintune.engine.sampling import Draw

    logits = torch.tensor([0.0, 1.0, 2.0])
    draw = Draw(Sampling(temperature=1.0, seed=3))
    counts = torch.bincount(torch.tensor([draw(logits) for _ in range(4000)]), minlength=3) / 4000
    assert torch.allclose(counts, torch.softmax(logits, 0).float(), atol=0.03)
