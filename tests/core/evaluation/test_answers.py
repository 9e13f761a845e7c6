from __future__ import annotations

import json
from dataclasses import replace

import pytest
from made import Scripted, example

from domaintune.contracts import Sampling
from domaintune.errors import ModelError
from domaintune.evaluation import collect, missing

GREEDY = Sampling(max_new_tokens=8)
QUESTIONS = [example(f"{'long ' * i}question q{i}", "-") for i in range(7)]


def ask(session, store, examples=QUESTIONS, sampling=GREEDY, **options):
    return collect(session, examples, "mine", sampling, batch_size=3, store=store, **options)


def test_answers_come_in_the_order_of_the_examples(tmp_path):
    answers = ask(Scripted(), tmp_path / "store.jsonl")
    assert [answer.text for answer in answers] == [f"mine:q{i}" for i in range(7)]
    assert {(answer.tokens, answer.finish_reason) for answer in answers} == {(3, "stop")}


def test_the_longest_prompts_are_asked_first(tmp_path):
    session = Scripted()
    ask(session, tmp_path / "store.jsonl")
    assert [len(batch) for batch in session.batches] == [3, 3, 1]
    assert session.asked == sorted(session.asked, key=len, reverse=True)


def test_identical_prompts_are_asked_once(tmp_path):
    session = Scripted()
    answers = ask(session, tmp_path / "store.jsonl", [QUESTIONS[0], QUESTIONS[1], QUESTIONS[0]])
    assert [answer.text for answer in answers] == ["mine:q0", "mine:q1", "mine:q0"]
    assert len(session.asked) == 2


def test_choices_are_part_of_the_question(tmp_path):
    store = tmp_path / "store.jsonl"
    ask(Scripted(), store)
    either, other = (replace(QUESTIONS[0], choices=choices) for choices in (("a", "b"), ("b", "a")))
    assert missing([*QUESTIONS, either], GREEDY, store) == 1
    ask(Scripted(), store, [either])
    assert missing([either], GREEDY, store) == 0
    assert missing([other], GREEDY, store) == 1


def test_keys_of_questions_without_choices_are_as_they_always_were(tmp_path):
    store = tmp_path / "store.jsonl"
    ask(Scripted(), store, QUESTIONS[:1])
    assert json.loads(store.read_text())["key"] == "ee9b097da0b5e8d5"


def test_choices_reach_the_engine_after_what_is_written(tmp_path):
    class Noting(Scripted):
        def generate(self, requests):
            seen.extend(request.choices for request in requests)
            return super().generate(requests)

    seen = []
    ask(Noting(), tmp_path / "store.jsonl", [replace(QUESTIONS[6], choices=("a", "b")), *QUESTIONS[:3]])
    assert seen == [(), (), (), ("a", "b")]


def test_a_killed_evaluation_continues_and_asks_nothing_twice(tmp_path):
    store, killed, next_one = tmp_path / "store.jsonl", Scripted(dies_at=2), Scripted()
    with pytest.raises(KeyboardInterrupt):
        ask(killed, store)
    assert missing(QUESTIONS, GREEDY, store) == 1
    answers = ask(next_one, store)
    assert [answer.text for answer in answers] == [f"mine:q{i}" for i in range(7)]
    asked = killed.asked + next_one.asked
    assert len(asked) == len(set(asked)) == 7


@pytest.mark.parametrize("torn", [1, 10, 60])
def test_a_torn_last_line_is_asked_again(tmp_path, torn):
    store = tmp_path / "store.jsonl"
    ask(Scripted(), store)
    store.write_bytes(store.read_bytes()[:-torn])
    again = Scripted()
    answers = ask(again, store)
    assert [answer.text for answer in answers] == [f"mine:q{i}" for i in range(7)]
    assert len(again.asked) == 1
    assert len([json.loads(line) for line in store.read_text().splitlines()]) == 7
    assert missing(QUESTIONS, GREEDY, store) == 0


def test_a_damaged_line_costs_one_answer(tmp_path):
    store = tmp_path / "store.jsonl"
    ask(Scripted(), store)
    lines = store.read_text().splitlines()
    store.write_text("\n".join([lines[0], "{]", '{"key": "a"}', "[1]", *lines[2:]]) + "\n")
    assert missing(QUESTIONS, GREEDY, store) == 1


def test_another_way_of_sampling_is_another_question(tmp_path):
    store = tmp_path / "store.jsonl"
    ask(Scripted(), store)
    assert missing(QUESTIONS, Sampling(max_new_tokens=9), store) == 7


def test_the_store_holds_the_documented_keys(tmp_path):
    store = tmp_path / "deep" / "store.jsonl"
    ask(Scripted(), store)
    assert set(json.loads(store.read_text().splitlines()[0])) == {"key", "text", "tokens", "finish_reason", "seconds"}


def test_progress_counts_what_was_kept(tmp_path):
    store, seen = tmp_path / "store.jsonl", []
    ask(Scripted(), store, QUESTIONS[:3])
    ask(Scripted(), store, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(3, 7), (6, 7), (7, 7)]


def test_with_every_answer_kept_no_session_is_needed(tmp_path):
    store = tmp_path / "store.jsonl"
    ask(Scripted(), store)
    assert len(ask(None, store)) == 7


def test_an_engine_that_leaves_questions_open_is_named(tmp_path):
    with pytest.raises(ModelError, match="3 of 3 questions without an end"):
        ask(Scripted(mute=True), tmp_path / "store.jsonl")


def test_lone_surrogates_can_be_stored(tmp_path):
    answers = ask(Scripted(), tmp_path / "store.jsonl", [example("say \ud800", "-")])
    assert answers[0].text == "mine:?"
