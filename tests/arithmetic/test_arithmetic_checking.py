from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domaintune_arithmetic.checking import count_wrong, wrong

PRODUCT = (
    "397 * 4429 = 4429 * 397 = 4429 * (300 + 90 + 7) = 4429 * 300 + 4429 * 90 + 4429 * 7 = 1328700 + 398610 + 31003"
    " = 1727310 + 31003 = 1758313"
)
DIVISION = (
    "8914 - 64 * 100 = 8914 - 6400 = 2514\n2514 - 64 * 30 = 2514 - 1920 = 594\n594 - 64 * 9 = 594 - 576 = 18\n"
    "Therefore, 8914 / 64 = 139 R 18"
)
EXACT = "8896 - 64 * 100 = 8896 - 6400 = 2496\n2496 - 64 * 30 = 2496 - 1920 = 576\n576 - 64 * 9 = 576 - 576 = 0\n"


@pytest.mark.parametrize(
    ("expression", "target", "answer"),
    [
        ("12 + 30", "12 + 30 = 42", "42"),
        ("0 + 0", "0 + 0 = 0", "0"),
        ("123456789012345 + 9", "123456789012345 + 9 = 123456789012354", "123456789012354"),
        ("30 - 12", "30 - 12 = 18", "18"),
        ("12 - 30", "12 - 30 = -18", "-18"),
        ("7 - 7", "7 - 7 = 0", "0"),
        ("4429 * 7", "4429 * 7 = 31003", "31003"),
        ("300 * 4429", "300 * 4429 = 1328700", "1328700"),
        ("4429 * 0", "4429 * 0 = 0", "0"),
        ("0 * 4429", "0 * 4429 = 0", "0"),
        ("10 * 4429", "10 * 4429 = 44290", "44290"),
        ("397 * 4429", PRODUCT, "1758313"),
        ("4429 * 397", "4429 * 397 = " + PRODUCT.split(" = ", 2)[2], "1758313"),
        ("12 * 12", "12 * 12 = 12 * (10 + 2) = 12 * 10 + 12 * 2 = 120 + 24 = 144", "144"),
        (
            "4070 * 1203",
            "4070 * 1203 = 4070 * (1000 + 200 + 3) = 4070 * 1000 + 4070 * 200 + 4070 * 3 = 4070000 + 814000 + 12210"
            " = 4884000 + 12210 = 4896210",
            "4896210",
        ),
        (
            "1203 * 4070",
            "1203 * 4070 = 4070 * 1203 = 4070 * (1000 + 200 + 3) = 4070 * 1000 + 4070 * 200 + 4070 * 3"
            " = 4070000 + 814000 + 12210 = 4884000 + 12210 = 4896210",
            "4896210",
        ),
        ("8914 / 7", "8914 / 7 = 1273 R 3", "1273 R 3"),
        ("8911 / 7", "8911 / 7 = 1273", "1273"),
        ("8911 / 1", "8911 / 1 = 8911", "8911"),
        ("0 / 7", "0 / 7 = 0", "0"),
        ("3 / 7", "3 / 7 = 0 R 3", "0 R 3"),
        ("3 / 0", "3 / 0 is undefined", "undefined"),
        ("0 / 0", "0 / 0 is undefined", "undefined"),
        ("8914 / 64", DIVISION, "139 R 18"),
        ("8896 / 64", EXACT + "Therefore, 8896 / 64 = 139", "139"),
        ("6405 / 64", "6405 - 64 * 100 = 6405 - 6400 = 5\nTherefore, 6405 / 64 = 100 R 5", "100 R 5"),
        ("128 / 64", "128 - 64 * 2 = 128 - 128 = 0\nTherefore, 128 / 64 = 2", "2"),
        ("64 / 64", "64 / 64 = 1", "1"),
        ("63 / 64", "63 / 64 = 0 R 63", "0 R 63"),
        ("0 / 64", "0 / 64 = 0", "0"),
        # Goat's recipe counts 10 among the one-digit divisors, and among those of two digits
        ("35 / 10", "35 / 10 = 3 R 5", "3 R 5"),
        ("35 / 10", "35 - 10 * 3 = 35 - 30 = 5\nTherefore, 35 / 10 = 3 R 5", "3 R 5"),
        ("10 / 10", "10 / 10 = 1", "1"),
    ],
)
def test_a_right_row_of_every_form_is_accepted(expression, target, answer):
    assert wrong(expression, target, answer) is None


def in_product(old, new):
    assert old in PRODUCT
    return ("397 * 4429", PRODUCT.replace(old, new), "1758313")


def in_division(old, new):
    assert old in DIVISION
    return ("8914 / 64", DIVISION.replace(old, new), "139 R 18")


WRONG = {
    "sum off by one": ("12 + 30", "12 + 30 = 43", "43"),
    "difference without its sign": ("12 - 30", "12 - 30 = 18", "18"),
    "minus zero": ("7 - 7", "7 - 7 = -0", "-0"),
    "result with a zero in front": ("12 + 30", "12 + 30 = 042", "042"),
    "result with a plus": ("12 + 30", "12 + 30 = +42", "+42"),
    "result with a separator": ("1200 + 30", "1200 + 30 = 1_230", "1_230"),
    "digits of another script": ("12 + 30", "12 + 30 = ٤٢", "٤٢"),
    "answer with a space": ("12 + 30", "12 + 30 = 42", "42 "),
    "both with a space": ("12 + 30", "12 + 30 = 42 ", "42 "),
    "both with a line end": ("12 + 30", "12 + 30 = 42\n", "42\n"),
    "no spaces": ("12 + 30", "12+30=42", "42"),
    "another expression": ("12 + 30", "30 + 12 = 42", "42"),
    "other answer than result": ("12 + 30", "12 + 30 = 42", "43"),
    "no result": ("12 + 30", "12 + 30 =", ""),
    "nothing": ("12 + 30", "", ""),
    "two results": ("12 + 30", "12 + 30 = 42 = 42", "42"),
    "expression without a sign": ("12  30", "12  30 = 360", "360"),
    "expression with two signs": ("12 +- 30", "12 +- 30 = 360", "360"),
    "expression with an unknown sign": ("12 % 30", "12 % 30 = 12", "12"),
    "expression without spaces": ("12+30", "12+30 = 42", "42"),
    "expression with a zero in front": ("012 + 30", "012 + 30 = 42", "42"),
    "expression with a negative number": ("-12 + 30", "-12 + 30 = 18", "18"),
    "product with a negative number": ("-12 * 3", "-12 * 3 = -36", "-36"),
    "division of a negative number": ("-12 / 3", "-12 / 3 = -4", "-4"),
    "division by a negative number": ("12 / -3", "12 / -3 = -4", "-4"),
    "division of a negative number by zero": ("-12 / 0", "-12 / 0 is undefined", "undefined"),
    "expression of words": ("two + two", "two + two = 4", "4"),
    "too long a number": ("1" * 5000 + " + 1", "1" * 5000 + " + 1 = 2", "2"),
    "steps for one digit": ("4429 * 7", "4429 * 7 = 4429 * (7) = 4429 * 7 = 31003", "31003"),
    "steps for 300": ("300 * 4429", "300 * 4429 = 4429 * 300 = 1328700", "1328700"),
    "no steps": ("397 * 4429", "397 * 4429 = 1758313", "1758313"),
    "partial product off by one": in_product("398610", "398611"),
    "partial products off by one each way": in_product("1328700 + 398610", "1328701 + 398609"),
    "running sum off by one": in_product("1727310", "1727311"),
    "running sum of the last two": in_product("1727310 + 31003", "1328700 + 429613"),
    "running sum of three": in_product(" = 1727310 + 31003", ""),
    "running sum twice": in_product(" = 1727310 + 31003", " = 1727310 + 31003 = 1727310 + 31003"),
    "running sum with another rest": in_product("1727310 + 31003", "1727310 + 31004"),
    "missing partial products": in_product(" = 1328700 + 398610 + 31003", ""),
    "missing expansion": in_product(" = 4429 * 300 + 4429 * 90 + 4429 * 7", ""),
    "missing split": in_product(" = 4429 * (300 + 90 + 7)", ""),
    "missing swap": in_product("397 * 4429 = 4429 * 397", "397 * 4429"),
    "the swap twice": in_product(" = 4429 * 397", " = 4429 * 397 = 4429 * 397"),
    "swap without need": ("4429 * 397", "4429 * 397 = 397 * " + PRODUCT.split(" * ", 1)[1], "1758313"),
    "split in another order": in_product("(300 + 90 + 7)", "(90 + 300 + 7)"),
    "split and expansion in another order": (
        "12 * 12",
        "12 * 12 = 12 * (2 + 10) = 12 * 2 + 12 * 10 = 24 + 120 = 144",
        "144",
    ),
    "split that is no place values": (
        "12 * 12",
        "12 * 12 = 12 * (6 + 6) = 12 * 6 + 12 * 6 = 72 + 72 = 144",
        "144",
    ),
    "split in two digits": (
        "12 * 112",
        "12 * 112 = 112 * 12 = 112 * (12) = 112 * 12 = 1344",
        "1344",
    ),
    "split with a zero": (
        "12 * 102",
        "12 * 102 = 102 * 12 = 102 * (10 + 2 + 0) = 102 * 10 + 102 * 2 + 102 * 0 = 1020 + 204 + 0 = 1224 + 0 = 1224",
        "1224",
    ),
    "split of the larger factor": (
        "12 * 112",
        "12 * 112 = 12 * (100 + 10 + 2) = 12 * 100 + 12 * 10 + 12 * 2 = 1200 + 120 + 24 = 1320 + 24 = 1344",
        "1344",
    ),
    "split with a zero in front": in_product("90", "090"),
    "other factor in the expansion": in_product("4429 * 90", "4428 * 90"),
    "partial product with a zero in front": in_product("398610", "0398610"),
    "partial product with a plus": in_product("= 1328700", "= +1328700"),
    "last sum with a plus at the end": in_product("= 1758313", "= 1758313 + "),
    "products on two lines": in_product(" = 1727310", "\n= 1727310"),
    "product with two spaces": in_product(" + 31003 = ", "  + 31003 = "),
    "product with a tab": in_product("= 1328700", "=\t1328700"),
    "product with a tab after the space": in_product("+ 398610", "+ \t398610"),
    "product with a line more": in_product("1758313", "1758313\n1758313"),
    "product with a wrong end": in_product("1758313", "1758314"),
    "product with a wrong end and answer": (*in_product("1758313", "1758314")[:2], "1758314"),
    "product with a wrong answer": (*in_product("1758313", "1758313")[:2], "1758314"),
    "division without steps": ("8914 / 64", "8914 / 64 = 139 R 18", "139 R 18"),
    "steps for one-digit divisors": ("9 / 4", "9 - 4 * 2 = 9 - 8 = 1\nTherefore, 9 / 4 = 2 R 1", "2 R 1"),
    "steps for equal numbers": ("64 / 64", "64 - 64 * 1 = 64 - 64 = 0\nTherefore, 64 / 64 = 1", "1"),
    "steps for a greater divisor": ("63 / 64", "Therefore, 63 / 64 = 0 R 63", "0 R 63"),
    "remainder of zero": ("8911 / 7", "8911 / 7 = 1273 R 0", "1273 R 0"),
    "remainder not below the divisor": ("8914 / 7", "8914 / 7 = 1272 R 10", "1272 R 10"),
    "remainder below zero": ("8914 / 7", "8914 / 7 = 1274 R -4", "1274 R -4"),
    "remainder missing": ("8914 / 7", "8914 / 7 = 1273", "1273"),
    "remainder without a number": ("8911 / 7", "8911 / 7 = 1273 R ", "1273 R "),
    "remainder of a division by zero": ("3 / 0", "3 / 0 = 0 R 3", "0 R 3"),
    "undefined, but not by zero": ("3 / 7", "3 / 7 is undefined", "undefined"),
    "undefined with another answer": ("3 / 0", "3 / 0 is undefined", "0"),
    "line missing at the start": in_division("8914 - 64 * 100 = 8914 - 6400 = 2514\n", ""),
    "line missing in the middle": in_division("2514 - 64 * 30 = 2514 - 1920 = 594\n", ""),
    "line missing at the end": in_division("594 - 64 * 9 = 594 - 576 = 18\n", ""),
    "line for a zero": in_division("\nTherefore", "\n18 - 64 * 0 = 18 - 0 = 18\nTherefore"),
    "line twice": in_division("\nTherefore", "\n594 - 64 * 9 = 594 - 576 = 18\nTherefore"),
    "empty line": in_division("\nTherefore", "\n\nTherefore"),
    "line after the last": in_division("139 R 18", "139 R 18\n"),
    "digit in two lines": in_division(
        "594 - 64 * 9 = 594 - 576 = 18", "594 - 64 * 8 = 594 - 512 = 82\n82 - 64 * 1 = 82 - 64 = 18"
    ),
    "two digits in one line": in_division(
        "2514 - 64 * 30 = 2514 - 1920 = 594\n594 - 64 * 9 = 594 - 576 = 18", "2514 - 64 * 39 = 2514 - 2496 = 18"
    ),
    "digits in another order": (
        "8914 / 64",
        "8914 - 64 * 30 = 8914 - 1920 = 6994\n6994 - 64 * 100 = 6994 - 6400 = 594\n594 - 64 * 9 = 594 - 576 = 18\n"
        "Therefore, 8914 / 64 = 139 R 18",
        "139 R 18",
    ),
    "digit too small": ("130 / 64", "130 - 64 * 1 = 130 - 64 = 66\nTherefore, 130 / 64 = 1 R 66", "1 R 66"),
    "digit too great": ("130 / 64", "130 - 64 * 3 = 130 - 192 = -62\nTherefore, 130 / 64 = 3 R -62", "3 R -62"),
    "product of a line off by one": in_division("1920", "1921"),
    "rest of a line off by one": in_division("594", "595"),
    "rest of a line differs from the next line": in_division("= 594\n", "= 593\n"),
    "rest with a zero in front": in_division("= 18\n", "= 018\n"),
    "rest of 00": ("8896 / 64", EXACT.replace("= 0\n", "= 00\n") + "Therefore, 8896 / 64 = 139", "139"),
    "rest of minus zero": ("8896 / 64", EXACT.replace("= 0\n", "= -0\n") + "Therefore, 8896 / 64 = 139", "139"),
    "exact with R 0": ("8896 / 64", EXACT + "Therefore, 8896 / 64 = 139 R 0", "139 R 0"),
    "two spaces in a line": in_division("8914 - 64", "8914 -  64"),
    "tab in a line": in_division("= 2514\n", "=\t2514\n"),
    "divisor of a line changed": in_division("594 - 64", "594 - 65"),
    "Therefore missing": in_division("Therefore, ", ""),
    "last line missing": in_division("\nTherefore, 8914 / 64 = 139 R 18", ""),
    "last line with another quotient": in_division("139 R 18", "138 R 18"),
    "last line with another remainder": in_division("139 R 18", "139 R 17"),
    "last line with another expression": in_division("8914 / 64", "8915 / 64"),
    "division with a wrong answer": (*in_division("139 R 18", "139 R 18")[:2], "139 R 17"),
    "division with half an answer": (*in_division("139 R 18", "139 R 18")[:2], "139"),
}


@pytest.mark.parametrize(("expression", "target", "answer"), WRONG.values(), ids=WRONG)
def test_a_wrong_row_is_refused_with_a_sentence(expression, target, answer):
    problem = wrong(expression, target, answer)
    assert problem
    assert "report" not in problem


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (("12 + 30", "12 + 30 = 43", "43"), "line 1, side 2: '43' stands where '42' belongs"),
        (("12 + 30", "12 + 30 = 42", "43"), "the answer '43' is not '42'"),
        (in_product("398610", "398611"), "line 1, side 5: '1328700 + 398611 + 31003' (= 1758314) stands where "),
        (in_product(" = 1758313", ""), "line 1, side 7: '1758313' is missing"),
        (in_product("1758313", "1758313 = 1"), "line 1, side 8: '1' is one too many"),
        (in_product("(300 + 90 + 7)", "(300 + 9 + 7)"), "line 1, side 3: '4429 * (300 + 9 + 7)' (= 1399564) stands"),
        (in_division("1920", "1921"), "line 2, side 2: '2514 - 1921' (= 593) stands where '2514 - 1920' (= 594) bel"),
        (in_division("2514 - 64 * 30 =", "2514 - 64 * 20 ="), "line 2, side 1: '2514 - 64 * 20' (= 1234) stands whe"),
        (in_division("\nTherefore, 8914 / 64 = 139 R 18", ""), "line 4: 'Therefore, 8914 / 64 = 139 R 18' is missing"),
        (in_division("139 R 18", "139 R 18\nQED"), "line 5: 'QED' is one too many"),
        (("12+30", "12+30 = 42", "42"), "the expression '12+30' is not two plain numbers with + - * or / between"),
        (WRONG["too long a number"], "the expression has a number too long to be read"),
    ],
)
def test_the_sentence_names_the_first_wrong_place(row, problem):
    assert wrong(*row).startswith(problem)


def test_rows_are_counted_and_the_first_problems_kept():
    good, bad = ("12 + 30", "12 + 30 = 42", "42"), ("12 + 30", "12 + 30 = 43", "43")
    count, wrongs, problems = count_wrong([good, bad, good, bad, bad], keep=2)
    assert (count, wrongs) == (5, 3)
    assert problems == [
        "row 2, '12 + 30': line 1, side 2: '43' stands where '42' belongs",
        "row 4, '12 + 30': line 1, side 2: '43' stands where '42' belongs",
    ]
    assert count_wrong([]) == (0, 0, [])


def naive(a, sign, b):
    """A target by schoolbook steps, for comparison."""
    asked = f"{a} {sign} {b}"
    if sign in "+-":
        result = str(a + b if sign == "+" else a - b)
        return asked, f"{asked} = {result}", result
    if sign == "*":
        return asked, *naive_product(asked, a, b)
    if b == 0:
        return asked, f"{asked} is undefined", "undefined"
    result = str(a // b) + (f" R {a % b}" if a % b else "")
    if b < 10 or a <= b:
        return asked, f"{asked} = {result}", result
    lines, power = "", len(str(a))
    while power >= 0:
        if digit := a // (b * 10**power):
            taken = b * digit * 10**power
            lines += f"{a} - {b} * {digit * 10**power} = {a} - {taken} = {a - taken}\n"
            a -= taken
        power -= 1
    return asked, f"{lines}Therefore, {asked} = {result}", result


def naive_product(asked, a, b):
    large, small = max(a, b), min(a, b)
    parts, power = [], 1
    for digit in reversed(str(small)):
        parts = [int(digit) * power, *parts] if digit != "0" else parts
        power *= 10
    if any(sum(digit != "0" for digit in str(factor)) < 2 for factor in (a, b)):
        return f"{asked} = {a * b}", str(a * b)
    text = asked + (f" = {b} * {a}" if a < b else "")
    text += f" = {large} * (" + " + ".join(str(part) for part in parts) + ")"
    text += " = " + " + ".join(f"{large} * {part}" for part in parts)
    numbers = [large * part for part in parts]
    while True:
        text += " = " + " + ".join(str(number) for number in numbers)
        if len(numbers) == 1:
            return text, str(a * b)
        numbers[:2] = [numbers[0] + numbers[1]]


numbers = st.integers(0, 16).flatmap(lambda digits: st.integers(0, 10**digits - 1)) | st.integers(0, 20)
rows = st.builds(naive, numbers, st.sampled_from("+-*/"), numbers)


@given(rows)
@example(naive(10**40 + 7, "*", 10**30 + 20))
@example(naive(10**40 + 7, "/", 10**13 + 20))
def test_what_a_naive_builder_makes_is_accepted(row):
    assert wrong(*row) is None


@given(rows, st.data())
def test_a_single_changed_digit_is_refused(row, data):
    expression, target, answer = row
    text = f"{target}|{answer}"
    places = [place for place, letter in enumerate(text) if letter.isdigit()]
    place = data.draw(st.sampled_from(places))
    digit = data.draw(st.sampled_from([one for one in "0123456789" if one != text[place]]))
    changed = (text[:place] + digit + text[place + 1 :]).split("|")
    problem = wrong(expression, *changed)
    assert problem
    assert "report" not in problem


@given(rows, st.data())
def test_a_letter_more_or_less_is_refused(row, data):
    expression, target, answer = row
    text = f"{target}|{answer}"
    place = data.draw(st.integers(0, len(text) - 1))
    more = data.draw(
        st.sampled_from(["0", "1", " ", "\n", "\t", "+", "-", "_", "=", "*", ".", "٣", "\x1f", "\xa0", ""])
    )
    changed = text[:place] + more + text[place + (more == "") :]
    if changed.count("|") != 1:
        return
    problem = wrong(expression, *changed.split("|"))
    assert problem
    assert "report" not in problem


@given(st.text(max_size=30), st.text(max_size=60), st.text(max_size=10))
@example("1 + 1", "1 + 1 = 2", "²")
@example("²² + 1", "²² + 1 = 23", "23")
def test_no_text_makes_the_checker_stumble(expression, target, answer):
    assert wrong(expression, target, answer)
