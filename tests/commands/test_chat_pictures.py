"""`domaintune chat` with pictures: `/image FILE` puts one beside the next question, and the conversation keeps it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from picturing import data_url, pictured_model, png
from typer.testing import CliRunner, Result

from domaintune import Message, Request, Sampling, cli
from domaintune.contracts import IMAGE
from domaintune.engine.session import TransformersEngine
from domaintune.settings import ModelSettings

TOKENS = 6


@pytest.fixture(scope="module")
def eyes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model that reads pictures."""
    return pictured_model(tmp_path_factory.mktemp("eyes") / "eyes", "llava-clip")


@pytest.fixture
def circle(tmp_path: Path) -> Path:
    found = tmp_path / "a circle.png"
    found.write_bytes(png(1))
    return found


def chat(base: Path, *lines: str) -> Result:
    words = ["chat", "base", "--base", str(base), "--json", "--max-tokens", str(TOKENS)]
    words += ["--set", "model.device=cpu", "--set", "model.dtype=float32"]
    return CliRunner().invoke(cli.app(["chat"]), words, input="".join(f"{line}\n" for line in lines))


def texts(result: Result) -> list[str]:
    documents: list[Any] = [json.loads(line) for line in result.stdout.splitlines()]
    return [one["answers"][0]["text"] for one in documents]


def expected(base: Path, images: tuple[str, ...], *said: str) -> str:
    messages = tuple(
        Message(role=("user", "assistant")[place % 2], content=text)  # type: ignore[typeddict-item]
        for place, text in enumerate(said)
    )
    session = TransformersEngine().open(ModelSettings(base=str(base), device="cpu", dtype="float32"))
    request = Request(messages=messages, images=images, sampling=Sampling(max_new_tokens=TOKENS))
    return "".join(event.text for event in session.generate([request]))


def test_a_picture_goes_with_the_next_question_and_stays_until_reset(eyes: Path, circle: Path) -> None:
    done = chat(eyes, f"/image {circle}", "What?", "And now?", "/reset", "What?")
    assert done.exit_code == 0, done.stderr
    assert "a circle.png, 40 x 30, goes with the next question" in done.stderr
    picture = (data_url(png(1)),)
    first = expected(eyes, picture, f"{IMAGE}\nWhat?")
    second = expected(eyes, picture, f"{IMAGE}\nWhat?", first, "And now?")
    third = expected(eyes, (), "What?")
    assert texts(done) == [first, second, third]
    assert first != third


def test_what_is_no_picture_and_who_reads_none_are_said_and_the_exit_code_is_1(
    eyes: Path, tiny: Path, circle: Path, tmp_path: Path
) -> None:
    (tmp_path / "a.png").write_bytes(b"hello")
    lines = ("/image", f"/image {tmp_path}/none.png", f"/image {tmp_path}/a.png", "/image https://example.com/a.png")
    done = chat(eyes, *lines, f"/image {circle}", f"What is {IMAGE}?", "What?")
    assert done.exit_code == 1
    assert len(texts(done)) == 1
    for sentence in (
        "/image needs the name of a file", "there is no picture", "is an address; nothing is fetched",
        f"the text {IMAGE} stands for a picture",
    ):  # fmt: skip
        assert sentence in done.stderr.replace("\n", " "), done.stderr
    blind = chat(tiny, f"/image {circle}", "What?")
    assert blind.exit_code == 1
    assert "reads no pictures" in blind.stderr
    assert len(texts(blind)) == 1  # the question itself is asked without the picture
