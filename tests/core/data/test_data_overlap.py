"""Training rows that give away what an evaluator will ask are found, whatever was done to them, and clean ones stay."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from typing import Any

import pytest
from data_support import adds_up, jsonl, pairs, run
from hypothesis import given
from hypothesis import strategies as st

from domaintune.contracts import Example, Message, Origin
from domaintune.data import Dataset, make
from domaintune.data.overlap import COMMON, Asked, Runs, Trap, item_name, without_asked
from domaintune.settings import DataSettings

OVERLAP = (10, 13)
FRAME = "Complete this function in Python so that it does what its docstring says, and reply with the whole of it."
VERBS = ("count", "sort", "merge", "reverse", "split", "group", "filter", "join", "rotate", "encode", "find", "sum up")
THINGS = ("words", "intervals", "prices", "matrices", "letters", "dates", "pairs", "scores", "paths", "tokens", "nodes")
PLACES = ("in a {} list", "in the {} string", "of one {} tree", "in a {} file", "of {} tables", "by their {} key")
WISHES = (
    "without {} recursion",
    "in one {} pass",
    "keeping the {} order",
    "ignoring {} case",
    "and stop at an empty {}",
)


def example(question: str, reference: str, place: str = "line 1", **meta: Any) -> Example:
    return Example(
        prompt=(Message(role="user", content=question),),
        completion=(Message(role="assistant", content=reference),),
        origin=Origin(source="made.jsonl", place=place),
        meta=meta,
    )


def problem(rng: random.Random, number: int, maker: str = "own") -> Example:
    """A problem as a code benchmark has it: a docstring with an example, and a solution of a few lines."""

    def noun() -> str:
        return "".join(rng.choice("bdfgklmnprstvz") + rng.choice("aeiou") for _ in range(rng.randint(2, 3)))

    name = "_".join([*rng.choice(VERBS).split(), noun(), rng.choice(THINGS)])
    values = [rng.randint(-99, 99) for _ in range(4)]
    what = f"{rng.choice(VERBS).capitalize()} the {rng.choice(THINGS)} {rng.choice(PLACES)} {rng.choice(WISHES)}"
    then = f"then {rng.choice(VERBS)} the {noun()} {rng.choice(THINGS)} {rng.choice(WISHES)}".format(noun())
    text = noun()
    question = (
        f'{FRAME}\n\ndef {name}({text}, limit):\n    """{what.format(noun(), noun())}, {then}.\n\n'
        f'    >>> {name}({values}, {rng.randint(1, 9)})\n    {sorted(values)[: rng.randint(1, 4)]}\n    """\n'
    )
    solution = (
        f"    kept = []\n    for {text}_item in {text}:\n        if {text}_item % {rng.randint(2, 99)} < limit:\n"
        f"            kept.append({text}_item + {rng.randint(2, 999)})\n    return sorted(kept, key=abs)[:limit]\n"
    )
    return example(question, solution, f"line {number + 1}", task_id=f"{maker}/{number}")


def problems(count: int, seed: int = 0, maker: str = "own") -> list[Example]:
    rng = random.Random(seed)
    return [problem(rng, number, maker) for number in range(count)]


ITEMS = problems(500)


def recased(text: str, rng: random.Random) -> str:
    return "".join(rng.choice((str.upper, str.lower))(letter) for letter in text)


def repunctuated(text: str, rng: random.Random) -> str:
    """The same words, with other signs and other white space between them."""
    return "".join(rng.choice((" ", "  ", "\n", "\t", " , ", "; ")) if c in " \n,;:\"'" else c for c in text)


def embedded(text: str, rng: random.Random) -> str:
    """A piece of the middle of a text, between others: enough words that it cannot be chance."""
    pieces = text.split()
    start = rng.randint(0, len(pieces) - 24) if len(pieces) > 24 else 0
    inner = " ".join(pieces[start : start + 24])
    return f"Here is something that I found elsewhere. {inner} That is all there is to say about the matter."


@pytest.mark.parametrize("change", [lambda text, _: text, recased, repunctuated])
@pytest.mark.parametrize("where", ["question", "completion"])
def test_every_planted_copy_is_found(change: Any, where: str) -> None:
    rng = random.Random(7)
    for number, item in enumerate(ITEMS):
        copied = change(item.question if number % 2 else item.reference, rng)
        question, answer = (copied, "x") if where == "question" else ("Do something.", f"```python\n{copied}```")
        row = example(question, answer)
        assert f"own/{number}" in Trap([item], OVERLAP).caught(row)


@pytest.mark.parametrize("change", [lambda text, _: text, recased, repunctuated, embedded])
def test_of_500_planted_rows_all_are_dropped(change: Any) -> None:
    rng = random.Random(8)
    texts = [item.question.removeprefix(FRAME) if n % 2 else item.reference for n, item in enumerate(ITEMS)]
    rows = [example(change(text, rng), f"answer {n}", f"line {n + 1}") for n, text in enumerate(texts)]
    kept, dropped = without_asked(rows, [Asked(evaluator="made", items=ITEMS)], OVERLAP)
    assert [row.question for row in kept] == []
    assert {item.reason for item in dropped} == {"contamination"}


def test_of_5000_clean_rows_at_most_one_in_200_is_dropped() -> None:
    """Clean rows are made by the same grammar, with the same frame: as near as strangers come."""
    clean = problems(5000, seed=1, maker="train")
    kept, _ = without_asked(clean, [Asked(evaluator="made", items=ITEMS)], OVERLAP)
    assert len(kept) >= 4975


def test_real_rows_are_clean_of_real_items(shared_data: Any) -> None:
    from domaintune import records

    seeds = [row for row, _ in records(shared_data / "alpaca-seed-tasks/seed_tasks.jsonl")]
    items = [example(row["instruction"], row["instances"][0]["output"], task_id=row["id"]) for row in seeds]
    file = next((shared_data / "code-alpaca").glob("*.json"))
    rows = [example(row["instruction"], row["output"], str(n)) for n, (row, _) in enumerate(records(file))][:5000]
    kept, dropped = without_asked(rows, [Asked(evaluator="seeds", items=items)], OVERLAP)
    assert len(kept) >= 0.995 * len(rows), [item.detail for item in dropped]


@given(st.lists(st.sampled_from("abcdef"), min_size=0, max_size=60), st.integers(1, 14), st.integers(0, 40))
def test_a_run_is_found_wherever_it_stands_and_only_then(text: list[str], n: int, start: int) -> None:
    item = [letter + letter for letter in text[start : start + n + 3]]
    runs = Runs([("it", [item])], n, n)
    doubled = [letter + letter for letter in text]
    joined = [" ".join(item[i : i + n]) for i in range(len(item) - n + 1)]
    assert bool(runs.shared(doubled)) is bool(joined)
    assert not runs.shared(text)
    for run_ in joined:
        assert runs.shared([*text, *run_.split(), *text])


def test_the_ledger_says_which_item_and_what_is_shared() -> None:
    item = ITEMS[12]
    caught = Trap(ITEMS, OVERLAP).caught
    assert caught(example(item.question, "x")) == "the same text as own/12"
    long = caught(example(f"Please help me. {item.question.removeprefix(FRAME)}", "x"))
    assert long.startswith("shares 10 words in a row with own/12: '")
    assert len(long) < 140
    assert caught(example("Do it.", f"Sure!\n{item.reference}")).startswith("shares 13 words in a row with own/12: '")


def test_an_item_without_a_task_id_is_named_by_its_origin() -> None:
    assert item_name(example("a", "b", "line 7")) == "made.jsonl, line 7"
    assert item_name(ITEMS[3]) == "own/3"


def test_a_short_question_is_found_whole() -> None:
    item = example("How many legs has a spider?", "eight", task_id="q/1")
    caught = Trap([item], OVERLAP).caught
    assert caught(example("HOW MANY legs has a spider", "8")) == "the same text as q/1"
    held = caught(example("Tell me: how many legs has a spider? And an ant?", "8"))
    assert held == "holds the whole of q/1: 'how many legs has a spider'"
    assert not caught(example("How many legs has an ant?", "six"))


def test_a_short_question_in_a_long_one_is_a_turn_of_phrase() -> None:
    caught = Trap([example("Sort a list of words by length", "-", task_id="q/1")], OVERLAP).caught
    assert caught(example("In Python, sort a list of words by length.", "x")) == (
        "holds the whole of q/1: 'sort a list of words by length'"
    )
    assert not caught(
        example("Read a file, sort a list of words by length, and print a table of the ten longest.", "x")
    )


LOOP = "    for i in range(2, int(n ** 0.5) + 1):\n        if n % i == 0:\n            return False\n    return True\n"
FIB = "    if n == 0:\n        return 0\n    if n == 1:\n        return 1\n    return fib(n - 1) + fib(n - 2)\n"


@pytest.mark.parametrize("anybodys", [LOOP, FIB], ids=["loop", "fib"])
def test_what_everybody_writes_is_no_copy(anybodys: str) -> None:
    """Thirteen words of a program that are all of the language are a line and a half."""
    item = example(
        "Write f.", f"```python\ndef f(n: int):\n{anybodys}\nlargest = sum_digits(found)\n```", task_id="q/1"
    )
    caught = Trap([item], OVERLAP).caught
    assert not caught(
        example("Do it.", f"Sure:\n```python\ndef my_own(n):\n    if n < 2:\n        return n\n{anybodys}```")
    )
    assert caught(example("Do it.", item.reference)) == "the same text as q/1"
    assert caught(example("Do it.", f"Sure!\n{item.reference}")).startswith("shares 13 words in a row with q/1: '")


def test_twice_as_many_words_are_a_copy_without_names() -> None:
    body = "".join(f"    if n % {k} == {k - 1} and i > {k * k}:\n        return n + {k}\n" for k in range(3, 7))
    caught = Trap([example("Write f.", f"def f(n, i):\n{body}", task_id="q/1")], OVERLAP).caught
    assert caught(example("Do it.", f"Here:\n{body}")).startswith("shares 26 words in a row with q/1: '")
    assert not caught(example("Do it.", "Here:\n" + "".join(body.splitlines(keepends=True)[:4])))


def test_short_answers_give_nothing_away() -> None:
    items = [example(f"Is number {n} a prime, or is it not one?", "yes" if n % 2 else str(n)) for n in range(9)]
    caught = Trap(items, OVERLAP).caught
    assert not caught(example("Is the sky blue?", "yes"))
    assert not caught(example("What is two plus two?", "4"))
    assert not caught(example("yes", "4"))


def test_a_question_of_two_words_is_found_as_the_whole_of_a_question_only() -> None:
    caught = Trap([example("Sort words", "-", task_id="q/1")], OVERLAP).caught
    assert caught(example("sort WORDS!", "x")) == "the same text as q/1"
    assert not caught(example("Sort words by length.", "sort words"))


def test_what_three_items_share_is_boilerplate() -> None:
    frame = "Reply with one word from this list of eight colours and with nothing else at all please."
    for count, wanted in ((COMMON - 1, True), (COMMON, False)):
        items = [example(f"{frame} What colour is {thing}?", "-", task_id=thing) for thing in "abcd"[:count]]
        assert bool(Trap(items, OVERLAP).caught(example(frame, "red"))) is wanted


def test_an_item_in_two_forms_is_one_item() -> None:
    forms = [item for item in ITEMS[:4] for _ in range(4)]
    assert Trap(forms, OVERLAP).caught(example(ITEMS[2].question, "x")) == "the same text as own/2"


def test_numbers_in_a_row_are_no_evidence() -> None:
    counted = ", ".join(map(str, range(1, 15)))
    item = example(f"Which of these numbers are even? {counted}", "the even ones", task_id="n/1")
    assert not Trap([item], OVERLAP).caught(example(f"Add {counted}.", "105"))


def test_an_item_with_an_image_is_not_its_question() -> None:
    from dataclasses import replace

    item = replace(example("What is shown in the picture on the left of the page?", "a cat"), images=("cat.png",))
    assert not Trap([item], OVERLAP).caught(example(item.question, "a dog"))


def test_system_messages_are_no_rows_of_their_own() -> None:
    said = Message(role="system", content=ITEMS[0].question)
    row = Example(prompt=(said, Message(role="user", content="Hi")), completion=(), origin=Origin(source="a"))
    assert not Trap(ITEMS, OVERLAP).caught(row)


def test_earlier_turns_count() -> None:
    turns = [Message(role=role, content=text) for role, text in (("user", ITEMS[5].question), ("assistant", "no"))]
    row = Example(prompt=(*turns, Message(role="user", content="Why?")), completion=(), origin=Origin(source="a"))
    assert Trap(ITEMS, OVERLAP).caught(row) == "the same text as own/5"


def test_the_setting_says_how_many_words() -> None:
    piece = " ".join(ITEMS[0].question.removeprefix(FRAME).split()[6:12])
    row = example(f"Now. {piece}", "x")
    assert not Trap(ITEMS[:1], (10, 13)).caught(row)
    assert Trap(ITEMS[:1], (4, 13)).caught(row)


class Solver:
    """Says that rows with an odd answer solve an item, and remembers what it was shown."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, train: Sequence[Example]) -> dict[int, str]:
        self.seen = [row.question for row in train]
        return {n: "solves own/1" for n, row in enumerate(train) if row.reference[-1] in "13579"}


def built(tmp_path: Any, rows: Sequence[dict[str, str]], *asked: Asked, **settings: Any) -> Dataset:
    from data_support import copy

    source = jsonl(tmp_path / "rows.jsonl", rows)
    chosen = DataSettings(sources=(str(source),), test_fraction=0.2, **settings)
    made = make("tiny", copy, None, chosen, seed=0, max_length=None, count_tokens=None, asked=asked)
    assert isinstance(made, Dataset)
    adds_up(made)
    return made


def test_what_solves_an_item_is_dropped_after_what_holds_one(tmp_path: Any) -> None:
    rows = [*pairs(40), {"question": ITEMS[4].question, "answer": "answer 2"}]
    plain = built(tmp_path, rows)
    solver = Solver()
    made = built(tmp_path, rows, Asked(evaluator="made", items=ITEMS, given_away=solver))
    gone = {(entry.line, entry.detail) for entry in made.ledger.dropped}
    assert {detail for _, detail in gone} == {"solves own/1", "the same text as own/4"}
    assert ITEMS[4].question not in solver.seen
    assert made.test == plain.test, "the test side is left alone"
    assert {row.origin for row in plain.train} - {row.origin for row in made.train} == {
        Origin(source=str(tmp_path / "rows.jsonl"), place=f"line {line}") for line, _ in gone
    }
    assert made.ledger.counts == {"contamination": len(gone)}


def test_every_row_given_away_leaves_nothing_to_train_on(tmp_path: Any) -> None:
    from domaintune.errors import DataError

    asked = Asked(evaluator="made", items=ITEMS, given_away=lambda train: dict.fromkeys(range(len(train)), "solves"))
    with pytest.raises(DataError, match=r"no training rows are left .*contamination"):
        built(tmp_path, pairs(20), asked)


def test_without_items_nothing_changes(tmp_path: Any) -> None:
    rows = pairs(30)
    assert built(tmp_path, rows) == built(tmp_path, rows, Asked(evaluator="made", items=[]))
    assert run(jsonl(tmp_path / "a.jsonl", rows), test_fraction=0.2).ledger.counts == {}


@pytest.mark.soak
def test_a_hundred_thousand_rows_against_a_thousand_items_take_seconds() -> None:
    rows, items = problems(100_000, seed=3, maker="train"), problems(1000)
    began = time.monotonic()
    without_asked(rows, [Asked(evaluator="made", items=items)], OVERLAP)
    assert time.monotonic() - began < 60
