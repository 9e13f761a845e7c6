from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domaintune_arithmetic import wording
from domaintune_arithmetic.wording import NOISE, SHORT, TEMPLATES, ask, rewordings

DRAWS = 50_000


def questions(expression, count=DRAWS, seed=0, **options):
    return ask([expression] * count, np.random.default_rng(seed), **options)


def test_there_are_many_templates_and_no_two_are_equal():
    assert len(TEMPLATES) >= 260
    assert len(set(TEMPLATES) | set(SHORT)) == len(TEMPLATES) + len(SHORT)


def test_templates_differ_in_more_than_case_and_punctuation():
    words = Counter(re.sub(r"[^a-z{}]+", " ", text.casefold()).strip() for text in TEMPLATES)
    assert sum(count - 1 for count in words.values()) <= 12


@pytest.mark.parametrize("template", [*TEMPLATES, *SHORT])
def test_a_template_holds_one_place_and_nothing_that_could_be_part_of_a_problem(template):
    assert template.count("{}") == 1
    around = template.replace("{}", "")
    assert "{" not in around
    assert "}" not in around
    assert not re.search(r"\d|[*/+]|(?<!\w)-|-(?!\w)|\bx\b", around)
    assert template == " ".join(template.split())


@pytest.mark.parametrize(
    "word", ["sum", "add", "plus", "subtract", "difference", "multiply", "times", "divide", "share"]
)
def test_no_template_fits_one_operation_only(word):
    assert not [text for text in TEMPLATES if re.search(rf"\b{word}", text, re.IGNORECASE)]


def test_the_short_forms_have_the_shares_of_the_notebook():
    found = Counter(questions("3 + 5", noise=False))
    for template, share in SHORT.items():
        assert found[template.replace("{}", "3 + 5")] / DRAWS == pytest.approx(share, abs=0.008)


def test_all_other_templates_are_equally_likely():
    found = Counter(questions("3 + 5", noise=False))
    counts = [found[template.replace("{}", "3 + 5")] for template in TEMPLATES]
    share = (1 - sum(SHORT.values())) / len(TEMPLATES)
    assert sum(counts) / DRAWS == pytest.approx(0.67, abs=0.01)
    assert min(counts) / DRAWS / share > 0.5
    assert max(counts) / DRAWS / share < 1.6


@pytest.mark.parametrize("bare", [0.0, 0.5, 1.0])
def test_a_changed_share_of_bare_expressions_leaves_the_proportions_of_the_others(bare):
    found = Counter(questions("3 + 5", noise=False, bare=bare))
    assert found["3 + 5"] / DRAWS == pytest.approx(bare, abs=0.01)
    for template, share in list(SHORT.items())[1:]:
        wanted = share / 0.8 * (1 - bare)
        assert found[template.replace("{}", "3 + 5")] / DRAWS == pytest.approx(wanted, abs=0.008)


def test_only_bare_expressions_are_asked_where_their_share_is_one():
    assert set(questions("3 + 5", noise=False, bare=1.0)) == {"3 + 5"}


@pytest.mark.parametrize("bare", [-0.1, 1.1])
def test_a_share_outside_0_to_1_is_refused(bare):
    with pytest.raises(ValueError, match="between 0 and 1"):
        questions("3 + 5", 1, bare=bare)


def test_the_steps_of_noise_stand_in_the_order_of_the_notebook():
    assert [chance for chance, _ in NOISE] == [0.05, 0.5, 0.1, 0.5]
    steps = [step for _, step in NOISE]
    assert steps[0]("A * B") == ("the product of A and B",)
    assert steps[1]("A * B") == ("A x B",)
    assert steps[2]("A x B") == ("A times B",)
    assert steps[2]("A * B") == ("A multiplied by B",)
    assert steps[3]("A x B") == ("AxB",)


@pytest.mark.parametrize(
    "text", ["the quotient and remainder of A and B", "A times B", "A divided by B", "the sum of A and B"]
)
def test_spaces_stay_where_no_sign_would_part_the_numbers(text):
    assert NOISE[3][1](text) == (text,)


# By hand: 0.95 without noun; of these 0.1 in words; of the rest half without spaces; of products half with x.
@pytest.mark.parametrize(
    ("sign", "wanted"),
    [
        ("+", {"A + B": 0.4275, "A+B": 0.4275, "A plus B": 0.095, "the sum of A and B": 0.05}),
        (
            "-",
            {
                "A - B": 0.4275,
                "A-B": 0.4275,
                "A minus B": 0.095,
                "the difference of A and B": 0.025,
                "the difference between A and B": 0.025,
            },
        ),
        (
            "*",
            {
                "A * B": 0.21375,
                "A*B": 0.21375,
                "A x B": 0.21375,
                "AxB": 0.21375,
                "A times B": 0.0475,
                "A multiplied by B": 0.0475,
                "the product of A and B": 0.05,
            },
        ),
        ("/", {"A / B": 0.4275, "A/B": 0.4275, "A divided by B": 0.095, "the quotient and remainder of A and B": 0.05}),
    ],
)
def test_chances_of_rewordings(sign, wanted):
    assert rewordings(sign) == pytest.approx(wanted)
    found = Counter(questions(f"12 {sign} 7", bare=1.0))
    assert {text.replace("12", "A").replace("7", "B") for text in found} == set(wanted)
    for text, share in wanted.items():
        assert found[text.replace("A", "12").replace("B", "7")] / DRAWS == pytest.approx(share, abs=0.01)


def test_golden_questions():
    assert questions("3 + 5", 10, seed=7) == [
        "Could you tell me what 3 + 5 is?",
        "3+5 please",
        "Math problem: 3+5 = ?",
        "3 + 5 =",
        "3+5=?",
        "You see 3 + 5. What is its value?",
        "3 + 5",
        "Without a calculator, find 3+5.",
        "Here is a problem for you: the sum of 3 and 5.",
        "Help me calculate 3 + 5.",
    ]
    assert questions("397 * 44", 5, seed=7) == [
        "Could you tell me what 397 * 44 is?",
        "397x44 please",
        "Math problem: 397 x 44 = ?",
        "397*44 =",
        "397 x 44=?",
    ]


def test_equal_generators_ask_equal_questions():
    expressions = [f"{a} / 7" for a in range(500)]
    assert ask(expressions, np.random.default_rng(5)) == ask(expressions, np.random.default_rng(5))
    assert ask(expressions, np.random.default_rng(5)) != ask(expressions, np.random.default_rng(6))


def test_no_expression_no_question():
    assert ask([], np.random.default_rng(0)) == []


def test_the_examples_of_the_page_are_true():
    examples = re.findall(r"^    (ask\(.*\))\s+->  (\[.*\])$", wording.__doc__, re.MULTILINE)
    assert len(examples) == 2
    for call, wanted in examples:
        assert eval(call, {"ask": ask, "numpy": np}) == eval(wanted)


numbers = st.integers(min_value=0, max_value=10**17)


@settings(max_examples=60, deadline=None)
@given(sign=st.sampled_from("+-*/"), a=numbers, b=numbers, seed=st.integers(0, 2**32), noise=st.booleans())
def test_every_question_holds_both_numbers_in_their_order(sign, a, b, seed, noise):
    for question in questions(f"{a} {sign} {b}", 40, seed, noise=noise):
        assert re.findall(r"\d+", question) == [str(a), str(b)]
        assert "{" not in question
        assert question == question.strip()


@settings(max_examples=40, deadline=None)
@given(sign=st.sampled_from("+-*/"), pairs=st.lists(st.tuples(numbers, numbers), max_size=30), seed=st.integers(0, 99))
def test_every_expression_gets_its_own_question(sign, pairs, seed):
    asked = ask([f"{a} {sign} {b}" for a, b in pairs], np.random.default_rng(seed))
    assert [tuple(map(int, re.findall(r"\d+", question))) for question in asked] == pairs
