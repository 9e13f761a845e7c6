"""Pictures in requests: shown to those who read them, checked before anyone is asked, and refused by their place."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from picturing import data_url, png
from PIL import Image
from seeing import EYES, PASSAGES, PICTURES, RED, Both, content, part
from served import chat, error_of
from starlette.requests import Request as StarletteRequest

from domaintune import Message, Request, Sampling, images, prompts
from domaintune.contracts import IMAGE
from domaintune.engine.session import TransformersEngine, TransformersSession
from domaintune.serving.body import read_json
from domaintune.serving.library import Library
from domaintune.serving.pictures import Gallery, shrunk
from domaintune.serving.problems import HttpError
from domaintune.settings import ModelSettings, ServeSettings

CHAT = "/v1/chat/completions"
PAGE = Path(__file__).parents[2] / "docs/serving.md"
WHERE = "messages[0].content[0].image_url.url"


@pytest.fixture(scope="module")
def http(both: Both) -> httpx2.Client:
    return both.server.http()


@pytest.fixture(scope="module")
def eyes(both: Both) -> TransformersSession:
    """The engine alone, with the same model and adapter."""
    session = TransformersEngine().open(ModelSettings(base=str(both.pictures.base), device="cpu", dtype="float32"))
    session.load("sees@1", both.pictures.adapters["sees"])
    return session


def alone(session: TransformersSession, *messages: Message, images: tuple[str, ...], adapter: str | None) -> str:
    asked = Request(messages=messages, images=images, adapter=adapter, sampling=Sampling(max_new_tokens=8))
    return "".join(event.text for event in session.generate([asked]))


def user(text: str) -> Message:
    return Message(role="user", content=text)


def said(http: httpx2.Client, model: str, parts: Any, **more: Any) -> str:
    answer = http.post(CHAT, json=chat(parts, model, **more))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["choices"][0]["message"]["content"])


def refused(http: httpx2.Client, model: str, parts: Any, role: str = "user") -> tuple[str, str, str]:
    answer = http.post(CHAT, json={**chat(model=model), "messages": [{"role": role, "content": parts}]})
    assert answer.status_code == 400, answer.text
    error = error_of(answer)
    return error["code"], error["param"], error["message"]


def test_a_picture_is_answered_as_the_engine_answers_it_and_each_adapter_sees_it_its_own_way(
    http: httpx2.Client, eyes: TransformersSession
) -> None:
    asked = "What colour?"
    for model, adapter in ((EYES, None), ("sees", "sees@1")):
        expected = alone(eyes, user(f"{IMAGE}\n{asked}"), images=(RED,), adapter=adapter)
        assert said(http, model, content(asked, RED)) == expected
        assert expected != alone(eyes, user(f"{IMAGE}\n{asked}"), images=(PICTURES[1],), adapter=adapter)
    assert len({said(http, model, content(asked, RED)) for model in (EYES, "sees", "looks")}) == 3


def test_text_and_pictures_keep_their_order_also_over_several_turns(
    http: httpx2.Client, eyes: TransformersSession
) -> None:
    first, second = {"type": "text", "text": "First"}, {"type": "text", "text": "and then"}
    parts = [first, part(RED), second, part(PICTURES[1])]
    text = f"First\n{IMAGE}\nand then\n{IMAGE}"
    assert said(http, "sees", parts) == alone(eyes, user(text), images=PICTURES[:2], adapter="sees@1")
    turns = [
        {"role": "user", "content": content("One?", RED)},
        {"role": "assistant", "content": "Red."},
        {"role": "user", "content": content("Two?", PICTURES[2])},
    ]
    whole = (user(f"{IMAGE}\nOne?"), Message(role="assistant", content="Red."), user(f"{IMAGE}\nTwo?"))
    answer = http.post(CHAT, json={**chat(model="sees"), "messages": turns}).json()
    expected = alone(eyes, *whole, images=(RED, PICTURES[2]), adapter="sees@1")
    assert answer["choices"][0]["message"]["content"] == expected


def test_the_openai_client_sends_pictures_and_streams(both: Both) -> None:
    messages: Any = [{"role": "user", "content": content("What colour?", RED)}]
    asked: Any = {"model": "sees", "messages": messages, "max_tokens": 8}
    client = both.server.client()
    whole = client.chat.completions.create(**asked)
    pieces = client.chat.completions.create(**asked, stream=True)
    assert "".join(one.choices[0].delta.content or "" for one in pieces) == whole.choices[0].message.content
    assert whole.model == "sees@1"
    assert whole.usage.prompt_tokens > 9  # a place for each patch


def test_the_program_of_the_page_runs(
    both: Both, http: httpx2.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "scene.png").write_bytes(png(1))
    monkeypatch.chdir(tmp_path)
    ((_, program),) = [
        block.split("\n", 1) for block in PAGE.read_text("utf-8").split("```")[1::2] if block[:2] == "py"
    ]
    shown = program.replace("http://127.0.0.1:8000", both.server.address).replace("multimodal", "sees")
    exec(compile(shown.replace("messages=[", "max_tokens=8, messages=["), str(PAGE), "exec"), {})
    assert capsys.readouterr().out == said(http, "sees", content("How many circles are there?", RED)) + "\n"


def test_who_reads_pictures_is_on_the_cards_and_in_the_refusal_of_those_who_do_not(http: httpx2.Client) -> None:
    cards = {card["id"]: card["images"] for card in http.get("/v1/models").json()["data"]}
    assert {name for name, sees in cards.items() if sees} == {EYES, "sees", "looks", "sees@1", "looks@1"}
    assert {name for name, sees in cards.items() if not sees} == {"base", "tiny", "alpha", "alpha@1", "beta", "beta@1"}
    for model in ("base", "alpha", "alpha+beta"):
        code, param, sentence = refused(http, model, content("What?", RED))
        assert (code, param) == ("images_unsupported", "model")
        assert sentence.endswith(f"reads no pictures; those who do: {EYES}, looks, sees")
    assert "auto has nobody to choose who reads pictures" in refused(http, "auto", content("What?", RED))[2]


def test_passages_stand_beside_pictures_and_their_text_is_none(http: httpx2.Client, both: Both) -> None:
    parts = [part(RED), {"type": "text", "text": "Is it a circle?"}, part(PICTURES[1])]
    asked = chat(parts, "looks", retrieval=True)
    whole = http.post(CHAT, json=asked).json()
    assert [one["title"] for one in whole["domaintune"]["passages"]] == ["circle"]
    plain = http.post(CHAT, json=chat(parts, "looks")).json()
    assert whole["usage"]["prompt_tokens"] > plain["usage"]["prompt_tokens"] + 20
    session = TransformersEngine().open(ModelSettings(base=str(both.pictures.base), device="cpu", dtype="float32"))
    session.load("looks@1", both.pictures.adapters["looks"])
    question = user(f"{IMAGE}\nIs it a circle?\n{IMAGE}")
    (enriched,) = prompts.beside([question], [replace(PASSAGES[0], text=PASSAGES[0].text.replace(IMAGE, "(image)"))])
    expected = alone(session, enriched, images=PICTURES[:2], adapter="looks@1")
    assert whole["choices"][0]["message"]["content"] == expected
    tight = chat(parts, "looks", retrieval=True, max_tokens=1024 - plain["usage"]["prompt_tokens"] - 5)
    assert http.post(CHAT, json=tight).json()["domaintune"]["passages"] == []


def picture(kind: str, **options: Any) -> str:
    held = io.BytesIO()
    mode = options.pop("mode", "RGB")
    size = options.pop("size", (16, 16))
    Image.new(mode, size).save(held, kind, **options)
    return data_url(held.getvalue(), kind.lower())


BROKEN = {
    "no base64": "data:image/png;base64,!!!!",
    "no picture": data_url(b"hello"),
    "cut short": data_url(png(1)[:60]),
    "another kind than it says": data_url(png(1), "jpeg"),
    "a GIF": picture("GIF"),
    "CMYK": picture("JPEG", mode="CMYK"),
    "one pixel": picture("PNG", size=(1, 1)),
    "too many pixels": picture("PNG", size=(30_000, 1_500), mode="1"),
    "moving": picture("PNG", save_all=True, append_images=[Image.new("RGB", (16, 16), "red")]),
    "something behind it": data_url(png(1) + b"PK\x03\x04"),
    "SVG": f"data:image/svg+xml;base64,{base64.b64encode(b'<svg/>').decode()}",
    "nothing": "data:,",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_picture_that_is_none_is_refused_where_it_stands(http: httpx2.Client, name: str) -> None:
    code, param, sentence = refused(http, "sees", content("What?", BROKEN[name]))
    assert (code, param) == ("invalid_image", WHERE)
    assert sentence.startswith("the picture")
    assert len(sentence) < 300


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/a.png", "https://example.com/a.png", "file:///etc/passwd", "/a.png"]
)
@pytest.mark.parametrize("model", ["sees", "alpha"])
def test_nothing_is_fetched(http: httpx2.Client, url: str, model: str) -> None:
    sentence = "this server fetches nothing; send the picture itself as a data: URL"
    assert refused(http, model, content("What?", url)) == ("unsupported_value", WHERE, sentence)


def test_pictures_stand_in_messages_of_the_user_and_their_marker_in_no_text_beside_them(http: httpx2.Client) -> None:
    for role in ("system", "assistant", "developer"):
        assert refused(http, "sees", [part(RED)], role)[:2] == ("unsupported_value", "messages[0].content[0].type")
    marked = refused(http, "sees", content(f"What is {IMAGE}?", RED))
    assert marked[:2] == ("invalid_value", "messages[0].content[1].text")
    assert "image_url" in refused(http, "sees", [{"type": "input_image", "image_url": RED}])[2]
    assert refused(http, "sees", [part(RED)] * 5)[2] == "5 pictures; 4 are the most (serve.images)"
    assert refused(http, "sees", [{"type": "image_url", "image_url": {"url": 7}}])[1] == WHERE
    assert refused(http, "sees", [{"type": "image_url", "image_url": {}}])[:2] == ("missing_required_parameter", WHERE)
    assert refused(http, "sees", f"What is {IMAGE}?")[0] in {"invalid_value", "invalid_image"}  # nobody sent one
    assert said(http, "alpha", f"What is {IMAGE}?") == said(http, "alpha", f"What is {IMAGE}?")  # here it is text


def test_pictures_have_room_of_their_own_and_text_no_more_than_before(http: httpx2.Client) -> None:
    noise = Image.effect_noise((1100, 1100), 90).convert("RGB")
    held = io.BytesIO()
    noise.save(held, "PNG")
    large = data_url(held.getvalue())
    assert len(large) > 1_200_000
    assert said(http, "sees", content("What?", large)) == said(http, "sees", content("What?", large))
    text = http.post(CHAT, json=chat("a" * 1_000_000, "sees"))
    assert text.status_code == 413
    assert "serve.body_bytes" in error_of(text)["message"]
    more = http.post(CHAT, json=chat(content("What?", f"data:image/png;base64,{'A' * 8_000_000}"), "sees"))
    assert (more.status_code, error_of(more)["code"]) == (413, "request_too_large")
    assert "serve.image_bytes" in error_of(more)["message"]
    assert http.post("/v1/completions", json={"model": "sees", "prompt": large}).status_code == 413
    for pretends in (large, [{"type": "text", "text": large}], [part(RED), {"type": "text", "text": large}]):
        answer = http.post(CHAT, json=chat(pretends, "sees"))  # it is no picture there
        assert answer.status_code == 413
        assert "serve.body_bytes" in error_of(answer)["message"]
    escaped = json.dumps(chat(content("What?", large), "sees")).replace("/", "\\/")  # as some clients write it
    assert http.post(CHAT, content=escaped, headers={"content-type": "application/json"}).status_code == 200


def test_a_large_picture_is_shown_as_a_small_one(http: httpx2.Client, eyes: TransformersSession) -> None:
    for kind, size in (("PNG", (6300, 3150)), ("JPEG", (1000, 4000)), ("WEBP", (3000, 2000))):
        url = striped(kind, size)
        small = shrunk(images.read(url), 2048)
        assert max(small.width, small.height) == 2048
        assert small.width * size[1] == pytest.approx(small.height * size[0], rel=1e-3)
        assert small.format == ("JPEG" if kind == "JPEG" else "PNG")
        expected = alone(eyes, user(f"{IMAGE}\nWhat?"), images=(small.data_url,), adapter="sees@1")
        assert said(http, "sees", content("What?", url)) == expected


def test_a_picture_that_is_small_enough_is_shown_as_it_is_and_a_strip_keeps_a_side() -> None:
    picture = images.read(PICTURES[1])
    assert shrunk(picture, 90) is picture
    strip = shrunk(images.read(striped("PNG", (5000, 8))), 100)
    assert (strip.width, strip.height) == (100, images.LEAST_SIDE)


def test_what_is_sent_to_the_engine_is_small() -> None:
    large = striped("PNG", (3000, 3000))
    found = asyncio.run(Gallery(2048).take((large, RED), ("a", "b")))
    assert [images.read(url).width for url in found] == [2048, images.read(RED).width]
    assert found[1] == RED


def test_pictures_that_cannot_be_placed_are_the_fault_of_the_question(both: Both) -> None:
    library = Library(both.server.registry, ServeSettings())
    with pytest.raises(HttpError) as caught:  # two markers, one picture
        asyncio.run(library.enrich(["looks@1"], [user(f"{IMAGE} and {IMAGE}?")], 8, (RED,)))
    assert (caught.value.status, caught.value.code) == (400, "invalid_image")


def test_where_nobody_reads_pictures_they_have_no_room_of_their_own() -> None:
    body = json.dumps(chat(content("What?", RED + "A" * 9000))).encode()

    async def read(room: int) -> int:
        try:
            await read_json(Sent(body), 5000, room)
        except HttpError as error:
            return error.status
        return 200

    assert [asyncio.run(read(room)) for room in (0, 5000, 20_000)] == [413, 413, 200]


class Sent(StarletteRequest):
    """A request with this body."""

    def __init__(self, body: bytes) -> None:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        headers = [(b"content-type", b"application/json")]
        super().__init__({"type": "http", "method": "POST", "path": "/", "headers": headers}, receive)


def striped(kind: str, size: tuple[int, int]) -> str:
    whole = Image.new("RGB", size, "red")
    whole.paste("blue", (0, 0, size[0] // 2, size[1]))
    held = io.BytesIO()
    whole.save(held, kind)
    return data_url(held.getvalue(), kind.lower())
