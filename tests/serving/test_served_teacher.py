"""Our own server as a teacher: the client that asks strangers' servers understands ours, and the other way round."""

from __future__ import annotations

from pathlib import Path

import pytest
from served import KEY, Served

from domaintune import Message, Sampling, Usage, open_teacher


def test_a_served_adapter_teaches(server: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SERVED_KEY", KEY)
    questions = [*(f"Findings {number}" for number in range(4)), "no room for this " * 2000]
    asked = [[Message(role="user", content=question)] for question in questions]
    options = {"url": f"{server.address}/v1", "model": "alpha", "key_env": "SERVED_KEY", "store": "none"}
    whole, streamed = (open_teacher("teacher-openai", {**options, "stream": stream}) for stream in (False, True))
    answers = list(whole.answers(asked, [Sampling(max_new_tokens=8)] * 5))
    assert all(answers[:4])
    assert answers[4] is None, "a conversation that is too long is declined"
    assert list(streamed.answers(asked, [Sampling(max_new_tokens=8)] * 5)) == answers
    assert whole.usage == streamed.usage
    assert whole.usage.completion_tokens > 0
    assert isinstance(whole.usage, Usage)
