"""Files are there whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domaintune import files


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "a.json"
    files.write_json(place, {"old": 1})

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.write_json(place, {"new": 2})
    assert files.read_json(place) == {"old": 1}


def test_a_finished_folder_replaces_what_stood_there(tmp_path: Path) -> None:
    place, made = tmp_path / "data", tmp_path / "aside"
    for folder, text in ((place, "old"), (made, "new")):
        folder.mkdir()
        (folder / "file").write_text(text)
    (place / "gone").write_text("")
    files.replace_folder(made, place)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    assert files.folder_hashes(place) == {"file": files.sha256(place / "file")}
    assert (place / "file").read_text() == "new"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.text(), json_values))
def test_a_fingerprint_does_not_depend_on_the_order_of_keys(value: dict[str, object]) -> None:
    assert files.fingerprint(value) == files.fingerprint(dict(reversed(value.items())))
