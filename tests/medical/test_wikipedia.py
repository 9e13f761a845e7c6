"""Wikipedia: a local server that speaks the API and misbehaves like a real one, the cache, and files of pages."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from domaintune import DataError, Dropped, Passage
from domaintune.data.context import Context
from domaintune.settings import DataSettings
from domaintune_medical import wikipedia_api
from domaintune_medical.knowledge_options import WikipediaOptions
from domaintune_medical.wikipedia import wikipedia

TEXT = (
    "Knee pain is pain in or around the knee.\nIt is common.\n\n\n== Causes ==\nInjury and wear.\n\n=== In children ===\n"
    "Growth.\n\n\n== See also ==\nElbow pain\n\n=== More ===\nNothing.\n\n\n== Treatment ==\nRest.\n"
)
Reply = Callable[["Handler", dict[str, str]], None]


def page(title: str, text: str | None = TEXT, **more: Any) -> dict[str, Any]:
    """A page as the API describes it with formatversion=2."""
    address = f"https://wiki.test/wiki/{title.replace(' ', '_')}"
    found = {
        "pageid": 1, "ns": 0, "title": title, "contentmodel": "wikitext", "lastrevid": 1234, "length": 99,
        "fullurl": address, "canonicalurl": address, **more,
    }  # fmt: skip
    return found if text is None else {**found, "extract": text}


def query(*pages: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"batchcomplete": True, "query": {"pages": list(pages), **more}}


class Handler(BaseHTTPRequestHandler):
    """Answers as the test's script says, one entry a request, the last one for ever."""

    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = {key: values[0] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
        with self.server.busy:
            self.server.asked.append(asked)
            self.server.agents.append(self.headers["User-Agent"])
            script = self.server.script
            step = script.pop(0) if len(script) > 1 else script[0]
        step(self, asked)

    def say(self, value: Any, status: int = 200, **headers: str) -> None:
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        for name, text in {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name.replace("_", "-"), text)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Be quiet."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.busy = threading.Lock()
        self.asked: list[dict[str, str]] = []
        self.agents: list[str] = []
        self.script: list[Reply] = []

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/w/api.php"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "*")
    made = Server()
    thread = threading.Thread(target=lambda: made.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What would have been waited, without the waiting."""
    seconds: list[float] = []
    monkeypatch.setattr(time, "sleep", seconds.append)
    return seconds


def says(value: Any, status: int = 200, **headers: str) -> Reply:
    return lambda handler, _: handler.say(value, status, **headers)


def built(server: Server, *titles: str, sources: tuple[str, ...] = (), **options: Any) -> list[Passage | Dropped]:
    settings = WikipediaOptions(api=server.api, titles=titles, timeout=options.pop("timeout", 5.0), **options)
    context = Context("medical-wikipedia", settings, DataSettings(sources=sources), seed=0)
    return list(wikipedia(context))


def test_a_page_is_cut_by_its_sections_and_says_where_it_came_from(server: Server) -> None:
    server.script = [says(query(page("Knee pain"), redirects=[{"from": "Sore knee", "to": "Knee pain"}]))]
    made = [item for item in built(server, "Sore knee") if isinstance(item, Passage)]
    assert [item.text for item in made] == [
        "Knee pain. Knee pain is pain in or around the knee.\n\nIt is common.",
        "Knee pain. Causes. Injury and wear.",
        "Knee pain. In children. Growth.",
        "Knee pain. Treatment. Rest.",
    ]
    assert {str(item.origin) for item in made} == {"127.0.0.1, Knee pain (revision 1234)"}
    assert {item.title for item in made} == {"Knee pain"}
    assert {item.license for item in made} == {""}, "not from wikipedia.org"
    assert made[0].meta == {"url": "https://wiki.test/wiki/Knee_pain", "revision": 1234}
    assert [item.keys for item in made] == [("Sore knee",), (), (), ()], "found by the name it was asked for"
    (asked,) = server.asked
    assert asked["action"] == "query"
    assert (asked["formatversion"], asked["maxlag"], asked["redirects"], asked["explaintext"]) == ("2", "5", "1", "1")
    assert asked["titles"] == "Sore knee"
    assert server.agents[0].startswith("domaintune-medical/")
    assert "github.com/domaintune" in server.agents[0]


def test_what_was_fetched_is_not_asked_for_again_and_is_all_there_is_offline(server: Server, tmp_path: Path) -> None:
    server.script = [says(query(page("Knee pain")))]
    first = built(server, "Knee pain")
    assert built(server, "Knee pain", offline=True) == first
    assert built(server, "Knee pain") == first
    (dropped,) = built(server, "Elbow", offline=True)
    assert isinstance(dropped, Dropped)
    assert dropped.reason == "not-in-cache"
    assert len(server.asked) == 1
    server.script = [says(query(page("Knee pain", "New words.")))]
    (fresh,) = built(server, "Knee pain", refresh=True)
    assert isinstance(fresh, Passage)
    assert fresh.text == "Knee pain. New words."
    assert built(server, "Knee pain", offline=True) == [fresh]
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_page_that_is_missing_today_is_asked_for_again(server: Server, tmp_path: Path) -> None:
    server.script = [says(query({"ns": 0, "title": "Knee", "missing": True})), says(query(page("Knee", "Rest.")))]
    (dropped,) = built(server, "Knee")
    assert isinstance(dropped, Dropped)
    assert dropped.reason == "missing"
    (made,) = built(server, "Knee")
    assert isinstance(made, Passage)
    server.script = [says(query({"ns": 0, "title": "Knee", "missing": True}))]
    built(server, "Knee", refresh=True)
    (gone,) = built(server, "Knee", offline=True)
    assert isinstance(gone, Dropped)
    assert gone.reason == "not-in-cache"


@pytest.mark.parametrize(
    ("host", "licence"),
    [
        ("en.wikipedia.org", "CC BY-SA 4.0"),
        ("zh.wikipedia.org", "CC BY-SA 4.0"),
        ("notwikipedia.org", ""),
        ("wiki.test", ""),
    ],
)
def test_only_wikipedia_itself_brings_its_licence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, host: str, licence: str
) -> None:
    monkeypatch.setattr(wikipedia_api.Wiki, "_ask", lambda *_: query(page("Knee", "Rest.")))
    path = tmp_path / "titles.jsonl"
    rows = ({"title": "Knee"}, {"title": "Elbow", "text": "Bends."})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    for titles, named, wanted in (
        (("Knee",), "", [licence]), (("Knee",), "CC0-1.0", ["CC0-1.0"]),
        ((), "", [licence, ""]), ((), "MIT", ["MIT", "MIT"]),
    ):  # fmt: skip
        options = WikipediaOptions(
            api=f"https://{host}/w/api.php", titles=titles, fetch=True, license=named, cache=str(tmp_path / "cache")
        )
        context = Context("medical-wikipedia", options, DataSettings(sources=() if titles else (str(path),)), seed=0)
        assert [item.license for item in wikipedia(context) if isinstance(item, Passage)] == wanted


@pytest.mark.parametrize("damage", [b"", b"{", b'{"question": {}, "replies": []}', b"\xff\xfe", b"[" * 10_000])
def test_a_damaged_file_in_the_cache_is_fetched_again(server: Server, tmp_path: Path, damage: bytes) -> None:
    server.script = [says(query(page("Knee pain")))]
    first = built(server, "Knee pain", cache=str(tmp_path / "pages"))
    (file,) = (tmp_path / "pages").iterdir()
    whole = file.read_bytes()
    file.write_bytes(damage)
    assert built(server, "Knee pain", cache=str(tmp_path / "pages")) == first
    assert len(server.asked) == 2
    assert file.read_bytes() == whole


MAXLAG = {"error": {"code": "maxlag", "info": "Waiting for 10.64.0.1: 7.2 seconds lagged.", "lag": 7.2}}


@pytest.mark.parametrize(
    ("trouble", "wait"),
    [
        (says(MAXLAG, Retry_After="7"), 7.0),
        (says({}, 503, Retry_After="3"), 3.0),
        (says({}, 429, Retry_After="11"), 11.0),
        (says({}, 429), 1.0),
        (says(b"<html>busy</html>", 500), 1.0),
        (says(b'{"query": {"pages'), 1.0),
        (says({"error": {"code": "ratelimited", "info": "slow down"}}), 1.0),
        (says({"error": {"code": "internal_api_error_DBQueryError", "info": "x"}}), 1.0),
        (says({}, 500, Retry_After="Wed, 21 Oct 2026 07:28:00 GMT"), 1.0),
    ],
)
def test_a_wiki_in_trouble_is_asked_again_after_a_while(
    server: Server, waits: list[float], trouble: Reply, wait: float
) -> None:
    server.script = [trouble, says(query(page("Knee pain")))]
    assert isinstance(built(server, "Knee pain")[0], Passage)
    assert waits == [wait]
    assert len(server.asked) == 2


def cut_off(handler: Handler, _: dict[str, str]) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    handler.wfile.write(b'{"query": {"pages": [')
    handler.close_connection = True


def cut_off_in_chunks(handler: Handler, _: dict[str, str]) -> None:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b'15\r\n{"query": {"pages"')
    handler.close_connection = True


def hung_up(handler: Handler, _: dict[str, str]) -> None:
    handler.close_connection = True


@pytest.mark.parametrize("trouble", [cut_off, cut_off_in_chunks, hung_up])
def test_a_reply_that_is_cut_off_is_asked_for_again(server: Server, waits: list[float], trouble: Reply) -> None:
    server.script = [trouble, says(query(page("Knee pain")))]
    assert isinstance(built(server, "Knee pain")[0], Passage)
    assert len(server.asked) == 2


def test_a_wiki_that_hangs_or_drips_is_given_up(server: Server, waits: list[float]) -> None:
    gone = threading.Event()

    def hangs(*_: Any) -> None:
        gone.wait(5)

    def drips(handler: Handler, _: dict[str, str]) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        for _ in range(100):
            if gone.wait(0.05):
                return
            handler.wfile.write(b" ")
            handler.wfile.flush()

    server.script = [hangs, drips]
    start = time.monotonic()
    with pytest.raises(DataError, match="gave no answer"):
        built(server, "Knee pain", timeout=0.1, tries=2)
    gone.set()
    assert time.monotonic() - start < 3
    assert len(server.asked) == 2


def test_after_some_tries_the_build_stops_and_says_what_to_do(server: Server, waits: list[float]) -> None:
    server.script = [says(query(page("Elbow pain"))), says({}, 503)]
    with pytest.raises(DataError, match=r"127\.0\.0\.1 gave no answer \(HTTP 503\).*offline = true"):
        built(server, "Elbow pain", "Knee pain")
    assert waits == [1.0, 2.0, 4.0, 8.0]
    assert isinstance(built(server, "Elbow pain", offline=True)[0], Passage), "what came before is kept"


def test_nobody_is_waited_for_an_hour(server: Server, waits: list[float]) -> None:
    server.script = [says({}, 429, Retry_After="3600")]
    with pytest.raises(DataError, match="HTTP 429"):
        built(server, "Knee pain")
    assert waits == []


def test_nobody_listens(server: Server, waits: list[float]) -> None:
    server.shutdown()
    server.server_close()
    with pytest.raises(DataError, match="gave no answer"):
        built(server, "Knee pain")


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (query({"ns": 0, "title": "Knee", "missing": True}), "missing"),
        (query({"title": "<Knee>", "invalidreason": 'holds "<"', "invalid": True}), "invalid-title"),
        (query(page("Knee", pageprops={"disambiguation": ""})), "disambiguation"),
        (query(page("Knee", None)), "no-text"),
        (query(page("Knee", "  \n")), "no-text"),
        (query(page("Knee", "== Causes ==\n")), "no-text"),
        (query(page("Knee", "<p>Some <b>markup</b></p>")), "not-plain-text"),
        (query(page("Knee", "A {{cite web}} in it.")), "not-plain-text"),
        (query(page("Knee", "a " * 1_000_001)), "too-long"),
        (query(page("Knee", 3)), "no-text"),  # type: ignore[arg-type]
        (query(), "missing"),
        ({"batchcomplete": True}, "missing"),
    ],
)
def test_a_page_that_gives_nothing_is_dropped_with_a_reason(server: Server, reply: dict[str, Any], reason: str) -> None:
    server.script = [says(reply)]
    (dropped,) = built(server, "Knee")
    assert isinstance(dropped, Dropped)
    assert dropped.reason == reason


def test_two_names_of_one_page_give_its_passages_once(server: Server) -> None:
    server.script = [says(query(page("Knee pain", "Rest.")))]
    first, second = built(server, "Knee pain", "Sore knee", "Knee pain")
    assert isinstance(first, Passage)
    assert isinstance(second, Dropped)
    assert (second.reason, second.origin.place) == ("duplicate", "Sore knee")


@pytest.mark.parametrize("title", ["a|b", " ", "x" * 300, "\x1fKnee\x1fElbow", "Knee\nElbow", "Knee\x00"])
def test_a_title_that_cannot_be_one_is_not_asked_for(server: Server, title: str) -> None:
    (dropped,) = built(server, title)
    assert isinstance(dropped, Dropped)
    assert dropped.reason == "invalid-title"
    assert not server.asked


def test_an_answer_in_parts_is_put_together(server: Server) -> None:
    part = {"continue": {"excontinue": 1, "continue": "||info"}, **query(page("Knee pain", None))}
    server.script = [says(part), says(query({"ns": 0, "title": "Knee pain", "extract": "Rest."}))]
    (made,) = built(server, "Knee pain")
    assert isinstance(made, Passage)
    assert (made.text, made.meta["revision"]) == ("Knee pain. Rest.", 1234)
    assert (server.asked[1]["excontinue"], server.asked[1]["continue"]) == ("1", "||info")


def test_an_answer_without_end_ends(server: Server) -> None:
    server.script = [says({"continue": {"excontinue": 1, "continue": "||"}, **query(page("Knee pain", "Rest."))})]
    assert len(built(server, "Knee pain")) == 1
    assert len(server.asked) == wikipedia_api.PARTS


def test_terms_are_searched_and_their_pages_fetched_once(server: Server) -> None:
    found = {"query": {"search": [{"ns": 0, "title": "Knee pain"}, {"ns": 0, "title": "Knee"}, {"ns": 0}]}}
    more = {"continue": {"sroffset": 2, "continue": "-||"}}

    def answer(handler: Handler, asked: dict[str, str]) -> None:
        if asked.get("list") == "search":
            handler.say({**found, **more} if asked["srsearch"] == "knee" else {"query": {"search": []}})
        else:
            handler.say(query(page(asked["titles"], f"All about {asked['titles']}.")))

    server.script = [answer]
    made = built(server, "Knee", search=("knee", "nonsense", " "), per_search=2)
    assert [item.title for item in made if isinstance(item, Passage)] == ["Knee", "Knee pain"]
    dropped = [item for item in made if isinstance(item, Dropped)]
    assert [(item.reason, item.origin.place) for item in dropped] == [
        ("nothing-found", "search for 'nonsense'"),
        ("nothing-found", "search for ' '"),
    ]
    assert len(server.asked) == 4
    (alone,) = built(server, search=("never asked",), offline=True)
    assert isinstance(alone, Dropped)
    assert alone.reason == "not-in-cache"


@pytest.mark.parametrize(
    "place", ["http://localhost:{port}/w/api.php", "https://example.org/", "ftp://127.0.0.1/x", "file:///etc/passwd"]
)
def test_another_host_is_not_followed(server: Server, place: str) -> None:
    server.script = [says({}, 302, Location=place.format(port=server.server_port)), says(query(page("Knee pain")))]
    with pytest.raises(DataError, match=r"another host|HTTP 302"):
        built(server, "Knee pain")
    assert len(server.asked) == 1


def test_a_redirect_within_the_host_is_followed(server: Server) -> None:
    server.script = [says({}, 301, Location=server.api + "?moved=1"), says(query(page("Knee pain")))]
    assert isinstance(built(server, "Knee pain")[0], Passage)


@pytest.mark.parametrize("value", [[], {"query": []}, "text"])
def test_what_is_no_wiki_is_said_to_be_none(server: Server, value: Any) -> None:
    server.script = [says(value)]
    with pytest.raises(DataError, match="check the option api"):
        built(server, "Knee pain")


def test_a_refusal_is_passed_on(server: Server, waits: list[float]) -> None:
    server.script = [says({"error": {"code": "badvalue", "info": "Unrecognised value"}})]
    with pytest.raises(DataError, match="badvalue: Unrecognised value"):
        built(server, "Knee pain")
    server.script = [says({}, 404)]
    with pytest.raises(DataError, match="HTTP 404"):
        built(server, "Knee pain")
    assert waits == []


def test_a_reply_too_large_is_not_read(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wikipedia_api, "LARGEST", 1000)
    server.script = [says(query(page("Knee pain", "long " * 1000)))]
    with pytest.raises(DataError, match="more than 1,000 bytes"):
        built(server, "Knee pain")


def test_an_export_is_read_without_a_network(tmp_path: Path) -> None:
    rows = [
        {"id": "1", "title": "Knee pain", "text": TEXT, "url": "https://wiki.test/knee"},
        {"title": "Elbow", "text": "Bends.", "license": "CC0-1.0"},
        {"title": "", "text": "No name."},
        {"title": "Named only", "text": ""},
        {"title": "", "text": " "},
    ]
    path = tmp_path / "pages.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    context = Context("medical-wikipedia", None, DataSettings(sources=(str(path),)), seed=0)
    made = list(wikipedia(context))
    passages = [item for item in made if isinstance(item, Passage)]
    assert [item.title for item in passages] == ["Knee pain"] * 4 + ["Elbow", ""]
    assert passages[0].meta == {"url": "https://wiki.test/knee"}
    assert passages[0].license == "", "a file does not say where it came from"
    assert (passages[4].license, passages[4].text, passages[5].text) == ("CC0-1.0", "Elbow. Bends.", "No name.")
    assert [(item.reason, item.origin.place) for item in made if isinstance(item, Dropped)] == [
        ("no-text", "line 4"),
        ("empty", "line 5"),
    ]


def test_titles_in_a_file_are_fetched_when_asked_for(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "titles.csv"
    path.write_text("title\nKnee pain\nNowhere\n", encoding="utf-8")

    def answer(handler: Handler, asked: dict[str, str]) -> None:
        known = page("Knee pain", "Rest.") if asked["titles"] == "Knee pain" else {"title": "Nowhere", "missing": True}
        handler.say(query(known))

    server.script = [answer]
    untouched = built(server, sources=(str(path),))
    assert [item.reason for item in untouched if isinstance(item, Dropped)] == ["no-text", "no-text"]
    assert not server.asked
    made, dropped = built(server, sources=(str(path),), fetch=True)
    assert isinstance(made, Passage)
    assert (made.title, made.origin.place, made.meta["revision"]) == ("Knee pain", "line 2", 1234)
    assert isinstance(dropped, Dropped)
    assert (dropped.reason, dropped.origin.place) == ("missing", "line 3")


def test_without_anything_to_read_it_says_what_to_give() -> None:
    with pytest.raises(DataError, match="name pages in the option titles"):
        list(wikipedia(Context("medical-wikipedia", None, DataSettings(), seed=0)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"api": "ftp://en.wikipedia.org/"},
        {"api": "file:///etc/passwd"},
        {"api": "https://user:word@en.wikipedia.org/w/api.php"},
        {"api": "en.wikipedia.org"},
        {"contact": "a\nb"},
        {"per_search": 0},
        {"tries": 11},
        {"timeout": 0.0},
        {"timeout": float("nan")},
        {"size": 4},
        {"overlap": 100},
    ],
)
def test_options_that_do_not_fit_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        WikipediaOptions(**wrong)
