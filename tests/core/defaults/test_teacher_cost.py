"""What is told of a teacher after a build: how much it answered, and what that cost."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from domaintune import BuildContext, Dropped, Example, Field, Message, Sampling, Usage, data
from domaintune.data import stage
from domaintune.files import write_jsonl
from domaintune.settings import DataSettings
from domaintune.teachers import Recorder, Silent, together, told

FULL = Usage(requests=1234, cached=200, prompt_tokens=345_678, completion_tokens=123_456, cost=1.2345)


def chat(text: str) -> list[Message]:
    return [Message(role="user", content=text)]


def asking(context: BuildContext) -> Iterator[Example | Dropped]:
    """Ask a teacher about every row, where one is named."""
    for row in context.rows(Field(name="q")):
        answer = context.teacher().answer(chat(row["q"]), Sampling()) if context.options["ask"] else "A"
        yield Example(
            prompt=tuple(chat(row["q"])),
            completion=({"role": "assistant", "content": answer or ""},),
            origin=row.origin,
        )


def made(folder: Path, *, ask: bool = True) -> data.Dataset:
    words = ["red", "green", "blue", "black", "white", "amber", "ivory", "olive", "coral", "khaki"]
    write_jsonl(folder / "rows.jsonl", [{"q": f"{word} {word[::-1]} {number}"} for number, word in enumerate(words)])
    recorded = [{"messages": chat(f"{word} {word[::-1]} {n}"), "answer": f"A {word}"} for n, word in enumerate(words)]
    write_jsonl(folder / "answers.jsonl", recorded)
    settings = DataSettings(
        sources=(str(folder / "rows.jsonl"),),
        teacher="teacher-replay",
        test_fraction=0.3,
        teacher_options={"file": str(folder / "answers.jsonl")},
    )
    done = data.make("asking", asking, {"ask": ask}, settings, seed=1, max_length=None, count_tokens=None)
    assert isinstance(done, data.Dataset)
    return done


@pytest.mark.parametrize(
    ("usage", "says"),
    [
        (FULL, "1,234 answers (200 from the store), 345,678 + 123,456 tokens, cost 1.23"),
        (Usage(requests=1, prompt_tokens=9, cost=0.00012345), "1 answer, 9 + 0 tokens, cost 0.00012"),
        (Usage(requests=3, cached=3), "3 answers (3 from the store)"),
    ],
)
def test_a_sentence_says_what_a_teacher_cost(usage: Usage, says: str) -> None:
    assert told("teacher-openai", usage) == f"teacher teacher-openai: {says}"


def test_what_several_took_is_added_up() -> None:
    twice = together([FULL, FULL])
    assert (twice.requests, twice.cached, twice.prompt_tokens, twice.cost) == (2468, 400, 691_356, 2.469)
    assert together([Usage(requests=1), Usage()]) == Usage(requests=1)


def test_of_a_teacher_that_does_not_count_its_answers_are_counted() -> None:
    teacher = Recorder(Silent())
    teacher.answer(chat("a"), Sampling())
    assert teacher.usage == Usage(requests=1)


def test_a_data_set_knows_what_its_teacher_took(tmp_path: Path) -> None:
    assert made(tmp_path).usage == Usage(requests=10, cached=10)
    assert made(tmp_path, ask=False).usage is None


def test_the_stage_tells_it_and_keeps_it_on_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert stage._of_teacher(made(tmp_path), "teacher-replay") == {
        "teacher": {"requests": 10, "cached": 10, "prompt_tokens": 0, "completion_tokens": 0, "cost": None}
    }
    assert capsys.readouterr().err == "  teacher teacher-replay: 10 answers (10 from the store)\n"
    assert stage._of_teacher(made(tmp_path, ask=False), "teacher-replay") == {}
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(os.name != "posix", reason="no modes")
def test_only_their_owner_may_read_what_was_asked(tmp_path: Path) -> None:
    data.write(made(tmp_path), tmp_path / "data")
    assert stat.S_IMODE((tmp_path / "data" / "teacher.jsonl").stat().st_mode) == 0o600
