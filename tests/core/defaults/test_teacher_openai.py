"""The teacher behind an address, put to a server that misbehaves; nothing of either is replaced."""

from __future__ import annotations

import json
import signal
import socket
import ssl
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from chaotic import Chaos, Running, said

from domaintune import DataError, Message, Sampling, Usage, ask_teacher, open_teacher
from domaintune.defaults import teacher_openai
from domaintune.defaults.answer_store import AnswerStore, Given
from domaintune.defaults.chat_reply import of_connection, retry_after
from domaintune.defaults.teacher_openai import OpenAI
from domaintune.defaults.teacher_options import OpenAIOptions
from domaintune.errors import BudgetError, PluginError, SettingsError, TeacherError

KEY = "sk-very-secret"
Serve = Callable[..., Running]
Open = Callable[..., OpenAI]


def chat(text: str) -> list[Message]:
    return [Message(role="user", content=text)]


def ask(teacher: OpenAI, *prompts: str, **sampling: Any) -> list[str | None]:
    return list(teacher.answers(map(chat, prompts), [Sampling(**sampling)] * len(prompts)))


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DOMAINTUNE_TEACHER_KEY", "OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_CUSTOM_HEADERS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers that follow a script: a function of the request and the number of the try."""
    running: list[Running] = []

    def started(script: Any = lambda *_: "fine", **chaos: Any) -> Running:
        server = Running(Chaos(script=script, **chaos))
        running.append(server)
        return server.__enter__()

    yield started
    for server in running:
        server.__exit__()


@pytest.fixture
def taught(tmp_path: Path) -> Open:
    def opened(server: Running | str, **options: Any) -> OpenAI:
        url = server if isinstance(server, str) else server.url
        plain = {"store": str(tmp_path / "answers.sqlite"), "pause": 0.01, "model": "made", "silence": 0.3}
        return OpenAI(OpenAIOptions(**{**plain, "url": url, **options}))

    return opened


def test_answers_come_in_their_order_while_later_requests_are_in_flight(serve: Serve, taught: Open) -> None:
    server = serve(lambda asked, _: "slow" if asked["messages"][0]["content"] == "0" else "fine", delay=0.01)
    teacher, taken = taught(server, concurrency=3), []
    conversations = (taken.append(number) or chat(str(number)) for number in range(40))
    answers = ask_teacher(teacher, conversations, [Sampling()] * 40)
    assert taken == [], "nothing is asked before the first answer is wanted"
    assert next(answers) == said("0", 0)
    assert len(taken) == 12, "as many as wait in memory, and no more"
    assert list(answers) == [said(str(number), 0) for number in range(1, 40)]
    assert server.chaos.most_in_flight == 3


def test_one_answer_is_asked_for_like_many(serve: Serve, taught: Open) -> None:
    teacher = taught(serve())
    assert [teacher.answer(chat(text), Sampling()) for text in "aba"] == [said(text, 0) for text in "aba"]
    assert teacher.usage == Usage(requests=3, cached=1, prompt_tokens=18, completion_tokens=40)


def test_equal_requests_in_flight_are_asked_once(serve: Serve, taught: Open) -> None:
    server = serve(delay=0.02)
    for store in ("none", "kept.sqlite"):
        server.chaos.tried.clear()
        teacher = taught(
            server, store=store if store == "none" else str(Path(taught(server).store.file).with_name(store))
        )
        assert ask(teacher, "a", "a", "b", "a") == [said(text, 0) for text in "aaba"]
        assert server.chaos.tried == {"a": 1, "b": 1}
        assert (teacher.usage.requests, teacher.usage.cached) == (4, 2)


def test_what_is_kept_is_not_asked_again_by_any_teacher(serve: Serve, taught: Open) -> None:
    server = serve()
    first = ask(taught(server), "a", "b")
    again = taught(server, stream=True, concurrency=2, tries=1)
    assert ask(again, "a", "b", "a") == [*first, first[0]]
    assert again.usage == Usage(requests=3, cached=3)
    assert server.chaos.tried == {"a": 1, "b": 1}
    assert stat.S_IMODE(again.store.file.stat().st_mode) == 0o600


def test_any_part_of_a_request_makes_it_another_one(serve: Serve, taught: Open) -> None:
    server = serve()
    ask(taught(server), "a")
    samplings: list[dict[str, Any]] = [
        {"seed": 1}, {"temperature": 0.5}, {"top_p": 0.5}, {"max_new_tokens": 5}, {"stop": ("x",)},
    ]  # fmt: skip
    for number, sampling in enumerate(samplings, start=2):
        ask(taught(server), "a", **sampling)
        assert server.chaos.tried["a"] == number
    for number, options in enumerate(({"model": "other"}, {"extra": {"user": "me"}}), start=7):
        ask(taught(server, **options), "a")
        assert server.chaos.tried["a"] == number
    conversation = [Message(role="system", content="be kind"), *chat("a")]
    taught(server).answer(conversation, Sampling())
    assert server.chaos.tried["a"] == 9
    for seed in (8, 9):  # a seed that the server is not told of still tells two requests apart
        ask(taught(server, leave_out=("seed",)), "a", seed=seed)
    assert server.chaos.tried["a"] == 11


def test_fields_are_named_and_left_out_as_the_server_wants(serve: Serve, taught: Open) -> None:
    server = serve()
    options = {
        "limit_field": "max_completion_tokens",
        "leave_out": ("temperature",),
        "extra": {"reasoning_effort": "low"},
    }
    ask(taught(server, **options), "a", max_new_tokens=7, stop=("END",))
    assert server.chaos.seen[0][1] == {
        "model": "made", "messages": chat("a"), "max_completion_tokens": 7, "top_p": 1.0, "seed": 0, "stop": ["END"],
        "reasoning_effort": "low",
    }  # fmt: skip


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", ["429", "429-date", "500", "503", "cut", "stall", "reset", "malformed", "nothing"])
def test_what_may_pass_is_tried_again(serve: Serve, taught: Open, kind: str, stream: bool) -> None:
    server = serve(lambda _, number: kind if number < 3 else "fine")
    prompts = ["odd", "even"]
    assert ask(taught(server, stream=stream), *prompts) == [said(prompt, 0) for prompt in prompts]
    assert server.chaos.tried == {"odd": 3, "even": 3}


def test_a_slow_stream_may_be_slow_but_not_silent_nor_endless(serve: Serve, taught: Open) -> None:
    assert ask(taught(serve(lambda *_: "slow"), stream=True), "a") == [said("a", 0)]
    begun = time.monotonic()
    with pytest.raises(TeacherError, match=r"after 2 tries: it did not answer in time"):
        ask(taught(serve(lambda *_: "stall"), stream=True, silence=0.1, tries=2), "b")
    with pytest.raises(TeacherError, match="it did not answer in time"):
        ask(taught(serve(lambda *_: "slow"), stream=True, timeout=0.02, tries=1), "c")
    with pytest.raises(TeacherError, match="it did not answer in time"):
        ask(taught(serve(delay=5), timeout=0.1, tries=1), "d")
    assert time.monotonic() - begun < 4


def test_a_pause_that_a_server_asks_for_is_kept_by_all_and_never_too_long(
    serve: Serve, taught: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teacher_openai, "LONGEST_PAUSE", 0.3)
    busy = (429, {"error": {"message": "slow down"}}, {"Retry-After": "3600"})
    server = serve(lambda asked, number: busy if (asked["messages"][0]["content"], number) == ("a", 1) else "fine")
    begun = time.monotonic()
    assert ask(taught(server, concurrency=1), "a", "b") == [said("a", 0), said("b", 0)]
    assert 0.3 <= time.monotonic() - begun < 3


REFUSED = [
    (400, {"message": "no such field"}, "HTTP 400: no such field"),
    (401, {"message": f"wrong key {KEY}"}, r"it refuses the key \(HTTP 401: wrong key \*\*\*\); put one into MY_KEY"),
    (403, {"message": "not you"}, r"it refuses the key \(HTTP 403: not you\)"),
    (404, {"message": "gone"}, r"no such address or no model 'made' \(HTTP 404: gone\)"),
    (429, {"message": "pay first", "code": "insufficient_quota"}, "HTTP 429: pay first"),
    (429, {"message": "see your billing page"}, "HTTP 429: see your billing page"),
]


@pytest.mark.parametrize(("status", "error", "says"), REFUSED)
def test_what_cannot_succeed_ends_at_once_and_shows_no_key(
    serve: Serve, taught: Open, monkeypatch: pytest.MonkeyPatch, status: int, error: dict[str, str], says: str
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    server = serve(lambda *_: (status, {"error": error}))
    with pytest.raises(TeacherError, match=says) as caught:
        ask(taught(server, key_env="MY_KEY"), "a")
    assert server.chaos.tried == {"a": 1}
    assert KEY not in str(caught.value) + repr(caught.getrepr(style="long"))
    assert server.chaos.seen[0][0]["authorization"] == f"Bearer {KEY}"


GEMINI = "You exceeded your current quota, please check your plan and billing details. Please retry in 10.5ms."


@pytest.mark.parametrize(
    ("error", "headers"),
    [
        ({"error": {"message": GEMINI}}, {}),
        ([{"error": {"message": GEMINI}}], {}),
        ({"error": {"message": GEMINI.partition(" Please")[0]}}, {"Retry-After": "0"}),
    ],
)
def test_a_limit_of_requests_a_minute_is_waited_for_though_it_speaks_of_billing(
    serve: Serve, taught: Open, error: Any, headers: dict[str, str]
) -> None:
    server = serve(lambda _, number: (429, error, headers) if number == 1 else "fine")
    assert ask(taught(server), "a") == [said("a", 0)]


def test_a_pause_may_stand_in_a_sentence() -> None:
    assert retry_after({}, "Please retry in 27.5s.") == 27.5
    assert retry_after({}, "Please try again in 120ms.") == 0.12
    assert retry_after({}, "retry in a while") is None
    assert retry_after({"retry-after": "3"}, "retry in 27s") == 3


ROOMLESS = [
    "'max_tokens' or 'max_completion_tokens' is too large: 2048. This model's maximum context length is 1024 tokens and "
    "your request has 50 input tokens",
    "This model's maximum context length is 1024 tokens. However, you requested 2098 tokens (50 in the messages, 2048 in "
    "the completion).",
]


@pytest.mark.parametrize("message", ROOMLESS)
def test_an_answer_too_long_for_the_context_is_an_error_and_a_long_conversation_is_declined(
    serve: Serve, taught: Open, message: str
) -> None:
    server = serve(lambda *_: (400, {"error": {"message": message}}))
    with pytest.raises(TeacherError, match=r"2048 tokens, leaves its context of 1024 .*data\.options\.max_new_tokens"):
        ask(taught(server), "a", max_new_tokens=2048)
    assert server.chaos.tried == {"a": 1}
    assert ask(taught(server), "a", max_new_tokens=100) == [None]


def parts(*texts: str) -> list[dict[str, Any]]:
    return [{"type": "thinking", "thinking": []}, *({"type": "text", "text": text} for text in texts)]


def replied(content: Any, finish: str = "stop", **more: Any) -> dict[str, Any]:
    counted = {"prompt_tokens": 100, "completion_tokens": 50}
    return {"choices": [{"message": {"content": content}, "finish_reason": finish, **more}], "usage": counted}


def test_an_answer_in_parts_is_put_together(serve: Serve, taught: Open) -> None:
    server = serve(lambda *_: (200, replied(parts("the ", "whole"))))
    assert ask(taught(server), "a") == ["the whole"]


@pytest.mark.parametrize("reply", [{**replied(""), "choices": []}, replied({"an": "object"}), replied([7])])
def test_a_whole_reply_that_cannot_be_read_is_paid_for_and_asked_for_twice_at_most(
    serve: Serve, taught: Open, reply: Any
) -> None:
    server = serve(lambda *_: (200, reply))
    teacher = taught(server)
    with pytest.raises(TeacherError, match="after 2 tries: its reply is no answer of a chat"):
        ask(teacher, "a")
    assert server.chaos.tried == {"a": 2}
    assert teacher.usage == Usage(prompt_tokens=200, completion_tokens=100)


FAILED = {"message": "model overloaded, ask someone else", "code": 502}


def streamed(*events: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events) + b"data: [DONE]\n\n"


@pytest.mark.parametrize(
    "reply",
    [
        {"error": FAILED},
        {"error": FAILED["message"]},
        replied("half", "error", error=FAILED),
        streamed({"error": FAILED}),
        streamed({"choices": [{"delta": {"content": "half"}, "finish_reason": "error", "error": FAILED}]}),
    ],
)
def test_an_answer_that_ended_in_an_error_is_tried_again_and_never_kept(serve: Serve, taught: Open, reply: Any) -> None:
    server = serve(lambda _, number: (200, reply) if number < 4 else "fine")
    stream = isinstance(reply, bytes)
    with pytest.raises(TeacherError, match="broke off with an error: model overloaded, ask someone else"):
        ask(taught(server, stream=stream, tries=3), "a")
    server.chaos.tried.clear()
    assert ask(taught(server, stream=stream), "a") == [said("a", 0)]


def test_it_is_said_once_that_there_is_no_answer_for_a_while(
    serve: Serve, taught: Open, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = serve(lambda _, number: "503" if number < 4 else "fine")
    ask(taught(server), "a", "b")
    assert capsys.readouterr().err == "", "what passes soon need not be known"
    monkeypatch.setattr(teacher_openai, "SILENT", 0.0)
    monkeypatch.setenv("DOMAINTUNE_TEACHER_KEY", "no: 503")
    ask(taught(server, concurrency=1), "c", "d")
    err = capsys.readouterr().err
    assert err.count("gave no answer") == 1
    assert err.endswith("gave no answer: HTTP 503: ***; it is asked again, up to 7 more times\n")


def test_a_wrong_port_is_spoken_of_before_the_last_try(
    taught: Open, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(teacher_openai, "SILENT", 0.05)
    with pytest.raises(TeacherError):
        ask(taught("http://127.0.0.1:9/v1", tries=4, pause=0.02), "a")
    assert "'127.0.0.1:9' gave no answer: the connection failed; it is asked again" in capsys.readouterr().err


def test_nobody_listening_is_an_error_after_some_tries(taught: Open) -> None:
    with pytest.raises(
        TeacherError, match=r"the teacher 'made' at '127.0.0.1:9' gave no answer after 2 tries: the conn"
    ):
        ask(taught("http://127.0.0.1:9/v1", tries=2), "a")


def test_a_wrong_name_or_certificate_is_not_tried_again() -> None:
    unknown, passing = ConnectionError(), ConnectionError()
    unknown.__cause__ = socket.gaierror(socket.EAI_NONAME, "unknown")
    passing.__cause__ = socket.gaierror(socket.EAI_AGAIN, "try again")
    untrusted = ConnectionError()
    untrusted.__cause__ = ssl.SSLCertVerificationError(1, "bad")
    untrusted.__cause__.verify_message = "self-signed certificate"
    assert of_connection(unknown) == ("its name is not known", False)
    assert of_connection(passing) == ("the connection failed", True)
    assert of_connection(untrusted) == ("its certificate is not trusted (self-signed certificate)", False)


def test_errors_are_not_kept_and_the_answers_before_them_are(serve: Serve, taught: Open) -> None:
    server = serve(
        lambda asked, number: (400, {}) if asked["messages"][0]["content"] == "b" and number == 1 else "fine"
    )
    teacher, got = taught(server, concurrency=1), []
    with pytest.raises(TeacherError, match="HTTP 400"):
        got.extend(ask_teacher(teacher, map(chat, "abc"), [Sampling()] * 3))
    assert ask(taught(server), *"abc") == [said(text, 0) for text in "abc"]
    assert server.chaos.tried["a"] == 1


DECLINED = [
    (400, {"error": {"message": "This model's maximum context length is 4096 tokens."}}, "context_length"),
    (400, {"error": {"message": "no", "code": "context_length_exceeded"}}, "context_length"),
    (413, {}, "context_length"),
    (400, {"error": {"message": "no", "code": "content_filter"}}, "content_filter"),
    (200, {"choices": [{"message": {"content": " \n"}, "finish_reason": "stop"}]}, "stop"),
    (200, {"choices": [{"message": {"content": None, "refusal": "I will not"}, "finish_reason": "stop"}]}, "stop"),
    (200, {"choices": [{"message": {"content": "half"}, "finish_reason": "content_filter"}]}, "content_filter"),
]


@pytest.mark.parametrize(("status", "body", "finish"), DECLINED)
def test_a_teacher_may_decline_and_that_is_kept_too(
    serve: Serve, taught: Open, status: int, body: Any, finish: str
) -> None:
    server = serve(lambda *_: (status, body))
    teacher = taught(server)
    assert ask(teacher, "a") == [None]
    assert ask(taught(server), "a") == [None]
    assert server.chaos.tried == {"a": 1}
    assert _finishes(teacher.store) == [finish]


def test_an_answer_that_reached_its_limit_is_an_answer(serve: Serve, taught: Open) -> None:
    reply = {"choices": [{"message": {"content": "the begin"}, "finish_reason": "length"}], "usage": None}
    teacher = taught(serve(lambda *_: (200, reply)))
    assert ask(teacher, "a b c") == ["the begin"]
    assert _finishes(teacher.store) == ["length"]
    assert teacher.usage == Usage(requests=1, prompt_tokens=10, completion_tokens=3), (
        "estimates, as the server counts not"
    )


def _finishes(store: AnswerStore) -> list[str]:
    import sqlite3

    with sqlite3.connect(store.file) as connection:
        return [finish for (finish,) in connection.execute("SELECT finish FROM answers")]


def test_half_characters_do_not_break_what_comes_later(serve: Serve, taught: Open) -> None:
    reply = b'{"choices": [{"message": {"content": "well \\ud83d, \\ud83d\\ude00"}, "finish_reason": "stop"}]}'
    server = serve(lambda *_: (200, reply))
    for _ in range(2):
        assert ask(taught(server), "half \ud800") == ["well ?, \N{GRINNING FACE}"]
    assert server.chaos.tried == {"half ?": 1}


def test_no_redirect_is_followed(serve: Serve, taught: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOMAINTUNE_TEACHER_KEY", KEY)
    other = serve()
    server = serve(lambda *_: (307, {}, {"Location": f"{other.url}/chat/completions"}))
    with pytest.raises(TeacherError, match=r"it sends elsewhere \(HTTP 307\)"):
        ask(taught(server), "a")
    assert other.chaos.seen == []


def test_nothing_is_told_that_was_not_asked_for(serve: Serve, taught: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_ORG_ID", "org-mine")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Secret: mine")
    server = serve()
    ask(taught(server), "a")
    headers = server.chaos.seen[0][0]
    assert sorted(headers) == [
        "accept", "accept-encoding", "connection", "content-length", "content-type", "host", "user-agent",
        "x-stainless-raw-response",
    ]  # fmt: skip
    assert headers["user-agent"] == "domaintune"


def test_the_key_of_openai_goes_to_openai_only(taught: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    for url in ("https://api.openai.com.example.org/v1", "http://api.openai.com/v1", "https://example.org/v1"):
        with pytest.raises(DataError, match=r"OPENAI_API_KEY is for api\.openai\.com and is not sent to") as caught:
            taught(url, key_env="OPENAI_API_KEY")
        assert KEY not in str(caught.value)
        assert taught(url)._server.key is None
    found = taught("https://api.openai.com/v1/")
    assert found._server.key == KEY
    assert KEY not in repr(found._server)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"url": "https://me:pass@example.org/v1"}, "for 'example.org' holds a user, a password or a query"),
        ({"url": "https://example.org/v1?key=pass"}, "holds a user, a password or a query"),
        ({"url": "ftp://example.org"}, "url is no address; write https://host/v1"),
        ({"url": "https://example.org:pass/v1"}, "url is no address"),
        ({"leave_out": ("messages",)}, "leave_out cannot name 'messages'"),
        ({"model": ""}, r"--set data\.teacher_options\.model=NAME"),
        ({"key_env": "NOT_SET"}, "the environment variable NOT_SET is not set"),
        ({"url": "https://api.openai.com/v1"}, "the environment variable OPENAI_API_KEY is not set"),
        ({"extra": {"model": "another"}}, "extra cannot name 'model'"),
        ({"extra": {"messages": []}}, "extra cannot name 'messages'"),
        ({"extra": {"n": 4}, "budget_tokens": 100}, "take 'n' out of data.teacher_options.extra"),
        ({"extra": {"max_tokens": -1}, "budget_tokens": 100}, "a budget needs requests that bound their answer"),
        ({"leave_out": ("max_tokens",), "budget_tokens": 100}, "a budget needs requests that bound their answer"),
        ({"budget_cost": 1.0}, r"set data\.teacher_options\.price_in and \.price_out"),
    ],
)
def test_settings_that_do_not_fit_are_said_before_anything_is_sent(
    taught: Open, options: dict[str, Any], says: str
) -> None:
    with pytest.raises(DataError, match=says) as caught:
        taught(options.pop("url", "https://example.org/v1"), **options)
    assert ":pass" not in str(caught.value)
    assert "=pass" not in str(caught.value)


def test_a_key_that_would_travel_unencrypted_is_warned_of(
    taught: Open, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOMAINTUNE_TEACHER_KEY", KEY)
    for url in ("https://example.org/v1", "http://127.0.0.1/v1", "http://localhost:8000/v1"):
        taught(url)
    assert capsys.readouterr().err == ""
    taught("http://example.org/v1")
    assert "warning: the key of teacher 'example.org' is sent without encryption" in capsys.readouterr().err


def test_a_key_that_no_header_can_hold_is_refused(taught: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOMAINTUNE_TEACHER_KEY", "two\nlines")
    with pytest.raises(DataError, match="holds signs that no key can hold"):
        taught("https://example.org/v1")


def test_a_budget_stops_with_an_error_and_a_further_run_goes_on(serve: Serve, taught: Open) -> None:
    server, prompts = serve(delay=0.005), [f"p{number}" for number in range(50)]
    for run in range(2):
        teacher, got = taught(server, concurrency=4, budget_tokens=600), []
        with pytest.raises(BudgetError) as caught:
            got.extend(teacher.answers(map(chat, prompts), [Sampling(max_new_tokens=20)] * 50))
        paid = teacher.usage.prompt_tokens + teacher.usage.completion_tokens
        assert 500 < paid <= 600, "an answer more would not have been sure to fit"
        assert f"{paid:,} tokens were paid for" in str(caught.value)
        assert "answers.sqlite': run again to go on" in str(caught.value)
        assert teacher.usage.requests == len(server.chaos.answered), "all that was paid for is given"
        assert teacher.usage.cached == run * 20
    assert ask(taught(server, budget_tokens=600), *prompts, max_new_tokens=20) == [said(one, 0) for one in prompts]
    assert set(server.chaos.answered.values()) == {1}


def test_a_budget_may_make_the_rest_decline(serve: Serve, taught: Open) -> None:
    server, prompts = serve(), [f"p{number}" for number in range(20)]
    ask(taught(server), *prompts[15:])
    prices = {"price_in": 1.0, "price_out": 10.0}
    teacher = taught(server, concurrency=2, budget_cost=0.00105, on_budget="decline", **prices)
    got = ask(teacher, *prompts, max_new_tokens=20)
    assert got[:5] == [said(prompt, 0) for prompt in prompts[:5]]
    assert got[5:] == [None] * 15
    assert teacher.usage == Usage(requests=5, prompt_tokens=45, completion_tokens=100, cost=0.001045)
    # What is kept costs nothing, so no budget stands in its way.
    assert ask(taught(server, budget_tokens=1, on_budget="decline"), *prompts[15:]) == [
        said(p, 0) for p in prompts[15:]
    ]


def test_a_budget_that_makes_the_rest_decline_is_told_of_once(
    serve: Serve, taught: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(taught(serve(), budget_tokens=60, on_budget="decline"), *"abcdef", max_new_tokens=20)
    err = capsys.readouterr().err
    assert err.count("warning: the budget of the teacher 'made' is spent") == 1
    assert "build under another --name to go on" in err
    assert "what is not kept has no answer" in err


def test_a_budget_counts_the_limit_that_is_sent(serve: Serve, taught: Open) -> None:
    server = serve()
    for extra in ({"max_tokens": 9000}, {"max_completion_tokens": 9000}):
        with pytest.raises(BudgetError):
            ask(taught(server, budget_tokens=1000, extra=extra), "a", max_new_tokens=10)
    assert server.chaos.tried == {}


def test_answers_that_broke_off_are_counted_as_far_as_they_came(serve: Serve, taught: Open) -> None:
    whole = taught(serve(), stream=True)
    broken = taught(serve(lambda _, number: "cut" if number == 1 else "fine"), stream=True, store="none")
    ask(whole, "odd")
    ask(broken, "odd")
    assert broken.usage.prompt_tokens == 2 * whole.usage.prompt_tokens
    assert broken.usage.completion_tokens > whole.usage.completion_tokens


def test_an_answer_is_whole_when_its_end_was_named_whatever_comes_after(serve: Serve, taught: Open) -> None:
    server = serve(lambda *_: "late")
    teacher = taught(server, stream=True)
    assert ask(teacher, "odd", "even") == [said("odd", 0), said("even", 0)]
    assert server.chaos.tried == {"odd": 1, "even": 1}
    assert teacher.usage.completion_tokens > 0


def _left_running() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "domaintune-teacher"]


def _soon(holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + 5
    while not holds() and time.monotonic() < until:
        time.sleep(0.01)
    return holds()


def test_nothing_is_left_running_when_the_answers_are_not_wanted_any_more(serve: Serve, taught: Open) -> None:
    server = serve(lambda asked, _: "fine" if asked["messages"][0]["content"] == "0" else "stall")
    answers = taught(server, stream=True, silence=60, concurrency=4).answers(
        (chat(str(number)) for number in range(100)), [Sampling()] * 100
    )
    assert next(answers) == said("0", 0)
    assert _soon(lambda: server.chaos.in_flight == 4)
    begun = time.monotonic()
    answers.close()
    assert time.monotonic() - begun < 2
    assert _left_running() == []
    tried = sum(server.chaos.tried.values())
    time.sleep(0.1)
    assert sum(server.chaos.tried.values()) == tried


@pytest.mark.skipif(sys.platform == "win32", reason="no signals to one thread")
def test_ctrl_c_ends_it_at_once(serve: Serve, taught: Open) -> None:
    server = serve(delay=30)
    main = threading.main_thread().ident or 0
    timer = threading.Timer(0.3, lambda: signal.pthread_kill(main, signal.SIGINT))
    timer.start()
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        ask(taught(server), *"abcdefgh")
    assert time.monotonic() - begun < 5
    assert _left_running() == []


def test_threads_share_the_limits_of_one_teacher(serve: Serve, taught: Open) -> None:
    server = serve(delay=0.01)
    teacher = taught(server, concurrency=2)
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda text: teacher.answer(chat(text), Sampling()), ["a", "b", "c", "d"] * 6))
    assert got == [said(text, 0) for text in "abcd"] * 6
    assert server.chaos.most_in_flight <= 2
    assert set(server.chaos.tried.values()) == {1}
    assert _left_running() == []


def test_conversations_and_samplings_come_in_pairs(serve: Serve, taught: Open) -> None:
    with pytest.raises(ValueError, match="shorter"):
        list(taught(serve()).answers([chat("a"), chat("b")], [Sampling()]))
    assert _left_running() == []


def test_it_is_opened_by_its_name_with_its_options(serve: Serve, tmp_path: Path) -> None:
    server = serve()
    options = {"url": f"{server.url}/chat/completions", "model": "m", "store": "none", "leave_out": ["top_p"]}
    teacher = open_teacher("teacher-openai", options)
    assert teacher.answer(chat("a"), Sampling()) == said("a", 0)
    assert "top_p" not in server.chaos.seen[0][1]
    with pytest.raises(SettingsError, match=r"concurrency = 0"):
        open_teacher("teacher-openai", {"concurrency": 0})


def test_the_common_store_lies_beside_the_registry(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOMAINTUNE_HOME", str(tmp_path / "home"))
    ask(OpenAI(OpenAIOptions(url=serve().url, model="m")), "a")
    assert (tmp_path / "home" / "teacher-answers.sqlite").is_file()


def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "openai" else found(name, *rest)
    )
    with pytest.raises(PluginError, match=r"pip install 'domaintune\[teachers\]'"):
        open_teacher("teacher-openai", {"model": "m"})


def test_the_key_is_written_nowhere(
    serve: Serve, taught: Open, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOMAINTUNE_TEACHER_KEY", KEY)
    server = serve()
    teacher = taught(server)
    ask(teacher, "a", "b")
    assert server.chaos.seen[0][0]["authorization"] == f"Bearer {KEY}"
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and KEY.encode() in file.read_bytes()]
    assert KEY not in json.dumps(repr(vars(teacher)))


def test_given_answers_are_read_back_as_they_were(tmp_path: Path) -> None:
    store = AnswerStore(tmp_path / "deep" / "answers.sqlite")
    first = Given(text="a\u2028b\x00c", finish="stop", prompt_tokens=1, completion_tokens=2)
    assert store.find("k") is None
    assert store.keep("k", first) == first
    assert store.keep("k", Given(text="later", finish="stop")) == first, "the first answer stays"
    store.keep("none", Given(text=None, finish="length"))
    store.close()
    assert AnswerStore(store.file).find("k") == first
    assert AnswerStore(store.file).find("none") == Given(text=None, finish="length")
