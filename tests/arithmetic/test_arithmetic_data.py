"""Goat's data: the paper's numbers of rows, right targets, no problem twice where there are enough, none held out."""

from __future__ import annotations

import random
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domaintune import Batch, DataError
from domaintune.data import load, make
from domaintune.errors import SettingsError
from domaintune.plan import make_plan
from domaintune.plugins import catalog
from domaintune.settings import DataSettings, validate
from domaintune_arithmetic.checking import wrong
from domaintune_arithmetic.data import cells, shards
from domaintune_arithmetic.held_out import SHARE, held_out, mask
from domaintune_arithmetic.options import GoatOptions
from domaintune_arithmetic.problems import PIECE, pieces, problems
from domaintune_arithmetic.steps import WORK, divided, long_divided, multiplied
from domaintune_arithmetic.strata import PARTS, of_paper, selected

FACTS = {
    "addition": 304_000, "subtraction": 304_000, "multiplication-by-digit": 185_500, "multiplication": 420_000,
    "division-by-digit": 187_800, "division": 345_000,
}  # fmt: skip
GOLDEN = [
    ("addition", 12, 345, "12 + 345 = 357"),
    ("subtraction", 12, 345, "12 - 345 = -333"),
    ("multiplication-by-digit", 7, 1234, "7 * 1234 = 8638"),
    ("multiplication", 397, 44, "397 * 44 = 397 * (40 + 4) = 397 * 40 + 397 * 4 = 15880 + 1588 = 17468"),
    (
        "multiplication", 397, 4429,
        "397 * 4429 = 4429 * 397 = 4429 * (300 + 90 + 7) = 4429 * 300 + 4429 * 90 + 4429 * 7 = "
        "1328700 + 398610 + 31003 = 1727310 + 31003 = 1758313",
    ),
    ("multiplication", 4429, 307, "4429 * 307 = 4429 * (300 + 7) = 4429 * 300 + 4429 * 7 = 1328700 + 31003 = 1359703"),
    ("multiplication", 300, 4429, "300 * 4429 = 1328700"),
    ("multiplication", 4429, 5000, "4429 * 5000 = 22145000"),
    ("division-by-digit", 8914, 6, "8914 / 6 = 1485 R 4"),
    ("division-by-digit", 8914, 2, "8914 / 2 = 4457"),
    ("division-by-digit", 8914, 0, "8914 / 0 is undefined"),
    ("division-by-digit", 0, 8914, "0 / 8914 = 0"),
    (
        "division", 8914, 64,
        "8914 - 64 * 100 = 8914 - 6400 = 2514\n2514 - 64 * 30 = 2514 - 1920 = 594\n"
        "594 - 64 * 9 = 594 - 576 = 18\nTherefore, 8914 / 64 = 139 R 18",
    ),
    ("division", 12_840, 64, "12840 - 64 * 200 = 12840 - 12800 = 40\nTherefore, 12840 / 64 = 200 R 40"),
    ("division", 64, 64, "64 / 64 = 1"),
    ("division", 63, 64, "63 / 64 = 0 R 63"),
]  # fmt: skip


class Asked:
    """A build context with a seed and, perhaps, a tokenizer."""

    def __init__(self, options: Any, seed: int = 0, pieces: Any = None) -> None:
        self.options, self.rng, self.notes = options, random.Random(seed), []
        self.tokens = pieces or {}.get
        self.note = self.notes.append


@cache
def lessons(scale: float = 0.012, seed: int = 0) -> tuple[Batch, ...]:
    """About 20,000 rows of all strata."""
    return tuple(part.make() for part in shards(Asked(GoatOptions(scale=scale), seed)) if part.side == "train")


@pytest.mark.parametrize(("part", "a", "b", "target"), GOLDEN)
def test_targets_are_written_as_the_paper_does(part: str, a: int, b: int, target: str) -> None:
    worked = WORK[part](a, b)
    assert worked[1] == target
    assert wrong(*worked) is None


def test_the_paper_has_its_number_of_rows_part_by_part() -> None:
    counts: Counter[str] = Counter()
    for stratum in of_paper():
        counts[stratum.part] += stratum.rows
    assert counts == FACTS
    assert sum(counts.values()) == 1_746_300
    assert len({stratum.name for stratum in of_paper()}) == len(of_paper())


def test_the_paper_preset_yields_its_rows() -> None:
    plan = make_plan(catalog(), "arithmetic", preset="paper")
    made = make(
        plan.builder.name, plan.builder.load(), plan.builder_options, plan.settings.data, seed=0, max_length=None,
        count_tokens=None,
    )  # fmt: skip
    assert made.rows("train") == 1_746_300


def test_twenty_thousand_targets_are_right() -> None:
    rows = 0
    for batch in lessons():
        for expression, target, answer in zip(
            batch.meta["input"], batch.completions, batch.meta["answer"], strict=True
        ):
            assert wrong(expression, target, answer) is None, expression
            rows += 1
    assert rows > 20_000


def test_a_wrong_target_never_leaves_the_builder(monkeypatch: pytest.MonkeyPatch) -> None:
    from domaintune_arithmetic import data

    monkeypatch.setitem(data.WORK, "addition", lambda a, b: (f"{a} + {b}", f"{a} + {b} = {a + b + 1}", f"{a + b + 1}"))
    part = next(iter(shards(Asked(GoatOptions(parts=("addition",))))))
    with pytest.raises(AssertionError, match="addition"):
        part.make()


@given(st.sampled_from(sorted(PARTS)), st.integers(0, 10**9), st.integers(1, 10**9))
def test_any_problem_is_worked_rightly(part: str, a: int, b: int) -> None:
    b = b % 9 + 1 if part == "division-by-digit" else b + 9 if part == "division" else b
    assert wrong(*WORK[part](a, b)) is None


@given(st.integers(0, 10**12), st.integers(0, 10**6))
def test_division_gives_back_the_dividend(a: int, b: int) -> None:
    said = (long_divided if b else divided)(a, b)[2]
    if b == 0:
        assert said == "undefined"
    else:
        quotient, _, rest = said.partition(" R ")
        assert int(quotient) * b + int(rest or 0) == a
        assert int(rest or 0) < b


@given(st.integers(0, 10**8), st.integers(0, 10**8))
def test_products_have_steps_exactly_where_both_factors_have_two_digits_that_count(a: int, b: int) -> None:
    plain = any(len(str(n).rstrip("0")) <= 1 for n in (a, b))
    assert (" (" in multiplied(a, b)[1]) is not plain


@given(st.sampled_from("+-*"), st.integers(0, 2**63), st.integers(0, 2**63))
def test_the_order_of_the_numbers_does_not_decide_what_is_held_out(sign: str, a: int, b: int) -> None:
    assert held_out(sign, a, b) is held_out(sign, b, a)


def test_one_problem_in_ten_is_held_out() -> None:
    draws = np.random.default_rng(0)
    a, b = (draws.integers(0, 10**15, 50_000, dtype=np.uint64) for _ in range(2))
    for sign in "+-*/":
        assert mask(sign, a, b).mean() == pytest.approx(1 / SHARE, abs=0.006)


def test_no_training_problem_is_held_out_and_every_test_problem_is() -> None:
    for part in shards(Asked(GoatOptions(scale=0.012, test=20))):
        for expression in part.make().meta["input"]:
            a, sign, b = expression.split()
            assert held_out(sign, int(a), int(b)) is (part.side == "test"), expression


def test_no_problem_is_made_twice_where_there_are_enough() -> None:
    chosen = [s for s in of_paper() if min(len(str(s.left[1])), len(str(s.right[1]))) >= 3]
    assert len(chosen) > 150
    seen: set[tuple[str, int, int]] = set()
    for stratum in selected(tuple(PARTS), (1, 17), {}, 0.2):
        if stratum.name not in {other.name for other in chosen}:
            continue
        a, b = problems(stratum, 0, 0)
        fresh = {(stratum.operation, x, y) for x, y in zip(a.tolist(), b.tolist(), strict=True)}
        assert len(fresh) == stratum.rows, stratum.name
        assert not fresh & seen, stratum.name
        seen |= fresh


def test_a_small_space_is_repeated_evenly() -> None:
    single = next(s for s in of_paper() if s.part == "addition" and s.left == s.right == (0, 9))
    a, b = problems(single, 0, 0)
    counts = Counter(zip(a.tolist(), b.tolist(), strict=True))
    assert len(counts) == 100 - sum(held_out("+", x, y) for x in range(10) for y in range(10))
    assert max(counts.values()) - min(counts.values()) <= 1


def test_pieces_of_a_large_stratum_share_no_problem() -> None:
    wide = next(s for s in selected(("addition",), (9, 9), {"addition": 200_000}, 1.0) if len(pieces(s)) > 1)
    sizes = pieces(wide)
    assert sum(sizes) == wide.rows
    assert max(sizes) <= PIECE
    parts = [set(zip(*map(np.ndarray.tolist, problems(wide, 3, n)), strict=True)) for n in range(len(sizes))]
    assert len(set.union(*parts)) == wide.rows


def test_the_longer_number_has_the_digits_of_its_stratum() -> None:
    for stratum in selected(tuple(PARTS), (1, 17), {}, 0.004):
        a, b = problems(stratum, 1, 0)
        least, most = stratum.digits
        for x, y in zip(a.tolist(), b.tolist(), strict=True):
            assert least <= max(len(str(x)), len(str(y))) <= most, stratum.name
        if stratum.kind == "long-exact":
            assert not (a % b).any()
        if stratum.kind in {"rest", "long-rest"}:
            assert (a % b).all()


def test_equal_seeds_give_equal_rows_and_other_seeds_others() -> None:
    assert lessons(0.004, 1) == tuple(
        part.make() for part in shards(Asked(GoatOptions(scale=0.004), 1)) if part.side == "train"
    )
    assert lessons(0.004, 1) != lessons(0.004, 2)


def test_the_files_are_the_same_in_any_number_of_processes(tmp_path: Path) -> None:
    options = GoatOptions(scale=0.002, test=3)
    for processes in (1, 2):
        data = make("arithmetic-goat", shards, options, DataSettings(), seed=4, max_length=None, count_tokens=None)
        data.write(tmp_path / str(processes), processes=processes)
    for name in ("train.jsonl", "test.jsonl"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes()
    example = load(tmp_path / "1", "test")[0]
    assert example.tags == {"add", "add-1D"}
    assert set(example.meta) == {"input", "answer"}


def test_groups_are_the_same_for_either_order() -> None:
    for batch in lessons(0.004, 1):
        for expression, group in zip(batch.meta["input"], batch.groups, strict=True):
            a, sign, b = expression.split()
            first, _, second = group.split()
            assert sorted((first, second)) == sorted((a, b))
            assert sign == "/" or int(first) <= int(second)


def test_parts_and_digits_choose_the_cells_that_are_tested() -> None:
    def tags(**options: Any) -> list[str]:
        return [cell.tag for cell in cells(GoatOptions(**options))]

    assert len(tags()) == 32
    assert tags(parts=("addition", "subtraction"), max_digits=3) == [
        "add-1D", "add-2D", "add-3D", "sub-1D", "sub-2D", "sub-3D",
    ]  # fmt: skip
    assert tags(parts=("division-by-digit",)) == ["div-1D", "div-16D/1D"]
    assert "mul-1Dx16D" not in tags(parts=("multiplication",))


def test_hard_shifts_rows_to_longer_numbers_and_keeps_the_total() -> None:
    def rows(hard: float) -> dict[str, int]:
        return {s.name: s.rows for s in GoatOptions(parts=("addition",), max_digits=3, hard=hard).strata()}

    even, hard = rows(0), rows(2)
    assert sum(even.values()) == sum(hard.values()) == 7000
    assert hard["addition pair 100-999 100-999"] > even["addition pair 100-999 100-999"]


def test_the_result_alone_can_be_learned_and_a_system_message_set() -> None:
    options = GoatOptions(parts=("addition",), max_digits=1, target="result", system="Calculate.", bare=1, noise=False)
    batch = next(iter(shards(Asked(options)))).make()
    assert batch.completions == batch.meta["answer"]
    assert batch.prompts == batch.meta["input"]
    assert batch.system == "Calculate."


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"parts": ["adition"]}, "unknown part 'adition' (did you mean 'addition'?)"),
        ({"parts": []}, "no problem of any part"),
        ({"rows": {"roots": 5}}, "unknown part 'roots'; parts: addition"),
        ({"rows": {"addition": 0}}, "rows of addition = 0 is not between 1 and 100,000,000"),
        ({"rows": {"addition": 10**12}}, "rows of addition = 1,000,000,000,000 is not between"),
        ({"rows": dict.fromkeys(PARTS, 10**8)}, "600,000,000 rows are more than the 100,000,000 that can be made"),
        ({"parts": ["addition"], "rows": {"division": 5}}, "which is not among the parts: addition"),
        ({"parts": ["addition", "addition"]}, "name each part once"),
        ({"scale": 0}, "no problem of addition"),
        ({"scale": -1}, "scale = -1.0 is not between 0 and 1,000"),
        ({"scale": float("nan")}, "scale = nan is not between"),
        ({"min_digits": 5, "max_digits": 3}, "max_digits = 3 is not between 5 and 17"),
        ({"min_digits": 0}, "min_digits = 0 is not between 1 and 17"),
        ({"max_digits": 40}, "max_digits = 40 is not between"),
        ({"parts": ["division"], "max_digits": 1}, "no problem of division has 1 to 1 digits"),
        ({"bare": 1.5}, "bare = 1.5 is not between 0 and 1"),
        ({"test": 0}, "test = 0 is not between 1"),
        ({"target": "prose"}, "target"),
        ({"rowz": {}}, "rowz"),
    ],
)
def test_what_makes_no_sense_is_refused_before_any_work(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        validate(GoatOptions, given, "data.options of arithmetic-goat")
    assert sentence in str(caught.value)
    assert "Value error" not in str(caught.value)


def by_three(text: str) -> list[str]:
    """Cut like GPT-4's tokenizer: up to three digits a token."""
    import re

    return re.findall(r" ?\d{1,3}| ?[^\d\s]+|\s", text)


def test_a_tokenizer_that_joins_digits_is_refused_with_the_measure() -> None:
    with pytest.raises(DataError, match=r"puts \d\d % of digits into tokens with others .* one token a digit"):
        next(iter(shards(Asked(GoatOptions(), pieces=by_three))))


def test_the_user_can_go_on_with_a_warning() -> None:
    asked = Asked(GoatOptions(tokenizer="warn"), pieces=by_three)
    assert next(iter(shards(asked))).rows > 0
    assert len(asked.notes) == 1
    assert asked.notes[0].endswith("expect little")


def test_a_tokenizer_without_digits_is_refused() -> None:
    with pytest.raises(DataError, match="does not know digits"):
        next(iter(shards(Asked(GoatOptions(), pieces=lambda text: ["<unk>" if c.isdigit() else c for c in text]))))


@pytest.mark.parametrize("cut", [list, lambda text: [" " + c if c.isdigit() else c for c in text]])
def test_one_token_a_digit_passes(cut: Any) -> None:
    asked = Asked(GoatOptions(), pieces=cut)
    next(iter(shards(asked)))
    assert not asked.notes


@pytest.mark.starter
def test_the_starter_writes_one_token_a_digit() -> None:
    from functools import partial

    from domaintune import prompts
    from domaintune.models import base as models
    from domaintune.settings import ModelSettings

    tokenizer = models.load_tokenizer(models.locate(ModelSettings()))
    next(iter(shards(Asked(GoatOptions(), pieces=partial(prompts.pieces, tokenizer)))))
