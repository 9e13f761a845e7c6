from __future__ import annotations

import json

import pytest

from domaintune import DataError, Message, Sampling, TokenEvent
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
    assert teacher.answers(conversations, GREEDY) == alone
    assert teacher.answers([], GREEDY) == []


def test_a_conversation_too_long_for_the_model_is_declined_and_others_are_not(local):
    teacher = local()
    short = chat("Findings")
    assert teacher.answers([short, chat("no room for this " * 900), short], GREEDY) == [
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
    assert teacher.answers([chat(text) for text in ("abc", " ", "xyz")], GREEDY) == ["cba", None, "zyx"]
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
