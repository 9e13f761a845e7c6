"""The graders of programs: what answers score, and what is said where nothing can be known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from in_process import InProcess
from made_problems import DOUBLE, HUB_PLUS, MBPP, MBPP_PLUS, RELEASE_PLUS, ROOTS, write

from domaintune import DataError, Example, Message, Origin, SandboxError, Score
from domaintune.sandbox import Result, open_sandbox
from domaintune_code.eval_options import HumanEvalOptions, MbppOptions, ProblemsOptions
from domaintune_code.grading import HumanEval, Mbpp, OwnProblems, PassAtK, said

RIGHT = "```python\ndef double(n):\n    return n + n\n```"
WRONG = "    return n * n"


def grader(tmp_path: Path, *rows: dict[str, object], k: tuple[int, ...] = (1, 2, 10)) -> tuple[HumanEval, InProcess]:
    box = InProcess()
    made = HumanEval(HumanEvalOptions(items=write(tmp_path / "items.jsonl", rows or [ROOTS, DOUBLE]), k=k))
    made.run_in(box)  # type: ignore[arg-type]  # a stand-in
    return made, box


def values(scores: object) -> dict[str, float]:
    return {score.metric: score.value for score in scores}  # type: ignore[attr-defined]


def test_an_answer_passes_or_fails_with_the_verdict_as_the_reason(tmp_path: Path) -> None:
    ours, _ = grader(tmp_path)
    roots, double = ours.items([])
    assert ours.grade(double, RIGHT) == [Score(metric="pass@1", value=1.0, reason="passed", proportion=True)]
    assert ours.grade(double, WRONG)[0].value == 0
    assert ours.grade(roots, "    return numbers")[0].reason == "failed: AssertionError: "
    assert ours.grade(roots, "I cannot.")[0].reason.startswith("failed: SyntaxError")


def test_many_answers_are_graded_in_their_order(tmp_path: Path) -> None:
    ours, _ = grader(tmp_path)
    roots, double = ours.items([])
    pairs = [(double, RIGHT), (roots, RIGHT), (double, WRONG), (roots, roots.reference)]
    assert [scores[0].value for scores in ours.grade_all(pairs)] == [1, 0, 0, 1]
    assert list(ours.grade_all([])) == []


def test_several_answers_to_an_item_give_pass_at_k(tmp_path: Path) -> None:
    ours, _ = grader(tmp_path)
    roots, double = ours.items([])
    first, second = ours.grade_samples([(double, [RIGHT, WRONG, WRONG, WRONG]), (roots, [roots.reference] * 4)])
    assert values(first) == {"pass@1": 0.25, "pass@2": 0.5}
    assert values(second) == {"pass@1": 1, "pass@2": 1}
    assert [score.proportion for score in first] == [True, False]
    assert (
        first[0].reason
        == "3 failed, 1 passed; the first: failed: TypeError: can't multiply sequence by non-int of type 'str'"
    )
    assert second[0].reason == "4 passed"


def test_k_is_left_out_that_one_item_has_too_few_answers_for(tmp_path: Path) -> None:
    ours, _ = grader(tmp_path)
    roots, double = ours.items([])
    several = [(double, [RIGHT]), (roots, [roots.reference] * 4)]
    assert [list(values(scores)) for scores in ours.grade_samples(several)] == [["pass@1"], ["pass@1"]]


def test_an_item_with_too_few_answers_says_what_that_costs(tmp_path: Path) -> None:
    ours, _ = grader(tmp_path)
    roots, double = ours.items([])
    few, enough = ours.grade_samples([(double, [RIGHT] * 3), (roots, [roots.reference] * 10)])
    assert few[0].reason == "3 passed; only 3 here, so pass@10 is left out for all"
    assert enough[0].reason == "10 passed"
    alone, other = ours.grade_samples([(double, [RIGHT]), (roots, [roots.reference] * 2)])
    assert alone[0].reason == "passed; only 1 here, so pass@2 is left out for all"
    assert other[0].reason == "2 passed"


def test_equal_programs_run_once(tmp_path: Path) -> None:
    ours, box = grader(tmp_path)
    _, double = ours.items([])
    assert [values(scores)["pass@1"] for scores in ours.grade_samples([(double, [RIGHT, WRONG] * 50)])] == [0.5]
    assert len(box.ran) == 2


def test_answers_run_only_when_their_scores_are_wanted(tmp_path: Path) -> None:
    ours, box = grader(tmp_path)
    roots, double = ours.items([])
    scores = ours.grade_all([(double, RIGHT), (roots, WRONG), (roots, RIGHT)])
    next(scores)
    assert len(box.ran) == 1


def test_extra_tests_count_on_top_of_the_others(tmp_path: Path) -> None:
    ours, _ = grader(tmp_path, RELEASE_PLUS)
    item = ours.items([])[0]
    assert values(ours.grade(item, item.reference)) == {"pass@1": 1, "plus_pass@1": 1}
    assert values(ours.grade(item, "    return sum(numbers) / len(numbers)")) == {"pass@1": 1, "plus_pass@1": 0}
    right_for_extra_only = (
        "    return sum(numbers) / len(numbers) if numbers and len(numbers) < 3 and numbers != [0.5] else 0"
    )
    assert values(ours.grade(item, right_for_extra_only)) == {"pass@1": 0, "plus_pass@1": 0}


def test_humaneval_plus_of_the_hub_has_extra_tests_alone(tmp_path: Path) -> None:
    ours, _ = grader(tmp_path, HUB_PLUS)
    assert values(ours.grade(ours.items([])[0], RIGHT)) == {"plus_pass@1": 1}


def test_mbpp_is_graded_with_and_without_its_extra_tests(tmp_path: Path) -> None:
    for plus, metrics in ((True, {"pass@1", "plus_pass@1"}), (False, {"pass@1"})):
        ours = Mbpp(MbppOptions(items=write(tmp_path / "mbpp.jsonl", [MBPP_PLUS]), plus=plus))
        ours.run_in(InProcess())  # type: ignore[arg-type]
        item = ours.items([])[0]
        assert values(ours.grade(item, item.reference)) == dict.fromkeys(metrics, 1)
    assert len(Mbpp(MbppOptions(items=write(tmp_path / "b.jsonl", [MBPP]), split="all")).items([])) == 1


def test_own_problems_come_from_the_plugin_or_from_a_file(tmp_path: Path) -> None:
    assert len(OwnProblems().items([])) >= 40
    assert {tag for item in OwnProblems().items([]) for tag in item.tags} <= {"easy", "medium", "hard"}
    theirs = OwnProblems(ProblemsOptions(items=write(tmp_path / "own.jsonl", [DOUBLE])))
    assert [item.meta["task_id"] for item in theirs.items([])] == ["Made/1"]


def test_items_come_back_from_a_file_with_all_that_grading_needs(tmp_path: Path) -> None:
    ours, _ = grader(tmp_path)
    item = ours.items([])[1]
    again = Example(
        prompt=item.prompt, completion=item.completion, origin=item.origin, meta=json.loads(json.dumps(dict(item.meta)))
    )
    assert ours.grade(again, RIGHT)[0].value == 1


def test_an_item_without_tests_is_refused(tmp_path: Path) -> None:
    ours, _ = grader(tmp_path)
    strange = Example(
        prompt=(Message(role="user", content="?"),), completion=(), origin=Origin(source="s", place="line 1")
    )
    with pytest.raises(DataError, match="s, line 1 has no tests"):
        ours.grade(strange, RIGHT)


def test_an_item_without_answers_is_refused(tmp_path: Path) -> None:
    ours, _ = grader(tmp_path)
    with pytest.raises(DataError, match="no answer to Made/1"):
        list(ours.grade_samples([(ours.items([])[1], [])]))


def test_a_sandbox_that_fails_is_an_error_and_no_failed_answer(tmp_path: Path) -> None:
    ours, _ = grader(tmp_path)
    ours.run_in(InProcess(fails=frozenset({"n + n"})))  # type: ignore[arg-type]
    double = ours.items([])[1]
    assert ours.grade(double, WRONG)[0].value == 0
    with pytest.raises(SandboxError, match="Made/1 could not be run: no kernel today"):
        ours.grade(double, RIGHT)


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (Result(verdict="passed", reason="all", tier="T1"), "passed"),
        (Result(verdict="blocked", reason="blocked: socket", tier="T1"), "blocked: socket"),
        (Result(verdict="memory", reason="MemoryError", tier="T1"), "memory: MemoryError"),
        (Result(verdict="crashed", tier="T1"), "crashed"),
    ],
)
def test_a_result_is_said_once(result: Result, words: str) -> None:
    assert said(result) == words


# In the real sandbox

CHEATS = {
    "leaves with success": "import sys\n    sys.exit(0)",
    "leaves at once": "import os\n    os._exit(0)",
    "is equal to everything": "class Yes:\n        def __eq__(self, other): return True\n    return Yes()",
    "is a number equal to everything": "class Yes(int):\n        def __eq__(self, other): return True\n    return Yes(1)",
    "says that it passed": "print('passed')\n    return None",
}


@pytest.mark.parametrize("body", CHEATS.values(), ids=CHEATS.keys())
def test_an_answer_does_not_pass_that(body: str, tmp_path: Path) -> None:
    ours, _ = grader(tmp_path)
    ours.run_in(open_sandbox())
    assert ours.grade(ours.items([])[1], f"    {body}\n")[0].value == 0


def test_without_a_sandbox_one_is_opened(tmp_path: Path) -> None:
    ours: PassAtK = HumanEval(HumanEvalOptions(items=write(tmp_path / "items.jsonl", [DOUBLE])))
    assert ours.grade(ours.items([])[0], RIGHT)[0].value == 1


def test_all_forms_of_benchmarks_run_in_the_sandbox(tmp_path: Path) -> None:
    human = HumanEval(HumanEvalOptions(items=write(tmp_path / "h.jsonl", [ROOTS, DOUBLE, RELEASE_PLUS])))
    hub = HumanEval(HumanEvalOptions(items=write(tmp_path / "p.jsonl", [HUB_PLUS])))
    basic = Mbpp(MbppOptions(items=write(tmp_path / "m.jsonl", [MBPP, MBPP_PLUS])))
    for ours in (human, hub, basic):
        items = ours.items([])
        for item, scores in zip(items, ours.grade_all([(item, item.reference) for item in items]), strict=True):
            assert all(score.value == 1 for score in scores), (item.meta["task_id"], scores)
        for item, scores in zip(items, ours.grade_all([(item, "    return None") for item in items]), strict=True):
            assert all(score.value == 0 for score in scores), (item.meta["task_id"], scores)
