"""How a conversation is shown: as it streams, in two columns, or as JSON; facts about it go to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from domaintune.chat.conversation import Reply
from domaintune.console import err, fail, harmless, out

if TYPE_CHECKING:
    from rich.console import RenderableType

Said: TypeAlias = Iterable[tuple[int, Reply, str]]
"""What `Conversation.ask` yields."""
Show: TypeAlias = Callable[[str, Said], Sequence[Reply]]
"""Shows the answers to a question while they come; returns them."""
WIDE = 100
"""Letters of a line that make room for two columns."""


def chosen(speakers: int, *, as_json: bool) -> Show:
    """Return the way of showing that fits what is asked for and where it goes."""
    if as_json:
        return documents
    if speakers > 1:
        return columns if out().is_terminal and out().width >= WIDE else in_turn
    return plainly


def plainly(_: str, said: Said) -> Sequence[Reply]:
    """Write one speaker's text as it comes."""
    replies = {}
    for place, reply, text in said:
        replies[place] = reply
        _write(text)
    _write("\n")
    return [*replies.values()]


def in_turn(_: str, said: Said) -> Sequence[Reply]:
    """Write the speakers one after another: the first as it comes, the others meanwhile kept and then caught up."""
    replies: dict[int, Reply] = {}
    shown, speaking = 0, 0  # letters of the speaker whose turn it is, and its place
    for place, reply, _text in said:
        replies[place] = reply
        while speaking in replies:
            heard = replies[speaking]
            if not shown and (heard.text or heard.finish_reason):
                _write(f"{heard.speaker.name}:\n")
            _write(heard.text[shown:])
            shown = len(heard.text)
            if heard.finish_reason is None:
                break
            _write("\n\n")
            shown, speaking = 0, speaking + 1
    return [replies[place] for place in sorted(replies)]


def columns(_: str, said: Said) -> Sequence[Reply]:
    """Show the speakers side by side; while they write, as much of the end as the screen holds."""
    from rich.live import Live  # noqa: PLC0415  (only a wide terminal needs it)

    replies: dict[int, Reply] = {}
    with Live(console=out(), transient=True, auto_refresh=False, vertical_overflow="crop") as live:
        for place, reply, _text in said:
            replies[place] = reply
            live.update(_table(_ordered(replies), lines=max(out().height - 4, 3)), refresh=True)
    out().print(_table(_ordered(replies)))
    return _ordered(replies)


def documents(question: str, said: Said) -> Sequence[Reply]:
    """Write one JSON document a line, when all have answered."""
    replies = {place: reply for place, reply, _text in said}
    answers = [
        {
            "model": reply.speaker.name,
            "text": reply.text,
            "tokens": reply.tokens,
            "finish_reason": reply.finish_reason,
            "first_token_seconds": reply.first,
            "seconds": reply.seconds,
        }
        for reply in _ordered(replies)
    ]
    _write(json.dumps({"schema_version": 1, "question": question, "answers": answers}) + "\n")
    return _ordered(replies)


def tell(replies: Sequence[Reply]) -> None:
    """Say on stderr who answered, how fast and why it ended."""
    for reply in replies:
        facts = [reply.speaker.name, f"{reply.tokens} tokens"]
        facts += [] if reply.speed is None else [f"{reply.speed:.1f} tokens/s"]
        facts += [] if reply.first is None else [f"first after {reply.first:.2f} s"]
        facts += [_END.get(reply.finish_reason or "", reply.finish_reason or "")]
        err().print(harmless(" · ".join(facts)), style="dim", markup=False, soft_wrap=True)
        if reply.error:
            fail(f"{reply.speaker.name}: {reply.error}")


_END = {"stop": "ended by itself", "length": "cut at --max-tokens", "stopped": "stopped by you", "error": "failed"}


def _ordered(replies: dict[int, Reply]) -> list[Reply]:
    return [replies[place] for place in sorted(replies)]


def _table(replies: Sequence[Reply], lines: int | None = None) -> RenderableType:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, expand=True, padding=(0, 2, 0, 0), header_style="bold")
    width = out().width // max(len(replies), 1) - 2
    for reply in replies:
        table.add_column(Text(harmless(reply.speaker.name)), ratio=1)
    cells = [Text(harmless(reply.text)).wrap(out(), width) for reply in replies]
    table.add_row(*(Text("\n").join(cell if lines is None else cell[-lines:]) for cell in cells))
    return table


def _write(text: str) -> None:
    """Write on stdout what a model may have written; nothing of it may steer the terminal."""
    sys.stdout.write(harmless(text))
    sys.stdout.flush()
