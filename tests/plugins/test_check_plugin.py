"""`check_plugin` finds what it says it finds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

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
