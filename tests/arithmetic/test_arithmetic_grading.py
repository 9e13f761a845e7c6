from __future__ import annotations

import re
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domaintune import Example, Message, Origin
from domaintune_arithmetic import grading
from domaintune_arithmetic.bigbench_options import BigBenchOptions
from domaintune_arithmetic.cells import CELLS, NAMES, answer
from domaintune_arithmetic.grading import BigBench, GoatTable, choices_of, digit_match, edits, result
from domaintune_arithmetic.held_out import held_out

STEPS = "397 * 44 = 397 * (40 + 4) = 397 * 40 + 397 * 4 = 15880 + 1588 = 17468"
LONG = "8914 - 64 * 100 = 8914 - 6400 = 2514\n2514 - 64 * 39 = 2514 - 2496 = 18\nTherefore, 8914 / 64 = 139 R 18"


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        # what a tuned model writes
        ("8", "8"),
        ("3 + 5 = 8", "8"),
        ("3 - 8 = -5", "-5"),
        (STEPS, "17468"),
        (LONG, "139 R 18"),
        ("12 / 4 = 3", "3"),
        ("12 / 0 is undefined", "undefined"),
        # short answers
        ("8.", "8"),
        (" 8\n", "8"),
        ("3+5=8", "8"),
        ("**8**", "8"),
        ("`8`", "8"),
        ("#### 8", "8"),
        ("Answer: 8", "8"),
        ("Final answer: *8*", "8"),
        ("008", "8"),
        ("-0", "0"),
        # sentences
        ("The sum of 3 and 5 is **8**.", "8"),
        ("The answer is 8!", "8"),
        ("Sure! It's 8", "8"),
        ("3 plus 5 equals 8.", "8"),
        ("3 + 5 equals 8, which is an even number.", "8"),
        ("5 times 3 gives us 15", "15"),
        ("If you add 3 to 5 you get 8", "8"),
        ("I get 8 when I add them", "8"),
        ("The result of 3 + 5 is 8. Is there anything else?", "8"),
        ("The product of 6 and 7 is forty-two (42).", "42"),
        ("12 * 3: 10 * 3 = 30, 2 * 3 = 6. So the answer is 36.", "36"),
        ("3 + 5 = 8\n\nThe answer is 8.", "8"),
        ("42\n\nExplanation: 6 * 7 is the same as 40 + 2", "42"),
        ("8 = 3 + 5", "8"),
        ("8 is the sum of 3 and 5.", "8"),
        ("8 is the correct answer to 3 + 5", "8"),
        ("Adding 3 and 5 together, we have 8 in total.", "8"),
        ("  12345\n+  6789\n-------\n19134", "19134"),
        ("The answer:\n- 8", "8"),
        (r"\begin{align*} 3 + 5 &= 8 \end{align*}", "8"),
        # a model that asks itself the next question
        ("8\n\nQuestion: What is 4 + 9?\nAnswer: 13", "8"),
        ("3 + 5 = 8\n### Instruction:\n4 + 9 = 13", "8"),
        ("Sure.\nProblem: 3 + 5\nSolution: 8", "8"),
        # thousands, LaTeX, decimals
        ("1,234", "1234"),
        ("The total is 1,234,567.", "1234567"),
        ("1\u202f234", "1234"),
        (r"$\boxed{1{,}234}$", "1234"),
        (r"\[ 3 + 5 = \boxed{8} \]", "8"),
        (r"\(12 \times 3 = 36\)", "36"),
        (r"12 ÷ 4 = \mathbf{3}", "3"),
        ("16/4 = 4.0", "4"),
        ("17 / 5 = 3.4", "3.4"),
        ("17 / 5 ≈ 3.4", "3.4"),
        # negative results
        ("3 − 8 = −5", "-5"),
        ("−5", "-5"),
        ("(-5)", "-5"),
        ("3 - 8 = (-5)", "-5"),
        ("3 - 8 = - 5", "-5"),
        ("3-8=-5", "-5"),
        ("3 minus 8 is negative 5", "-5"),
        ("It is minus 5.", "-5"),
        # remainders
        ("17 / 5 = 3 R 2", "3 R 2"),
        ("17 / 5 = 3 r 2", "3 R 2"),
        ("3R2", "3 R 2"),
        ("3 remainder 2", "3 R 2"),
        ("3 (remainder 2)", "3 R 2"),
        ("17 divided by 5 is 3 with a remainder of 2.", "3 R 2"),
        ("The quotient is 3 and the remainder is 2.", "3 R 2"),
        ("The quotient is 3. The remainder is 2.", "3 R 2"),
        ("Quotient: 3\nRemainder: 2", "3 R 2"),
        ("17 divided by 5 gives a quotient of 3 and a remainder of 2.", "3 R 2"),
        ("17 = 5 × 3 + 2, so the quotient is 3 and the remainder is 2.", "3 R 2"),
        ("quotient = 3, remainder = 2", "3 R 2"),
        (r"3 \text{ R } 2", "3 R 2"),
        ("The quotient is **1,234**, with a remainder of **5**.", "1234 R 5"),
        ("16 / 4 = 4 remainder 0", "4"),
        # division by zero
        ("Undefined.", "undefined"),
        (r"The answer is \boxed{\text{undefined}}", "undefined"),
        ("12 ÷ 0 is not defined", "undefined"),
        ("You cannot divide 12 by 0.", "undefined"),
        ("Division by zero is not allowed.", "undefined"),
        ("It's impossible to divide a number by zero.", "undefined"),
        ("12 divided by 0 is 0", "0"),
        # no result
        ("", ""),
        (" \n ", ""),
        ("I don't  know.", "I don't know."),
        ("3 + 5", "3 + 5"),
        ("What is 0 + 5?", "What is 0 + 5?"),
        ("0 plus 5", "0 + 5"),
        ("397 * 44 = 397 * (40 + 4)", "397 * 44 = 397 * (40 + 4)"),
    ],
)
def test_truth_table(said, wanted):
    assert result(said) == wanted


def test_the_examples_of_the_page_are_true():
    for said, wanted in re.findall(r'result\("(.*)"\)\s+->\s+"(.*)"', grading.__doc__):
        assert result(said) == wanted


numbers = st.integers(min_value=0, max_value=10**16)
SENTENCES = (
    "{}",
    "{q} = {}",
    "{q} = **{}**.",
    "The answer is {}.",
    "The result of {q} is {}.",
    r"\[ {q} = \boxed{{{}}} \]",
    "So, {q} equals {}.\n\nLet me know if you have more questions!",
)


@settings(max_examples=200, deadline=None)
@given(sign=st.sampled_from("+-*/"), a=numbers, b=numbers, sentence=st.sampled_from(SENTENCES))
def test_a_right_result_is_read_from_every_sentence(sign, a, b, sentence):
    right = answer(sign, a, b)
    assert result(sentence.format(right, q=f"{a} {sign} {b}")) == right


@settings(max_examples=100, deadline=None)
@given(st.integers(min_value=-(10**16), max_value=10**16))
def test_thousands_separators_do_not_count(number):
    assert result(f"The answer is {number:,}.") == str(number)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_any_text_has_one_result_and_reading_it_again_changes_nothing(text):
    found = result(text)
    assert found == result(text)
    if re.fullmatch(r"-?\d+( R \d+)?", found, re.ASCII):
        assert result(found) == found


@pytest.mark.parametrize(
    "piece", ["the answer ", "1 - 2 * ", "1,", "and a ", "\n", " ( .", "\\text{", "divide by ", "9", "= -"]
)
def test_a_model_that_repeats_itself_is_read_in_no_time(piece):
    before = time.process_time()
    result(piece * 3000)
    assert time.process_time() - before < 2


@pytest.mark.parametrize(
    ("said", "wanted", "value"),
    [
        ("17468", "17468", 1.0),
        ("17408", "17468", 0.8),
        ("1746", "17468", 0.8),
        ("174680", "17468", 0.8),
        ("99999", "17468", 0.0),
        ("", "17468", 0.0),
        ("3 R 3", "3 R 2", 0.8),
        ("3", "3 R 2", 0.2),
        ("-5", "5", 0.0),
        ("I do not know what that is", "8", 0.0),
        ("undefined", "undefined", 1.0),
    ],
)
def test_digit_match(said, wanted, value):
    assert digit_match(said, wanted) == pytest.approx(value)


def test_edits_are_counted_as_levenshtein_does():
    assert edits("kitten", "sitting") == 3
    assert edits("", "abc") == edits("abc", "") == 3


def item(right, question="3 + 5", **fields):
    return Example(
        prompt=(Message(role="user", content=question),),
        completion=(Message(role="assistant", content=f"{question} = {right}"),),
        origin=Origin(source="made"),
        meta={"input": question, "answer": right},
        **fields,
    )


def scores(grader, example, said):
    return {score.metric: score.value for score in grader.grade(example, said)}


def test_the_table_grades_the_result_and_its_digits():
    assert scores(GoatTable(), item("17468", "397 * 44"), STEPS) == {"exact": 1, "digit": 1}
    assert scores(GoatTable(), item("17468", "397 * 44"), "17408") == {"exact": 0, "digit": pytest.approx(0.8)}
    assert scores(GoatTable(), item("8"), "") == {"exact": 0, "digit": 0}


def test_without_a_bare_answer_the_reference_is_read():
    example = Example(
        prompt=(Message(role="user", content="397 * 44"),),
        completion=(Message(role="assistant", content=STEPS),),
        origin=Origin(source="made"),
    )
    assert scores(GoatTable(), example, "It is 17,468.") == {"exact": 1, "digit": 1}


def test_reasons_say_what_was_read():
    exact, digit = GoatTable().grade(item("8"), "The sum is 9.")
    assert exact.reason == "'9' instead of '8'"
    assert digit.reason == "0% of 1 characters"


def test_the_floor_of_the_table_is_the_larger_number():
    floor = GoatTable().floors([])["larger"]
    assert floor(item("8", "3 + 15")) == "15"
    assert floor(item("8", "300 / 15")) == "300"
    assert floor(Example(prompt=(), completion=(), origin=Origin(source="made"))) == ""


TASKS = [f"{n}_digit_{name}" for name in ("addition", "subtraction", "multiplication", "division") for n in range(1, 6)]
ITEMS = BigBench().items([])
CHOICES = [example for example in ITEMS if example.choices]


def test_bigbench_has_its_20_subtasks_each_problem_asked_freely_and_as_a_choice():
    count = Counter((tag, bool(example.choices)) for example in ITEMS for tag in example.tags if tag in TASKS)
    assert {tag for tag, _ in count} == set(TASKS)
    assert all(count[tag, True] == count[tag, False] > 0 for tag in TASKS)
    assert all(count[tag, True] == 50 for tag in TASKS if not tag.startswith("1_"))
    assert {len(example.tags) for example in ITEMS} == {2}


def test_bigbench_asks_in_words_without_a_system_message():
    signs = {"plus": "+", "minus": "-", "times": "*", "divided by": "/"}
    for example in ITEMS:
        (message,) = example.prompt
        a, word, b = re.fullmatch(r"What is (\d+) (.+) (\d+)\?", message["content"]).groups()
        assert message["role"] == "user"
        assert example.meta == {"input": f"{a} {signs[word]} {b}", "answer": answer(signs[word], int(a), int(b))}
        assert example.reference == example.meta["answer"]


def test_bigbench_problems_are_held_out_and_divide_without_remainder():
    for example in ITEMS:
        a, sign, b = example.meta["input"].split()
        assert held_out(sign, int(a), int(b))
        assert " R " not in example.reference


def test_bigbench_items_differ_and_are_the_same_every_time():
    assert BigBench().items(ITEMS[:3]) == ITEMS
    assert len({(example.question, example.choices) for example in ITEMS}) == len(ITEMS)
    assert len({example.origin for example in ITEMS}) == len(ITEMS)


def test_choices_are_distinct_and_hold_the_right_answer_and_one_word():
    for example in CHOICES:
        assert len(set(example.choices)) == len(example.choices) == 5
        assert example.choices.count(example.reference) == 1
        assert sum(choice.isalpha() for choice in example.choices) == 1


def test_the_right_answer_stands_anywhere_among_the_choices():
    places = Counter(example.choices.index(example.reference) for example in CHOICES)
    assert all(0.14 < places[place] / len(CHOICES) < 0.26 for place in range(5))


@settings(max_examples=200, deadline=None)
@given(sign=st.sampled_from("+-*/"), a=numbers, b=numbers, count=st.integers(2, 10))
def test_choices_of_any_problem(sign, a, b, count):
    if sign == "/":
        a, b = a * max(b, 1), max(b, 1)
    found = choices_of(sign, a, b, count)
    assert len(set(found)) == len(found) == count
    assert found.count(answer(sign, a, b)) == 1
    assert all(choice.isalpha() or choice == str(int(choice)) for choice in found)
    assert found == choices_of(sign, a, b, count)


@pytest.mark.parametrize(
    ("sign", "a", "b"), [("+", 0, 0), ("-", 0, 0), ("*", 0, 9), ("/", 1, 1), ("-", 3, 5), ("/", 0, 7)]
)
def test_small_problems_have_ten_choices_too(sign, a, b):
    assert len(choices_of(sign, a, b, 10)) == 10


def test_the_example_of_choices_is_true():
    shown = re.search(r"-> +(\(.*\))$", choices_of.__doc__, re.MULTILINE)[1]
    assert str(choices_of("+", 347, 201, 5)).replace("'", '"') == shown


def test_options_choose_what_is_asked():
    options = BigBenchOptions(operations=("div", "add"), max_digits=2, per_task=7, choices=3)
    found = BigBench(options).items([])
    tasks = Counter(tag for example in found for tag in example.tags if "_" in tag)
    assert set(tasks) == {"1_digit_addition", "2_digit_addition", "1_digit_division", "2_digit_division"}
    assert tasks["2_digit_addition"] == 14
    assert {len(example.choices) for example in found} == {0, 3}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"operations": ("add", "pow")}, "'pow' is unknown; choose from add, sub, mul, div"),
        ({"operations": ()}, "name at least one"),
        ({"operations": ("add", "add")}, "each once"),
        ({"max_digits": 0}, "max_digits = 0: give a number from 1 to 5"),
        ({"max_digits": 6}, "max_digits = 6"),
        ({"per_task": 0}, "per_task = 0"),
        ({"choices": 1}, "choices = 1: give a number from 2 to 10"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        BigBenchOptions(**options)


def test_bigbench_grades_written_answers_and_choices_apart():
    free, choice = next(pair for pair in zip(ITEMS[::2], ITEMS[1::2], strict=True))
    assert scores(BigBench(), free, f"The answer is {free.reference}.") == {"exact": 1}
    assert scores(BigBench(), free, "-1") == {"exact": 0}
    assert scores(BigBench(), choice, choice.reference) == {"choice": 1}
    wrong = next(text for text in choice.choices if text != choice.reference)
    assert scores(BigBench(), choice, wrong) == {"choice": 0}
    assert scores(BigBench(), choice, "") == {"choice": 0}


def test_grading_is_pure():
    for grader, example in ((GoatTable(), item("8")), (BigBench(), ITEMS[0]), (BigBench(), ITEMS[1])):
        for said in ("", "something else", example.reference):
            assert list(grader.grade(example, said)) == list(grader.grade(example, said))


def test_the_chance_floor_is_right_one_time_in_five():
    chance = BigBench().floors([])["chance"]
    right = sum(chance(example) == example.reference for example in CHOICES)
    assert 0.15 < right / len(CHOICES) < 0.25
    assert {chance(example) for example in ITEMS if not example.choices} == {""}


def rows(tags, systems=("base", "tuned", "floor:larger"), metric="exact"):
    for place, tag in enumerate(tags):
        for system in systems:
            value = (0.9 if system == "tuned" else 0.3) - place / 100
            heading = {"evaluator": "arithmetic-goat-table", "metric": metric, "tag": tag, "system": system}
            yield heading | {"value": value, "low": value - 0.05, "high": value + 0.05, "n": 100}


@pytest.mark.parametrize("operations", ["+", "+-", "-*/", "+-*/"])
def test_the_picture_is_a_png_of_equal_bytes_twice(tmp_path: Path, operations):
    tags = [tag for tag, cell in CELLS.items() if cell.operation in operations]
    said = [GoatTable().draw(list(rows(["all", *tags])), tmp_path / f"{turn}.png") for turn in range(2)]
    first, second = ((tmp_path / f"{turn}.png").read_bytes() for turn in range(2))
    assert first == second
    assert first.startswith(b"\x89PNG")
    assert b"matplotlib" not in first.lower()
    assert said[0] == said[1]


def test_the_picture_is_told_in_one_sentence(tmp_path: Path):
    said = GoatTable().draw([*rows(["add-1D", "add-2D"]), *rows(["add-1D"], metric="digit")], tmp_path / "table.png")
    assert said == (
        "Exact match in per cent, mean over the tasks shown: "
        "addition tuned 89.5, base 29.5, Goat-7B as published 100.0 (2 tasks)."
    )


def test_a_picture_of_one_system_can_be_drawn(tmp_path: Path):
    assert "tuned 90.0, Goat" in GoatTable().draw(list(rows(["mul-6Dx6D"], ["tuned"])), tmp_path / "table.png")


def test_no_picture_of_nothing(tmp_path: Path):
    with pytest.raises(ValueError, match="nothing to draw"):
        GoatTable().draw(list(rows(["all", "add"])), tmp_path / "table.png")
    assert not list(tmp_path.iterdir())


def test_names_of_operations_are_those_of_the_options():
    assert BigBenchOptions().operations == tuple(NAMES.values())


@pytest.mark.parametrize(
    ("said", "asked", "wanted"),
    [
        ("31 * 7 = 217\n32 * 7 = 224\n33 * 7 = 231", "31 * 7", "217"),
        ("Sure! 31 x 7 = 217. And 3 + 4 = 7.", "31 * 7", "217"),
        ("131 * 7 = 917", "31 * 7", "917"),
        ("31 * 7 = 31 * (5 + 2) = 155 + 62 = 217", "31 * 7", "217"),
        ("12 - 5 = 7\n5 - 12 = -7", "5 - 12", "-7"),
        ("8914 - 64 * 100 = 8914 - 6400 = 2514\nTherefore, 8914 / 64 = 139 R 18", "8914 / 64", "139 R 18"),
        ("217", "31 * 7", "217"),
    ],
)
def test_the_equation_of_the_problem_that_was_asked_counts_before_others(said, asked, wanted):
    assert result(said, asked) == wanted


@pytest.mark.parametrize("sign", "+-*/")
@given(a=st.integers(0, 10**7), b=st.integers(1, 10**5))
def test_targets_of_our_own_say_their_answer(sign, a, b):
    from domaintune_arithmetic.steps import added, divided, long_divided, multiplied, subtracted

    work = {"+": added, "-": subtracted, "*": multiplied, "/": divided if b < 10 else long_divided}[sign]
    expression, target, answer = work(a, b)
    assert result(target, expression) == answer
