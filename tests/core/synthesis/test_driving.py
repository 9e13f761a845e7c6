"""Evolving for a builder: the notes, the bar, a recording that repeats the data set, and the page's twenty lines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest
from scripted_teacher import Crowd, Scripted

from domaintune import BuildContext, DataError, Dropped, Example, Field, Sampling, Usage
from domaintune.data.context import Context
from domaintune.settings import DataSettings
from domaintune.synthesis import GENERAL, Acceptance, EvolveOptions, Task, elimination, evolved
from domaintune.synthesis.driving import status

PAGE = Path(__file__).parents[3] / "docs" / "synthesis.md"
ROWS = [{"task": f"Describe thing number {n}.", "answer": "So." if n % 2 else ""} for n in range(6)]


def table(folder: Path) -> str:
    file = folder / "seeds.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return str(file)


def things(context: BuildContext) -> Iterator[Example | Dropped]:
    """Evolve descriptions."""
    fields = (Field(name="task"), Field(name="answer", required=False))
    tasks = (Task(text=row["task"], answer=row["answer"] or None, origin=row.origin) for row in context.rows(*fields))
    for item in evolved(context, tasks, GENERAL, context.options):
        yield item.example() if isinstance(item, Task) else item


def context_with(teacher: object, folder: Path, options: object = None) -> Context:
    context = Context("things", options, DataSettings(sources=(table(folder),)), seed=0)
    context.teacher = lambda: teacher  # type: ignore[method-assign]
    return context


def test_a_builder_evolves_its_rows_and_the_books_agree(tmp_path: Path) -> None:
    context = context_with(Scripted(), tmp_path, EvolveOptions(rounds=2))
    examples, dropped = context.call(things)
    assert (len(examples), dropped) == (18, [])
    assert {example.group for example in examples} == {row["task"] for row in ROWS}
    assert [note.partition(":")[0] for note in context.notes] == ["round 1", "round 2"]
    assert context.notes[0].startswith("round 1: 6 of 6 evolved (100 %): ")


def test_the_bar_tells_what_was_accepted_and_spent(tmp_path: Path) -> None:
    shown: list[tuple[int, int, str]] = []

    @contextmanager
    def progress(title: str, total: int | None = None) -> Iterator[Callable[..., None]]:
        assert title == "evolving"
        yield lambda done, total, note="": shown.append((done, total, note))

    context = context_with(Crowd(4), tmp_path)
    context.progress = progress  # type: ignore[method-assign]
    context.call(things)
    assert shown[-1] == (21, 21, "100 % accepted, 1,000 tokens, 3 from the store, $0.25")
    assert len(shown) < 21


def test_a_status_leaves_out_what_is_not_known() -> None:
    assert status(Acceptance(), None) == status(Acceptance(), Usage()) == ""
    assert status(Acceptance(), Usage(prompt_tokens=5)) == "5 tokens"


def test_without_a_teacher_it_says_how_to_name_one(tmp_path: Path) -> None:
    context = Context("things", None, DataSettings(sources=(table(tmp_path),)), seed=0)
    with pytest.raises(DataError, match="asks a teacher, and none is named"):
        context.call(things)


def test_a_teacher_that_is_named_and_not_asked_is_noted(tmp_path: Path) -> None:
    def idle(context: BuildContext) -> Iterator[Dropped]:
        yield from (Dropped(origin=row.origin, reason="idle") for row in context.rows(Field(name="task")))

    settings = DataSettings(sources=(table(tmp_path),), teacher="teacher-replay", teacher_options={"file": "none"})
    context = Context("idle", EvolveOptions(rounds=0), settings, seed=0)
    context.call(idle)
    assert context.notes == [
        "the teacher 'teacher-replay' is not asked: the options call for none; data.options.rounds = 0"
    ]


def test_a_recording_gives_the_same_data_set_again(tmp_path: Path) -> None:
    from domaintune.defaults.teacher_options import ReplayOptions
    from domaintune.defaults.teacher_replay import Replay

    recorded: list[dict[str, object]] = []

    class Recording(Scripted):
        def answer(self, messages: list, sampling: Sampling) -> str | None:
            reply = super().answer(messages, sampling)
            recorded.append({"messages": messages, "answer": reply})
            return reply

    first = context_with(Recording(), tmp_path, EvolveOptions(rounds=2)).call(things)
    file = tmp_path / "recording.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in recorded), encoding="utf-8")
    replay = Replay(ReplayOptions(file=str(file)))
    assert context_with(replay, tmp_path, EvolveOptions(rounds=2)).call(things) == first


def test_a_killed_run_goes_on_without_asking_twice(tmp_path: Path) -> None:
    store: dict[str, str | None] = {}

    class Stored(Scripted):
        def __init__(self, left: int) -> None:
            super().__init__()
            self.left = left

        def answer(self, messages: list, sampling: Sampling) -> str | None:
            key = json.dumps([messages, vars(sampling)])
            if key not in store:
                if not self.left:
                    raise KeyboardInterrupt
                self.left -= 1
                store[key] = super().answer(messages, sampling)
            return store[key]

    for _ in range(5):
        with pytest.raises(KeyboardInterrupt):
            context_with(Stored(7), tmp_path, EvolveOptions(rounds=2)).call(things)
    last = Stored(7)
    examples, _ = context_with(last, tmp_path, EvolveOptions(rounds=2)).call(things)
    assert len(examples) == 18
    assert len(store) == 39 == 5 * 7 + len(last.asked)


def test_the_sentence_of_a_round_names_operators_and_reasons() -> None:
    acceptance = Acceptance()
    for place in range(60):
        fault = None if place >= 19 else "copy-of-parent" if place < 8 else "declined" if place < 18 else "apology"
        acceptance.book(1, "constraint" if place % 5 == 0 else "input", fault)
    acceptance.unjudged[1] = 2
    assert acceptance.sentence(1) == (
        "round 1: 41 of 60 evolved (68 %): constraint 8 of 12, input 33 of 48; "
        "19 eliminated: declined 10, copy-of-parent 8, apology 1; about 2 the judge gave no verdict"
    )
    assert acceptance.rate == 41 / 60
    assert acceptance.sentences() == [acceptance.sentence(1)]
    assert acceptance.sentence(2) == "round 2: nothing to evolve"


def shown_blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def test_the_builder_on_the_page_has_twenty_lines_and_works(tmp_path: Path) -> None:
    source = shown_blocks()[0]
    assert len([line for line in source.splitlines() if line.strip()]) <= 20
    module = ModuleType("shown_synthesis")
    exec(compile(source, "docs/synthesis.md", "exec", dont_inherit=True), vars(module))
    context = context_with(Scripted(), tmp_path, EvolveOptions(rounds=1))
    examples, dropped = context.call(module.cooking)
    assert (len(examples), dropped) == (12, [])
    assert {name for example in examples for name in example.meta["lineage"]["operators"]} <= {"swap", "guests"}


def test_the_options_on_the_page_are_those_there_are() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name, option in EvolveOptions.__dataclass_fields__.items():
        assert f"| `{name}` | {option.default} | {option.metadata['doc']} |" in page


def test_every_reason_is_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8").partition("## Eliminated")[2].partition("\n## ")[0]
    listed = set(re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE))
    package = Path(elimination.__file__).parent
    sources = "".join((package / name).read_text(encoding="utf-8") for name in ("elimination.py", "evolution.py"))
    assert listed == set(re.findall(r'Fault\("([a-z-]+)"', sources))
