"""Files of answers that cannot be used, and files that several use at once."""

from __future__ import annotations

import os
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from domaintune.defaults.answer_store import AnswerStore, Given, answer_key
from domaintune.errors import TeacherError

ADVICE = r"move it away, .*, or name another file with data\.teacher_options\.store"


def _foreign(file: Path, *statements: str) -> None:
    connection = sqlite3.connect(file)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_file_that_is_no_database_is_said_in_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "answers.sqlite"
    file.write_bytes(b"these are not the answers you are looking for" * 100)
    with pytest.raises(TeacherError, match=rf"answers in '{file}' cannot be used \(file is not a database\); {ADVICE}"):
        AnswerStore(file).find("k")
    assert file.read_bytes().startswith(b"these are not"), "it is left as it is"


def test_another_programs_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "answers.sqlite"
    _foreign(file, "CREATE TABLE mails (id)")
    before = file.read_bytes()
    with pytest.raises(TeacherError, match=r"it is no file of answers, or one of another version"):
        AnswerStore(file).find("k")
    assert file.read_bytes() == before
    later = tmp_path / "later.sqlite"
    AnswerStore(later).keep("k", Given(text="a", finish="stop"))
    _foreign(later, "PRAGMA user_version=99")
    with pytest.raises(TeacherError, match=r"another version"):
        AnswerStore(later).find("k")


def test_a_damaged_file_is_said_in_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "answers.sqlite"
    store = AnswerStore(file)
    for number in range(2000):
        store.keep(answer_key(number), Given(text=f"answer {number} " * 20, finish="stop"))
    store.close()
    data = bytearray(file.read_bytes())
    for place in range(4096, len(data), 4096):
        data[place : place + 64] = b"\xa5" * 64
    file.write_bytes(data)
    with pytest.raises(TeacherError, match=rf"malformed.*{ADVICE}"):
        [AnswerStore(file).find(answer_key(number)) for number in range(2000)]


def test_a_damaged_row_is_no_answer(tmp_path: Path) -> None:
    file = tmp_path / "answers.sqlite"
    AnswerStore(file).keep("k", Given(text="a", finish="stop"))
    _foreign(file, "UPDATE answers SET answer = x'ff00'")
    with pytest.raises(TeacherError, match=r"a row is damaged.*move it away"):
        AnswerStore(file).find("k")


def test_a_place_that_cannot_be_written_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    for place in (tmp_path / "file" / "answers.sqlite", tmp_path):
        with pytest.raises(TeacherError, match=r"cannot be used \(.*\); see that there is room"):
            AnswerStore(place).find("k")


@pytest.mark.skipif(os.name != "posix", reason="no modes")
def test_an_empty_file_becomes_readable_by_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "answers.sqlite"
    file.touch()
    file.chmod(0o644)
    store = AnswerStore(file)
    store.keep("k", Given(text="a", finish="stop"))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert set(modes.values()) == {0o600}
    assert len(modes) == 3, "what SQLite writes beside it as well"


def test_several_may_begin_and_fill_one_file_at_once(tmp_path: Path) -> None:
    stores = [AnswerStore(tmp_path / "answers.sqlite") for _ in range(8)]

    def fill(mine: int) -> list[str | None]:
        return [
            stores[mine].keep(answer_key(number), Given(text=f"{mine} says {number}", finish="stop")).text
            for number in range(50)
        ]

    with ThreadPoolExecutor(8) as pool:
        first, *others = pool.map(fill, range(8))
    assert all(other == first for other in others), "everyone has the answer that came first"


def test_the_key_of_a_request_depends_on_all_of_it_and_on_no_order() -> None:
    assert answer_key({"a": 1, "b": [2]}) == answer_key({"b": [2], "a": 1})
    assert answer_key({"a": 1}) != answer_key({"a": 1.5})
    assert len(answer_key({"half": "\ud800"})) == 64
