from __future__ import annotations

import pytest

from domaintune_arithmetic.cells import CELLS, NAMES, PUBLISHED, answer, problems
from domaintune_arithmetic.held_out import held_out

EXTRAS = {
    "add": ["8D+8D", "16D+8D", "16D+16D"],
    "sub": ["8D-8D", "16D-8D", "16D-16D"],
    "mul": ["1Dx16D", "4Dx8D", "6Dx6D"],
    "div": ["16D/1D", "6D/3D", "12D/6D"],
}


def test_the_cells_are_those_of_table_3_in_its_order():
    assert list(CELLS) == [
        f"{name}-{column}" for name, extras in EXTRAS.items() for column in ["1D", "2D", "3D", "4D", "5D", *extras]
    ]
    assert {cell.operation: cell.tag[:3] for cell in CELLS.values()} == NAMES


@pytest.mark.parametrize("tag", CELLS)
def test_problems_have_the_digits_of_their_cell(tag):
    cell = CELLS[tag]
    for a, b in problems(cell, 200, seed=1):
        assert len(str(a)) == cell.left_digits
        assert len(str(b)) <= cell.right_digits if cell.exact else len(str(b)) == cell.right_digits
        if cell.operation == "/":
            assert b > 0
        if cell.exact:
            assert a % b == 0
            assert a >= b


@pytest.mark.parametrize("tag", CELLS)
def test_problems_are_held_out_distinct_and_the_same_every_time(tag):
    found = problems(CELLS[tag], 150, seed=3)
    assert all(held_out(CELLS[tag].operation, a, b) for a, b in found)
    assert len(set(found)) == len(found)
    assert found == problems(CELLS[tag], 150, seed=3)
    assert all(type(number) is int for pair in found for number in pair)


@pytest.mark.parametrize("tag", [tag for tag in CELLS if tag[-2:] not in {"1D", "2D"} or "/" in tag])
def test_large_cells_give_as_many_as_are_asked_for_and_another_seed_gives_others(tag):
    assert len(problems(CELLS[tag], 150, seed=3)) == 150
    assert problems(CELLS[tag], 150, seed=3) != problems(CELLS[tag], 150, seed=4)


@pytest.mark.parametrize(("tag", "sign"), [("add-1D", "+"), ("sub-1D", "-"), ("mul-1D", "*")])
def test_a_small_cell_gives_all_its_held_out_problems(tag, sign):
    wanted = {(a, b) for a in range(10) for b in range(10) if held_out(sign, a, b)}
    assert set(problems(CELLS[tag], 1000, seed=0)) == wanted
    assert 0 < len(wanted) < 30


@pytest.mark.parametrize("digits", [1, 2, 3])
def test_exact_divisions_are_all_there(digits):
    dividends = range(max(1, 10 ** (digits - 1)), 10**digits)
    wanted = {(a, b) for a in dividends for b in range(1, a + 1) if a % b == 0 and held_out("/", a, b)}
    assert set(problems(CELLS[f"div-{digits}D"], 100_000, seed=0)) == wanted


def test_exact_divisions_have_divisors_of_all_lengths():
    lengths = [len(str(b)) for _, b in problems(CELLS["div-5D"], 1000, seed=0)]
    assert all(lengths.count(length) > 100 for length in range(1, 6))


@pytest.mark.parametrize("tag", ["mul-2D", "div-3D", "add-16D+8D"])
def test_a_small_sample_is_the_start_of_a_larger_one(tag):
    assert problems(CELLS[tag], 10, seed=5) == problems(CELLS[tag], 2000, seed=5)[:10]


def test_no_problems_are_none():
    assert problems(CELLS["add-8D+8D"], 0, seed=0) == []


@pytest.mark.parametrize("count", [-1, 100_001])
def test_a_count_that_cannot_be_is_refused(count):
    with pytest.raises(ValueError, match="add-8D"):
        problems(CELLS["add-8D+8D"], count, seed=0)


def test_golden_problems():
    assert problems(CELLS["div-6D/3D"], 2, seed=0) == [(769291, 522), (774604, 786)]
    assert problems(CELLS["mul-3D"], 2, seed=0) == [(444, 328), (703, 932)]


@pytest.mark.parametrize(
    ("operation", "a", "b", "wanted"),
    [
        ("+", 3, 5, "8"),
        ("-", 3, 8, "-5"),
        ("-", 8, 8, "0"),
        ("*", 397, 44, "17468"),
        ("/", 8914, 64, "139 R 18"),
        ("/", 12, 4, "3"),
        ("/", 3, 8, "0 R 3"),
        ("/", 0, 8, "0"),
        ("/", 8, 0, "undefined"),
    ],
)
def test_answers(operation, a, b, wanted):
    assert answer(operation, a, b) == wanted


@pytest.mark.parametrize(
    ("tag", "goat", "gpt4"),
    [
        ("add-1D", (100, 100), (100, 100)),
        ("add-5D", (98.1, 99.4), (94.1, 98.5)),
        ("add-8D+8D", (97.8, 99.4), (92.1, 98.3)),
        ("sub-16D-8D", (95.8, 99.2), (10.6, 68.8)),
        ("mul-4Dx8D", (88.1, 97.8), (0.0, 45.9)),
        ("div-12D/6D", (89.3, 93.5), (0.0, 29.5)),
    ],
)
def test_published_numbers(tag, goat, gpt4):
    found = PUBLISHED[tag]
    assert (found.goat_exact, found.goat_digit, found.gpt4_exact, found.gpt4_digit) == (*goat, *gpt4)


def test_every_cell_has_published_numbers_and_digit_match_is_never_below_exact_match():
    assert list(PUBLISHED) == list(CELLS)
    assert all(row.goat_exact <= row.goat_digit <= 100 for row in PUBLISHED.values())
    assert all(row.gpt4_exact <= row.gpt4_digit <= 100 for row in PUBLISHED.values())
