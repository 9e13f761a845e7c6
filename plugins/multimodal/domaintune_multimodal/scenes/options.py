"""The options of the builder of scenes, as users write them in `[data.options]`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

Kind: TypeAlias = Literal[
    "colour", "shape", "size", "count", "position", "relation", "existence", "comparison", "occlusion", "reasoning"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
MOST_THINGS = 8
"""More things than this have no room in a picture."""


def _option(default: Any, doc: str) -> Any:
    return field(default=default, metadata={"doc": doc})


@dataclass(frozen=True, kw_only=True)
class SceneOptions:
    """How many pictures are drawn, and what is asked about them."""

    train: int = _option(2000, "pictures to learn from, an example each")
    test: int = _option(100, "pictures to be tested on, each with a combination that no training picture shows")
    test_questions: int = _option(8, "questions about a test picture")
    conversation: float = _option(58.0, "share of conversations; the three shares are relative (LLaVA: 58, 23, 77)")
    detail: float = _option(23.0, "share of detailed descriptions")
    reasoning: float = _option(77.0, "share of reasoning: one question, answered in steps")
    turns: tuple[int, int] = _option((4, 6), "fewest and most questions of a conversation")
    things: tuple[int, int] = _option((1, 5), "fewest and most things in a picture")
    forms: int = _option(0, "most forms of a kind that are asked, the plainest first; 0: all")
    kinds: tuple[Kind, ...] = _option(KINDS, "what is asked about: " + ", ".join(KINDS))

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        _between("train", self.train, 1, 1_000_000)
        _between("test", self.test, 1, 100_000)
        _between("test_questions", self.test_questions, 1, 20)
        _between("forms", self.forms, 0, 100)
        for name in ("conversation", "detail", "reasoning"):
            _between(name, getattr(self, name), 0, 1e9)
        if not self.conversation + self.detail + self.reasoning:
            raise ValueError("conversation, detail and reasoning are all 0; give one of them a share")
        _range("turns", self.turns, 12)
        _range("things", self.things, MOST_THINGS)
        if not self.kinds or len(set(self.kinds)) < len(self.kinds):
            raise ValueError(f"kinds = {list(self.kinds)}: name at least one kind, and each once")
        if self.conversation and not self.talked_about:
            raise ValueError("conversations need a kind besides reasoning; name one, or set conversation = 0")
        if self.reasoning and "reasoning" not in self.kinds:
            raise ValueError(
                f"kinds lacks 'reasoning', of which reasoning = {self.reasoning:g} is a share; set it to 0"
            )

    @property
    def talked_about(self) -> tuple[Kind, ...]:
        """The kinds that have a short answer."""
        return tuple(kind for kind in self.kinds if kind != "reasoning")


def _between(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise ValueError(f"{name} = {value:,} is not between {least:,} and {most:,}")


def _range(name: str, value: tuple[int, int], most: int) -> None:
    if not 1 <= value[0] <= value[1] <= most:
        raise ValueError(f"{name} = {list(value)}: write the fewest and the most, from 1 to {most}")
