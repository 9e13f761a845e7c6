"""Golden cases of every reason for which an evolved task or its answer is eliminated."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_teacher import Scripted, run, seeds

from domaintune import Origin
from domaintune.synthesis import GENERAL, Acceptance, Task
from domaintune.synthesis.elimination import apologises, copies, gains, is_empty, leaked

PARENT = "Explain how a bicycle stays upright while it is ridden."
LONG = "The wheel turns and the rider leans, and so the weight shifts from one side to the other. " * 6
CONSTRAINT = GENERAL.operators[0]


def reason_for(reply: str | None, *, judge: str | None = "DIFFERENT", answer: str | None = "By steering.") -> str:
    """Return what becomes of a seed's evolution: the reason for which it is dropped, or `kept`."""
    seed = Task(text=PARENT, origin=Origin(source="s"), answer="It steers.")
    acceptance = Acceptance()
    tasks, dropped = run([seed], Scripted(lambda *_: reply, judge, answer), acceptance=acceptance)
    assert len(tasks) + len(dropped) == 2
    assert acceptance.tried.total() == 1
    return dropped[0].reason if dropped else "kept"


GOOD = "Explain how a bicycle stays upright on ice, and compare it with a scooter in two sentences."


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (GOOD, "kept"),
        (None, "declined"),
        ("", "empty"),
        (" \n\t ", "empty"),
        ("?!... --", "empty"),
        ("***", "empty"),
        ("What is it that you would do?", "empty"),
        ("I'm sorry, but I can't help with that request.", "apology"),
        ("I am SORRY.", "apology"),
        ("As an AI language model, I have no bicycle.", "apology"),
        ("Unfortunately I’m unable to assist with cycling.", "apology"),
        ("I cannot rewrite dangerous instructions.", "apology"),
        ("很抱歉，我无法提供帮助。", "apology"),
        ("#Rewritten Prompt#: Explain how a bicycle stays upright on ice.", "leaked-frame"),
        ("In the given prompt, a bicycle stays upright. Explain why on ice.", "leaked-frame"),
        (f"[task]\n{GOOD}\n[end of task]", "leaked-frame"),
        (f"Here is a harder version: {GOOD}", "leaked-frame"),
        (f"New task: {GOOD}", "leaked-frame"),
        (f"{GOOD} It is 10 to 20 words longer than the task, not more.", "leaked-frame"),
        (PARENT, "copy-of-parent"),
        (f'"{PARENT.upper()}"', "copy-of-parent"),
        ("Explain how, while it is ridden, a bicycle stays upright.", "no-information-gain"),
        ("Please explain how a bicycle stays upright.", "no-information-gain"),
    ],
)
def test_what_a_teacher_writes_is_kept_or_eliminated_for_this_reason(reply: str | None, reason: str) -> None:
    assert reason_for(reply) == reason


@pytest.mark.parametrize(
    ("verdict", "reason"),
    [
        ("DIFFERENT", "kept"),
        ("EQUAL", "no-information-gain"),
        ("**Equal.**", "no-information-gain"),
        ("They are not equal.", "kept"),
        ("They aren't different", "no-information-gain"),
        ("Not equal; DIFFERENT", "kept"),
        ("EQUAL or DIFFERENT", "kept"),
        ("No idea", "kept"),
        (None, "kept"),
    ],
)
def test_the_judge_eliminates_what_it_calls_equal_and_nothing_else(verdict: str | None, reason: str) -> None:
    assert reason_for(GOOD, judge=verdict) == reason


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("42", "kept"),
        ("No.", "kept"),
        ("B", "kept"),
        ("∞", "kept"),
        (None, "declined"),
        ("", "empty"),
        ("...", "empty"),
        ("It is what it is.", "empty"),
        ("Sorry, I cannot answer that.", "apology"),
        (f"I'm sorry to keep you waiting. {LONG}", "kept"),
        ("```python\nprint('sorry')\n```", "kept"),
    ],
)
def test_answers_are_eliminated_by_the_same_rules(answer: str | None, reason: str) -> None:
    assert reason_for(GOOD, answer=answer) == reason


def test_the_words_of_the_method_leak_too_and_those_of_another_operator_do_not() -> None:
    said = f"{GOOD} {CONSTRAINT.method}"
    assert leaked(said, PARENT, GENERAL, CONSTRAINT) == "add one condition that the result has to"
    assert not leaked(said, PARENT, GENERAL, GENERAL.operators[1])


def test_what_equals_a_task_that_is_there_is_repeated() -> None:
    tasks, dropped = run(seeds(2), Scripted(lambda *_: "Describe thing number 1!"))
    assert [item.reason for item in dropped] == ["repeated", "copy-of-parent"]
    assert len(tasks) == 2


def test_of_two_equal_new_tasks_the_first_is_accepted() -> None:
    tasks, dropped = run(seeds(2), Scripted(lambda *_: GOOD))
    assert [task.text for task in tasks[2:]] == [GOOD]
    assert [(item.reason, item.origin.place) for item in dropped] == [("repeated", "line 3, round 1")]


def test_a_task_may_go_on_speaking_of_what_its_parent_spoke_of() -> None:
    parent = "Write what a waiter says who is sorry about a stain. Use the words: given prompt."
    child = "Write what a waiter says who is sorry about a stain of red wine. Use the words: given prompt."
    assert not apologises(child, parent)
    assert not leaked(child, parent, GENERAL, CONSTRAINT)
    assert apologises("I am sorry, I cannot help with that.", parent)


@pytest.mark.parametrize(
    "question",
    [
        "I cannot sleep at night. What should I do before bed?",
        "As an AI researcher, explain attention to a class of ten.",
        "Plan the rooms so that two talks cannot overlap.",
        "As an assistant manager, plan the week.",
    ],
)
def test_what_people_ask_is_no_apology(question: str) -> None:
    assert not apologises(question, "")


def test_a_few_more_words_in_a_long_task_are_a_step_and_not_a_copy() -> None:
    parent = " ".join(f"word{n}" for n in range(300))
    assert copies(f"{parent} indeed", parent, 0.9)
    assert not copies(f"{parent} but only where every single value exceeds seventeen metres", parent, 0.9)


def test_other_scripts_are_compared_as_well() -> None:
    assert copies("解释自行车为什么不会倒。", "解释自行车为什么不会倒", 0.9)
    assert gains("解释自行车在冰上为什么不会倒。", "解释自行车为什么不会倒。")
    assert not is_empty("为什么？")
    assert is_empty("？！……")


@given(st.text())
def test_no_text_is_more_than_itself(text: str) -> None:
    assert copies(text, text, 0.9)
    assert not gains(text, text)
    assert not apologises(text, text)
    assert not leaked(text, text, GENERAL, CONSTRAINT)
