"""The engine's process: it may be killed at any time, and is one process at any time."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from served import World

from domaintune import Message, Request, Sampling
from domaintune.errors import DomaintuneError
from domaintune.serving import worker_process
from domaintune.serving.worker import Down, Worker
from domaintune.sessions import Admission
from domaintune.settings import ModelSettings, ServeSettings

Scene = Callable[[Worker, Path], Awaitable[None]]


@pytest.fixture
def play(world: World, tmp_path: Path) -> Callable[[Scene], None]:
    """Run a scene with a worker on the tiny model that holds adapters `one` and `two`, from a folder of its own."""
    for name, source in (("one", "alpha"), ("two", "beta")):
        shutil.copytree(world.adapters[source], tmp_path / name)

    async def scene_with(scene: Scene) -> None:
        worker = Worker(ModelSettings(base=str(world.base), device="cpu", dtype="float32"), ServeSettings())
        await worker.start()
        try:
            for name in ("one", "two"):
                await worker.load(name, tmp_path / name)
            await scene(worker, tmp_path)
        finally:
            await worker.stop(0)

    return lambda scene: asyncio.run(scene_with(scene))


async def said(worker: Worker, adapter: str | None, tokens: int = 12) -> str:
    messages = (Message(role="user", content="Is the heart large?"),)
    request = Request(messages=messages, adapter=adapter, sampling=Sampling(max_new_tokens=tokens))
    return "".join([event.text async for event in await worker.ask(request)])


def children() -> int:
    """Processes of ours that are engines."""
    own = str(os.getpid())
    found = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            found += parent == own and b"spawn_main" in command
    return found


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.05)


def test_an_adapter_that_cannot_be_read_after_a_death_is_missed_alone(play: Callable[[Scene], None]) -> None:
    async def scene(worker: Worker, place: Path) -> None:
        before = await said(worker, None), await said(worker, "one")
        shutil.rmtree(place / "two")
        os.kill(worker.pid, signal.SIGKILL)
        await until(lambda: worker.restarts == 1 and worker.ready.is_set())
        assert (await said(worker, None), await said(worker, "one")) == before
        assert "two" not in worker.adapters
        with pytest.raises(DomaintuneError, match="two"):
            await said(worker, "two")
        assert children() == 1

    play(scene)


def test_deaths_in_a_row_leave_one_process_and_every_answer(play: Callable[[Scene], None]) -> None:
    async def scene(worker: Worker, _: Path) -> None:
        wanted = await said(worker, "one")
        for _ in range(3):
            os.kill(worker.pid, signal.SIGKILL)
            answers = asyncio.gather(*(said(worker, "one") for _ in range(3)))
            await until(lambda: worker.ready.is_set() and not worker.asked)
            assert await answers == [wanted] * 3
        assert children() == 1

    play(scene)


def test_a_death_while_the_process_starts_again_is_one_more_start(play: Callable[[Scene], None]) -> None:
    async def scene(worker: Worker, _: Path) -> None:
        wanted, first = await said(worker, "one"), worker.pid
        os.kill(first, signal.SIGKILL)
        await until(lambda: worker.pid != first)
        os.kill(worker.pid, signal.SIGKILL)
        await until(lambda: worker.restarts == 2 and worker.ready.is_set())
        assert await said(worker, "one") == wanted
        assert children() == 1

    play(scene)


def test_a_load_that_nobody_waits_for_any_more_is_forgotten(play: Callable[[Scene], None]) -> None:
    async def scene(worker: Worker, place: Path) -> None:
        for number in range(5):
            task = asyncio.ensure_future(worker.load(f"late{number}", place / "one"))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        await until(lambda: not worker._leaving)
        await said(worker, None)
        assert worker.facts["adapters"] == 2
        assert worker._told["adapters"] == 2

    play(scene)


def test_signals_for_the_server_do_not_end_the_engine(play: Callable[[Scene], None]) -> None:
    async def scene(worker: Worker, _: Path) -> None:
        for each in (signal.SIGTERM, signal.SIGINT):
            os.kill(worker.pid, each)
        assert await said(worker, "one")
        assert worker.restarts == 0

    play(scene)


def test_a_process_that_cannot_be_started_again_is_said_to_be_down_and_tried_again(
    play: Callable[[Scene], None], world: World, tmp_path: Path
) -> None:
    async def scene(worker: Worker, _: Path) -> None:
        worker.model = ModelSettings(base=str(tmp_path / "gone"), device="cpu", dtype="float32")
        os.kill(worker.pid, signal.SIGKILL)
        await until(lambda: worker.broken is not None)
        with pytest.raises(Down, match="could not be started again"):
            await said(worker, "one")
        worker.model = ModelSettings(base=str(world.base), device="cpu", dtype="float32")
        await until(lambda: worker.broken is None and worker.ready.is_set())
        assert await said(worker, "one")

    play(scene)


def test_what_waits_behind_a_question_with_pictures_is_heard_after_a_step() -> None:
    session, pipe = Counting(), Telling()
    loop = worker_process.Loop(pipe, session)  # type: ignore[arg-type]
    plain, shown = Request(text="a"), Request(images=("data:,",))
    for key, request in enumerate((plain, shown, shown, plain, plain)):
        loop.inbox.put(("ask", key, request))
    loop.inbox.put(("stop",))
    heard = []
    while not loop.gone:
        loop._take_messages()
        heard.append(session.added)
    assert heard == [2, 3, 5]


class Telling:
    def send(self, message: object) -> None:
        assert message


class Counting:
    added = 0

    def add(self, _request: Request) -> Admission:
        self.added += 1
        return Admission(request=self.added, prompt_tokens=1)
