"""An index that was killed goes on where it was, and ends with the bytes of one that was not."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stand_in import WordEmbedder, many

from domaintune import Passage, files
from domaintune.retrieval import dense, vectors
from domaintune.retrieval.dense import Dense
from domaintune.retrieval.options import DenseOptions

PASSAGES = many(300, keys=2)
FEW = PASSAGES[:30]
OPTIONS = DenseOptions(kind="hnsw")
SLOWLY = """
import sys
sys.path.insert(0, {here!r})
from pathlib import Path
from stand_in import WordEmbedder, many
from domaintune.retrieval.options import DenseOptions
from domaintune.retrieval import dense, vectors
vectors.BATCH = 16
dense.open_embedder = lambda _: WordEmbedder(seconds=0.03)
print("ready", flush=True)
dense.Dense(DenseOptions(kind="hnsw")).index(many(300, keys=2), Path({folder!r}))
"""


@pytest.fixture
def embedder(monkeypatch: pytest.MonkeyPatch) -> WordEmbedder:
    made = WordEmbedder()
    monkeypatch.setattr(dense, "open_embedder", lambda _: made)
    monkeypatch.setattr(vectors, "BATCH", 16)
    return made


@pytest.fixture
def undisturbed(embedder: WordEmbedder, tmp_path: Path) -> Path:
    (tmp_path / "undisturbed").mkdir()
    Dense(OPTIONS).index(PASSAGES, tmp_path / "undisturbed")
    return tmp_path / "undisturbed"


@pytest.fixture
def few(embedder: WordEmbedder, tmp_path: Path) -> Path:
    (tmp_path / "few").mkdir()
    Dense(OPTIONS).index(FEW, tmp_path / "few")
    return tmp_path / "few"


def index_and_kill(folder: Path, after: float) -> bool:
    """Index in another process and kill it; returns whether it had finished."""
    script = SLOWLY.format(here=str(Path(__file__).parent), folder=str(folder))
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            return process.wait(after) == 0
        except subprocess.TimeoutExpired:
            process.kill()
            return False


@pytest.mark.parametrize("kills", [2, pytest.param(40, marks=[pytest.mark.soak, pytest.mark.timeout(600)])])
def test_a_run_that_is_killed_at_any_time_ends_with_the_same_bytes(
    kills: int, undisturbed: Path, tmp_path: Path, embedder: WordEmbedder
) -> None:
    chance = random.Random(kills)
    folder = tmp_path / "killed"
    folder.mkdir()
    disturbed = 0
    for _ in range(kills):
        finished = index_and_kill(folder, after=chance.uniform(0.1, 0.7))
        disturbed += not finished
        if finished:
            assert files.folder_hashes(folder) == files.folder_hashes(undisturbed)
            shutil.rmtree(folder)
            folder.mkdir()
    assert disturbed
    done = (folder / "vectors.f32").stat().st_size // (embedder.width * 4)
    embedder.seen.clear()
    Dense(OPTIONS).index(PASSAGES, folder)
    assert files.folder_hashes(folder) == files.folder_hashes(undisturbed)
    total = (undisturbed / "vectors.f32").stat().st_size // (embedder.width * 4)
    assert len(embedder.seen) <= total - done + 16, "at most one batch is embedded again"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.integers(0, 10_000), journal=st.integers(0, 10_000), changed=st.booleans())
def test_whatever_a_killed_run_left_the_bytes_are_the_same(
    texts: int, journal: int, changed: bool, few: Path, embedder: WordEmbedder, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("torn")
    journals = journal_of(embedder, folder, FEW)
    whole = (few / "vectors.f32").read_bytes()
    kept = bytearray(whole[: texts * len(whole) // 10_000])
    if changed and kept:
        kept[texts % len(kept)] ^= 1
    (folder / "vectors.f32").write_bytes(kept)
    (folder / "vectors.journal").write_bytes(journals[: journal * len(journals) // 10_000])
    Dense(OPTIONS).index(FEW, folder)
    assert files.folder_hashes(folder) == files.folder_hashes(few)


def journal_of(embedder: WordEmbedder, folder: Path, passages: list[Passage]) -> bytes:
    """Return the journal of a whole run, which is removed at its end."""
    found = dense.texts.gathered(passages)
    vectors.write(found, embedder, folder, vectors.Earlier(None, embedder.width))
    return (folder / "vectors.journal").read_bytes()


def test_what_was_left_of_other_passages_is_not_gone_on_with(embedder: WordEmbedder, tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    journals = journal_of(embedder, tmp_path / "index", PASSAGES)
    assert journals
    Dense(OPTIONS).index(PASSAGES[:50], tmp_path / "index")
    (tmp_path / "fresh").mkdir()
    Dense(OPTIONS).index(PASSAGES[:50], tmp_path / "fresh")
    assert files.folder_hashes(tmp_path / "index") == files.folder_hashes(tmp_path / "fresh")


def test_an_embedder_that_fails_loses_no_finished_batch(
    embedder: WordEmbedder, undisturbed: Path, tmp_path: Path
) -> None:
    folder, made = tmp_path / "failing", embedder.vectors
    folder.mkdir()
    left = [7]

    def failing(texts: list[str], query: bool = False) -> object:
        left[0] -= 1
        if left[0] < 0:
            raise OSError("no connection")
        return made(texts, query)

    embedder.vectors = failing  # type: ignore[method-assign,assignment]
    with pytest.raises(OSError, match="no connection"):
        Dense(OPTIONS).index(PASSAGES, folder)
    assert (folder / "vectors.f32").stat().st_size == 7 * 16 * embedder.width * 4
    embedder.vectors = made  # type: ignore[method-assign]
    Dense(OPTIONS).index(PASSAGES, folder)
    assert files.folder_hashes(folder) == files.folder_hashes(undisturbed)
