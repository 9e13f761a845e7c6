"""A real server whose registry keeps an index: passages beside a question, on the wire and in the playground."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from served import WHY, Served, World, chat, error_of, serving
from test_playground import Page, browser, needs_browser  # noqa: F401  (a fixture)

from domaintune import Origin, Passage, files
from domaintune.retrieval import passages as store
from domaintune.retrieval.knowledge import ABOUT, OWN
from domaintune.retrieval.lexical import Bm25
from domaintune.retrieval.options import Bm25Options

TEXTS = {"heart": "The heart pumps blood.", "lungs": "The lungs breathe air.", "ribs": "The ribs protect both."}
EVERY = [
    Passage(text=text, title=title, origin=Origin(source="organs.csv", place=f"line {place}"))
    for place, (title, text) in enumerate(TEXTS.items(), 2)
]


def index(folder: Path) -> Path:
    own = folder / OWN
    own.mkdir(parents=True)
    store.write(EVERY, folder)
    Bm25(Bm25Options()).index(EVERY, own)
    about = {"schema_version": 1, "domain": "toy", "retriever": "bm25", "options": {}, "passages": len(EVERY)}
    files.write_json(folder / ABOUT, about)
    return folder


@pytest.fixture(scope="module")
def knowing(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server in which alpha has knowledge and beta has none."""
    home = tmp_path_factory.mktemp("knowing")
    registry = world.registry(home, ["beta*"])
    made = index(home / "index")
    digest = registry.keep_knowledge(made, files.folder_hashes(made))
    package = home / "package"
    shutil.copytree(world.adapters["alpha"], package)
    (package / "README.md").unlink(missing_ok=True)
    base = {"published_as": world.shape.published_as, "fingerprint": world.shape.fingerprint, "name": world.shape.name}
    manifest = {"schema_version": 1, "base": base, "template_fingerprint": world.shape.template}
    manifest |= {"knowledge": {"digest": digest, "k": 2, "budget": 200}}
    files.write_json(package / "domaintune.json", {**manifest, "files": files.folder_hashes(package)})
    version = registry.add(package, name="alpha", base=world.shape)
    registry.promote(version.id, override=WHY)
    with serving(home, key=None) as running:
        yield running


def test_an_answer_says_which_passages_stood_beside_the_question(knowing: Served) -> None:
    with knowing.http(None) as http:
        plain = http.post("/v1/chat/completions", json=chat("What does the heart do?")).json()
        asked = http.post("/v1/chat/completions", json=chat("What does the heart do?", retrieval=True)).json()
    assert plain["domaintune"]["passages"] == []
    assert asked["domaintune"]["passages"] == [
        {"title": "heart", "text": "The heart pumps blood.", "source": "organs.csv", "place": "line 2"}
    ]
    assert asked["usage"]["prompt_tokens"] > plain["usage"]["prompt_tokens"] + 20


def test_a_stream_says_it_on_its_first_chunk_and_gives_the_same_answer(knowing: Served) -> None:
    body = chat("What do the lungs do?", retrieval=True, stream=True, n=2)
    with knowing.http(None) as http:
        whole = http.post("/v1/chat/completions", json={**body, "stream": False}).json()
        with http.stream("POST", "/v1/chat/completions", json=body) as lines:
            chunks = [json.loads(line[6:]) for line in lines.iter_lines() if line.startswith("data: {")]
    assert chunks[0]["domaintune"]["passages"] == whole["domaintune"]["passages"]
    texts = ["", ""]
    for choice in (choice for chunk in chunks for choice in chunk["choices"]):
        texts[choice["index"]] += choice["delta"].get("content") or ""
    assert texts == [choice["message"]["content"] for choice in whole["choices"]]


@pytest.mark.parametrize("model", ["base", "beta", "beta@1"])
def test_who_has_no_knowledge_says_so(knowing: Served, model: str) -> None:
    with knowing.http(None) as http:
        answer = http.post("/v1/chat/completions", json=chat(model=model, retrieval=True))
        assert (answer.status_code, error_of(answer)["code"]) == (400, "no_retrieval")
        cards = {card["id"]: card for card in http.get("/v1/models").json()["data"]}
    assert cards["alpha"]["knowledge"] is True
    assert cards["beta"]["knowledge"] is False


def test_a_mix_uses_the_knowledge_of_its_members(knowing: Served) -> None:
    with knowing.http(None) as http:
        asked = http.post("/v1/chat/completions", json=chat("ribs", "alpha:0.5+beta:0.5", retrieval=True)).json()
    assert [passage["title"] for passage in asked["domaintune"]["passages"]] == ["ribs"]


def test_an_answer_that_leaves_no_room_goes_without_passages(knowing: Served) -> None:
    with knowing.http(None) as http:
        asked = http.post("/v1/chat/completions", json=chat("heart", retrieval=True) | {"max_tokens": 950})
    assert asked.status_code == 200
    assert asked.json()["domaintune"]["passages"] == []


@needs_browser
def test_the_playground_has_a_switch_for_it_where_a_model_has_knowledge(browser: object, knowing: Served) -> None:  # noqa: F811
    page = Page(browser, knowing)  # type: ignore[arg-type]
    page.open()
    page.all("#settings summary")[0].click()
    page.until(lambda: page.of("knowledge").is_displayed())
    page.of("knowledge").click()
    page.ask("What does the heart do?")  # of the base model too, which has none and answers without
    assert all(page.texts(".answer"))
    shown = [place.text for place in page.all(".origins") if place.is_displayed()]
    assert shown == ["1 passage"]
