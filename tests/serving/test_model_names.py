"""The grammar of names, and what is borrowed by them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from served import WHY, World

from domaintune import Message, Origin, Passage
from domaintune.composition import routing as examples
from domaintune.embedding.local import Embedder
from domaintune.serving import names, wanted
from domaintune.serving.asking import Desk
from domaintune.serving.metrics import Meters
from domaintune.serving.names import BadNameError, Part, parse
from domaintune.serving.problems import HttpError
from domaintune.serving.routing import ByExamples
from domaintune.serving.schema import ChatRequest
from domaintune.serving.shelf import Base, Lease, Loaded, Shelf, UnknownModelError
from domaintune.settings import ServeSettings

PARTS = st.builds(
    Part,
    name=st.from_regex(r"[a-z0-9][a-z0-9._-]{0,63}", fullmatch=True).filter(lambda name: name not in {"base", "auto"}),
    number=st.integers(1, 999_999_999),
    weight=st.integers(-10_000_000, 10_000_000).filter(bool).map(lambda millionths: millionths / 1e6),
)


@given(st.lists(PARTS, min_size=1, max_size=8, unique_by=lambda part: part.id))
def test_the_exact_name_of_a_mix_reads_as_the_same_mix(parts: list[Part]) -> None:
    text = names.mixed(tuple(part.id for part in parts), tuple(part.weight or 0 for part in parts))
    assert parse(text) == names.Name(kind="sum", parts=tuple(parts))


@given(st.text(max_size=40))
def test_any_text_is_a_name_or_is_refused_with_a_reason(text: str) -> None:
    found = None
    with suppress(BadNameError):
        found = parse(text)
    assert found is None or found.kind in {"base", "auto"} or 1 <= len(found.parts) <= 8


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "names look like"),
        ("a+b:1", "a weight, or none"),
        ("a:0+b:1", "is not between -10 and 10"),
        ("a:10.1+b:1", "is not between -10 and 10"),
        ("a:1e3+b:1", "names look like"),
        ("a+a", "an adapter twice"),
        ("a|b:1", "take no weights"),
        ("+".join("abcdefghi"), "more than 8 parts"),
        ("base+a", "names look like"),
        ("x" * 2000, "1,024 are the most"),
    ],
)
def test_what_is_no_name_is_told_why(text: str, reason: str) -> None:
    with pytest.raises(BadNameError, match=reason):
        parse(text)


def test_weights_that_are_not_given_are_equal_and_exact_in_the_name() -> None:
    found = parse("a+b+c")
    assert [part.weight for part in found.parts] == [0.333333] * 3
    assert parse(names.mixed(("a", "b", "c"), (0.333333,) * 3)) == found


@pytest.fixture
def shelf(world: World, tmp_path: Path) -> Shelf:
    """Two adapters with examples, one without; no worker is needed to choose."""
    embedder = Embedder.open(str(world.base))
    registry = world.registry(tmp_path / "home", ["gamma*"])
    for name, prompts in {
        "alpha": ["Is the heart large?", "Is the heart normal?"],
        "beta": ["Derive 5 + 3", "Derive 9"],
    }.items():
        examples.write(
            world.adapters[name], examples.Routing(embedder.name, embedder.fingerprint, embedder.vectors(prompts))
        )
        registry.promote(registry.add(world.adapters[name], name=name, base=world.shape).id, override=WHY)
        (world.adapters[name] / examples.FILE).unlink()
    nobody: Any = None
    made = Shelf(registry, [Base(name="tiny", fingerprint=world.shape.fingerprint, worker=nobody)])
    loaded = {version.name: Loaded(version=version, base=made.bases[0]) for version in registry.served()}
    made.loaded = {one.version.id: one for one in loaded.values()}
    made.aliases = loaded
    return made


def choose(shelf: Shelf, question: str, base: Path, threshold: float = 0.0) -> str:
    return asyncio.run(ByExamples(shelf, str(base), threshold).choose(question))


def test_auto_is_the_adapter_whose_examples_are_nearest(shelf: Shelf, world: World) -> None:
    assert choose(shelf, "Is the heart large?", world.base) == "alpha@1"
    assert choose(shelf, "Derive 5 + 3", world.base) == "beta@1"


def test_auto_is_the_base_model_where_nobody_is_near(shelf: Shelf, world: World) -> None:
    assert choose(shelf, "\x01\x02\x03", world.base, threshold=1.0) == "base"


def test_auto_is_not_offered_without_examples_or_without_the_embedder(
    shelf: Shelf, world: World, tmp_path: Path
) -> None:
    assert ByExamples(shelf, str(world.base), 0.3).offered
    assert not ByExamples(shelf, "none", 0.3).offered
    assert not ByExamples(shelf, str(tmp_path / "nowhere"), 0.3).offered
    shelf.aliases = {"gamma": shelf.aliases["gamma"]}
    with pytest.raises(UnknownModelError, match="no adapter here has examples"):
        choose(shelf, "anything", world.base)


def test_auto_chooses_among_those_who_read_pictures_where_there_are_some(shelf: Shelf, world: World) -> None:
    router = ByExamples(shelf, str(world.base), 0.0)
    assert router.seeing is None
    with pytest.raises(UnknownModelError, match="no adapter here has examples"):
        asyncio.run(router.choose("Is the heart large?", pictures=True))
    nobody: Any = None
    eyes = Base(name="eyes", fingerprint="other", worker=nobody, images=True)
    shelf.bases = [shelf.bases[0], eyes]
    shelf.aliases["beta"].base = eyes
    assert router.seeing is eyes
    assert asyncio.run(router.choose("Derive 5 + 3", pictures=True)) == "beta@1"
    assert asyncio.run(router.choose("Is the heart large?")) == "alpha@1"
    strict = ByExamples(shelf, str(world.base), 1.0)
    assert asyncio.run(strict.choose("\x01\x02\x03", pictures=True)) == "eyes"


class Library:
    """Knowledge for alpha alone."""

    def knows(self, adapter: str) -> bool:
        return adapter == "alpha@1"

    async def enrich(self, adapters: Any, messages: Any, tokens: int, images: Any) -> Any:
        assert tokens > 0
        if list(adapters) != ["alpha@1"]:
            return None
        passage = Passage(text="The heart is an organ.", origin=Origin(source="book.txt", place="line 3"))
        return [Message(role="system", content=passage.text), *messages], [passage]


def test_passages_are_put_beside_a_question_where_a_domain_has_some(shelf: Shelf) -> None:
    limits = ServeSettings()
    desk = Desk(shelf=shelf, limits=limits, meters=Meters(shelf), retrieval=Library())
    asked = ChatRequest.model_validate(
        {"model": "alpha", "messages": [{"role": "user", "content": "a"}], "retrieval": True}
    )
    asks = wanted.from_chat(asked, limits)

    def lease(name: str) -> Lease:
        member = shelf.aliases[name]
        return Lease(shelf=shelf, base=member.base, label=member.version.id, adapter=member.adapter, members=(member,))

    enriched, passages = asyncio.run(desk._enriched(asks, lease("alpha")))
    assert [message["content"] for message in enriched.asks[0].messages] == ["The heart is an organ.", "a"]
    assert passages[0].origin.source == "book.txt"
    with pytest.raises(HttpError, match="beta@1 has no knowledge on this server"):
        asyncio.run(desk._enriched(asks, lease("beta")))
