"""`domaintune chat`: the same answers as the engine's own, streamed to a terminal that they cannot steer."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_support import reports
from picturing import png
from rich.console import Console
from typer.testing import CliRunner, Result

from domaintune import Message, Request, Sampling, cli
from domaintune.adapters.registry import Registry
from domaintune.adapters.shape import measure
from domaintune.chat import conversation, speakers, terminal
from domaintune.chat.keys import Keys
from domaintune.console import harmless
from domaintune.contracts import Mix
from domaintune.engine.session import TransformersEngine
from domaintune.errors import RequestError
from domaintune.settings import ModelSettings

PROGRAM = str(Path(sys.executable).with_name("domaintune"))
QUESTION, NEXT = "Is the heart large?", "And the lungs?"
TOKENS = 12
AS_SERVED = ("--set", "model.device=cpu", "--set", "model.dtype=float32")
QUICK = (
    "train.steps=8", "train.batch_size=4", "train.micro_batch_size=4", "train.learning_rate=0.05", "eval.limit=2",
    "eval.max_new_tokens=2", "eval.draws=20", "model.device=cpu", "model.dtype=float32", "pack.embedder=none",
)  # fmt: skip


@pytest.fixture(scope="module")
def package(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The adapter package of a short build."""
    folder = tmp_path_factory.mktemp("built")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOMAINTUNE_RUNS", str(folder / "runs"))
        words = ["build", "medical", "--source", str(reports(folder / "r.csv")), "--set", f"model.base={tiny}"]
        words += [word for setting in QUICK for word in ("--set", setting)]
        done = CliRunner().invoke(cli.app(["build"]), words)
    assert done.exit_code == 0, done.output
    return folder / "runs" / "latest-medical" / "adapter"


@pytest.fixture(scope="module")
def settings(tiny: Path) -> ModelSettings:
    return ModelSettings(base=str(tiny), device="cpu", dtype="float32")


@pytest.fixture
def registry(package: Path, settings: ModelSettings) -> Registry:
    """A registry with one candidate, which `domaintune chat` of this test finds too."""
    made = Registry()
    made.add(package, name="medical", base=measure(settings))
    return made


def chat(*arguments: object, lines: str = f"{QUESTION}\n") -> Result:
    words = ["chat", *map(str, arguments), "--max-tokens", str(TOKENS), *AS_SERVED]
    result = CliRunner().invoke(cli.app(["chat"]), words, input=lines)
    sys.stderr.write(result.stderr)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def answers(settings: ModelSettings, package: Path | None, *questions: str) -> list[str]:
    """What the engine says to one question after another, asked alone."""
    session = TransformersEngine().open(settings)
    if package is not None:
        session.load("one", package)
    history: list[Message] = []
    for question in questions:
        history.append(Message(role="user", content=question))
        request = Request(
            messages=tuple(history), adapter="one" if package else None, sampling=Sampling(max_new_tokens=TOKENS)
        )
        text = "".join(event.text for event in session.generate([request]))
        history.append(Message(role="assistant", content=text))
    return [message["content"] for message in history if message["role"] == "assistant"]


def test_lines_of_a_pipe_are_answered_as_the_engine_would_and_remembered(
    package: Path, settings: ModelSettings
) -> None:
    result = chat(package, lines=f"{QUESTION}\n\n{NEXT}\n")
    assert result.exit_code == 0
    assert result.stdout == "".join(f"{harmless(text)}\n" for text in answers(settings, package, QUESTION, NEXT))
    assert "not for clinical use" in result.stderr.lower()
    assert result.stderr.count(f"{package} · {TOKENS} tokens · ") == 2


def test_the_base_is_compared_in_the_same_batch_and_each_remembers_its_own(
    package: Path, settings: ModelSettings
) -> None:
    result = chat(package, "--compare", "--json", lines=f"{QUESTION}\n{NEXT}\n")
    documents = [json.loads(line) for line in result.stdout.splitlines()]
    assert [document["question"] for document in documents] == [QUESTION, NEXT]
    alone = [answers(settings, None, QUESTION, NEXT), answers(settings, package, QUESTION, NEXT)]
    texts = [[answer["text"] for answer in document["answers"]] for document in documents]
    assert texts == [*map(list, zip(*alone, strict=True))]
    assert alone[0] != alone[1]
    assert [answer["model"] for answer in documents[0]["answers"]] == ["tiny", str(package)]
    assert all(document["schema_version"] == 1 for document in documents)


def test_without_room_for_columns_the_base_comes_first_then_the_adapter(package: Path, settings: ModelSettings) -> None:
    base, tuned = answers(settings, None, QUESTION)[0], answers(settings, package, QUESTION)[0]
    shown = f"tiny:\n{harmless(base)}\n\n{package}:\n{harmless(tuned)}\n\n"
    assert chat(package, "--compare").stdout == shown


def test_reset_forgets_and_quit_leaves(package: Path) -> None:
    asked = f"{QUESTION}\n{NEXT}\n/reset\n{QUESTION}\n/quit\n{NEXT}\n"
    documents = [json.loads(line) for line in chat(package, "--json", lines=asked).stdout.splitlines()]
    texts = [document["answers"][0]["text"] for document in documents]
    assert len(texts) == 3
    assert texts[0] == texts[2]


def test_what_the_model_is_told_first_changes_the_answer(package: Path) -> None:
    warm = ("--temperature", 1, "--seed", 3)
    told = chat(package, *warm, "--system", "Derive the impression from the findings.")
    assert told.stdout != chat(package, *warm).stdout


def test_a_seed_repeats_what_is_drawn(package: Path) -> None:
    drawn = [chat(package, "--temperature", 1, "--seed", seed).stdout for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_candidate_is_named_with_what_to_do(registry: Registry) -> None:
    result = chat("medical")
    assert result.exit_code == 2
    assert "domaintune adapters promote medical" in result.stderr
    assert "domaintune chat medical@1" in result.stderr


def test_versions_names_and_mixes_of_the_registry_are_asked_by_their_exact_names(
    registry: Registry, package: Path, settings: ModelSettings
) -> None:
    registry.promote("medical@1", override="a test")
    for name in ("medical", "medical@1"):
        result = chat(name)
        assert result.stdout == harmless(answers(settings, package, QUESTION)[0]) + "\n"
        assert f"medical@1 · {TOKENS} tokens" in result.stderr
    registry.add(package, name="other", base=measure(settings))
    halves = chat("medical:0.5+other@1:0.5")
    assert "medical@1:0.5+other@1:0.5 · " in halves.stderr
    assert halves.stdout == chat("medical").stdout


def test_a_route_asks_for_both_adapters(registry: Registry, package: Path, settings: ModelSettings) -> None:
    registry.add(package, name="other", base=measure(settings))
    speaker, _ = speakers.find("medical@1|other@1", None, settings, registry)
    assert isinstance(speaker.adapter, Mix)
    assert (speaker.name, speaker.adapter.route) == ("medical@1|other@1", "arrow")


def test_the_base_alone_can_be_talked_to(tiny: Path, settings: ModelSettings) -> None:
    assert chat("base", "--base", tiny).stdout == harmless(answers(settings, None, QUESTION)[0]) + "\n"


def test_the_last_build_is_offered_where_the_registry_has_nothing(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOMAINTUNE_RUNS", str(package.parents[1]))
    result = chat("medical")
    assert result.exit_code == 2
    assert f"domaintune chat {package}" in result.stderr


def test_another_base_than_its_own_is_refused(
    registry: Registry, package: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from domaintune.testing import tiny_model

    other = tiny_model(tmp_path_factory.mktemp("other") / "other", seed=1)
    for who in ("medical@1", package):
        result = chat(who, "--base", other)
        assert result.exit_code == 2
        assert "base" in result.stderr


def test_a_package_that_does_not_say_its_base_asks_for_it(package: Path, tmp_path: Path, tiny: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        shutil.copy(package / name, plain / name)
    result = chat(plain)
    assert result.exit_code == 2
    assert "give --base" in result.stderr
    assert chat(plain, "--base", tiny).exit_code == 0


@pytest.mark.parametrize("who", ["auto", "Medical", "medical+", "./nowhere", "", "medical:9999+other:1", "\x1b[31m"])
def test_names_that_mean_no_one_are_a_sentence(who: str) -> None:
    result = chat(who)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert "\x1b" not in result.stderr


def test_a_question_that_does_not_fit_is_refused_and_the_next_one_answered(package: Path) -> None:
    result = chat(package, lines=f"{'word ' * 2000}\n{QUESTION}\n")
    assert result.exit_code == 1
    assert "/reset forgets" in result.stderr
    assert result.stdout == chat(package).stdout


def test_bytes_that_are_no_text_are_a_question_like_any_other(package: Path) -> None:
    result = CliRunner().invoke(cli.app(["chat"]), ["chat", str(package), "--max-tokens", "2"], input=b"\xff\xfe?\n")
    assert result.exit_code == 0, result.output


def test_two_columns_show_both_answers_and_steer_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Console(file=io.StringIO(), force_terminal=True, width=120, height=20, color_system=None)
    monkeypatch.setattr(terminal, "out", lambda: screen)
    replies = [conversation.Reply(speaker=speakers.Speaker(name=name)) for name in ("starter", "medical@1")]

    def said() -> Iterator[tuple[int, conversation.Reply, str]]:
        for text in ("left " * 30, "\x1b[2Jend"):
            for place, reply in enumerate(replies):
                reply.text += text
                yield place, reply, text

    assert terminal.chosen(2, as_json=False) is terminal.columns
    assert terminal.columns("", said()) == replies
    final = screen.file.getvalue().rpartition("starter")[2]  # type: ignore[attr-defined]
    assert "\x1b[2J" not in screen.file.getvalue()  # type: ignore[attr-defined]
    assert final.count("\\x1b[2Jend") == 2
    assert re.search(r"left left +left left", final)


class Terminal:
    """A person before a terminal in which `domaintune chat` runs."""

    def __init__(self, *arguments: str) -> None:
        self.screen, theirs = pty.openpty()
        self.program = subprocess.Popen(
            ["setsid", "--ctty", PROGRAM, "chat", *arguments], stdin=theirs, stdout=theirs, stderr=theirs,
            env={**os.environ, "TERM": "dumb"},
        )  # fmt: skip
        os.close(theirs)
        self.seen = ""

    def see(self, pattern: str, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not (found := re.search(pattern, self.seen)):
            ready, _, _ = select.select([self.screen], [], [], max(end - time.monotonic(), 0))
            assert ready, f"{pattern!r} is not in {self.seen!r}"
            self.seen += os.read(self.screen, 65536).decode(errors="replace")
        self.seen = self.seen[found.end() :]

    def type(self, text: str) -> None:
        os.write(self.screen, text.encode())

    def interrupt(self) -> None:
        time.sleep(0.3)  # Python's readline misses a signal between the prompt and the wait for a key
        self.type("\x03")

    def leave(self) -> None:
        self.program.kill()
        self.program.wait()
        os.close(self.screen)


def test_ctrl_c_stops_the_answer_and_twice_leaves(package: Path) -> None:
    person = Terminal(str(package), "--max-tokens", "900")
    try:
        person.see(r"/quit leaves[^>]*> ")
        person.interrupt()
        person.see(r"once more leaves[^>]*> ")
        for _ in range(2):  # a question between two of them, so that they are not twice
            person.type(f"{QUESTION}\n")
            person.see(r"large\?\r\n.{20}")
            person.interrupt()
            person.see(r"stopped by you[^>]*> ")
        person.interrupt()
        person.see("interrupted")
        assert person.program.wait(timeout=20) == 130
    finally:
        person.leave()


def test_ctrl_d_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: str) -> str:
        raise EOFError

    for stream in (sys.stdin, sys.stdout):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    monkeypatch.setattr("builtins.input", gone)
    assert list(Keys().lines()) == []


def test_pictures_of_a_question_that_is_refused_go_with_the_next() -> None:
    class Strict:
        asked: list[Request] = []  # noqa: RUF012  (one of a kind)

        def add(self, request: Request) -> None:
            self.asked.append(request)
            raise RequestError("context_length_exceeded", "too long")

    speaker = speakers.Speaker(name="base")
    talk = conversation.Conversation(session=Strict(), speakers=[speaker], sampling=Sampling())  # type: ignore[arg-type]
    talk.pictures.append("data:image/png;base64,AAAA")
    for _ in range(2):
        with pytest.raises(RequestError):
            list(talk.ask("What is this?"))
    assert [len(request.images) for request in Strict.asked] == [1, 1]
    talk.reset()
    assert not talk.pictures


def test_a_base_that_reads_no_pictures_takes_none(package: Path, tmp_path: Path) -> None:
    (tmp_path / "scene.png").write_bytes(png(1))
    result = chat(package, lines=f"/image {tmp_path / 'scene.png'}\n{QUESTION}\n")
    assert "the base model reads no pictures" in result.stderr
    assert result.stdout.strip()  # the question is answered without it
