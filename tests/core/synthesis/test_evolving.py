"""Rounds, lineage, order and requests of `evolve`: the same for every teacher, and each task in one place."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_teacher import Crowd, Scripted, kind_of, run, seeds, task_in

from domaintune import Dropped, Message, Origin, Sampling, TeacherError
from domaintune.synthesis import GENERAL, Acceptance, EvolveOptions, Operator, Recipe, Step, Task, evolution, evolve


def test_rounds_are_merged_with_the_seeds() -> None:
    teacher = Scripted()
    tasks, dropped = run(seeds(3), teacher, rounds=2)
    assert not dropped
    assert [len(task.lineage) for task in tasks] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert [task.answer for task in tasks] == ["As it was."] * 3 + ["Here it is, step by step."] * 6
    assert Counter(kind for kind, _, _ in teacher.asked) == {"evolve": 6, "judge": 6, "answer": 6}


def test_a_round_evolves_what_the_last_one_has_made() -> None:
    tasks, _ = run(seeds(1), Scripted(), rounds=3)
    assert [task.parent for task in tasks] == [None, *tasks[:-1]]
    assert all(task.text.startswith(task.parent.text) for task in tasks[1:])


def test_every_task_tells_where_it_comes_from() -> None:
    tasks, _ = run(seeds(1), Scripted(), rounds=2)
    last = tasks[-1]
    names = [step.operator for step in last.lineage]
    assert last.lineage == (Step(round=1, operator=names[0]), Step(round=2, operator=names[1]))
    assert {*names} <= {operator.name for operator in GENERAL.operators}
    assert str(last.origin) == "seeds.csv, line 2, round 2"
    assert last.as_meta() == {
        "seed": "seeds.csv, line 2", "round": 2, "operators": names, "parent": tasks[1].text
    }  # fmt: skip
    assert tasks[0].as_meta() == {"seed": "seeds.csv, line 2", "round": 0, "operators": [], "parent": None}


def test_what_is_eliminated_leaves_its_parent_to_the_next_round() -> None:
    replies = iter([None, "Describe thing number 0 to a child, with three comparisons."])
    tasks, dropped = run(seeds(1), Scripted(lambda *_: next(replies)), rounds=2)
    assert [(item.reason, item.origin.place) for item in dropped] == [("declined", "line 2, round 1")]
    assert tasks[1].parent is tasks[0]
    assert [step.round for step in tasks[1].lineage] == [2]


def test_a_round_draws_anew_for_a_task_that_was_eliminated() -> None:
    teacher = Scripted(lambda *_: None)
    run(seeds(20), teacher, rounds=2)
    first, second = teacher.asked[:20], teacher.asked[20:]
    assert {sampling.seed for _, _, sampling in first}.isdisjoint(sampling.seed for _, _, sampling in second)
    assert [text for _, text, _ in first] != [text for _, text, _ in second]


def test_seeds_without_an_answer_are_answered_and_others_keep_theirs() -> None:
    own = seeds(2)[1]
    tasks, _ = run([*seeds(1, answer=None), own], Scripted(answer="New."), rounds=0)
    assert [task.answer for task in tasks] == ["New.", "As it was."]
    assert tasks[1] is own


def test_seeds_that_cannot_be_answered_are_dropped_and_not_evolved() -> None:
    teacher = Scripted(answer=None)
    tasks, dropped = run(seeds(2, answer=None), teacher)
    assert not tasks
    assert [(str(item.origin), item.reason) for item in dropped] == [
        ("seeds.csv, line 2", "declined"), ("seeds.csv, line 3", "declined")
    ]  # fmt: skip
    assert {kind for kind, _, _ in teacher.asked} == {"answer"}


def test_a_seed_that_comes_twice_is_used_once() -> None:
    again = Task(text="describe thing number 0", origin=Origin(source="seeds.csv", place="line 9"), answer="x")
    blank = Task(text=" \n", origin=Origin(source="seeds.csv", place="line 10"), answer="x")
    tasks, dropped = run([*seeds(1), again, blank], Scripted(), rounds=0)
    assert len(tasks) == 1
    assert [(item.origin.place, item.reason) for item in dropped] == [("line 9", "repeated"), ("line 10", "empty")]


def test_the_same_call_sends_the_same_requests() -> None:
    one, other = Scripted(), Scripted()
    assert run(seeds(30), one, rounds=2) == run(seeds(30), other, rounds=2)
    assert one.asked == other.asked
    third = Scripted()
    run(seeds(30), third, rounds=2, seed=1)
    assert third.asked != one.asked


def test_every_request_has_a_seed_of_its_own() -> None:
    teacher = Scripted()
    run(seeds(50), teacher)
    assert len({sampling.seed for _, _, sampling in teacher.asked}) == 150


def test_another_seed_changes_no_request_of_the_others() -> None:
    few, more = Scripted(), Scripted()
    run(seeds(5), few)
    run([Task(text="Name a bird.", origin=Origin(source="new"), answer="Crow"), *seeds(5)], more)
    assert {text for _, text, _ in few.asked} < {text for _, text, _ in more.asked}


@pytest.mark.parametrize("workers", [1, 3, 16])
def test_concurrency_changes_nothing(workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evolution, "TOGETHER", 7)
    assert run(seeds(40), Crowd(workers), rounds=2) == run(seeds(40), Scripted(), rounds=2)


def test_how_many_are_taken_together_changes_nothing_but_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = run(seeds(20), Scripted(), rounds=2)
    monkeypatch.setattr(evolution, "TOGETHER", 3)
    assert run(seeds(20), Scripted(), rounds=2) == at_once


def test_nothing_is_asked_before_it_is_wanted() -> None:
    teacher = Scripted()
    items = evolve(seeds(9), GENERAL, teacher, EvolveOptions(judge=False), rng=random.Random(0))
    assert [next(items) for _ in range(9)] == seeds(9)
    assert not teacher.asked
    assert next(items).lineage
    assert [kind for kind, _, _ in teacher.asked] == ["evolve"] * 9 + ["answer"] * 9


def test_requests_are_made_one_by_one() -> None:
    made: list[int] = []

    class Counting:
        def answers(self, several: object, samplings: object) -> object:
            for count, (messages, _) in enumerate(zip(several, samplings, strict=True)):
                made.append(count)
                yield f"{task_in(messages)} And say why." if kind_of(messages) == "evolve" else None

    items = evolve(seeds(9), GENERAL, Counting(), EvolveOptions(judge=False), rng=random.Random(0))
    for _ in range(10):
        next(items)
    assert made == [*range(9), *range(9)]


def test_operators_are_drawn_by_their_weight() -> None:
    rare = Operator(name="rare", method="Do it rarely.")
    often = Operator(name="often", method="Do it often.", weight=3.0)
    never = Operator(name="never", method="Leave it.", weight=0.0)
    acceptance = Acceptance()
    recipe = Recipe(operators=(rare, often, never), frame=GENERAL.frame)
    run(seeds(400), Scripted(), recipe, acceptance=acceptance, judge=False)
    counts = {name: count for (_, name), count in acceptance.tried.items()}
    assert set(counts) == {"rare", "often"}
    assert 0.68 < counts["often"] / 400 < 0.82


def test_general_operators_are_drawn_equally_often() -> None:
    acceptance = Acceptance()
    run(seeds(600), Scripted(), acceptance=acceptance, judge=False)
    assert {name for _, name in acceptance.tried} == {
        "constraint", "deepen", "concretise", "reasoning", "input", "breadth"
    }  # fmt: skip
    assert all(70 < count < 130 for count in acceptance.tried.values())


def test_the_teacher_is_asked_as_the_options_say() -> None:
    teacher = Scripted()
    run(seeds(1), teacher, task_tokens=50, max_new_tokens=70, verdict_tokens=5, temperature=0.4, top_p=0.5)
    shapes = {kind: (s.max_new_tokens, s.temperature, s.top_p) for kind, _, s in teacher.asked}
    assert shapes == {"evolve": (50, 0.4, 0.5), "judge": (5, 0.0, 1.0), "answer": (70, 0.0, 0.5)}


def test_without_a_judge_no_one_is_asked_for_a_verdict() -> None:
    teacher = Scripted()
    run(seeds(2), teacher, judge=False)
    run(seeds(2), teacher, Recipe(operators=GENERAL.operators[:1], frame=GENERAL.frame, judge=None))
    assert {kind for kind, _, _ in teacher.asked} == {"evolve", "answer"}


def test_a_domain_may_refuse_tasks_and_take_answers_apart() -> None:
    def refuse(task: Task) -> str | None:
        return "odd-number" if "number 1" in task.text else None

    def finish(task: Task, reply: str) -> Task | str:
        if "number 2" in task.text:
            return "no-tests"
        return Task(**{**vars(task), "answer": reply.upper(), "meta": {"tests": "assert 1"}})

    recipe = Recipe(operators=GENERAL.operators[:1], frame=GENERAL.frame, refuse=refuse, finish=finish)
    tasks, dropped = run(seeds(3), Scripted(answer="yes"), recipe)
    assert [item.reason for item in dropped] == ["odd-number", "no-tests"]
    assert (tasks[-1].answer, tasks[-1].meta) == ("YES", {"tests": "assert 1"})
    assert tasks[-1].example().meta["tests"] == "assert 1"


@pytest.mark.parametrize("count", [2, 4])
def test_a_teacher_that_loses_count_is_refused(count: int) -> None:
    class Careless:
        def answers(self, several: object, samplings: object) -> object:
            yield from ["Something else entirely."] * count

    with pytest.raises(TeacherError, match=rf"the teacher gave {count} answers to 3 requests; its `answers` has to"):
        run(seeds(3), Careless())


def test_texts_of_any_script_pass_unharmed() -> None:
    seed = Task(text="用一句话解释彩虹 {task} 🌈", origin=Origin(source="s"), answer="光。")
    new = "用一句话解释双彩虹，并说明颜色为什么相反 {method} 🌈\n第二行"
    tasks, _ = run([seed], Scripted(lambda *_: new, answer="Отражение\ud800."))
    assert tasks[1].text == new
    assert tasks[1].answer == "Отражение?."


def test_the_example_of_a_task_is_a_relative_of_its_seed() -> None:
    tasks, _ = run(seeds(1), Scripted(), rounds=2)
    first, last = tasks[0].example(), tasks[2].example(system="Be brief.", tags={"things"})
    assert (first.tags, last.tags) == ({"seed"}, {"round-2", "things"})
    assert first.group == last.group == seeds(1)[0].text
    assert last.prompt == (
        Message(role="system", content="Be brief."), Message(role="user", content=tasks[2].text)
    )  # fmt: skip
    assert last.meta["lineage"]["round"] == 2
    with pytest.raises(ValueError, match="line 2 has no answer"):
        seeds(1, answer=None)[0].example()


REPLIES = st.sampled_from([None, "", "sorry", "Name a bird.", "new task: x", "more", "=", "evolved"])


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.text(max_size=12), max_size=12),
    answers=st.lists(st.sampled_from([None, "Yes.", "..."]), min_size=1),
    replies=st.lists(REPLIES, min_size=1, max_size=8),
    verdicts=st.lists(st.sampled_from(["EQUAL", "DIFFERENT", "hm", None]), min_size=1, max_size=4),
    rounds=st.integers(0, 3),
    judge=st.booleans(),
)
def test_each_seed_and_each_attempt_ends_in_one_place(
    texts: list[str], answers: list[str | None], replies: list[str | None], verdicts: list[str | None], rounds: int,
    judge: bool,
) -> None:  # fmt: skip
    said = {"evolve": replies, "judge": verdicts, "answer": answers}

    class Fickle:
        def answer(self, messages: list[Message], sampling: Sampling) -> str | None:
            kind = kind_of(messages)
            reply = said[kind][sampling.seed % len(said[kind])]
            if kind == "evolve" and reply in {"evolved", "more"}:
                return f"{task_in(messages)} with {'a' if reply == 'more' else sampling.seed} more"
            return reply

    given_ = [
        Task(text=text, origin=Origin(source="s", place=f"line {n}"), answer=answers[n % len(answers)])
        for n, text in enumerate(texts)
    ]
    acceptance, steps = Acceptance(), []
    items = list(
        evolve(
            given_, GENERAL, Fickle(), EvolveOptions(rounds=rounds, judge=judge),
            rng=random.Random(1), acceptance=acceptance, progress=lambda done, total: steps.append((done, total)),
        )
    )  # fmt: skip
    kept = [item for item in items if isinstance(item, Task)]
    dropped = [item for item in items if isinstance(item, Dropped)]
    pool = [task for task in kept if not task.lineage]
    places = [item.origin.place for item in items]
    assert len(set(places)) == len(places)
    assert len(items) == len(given_) + rounds * len(pool)
    assert {task.origin.place for task in given_} == {place for place in places if "round" not in place}
    assert acceptance.tried.total() == rounds * len(pool)
    assert acceptance.accepted.total() == len(kept) - len(pool)
    assert acceptance.eliminated.total() == len([item for item in dropped if "round" in item.origin.place])
    assert Counter(reason for (_, reason), n in acceptance.eliminated.items() for _ in range(n)) == Counter(
        item.reason for item in dropped if "round" in item.origin.place
    )
    assert all(task.answer is not None for task in kept)
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)
    assert not steps or steps[-1][0] == steps[-1][1]


def test_the_thoughts_of_a_teacher_are_no_part_of_what_it_says() -> None:
    thought = "<think>\nOkay, the user wants more.\n</think>\n\n"
    aloud = Scripted(lambda messages, sampling: f"{thought}{task_in(messages)} Name {sampling.seed} sources.")
    aloud.replies = {
        "judge": f"{thought}DIFFERENT",
        "answer": f"so it is EQUAL to...</think>Well: {thought}It ends well.",
    }
    tasks, dropped = run(seeds(2, answer=None), aloud)
    assert not dropped
    assert [task.answer for task in tasks] == ["It ends well."] * 4
    assert all(task.text.startswith("Describe thing number") for task in tasks)
    tasks, dropped = run(seeds(1), Scripted(lambda *_: "<think>\nOkay, a harder one has to be"))
    assert [item.reason for item in dropped] == ["empty"]


def test_whoever_looks_at_a_result_may_ask_the_teacher_too() -> None:
    under_way: list[int] = []

    class One(Scripted):
        def answers(self, several: object, samplings: object) -> object:
            assert not under_way
            under_way.append(1)
            for messages, sampling in zip(several, samplings, strict=True):
                yield self.answer(messages, sampling)
            under_way.pop()

    teacher = One()
    for item in evolve(seeds(3, answer=None), GENERAL, teacher, rng=random.Random(0)):
        assert isinstance(item, Task)
        assert [*teacher.answers([[Message(role="user", content="More?")]], [Sampling(max_new_tokens=1)])]


@pytest.mark.parametrize("wrong", [{"rounds": "2"}, {"rounds": 1.5}, {"task_tokens": True}, {"max_new_tokens": None}])
def test_a_number_that_is_not_whole_is_refused_in_a_sentence(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} = .*give a whole number"):
        EvolveOptions(**wrong)
