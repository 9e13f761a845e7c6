"""`check_plugin` finds what it says it finds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from domaintune.errors import DataError, PluginError
from domaintune.testing import check_plugin

GOOD = '''
from __future__ import annotations
from dataclasses import dataclass, field
from domaintune import Component, Domain, Example, Message, Origin, Score, hookimpl

@dataclass(frozen=True, kw_only=True)
class Options:
    """Options."""
    size: int = field(default=8, metadata={"doc": "examples"})

@hookimpl
def domaintune_domains():
    yield Domain(name="toy", summary="Toy", data="toy-sums", evaluators=("toy-same",),
                 presets={"quick": {"train": {"steps": 4}, "data": {"options": {"size": 4}}}})

@hookimpl
def domaintune_data_builders():
    yield Component(name="toy-sums", summary="Sums", load=lambda: build, options=Options)

@hookimpl
def domaintune_evaluators():
    yield Component(name="toy-same", summary="Same", load=lambda: grade)

def build(context):
    for number in range(context.options.size):
        a = context.rng.randrange(100)
        yield Example(prompt=(Message(role="user", content=f"{a} + 1"),),
                      completion=(Message(role="assistant", content=str(a + 1)),),
                      origin=Origin(source="made", place=str(number)))

def grade(example, answer):
    return Score(metric="same", value=float(answer == example.reference))
'''
FLAWS = {
    "imports faiss": ("from dataclasses", "import faiss\nfrom dataclasses"),
    "prints when it is imported": ("@hookimpl", "print('hello')\n@hookimpl"),
    "cannot be loaded": ("@hookimpl", "import a_package_that_is_not_there\n@hookimpl"),
    "offers nothing": ("yield", "return; yield"),
    "must be named 'toy', or begin with 'toy-'": ('name="toy-same"', 'name="same"'),
    "needs a summary": ('summary="Sums"', 'summary=" "'),
    "preset 'quick' .* does not resolve.*did you mean 'train.steps'": ('{"steps": 4}', '{"step": 4}'),
    "preset 'quick' .* does not resolve.*size": ('{"size": 4}', '{"size": "many"}'),
    "option 'size' of 'toy-sums' needs metadata": ('metadata={"doc": "examples"}', "metadata={}"),
    "must be a frozen dataclass": ("frozen=True", "frozen=False"),
    "two data sets for one seed": ("context.rng.randrange(100)", "__import__('random').randrange(10**9)"),
    "yields an empty completion": ("content=str(a + 1)", "content=' '"),
    "a prompt ends with the user's message, not": ('role="user"', 'role="assistant"'),
    "no chat has the roles": ('(Message(role="user"', '(Message(role="tool", content=""), Message(role="user"'),
    "a completion is what the assistant says": ('role="assistant"', 'role="user"'),
    "makes no example": ("range(context.options.size)", "()"),
    "is not pure": ("float(answer == example.reference)", "__import__('random').random()"),
    "higher must be better": ("answer == example.reference", "answer != example.reference"),
}


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Write a plugin module and check it."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    (tmp_path / "faiss.py").write_text("")

    def checked(source: str) -> None:
        sys.modules.pop("toy_plugin", None)
        (tmp_path / "toy_plugin.py").write_text(source)
        check_plugin("toy", "toy_plugin")

    yield checked
    sys.modules.pop("toy_plugin", None)


def test_a_good_plugin_passes(check: Callable[[str], None]) -> None:
    check(GOOD)


@pytest.mark.parametrize("message", FLAWS)
def test_a_flaw_is_named(message: str, check: Callable[[str], None]) -> None:
    before, after = FLAWS[message]
    assert before in GOOD
    with pytest.raises(AssertionError, match=message):
        check(GOOD.replace(before, after))


def test_a_part_that_does_not_exist_is_named(check: Callable[[str], None]) -> None:
    from domaintune.errors import PluginError

    with pytest.raises(PluginError, match=r"no evaluator named 'toy-sane' .did you mean 'toy-same'"):
        check(GOOD.replace('evaluators=("toy-same",)', 'evaluators=("toy-sane",)'))


SHARDS = GOOD.replace("Origin, Score,", "Batch, Origin, Score, Shard,")
SHARDS = SHARDS.replace("from dataclasses", "from functools import partial\nfrom dataclasses")
SHARDS = (
    SHARDS[: SHARDS.index("def build(")]
    + '''
def build(context):
    """Yield sums in shards."""
    for side in ("train", "test"):
        yield Shard(make=partial(sums, side, context.options.size), rows=context.options.size, side=side)


def sums(side, size):
    """Make one shard."""
    start = 0 if side == "train" else size
    prompts = [f"{number} + 1" for number in range(start, start + size)]
    answers = [str(number + 1) for number in range(start, start + size)]
    return Batch(prompts=prompts, completions=answers, groups=prompts, origin=Origin(source="made", place=side))


'''
    + SHARDS[SHARDS.index("def grade(") :]
)


def test_a_plugin_that_yields_shards_is_checked_like_any_other(check: Callable[[str], None]) -> None:
    check(SHARDS)
    with pytest.raises(PluginError, match="cannot be sent to another process"):
        check(SHARDS.replace("partial(sums, side, context.options.size)", "lambda: sums(side, context.options.size)"))
    with pytest.raises(AssertionError, match="yields an empty completion"):
        check(SHARDS.replace("str(number + 1)", '" "'))


def test_a_shard_of_the_test_side_is_made_too(check: Callable[[str], None]) -> None:
    with pytest.raises(ZeroDivisionError):
        check(SHARDS.replace("prompts = [", "1 / (side == 'train')\n    prompts = ["))


def test_a_builder_that_cannot_make_its_own_examples_is_refused(check: Callable[[str], None]) -> None:
    with pytest.raises(DataError, match="nothing today"):
        check(
            GOOD.replace(
                "for number in", "raise __import__('domaintune').DataError('nothing today')\n    for number in"
            )
        )


def test_a_word_that_is_lost_between_example_and_tokens_is_named(
    check: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from domaintune import prompts

    monkeypatch.setattr(prompts, "PLAIN_TEMPLATE", "{% for m in messages %}<{{ m['role'] }}>{% endfor %}")
    with pytest.raises(AssertionError, match=r"'toy-sums' does not render: '\d+ . 1' is not in the tokens"):
        check(GOOD)


def test_run_builder_returns_examples_and_what_was_dropped() -> None:
    from domaintune import Dropped, Example, Field, Message
    from domaintune.testing import run_builder

    def build(context):
        for row in context.rows(Field(name="a")):
            message = Message(role="user", content=row["a"])
            kept = Example(prompt=(message,), completion=(message,), origin=row.origin)
            yield kept if row["a"] else Dropped(origin=row.origin, reason="empty")

    examples, dropped = run_builder(build, [{"a": "two\nlines"}, {"a": ""}])
    assert [example.question for example in examples] == ["two\nlines"]
    assert [item.reason for item in dropped] == ["empty"]
