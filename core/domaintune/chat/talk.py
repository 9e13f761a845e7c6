"""The story of a conversation: find who answers, open the base model, ask line by line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domaintune import images
from domaintune.adapters.registry import Registry
from domaintune.chat import speakers, terminal
from domaintune.chat.conversation import Conversation
from domaintune.chat.keys import Keys
from domaintune.chat.speakers import Speaker
from domaintune.console import fail, note
from domaintune.contracts import IMAGE, Sampling
from domaintune.errors import DataError, RequestError, UsageError
from domaintune.plugins import catalog
from domaintune.sessions import LiveSession
from domaintune.settings import ModelSettings

INTERRUPTED = 130
COMMANDS = "/image FILE puts a picture beside the next question, /reset forgets, /quit leaves"


@dataclass(frozen=True, kw_only=True)
class Talk:
    """How to talk: the sampling, what the model is told first, who else is asked, and how it is shown."""

    sampling: Sampling
    system: str | None = None
    compare: bool = False
    as_json: bool = False

    def run(self, who: str, base: str | None, model: ModelSettings) -> int:
        """Talk until the lines end; returns the exit code: 0, 1 where a question was not answered, 130 after Ctrl-C."""
        asked, settings = speakers.find(who, base, model, Registry())
        several = [speakers.unchanged(settings), asked] if self.compare and asked.packages else [asked]
        for sentence in asked.safety:
            note(sentence)
        conversation = Conversation(
            session=_open(settings, several), speakers=several, sampling=self.sampling, system=self.system
        )
        keys = Keys()
        if keys.by_hand:
            note(f"{' and '.join(one.name for one in several)}; {COMMANDS}, Ctrl-C stops an answer")
        with keys.listening():
            try:
                return self._converse(conversation, keys)
            except KeyboardInterrupt:
                note("\ninterrupted")
                return INTERRUPTED

    def _converse(self, conversation: Conversation, keys: Keys) -> int:
        conversation.stopped = keys.stopped
        show = terminal.chosen(len(conversation.speakers), as_json=self.as_json)
        sys.stdin.reconfigure(errors="replace")  # type: ignore[union-attr]  # a pipe may carry anything
        failed = False
        for line in keys.lines():
            if line == "/quit":
                break
            if line == "/reset":
                conversation.reset()
                note("forgotten")
            elif line == "/image" or line.startswith("/image "):
                failed |= not _attached(conversation, line.removeprefix("/image").strip())
            elif line.startswith("/") and line[1:].isalpha() and keys.by_hand:
                note(f"{line} is no command; {COMMANDS}")
            else:
                failed |= not _answered(conversation, show, line)
        return int(failed and not keys.by_hand)


def _attached(conversation: Conversation, name: str) -> bool:
    """Put a picture beside the next question; False where it is none."""
    if not name:
        fail("/image needs the name of a file: /image scan.png")
        return False
    if not getattr(conversation.session, "sees", True):  # of an engine that does not say, its refusal is heard
        fail("the base model reads no pictures; talk to one that does")
        return False
    try:
        picture = images.read(str(Path(name).expanduser()))
    except images.ImageError as error:
        fail(str(error))
        return False
    conversation.pictures.append(picture.data_url)
    note(f"{Path(name).name}, {picture.width} x {picture.height}, goes with the next question")
    return True


def _answered(conversation: Conversation, show: terminal.Show, line: str) -> bool:
    """Ask one question; False where it, or an answer to it, failed."""
    if IMAGE in line and (conversation.pictures or any(conversation.shown)):
        fail(f"the text {IMAGE} stands for a picture; in a conversation with pictures it cannot be asked")
        return False
    try:
        replies = show(line, conversation.ask(line))
    except DataError as error:  # the engine cannot place the pictures, or a text looks like one
        fail(f"{error}{_kept(conversation)}")
        return False
    except RequestError as error:
        hint = "; /reset forgets what was said" if error.code == "context_length_exceeded" else ""
        fail(f"{error}{hint}{_kept(conversation)}")
        return False
    terminal.tell(replies)
    return not any(reply.error for reply in replies)


def _kept(conversation: Conversation) -> str:
    """Say that the pictures of a question that was refused are still there."""
    return "; its pictures go with the next question, or /reset forgets them" if conversation.pictures else ""


def _open(settings: ModelSettings, several: Sequence[Speaker]) -> LiveSession:
    """Open the base model and load the adapters of all speakers."""
    session: Any = catalog().component("engine", settings.engine).load().open(settings)
    if not isinstance(session, LiveSession):
        raise UsageError(
            f"the engine {settings.engine!r} answers whole batches only; a conversation needs model.engine"
        )
    for speaker in several:
        for adapter, package in speaker.packages.items():
            session.load(adapter, package.folder, package.sha256)
    return session
