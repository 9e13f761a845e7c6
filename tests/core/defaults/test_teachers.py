from __future__ import annotations

import json

import pytest

from domaintune import DataError, Message, Sampling, TokenEvent, Usage, ask_teacher
from domaintune.contracts import Component
from domaintune.defaults import teacher_local
from domaintune.defaults.teacher_local import Local
from domaintune.defaults.teacher_options import LocalOptions, ReplayOptions
from domaintune.defaults.teacher_replay import Replay
from domaintune.errors import ModelError, RequestError

GREEDY = Sampling(max_new_tokens=8)


def chat(text, system=None):
    said = [Message(role="user", content=text)]
    return [Message(role="system", content=system), *said] if system else said


@pytest.fixture
def recorded(tmp_path):
    def write(*rows, missing="error"):
        file = tmp_path / "answers.jsonl"
        file.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows), "utf-8")
        return Replay(ReplayOptions(file=str(file), missing=missing))

    return write


def row(messages, answer):
    return {"messages": messages, "answer": answer}


def test_answers_are_repeated_for_exactly_these_messages(recorded):
    teacher = recorded(row(chat("a"), "A"), row(chat("a", "be kind"), "kind A"), row(chat("b"), None))
    assert teacher.answer(chat("a", "be kind"), GREEDY) == "kind A"
    assert teacher.answer(chat("a"), Sampling(temperature=1.0)) == "A"
    assert teacher.answer(chat("b"), GREEDY) is None
    for other in (chat("a "), chat("a", "be rude"), [Message(role="assistant", content="a")]):
        with pytest.raises(DataError):
            teacher.answer(other, GREEDY)


def test_several_answers_come_in_order_and_the_last_stays(recorded):
    teacher = recorded(row(chat("a"), "1"), row(chat("b"), "x"), row(chat("a"), None), row(chat("a"), "3"))
    assert [teacher.answer(chat("a"), GREEDY) for _ in range(4)] == ["1", None, "3", "3"]
    assert teacher.answer(chat("b"), GREEDY) == "x"


def test_what_is_not_recorded_names_the_nearest(recorded):
    teacher = recorded(row(chat("Ask about asthma in adults."), "A"), row(chat("Sing a song."), "B"))
    with pytest.raises(DataError) as caught:
        teacher.answer(chat("Ask about asthma in children."), GREEDY)
    assert "no answer to 'Ask about asthma in children.'" in str(caught.value)
    assert "the nearest recorded is line 1: 'Ask about asthma in adults.'" in str(caught.value)
    assert "data.teacher_options.missing=decline" in str(caught.value)
    with pytest.raises(DataError, match="line 2: the same last message after others"):
        teacher.answer(chat("Sing a song.", "loudly"), GREEDY)


def test_long_messages_are_shown_where_they_differ(recorded):
    teacher = recorded(row(chat("word " * 200 + "left end"), "A"))
    with pytest.raises(DataError, match=r"…word .*left end'; record"):
        teacher.answer(chat("word " * 200 + "right end"), GREEDY)


def test_it_may_decline_instead(recorded):
    assert recorded(row(chat("a"), "A"), missing="decline").answer(chat("b"), GREEDY) is None
    assert recorded(missing="decline").answer(chat("b"), GREEDY) is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 2: not a JSON object"),
        ("[" * 100_000, "line 2: not a JSON object"),
        ("[1]", 'line 2: a row holds "messages" and "answer"'),
        ('{"messages": []}', 'line 2: a row holds "messages" and "answer"'),
        ('{"messages": [], "answer": "x"}', 'line 2: "messages" is a list'),
        ('{"messages": [{"role": "user"}], "answer": "x"}', 'line 2: "messages" is a list'),
        ('{"messages": [{"role": "user", "content": "a"}], "answer": 3}', 'line 2: "answer" is a text, or null'),
    ],
)
def test_damaged_recordings_are_refused_by_line(recorded, line, said):
    with pytest.raises(DataError) as caught:
        recorded(row(chat("a"), "A"), line)
    assert said in str(caught.value)


def test_half_characters_in_an_answer_do_not_break_what_comes_later(recorded):
    teacher = recorded('{"messages": [{"role": "user", "content": "a"}], "answer": "well \\ud83d, \\ud83d\\ude00"}')
    assert teacher.answer(chat("a"), GREEDY) == "well ?, \N{GRINNING FACE}"


def test_recordings_that_cannot_be_read(tmp_path):
    with pytest.raises(DataError, match=r"name it with --set data\.teacher_options\.file=FILE"):
        Replay(ReplayOptions())
    with pytest.raises(DataError, match=r"cannot read the recording '.*gone.jsonl': No such file"):
        Replay(ReplayOptions(file=str(tmp_path / "gone.jsonl")))
    (tmp_path / "odd.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="it is not UTF-8"):
        Replay(ReplayOptions(file=str(tmp_path / "odd.jsonl")))


def test_recordings_answer_many_and_count_them(recorded):
    rows = [{**row(chat(text), text.upper()), "sampling": {"seed": 3}} for text in "ab"]
    teacher = recorded(*rows, missing="decline")
    asked = []
    answers = ask_teacher(teacher, (asked.append(text) or chat(text) for text in "abc"), [GREEDY] * 3)
    assert (next(answers), asked) == ("A", ["a"])
    assert list(answers) == ["B", None]
    assert teacher.usage == Usage(requests=3, cached=3)
    with pytest.raises(ValueError, match="longer"):
        list(teacher.answers([chat("a")], [GREEDY] * 2))


@pytest.fixture
def local(tiny):
    def made(**options):
        return Local(LocalOptions(base=str(tiny), device="cpu", dtype="float32", **options))

    return made


def test_a_local_model_answers_alike_alone_and_together(local):
    conversations = [chat("Findings: heart size is normal."), chat("Findings", "Derive."), chat("left effusion " * 9)]
    teacher = local(batch=2)
    alone = [teacher.answer(one, GREEDY) for one in conversations]
    assert all(alone)
    assert len(set(alone)) > 1
    assert list(teacher.answers(conversations, [GREEDY] * 3)) == alone
    assert list(teacher.answers([], [])) == []


def test_a_conversation_too_long_for_the_model_is_declined_and_others_are_not(local):
    teacher = local()
    short = chat("Findings")
    assert list(teacher.answers([short, chat("no room for this " * 900), short], [GREEDY] * 3)) == [
        teacher.answer(short, GREEDY), None, teacher.answer(short, GREEDY),
    ]  # fmt: skip


class Session:
    """Answers with the reversed question; what it is told to do wrong, it does."""

    def __init__(self, wrong=""):
        self.wrong, self.batches = wrong, []

    def generate(self, requests):
        self.batches.append(len(requests))
        if self.wrong == "refused":
            raise RequestError("failed", "no such thing")
        for place, request in reversed(list(enumerate(requests))):
            text = request.messages[-1]["content"][::-1]
            yield TokenEvent(request=place, text=text[:2], tokens=1)
            if self.wrong != "unfinished":
                reason = "error" if self.wrong == "error" else "stop"
                yield TokenEvent(request=place, text=text[2:], tokens=1, finish_reason=reason, error="on fire")


@pytest.fixture
def through(monkeypatch):
    """Make a local teacher that asks this session; it remembers which models were opened."""

    def made(session, **options):
        opened = []
        engine = type("Engine", (), {"open": lambda _, model: opened.append(model) or session})()
        part = Component(name="made", summary="", load=lambda: engine)
        catalog = type("Catalog", (), {"component": lambda *_: part})()
        monkeypatch.setattr(teacher_local, "catalog", lambda: catalog)
        return Local(LocalOptions(engine="made", base="some/model", revision="abc", **options)), opened

    return made


def test_it_opens_the_model_once_on_first_use_and_asks_in_batches(through):
    session = Session()
    teacher, opened = through(session, batch=2)
    assert opened == []
    asked = [chat(text) for text in ("abc", " ", "xyz")]
    assert list(teacher.answers(asked, [GREEDY] * 3)) == ["cba", None, "zyx"]
    assert teacher.answer(chat("ab\ud800"), GREEDY) == "?ba"
    assert session.batches == [2, 1, 1]
    assert [(model.base, model.revision, model.engine) for model in opened] == [("some/model", "abc", "made")]


@pytest.mark.parametrize(
    ("wrong", "error", "said"),
    [
        ("error", ModelError, "the teacher 'some/model' failed: on fire"),
        ("unfinished", ModelError, "left 1 of 1 questions without an end"),
        ("refused", RequestError, "no such thing"),
    ],
)
def test_what_goes_wrong_is_said(through, wrong, error, said):
    teacher, _ = through(Session(wrong))
    with pytest.raises(error, match=said):
        teacher.answer(chat("a"), GREEDY)


def test_answers_come_in_order_as_they_are_there_and_conversations_are_taken_as_needed(through):
    teacher, _ = through(Session(), batch=2)
    taken = []
    answers = ask_teacher(teacher, (taken.append(text) or chat(text) for text in "abcdefghij"), [GREEDY] * 10)
    assert taken == []
    assert next(answers) == "a"
    assert taken == list("abcdefgh"), "four batches"
    assert list(answers) == list("bcdefghij")
    assert teacher.usage == Usage(requests=10, completion_tokens=20)


def test_each_conversation_has_its_own_sampling(local):
    samplings = [Sampling(max_new_tokens=6, temperature=3.0, seed=seed) for seed in (1, 2, 1)] + [GREEDY]
    together = list(local(batch=3).answers([chat("Findings: heart")] * 4, samplings))
    alone = local()
    assert together == [alone.answer(chat("Findings: heart"), sampling) for sampling in samplings]
    assert together[0] == together[2]
    assert len(set(together)) == 3


class Picky(Session):
    """Refuses what holds a "!", as an engine does with what is too long: before it says anything."""

    def generate(self, requests):
        if any("!" in request.messages[-1]["content"] for request in requests):
            self.batches.append(-len(requests))
            raise RequestError("context_length_exceeded", "too long")
        return super().generate(requests)


def test_one_conversation_that_is_too_long_does_not_slow_all_others_down(through):
    session = Picky()
    teacher, _ = through(session, batch=16)
    asked = [f"{number}{'!' if number == 5 else '.'}" for number in range(16)]
    expected = [None if "!" in text else text[::-1] for text in asked]
    assert list(teacher.answers(map(chat, asked), [GREEDY] * 16)) == expected
    assert [size for size in session.batches if size > 0] == [4, 1, 2, 8]


def test_a_local_teacher_keeps_its_answers_where_it_is_told_to(through, tmp_path):
    options = {"store": str(tmp_path / "kept.sqlite"), "batch": 2}
    first, opened = through(Session(), **options)
    assert list(first.answers(map(chat, "ab "), [GREEDY] * 3)) == ["a", "b", None]
    session = Session()
    again, opened = through(session, **options)
    assert list(again.answers(map(chat, " ab"), [GREEDY] * 3)) == [None, "a", "b"]
    assert opened == [], "no model is opened for what is kept"
    assert list(again.answers(map(chat, ("a", "new", "b")), [GREEDY] * 3)) == ["a", "wen", "b"]
    assert again.usage == Usage(requests=6, cached=5, completion_tokens=2)
    other, _ = through(session, dtype="float16", **options)
    assert list(other.answers([chat("a")], [GREEDY])) == ["a"]
    assert other.answer(chat("a"), Sampling(seed=5)) == "a"
    assert other.usage.cached == 0, "another model, or another sampling, is another question"


def test_what_was_answered_before_a_failure_is_kept(through, tmp_path):
    class Failing(Session):
        def generate(self, requests):
            yield TokenEvent(request=0, text="yes", tokens=1, finish_reason="stop")
            raise ModelError("out of memory")

    options = {"store": str(tmp_path / "kept.sqlite")}
    with pytest.raises(ModelError, match="out of memory"):
        list(through(Failing(), **options)[0].answers(map(chat, "ab"), [GREEDY] * 2))
    again, _ = through(Session(), **options)
    assert list(again.answers(map(chat, "ab"), [GREEDY] * 2)) == ["yes", "b"]


def test_a_real_engine_answers_alike_from_the_store(local, tmp_path):
    asked = [chat("Findings: heart size is normal."), chat("no room for this " * 900), chat("left effusion")]
    plain = list(local().answers(asked, [GREEDY] * 3))
    for cached in (0, 3):
        teacher = local(store=str(tmp_path / "kept.sqlite"))
        assert list(teacher.answers(asked, [GREEDY] * 3)) == plain
        assert (teacher.usage.requests, teacher.usage.cached) == (3, cached)


def test_answers_may_be_asked_about_while_they_come(local):
    """An engine answers one batch at a time; a second question in between loses none of the first answers."""
    teacher, other = local(batch=2), local()
    asked = [chat(f"Findings {number} {'left effusion ' * number}") for number in range(6)]
    samplings = [Sampling(max_new_tokens=4 + 3 * (number % 3)) for number in range(6)]
    first = teacher.answers(asked, samplings)
    second = list(teacher.answers((chat(f"Derive: {answer}") for answer in first), [GREEDY] * 6))
    plain = [other.answer(one, sampling) for one, sampling in zip(asked, samplings, strict=True)]
    assert second == [other.answer(chat(f"Derive: {answer}"), GREEDY) for answer in plain]
    turns = [teacher.answers(asked, samplings), teacher.answers(asked[::-1], samplings[::-1])]
    assert [[next(turn) for turn in turns] for _ in range(6)] == list(map(list, zip(plain, plain[::-1], strict=True)))


def test_a_failure_is_raised_where_its_answers_are_taken(through):
    class Failing(Session):
        def generate(self, requests):
            for place, request in enumerate(requests):
                if request.messages[-1]["content"] == "bad":
                    raise ModelError("out of memory")
                yield TokenEvent(request=place, text="fine", tokens=1, finish_reason="stop")

    teacher, _ = through(Failing(), batch=3)
    first = teacher.answers(map(chat, ("a", "b", "bad")), [GREEDY] * 3)
    assert next(first) == "fine"
    assert teacher.answer(chat("c"), GREEDY) == "fine"
    assert next(first) == "fine"
    with pytest.raises(ModelError, match="out of memory"):
        next(first)
