"""A stage of a run is done whole or not at all, once, and by one process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from domaintune import files, runs
from domaintune.errors import UsageError
from domaintune.runs import Run


class Work:
    """Writes a file and counts its calls; dies where it is told to."""

    def __init__(self, text: str = "made", dies: bool = False) -> None:
        self.text, self.dies, self.calls = text, dies, 0

    def __call__(self, folder: Path) -> Mapping[str, Any]:
        self.calls += 1
        self.found = sorted(path.name for path in folder.iterdir())
        (folder / "half").write_text(self.text)
        if self.dies:
            raise KeyboardInterrupt
        (folder / "half").rename(folder / "whole")
        return {"lines": 1}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "run").mkdir()
    return Run(tmp_path / "run")


def test_a_stage_is_done_once_for_the_same_inputs(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    work = Work()
    assert run.perform("data", {"seed": 1}, work) is True
    assert run.perform("data", {"seed": 1}, work) is False
    assert work.calls == 1
    assert run.file("data/whole").read_text() == "made"
    said = capsys.readouterr().err
    assert "data: working\ndata: done in 0.0 s\ndata: unchanged, nothing to do\n" in said


def test_a_changed_result_takes_away_what_was_made_from_the_old_one(run: Run) -> None:
    for stage in ("data", "train", "evaluation", "adapter"):
        run.perform(stage, {}, Work())
    for name in ("report.json", "report.html"):
        run.file(name).write_text("{}")
    run.perform("train", {"r": 8}, Work("made differently"))
    assert set(run.stages) == {"data", "train"}
    assert run.file("data/whole").exists()
    assert not any(run.file(name).exists() for name in ("evaluation", "adapter", "report.json", "report.html"))


@pytest.mark.parametrize("used", [True, False])
def test_new_knowledge_takes_away_only_what_was_made_with_knowledge(run: Run, used: bool) -> None:
    with_index = {"index": "0"} if used else {}
    for stage in ("data", "index", "train", "evaluation", "adapter"):
        run.perform(stage, with_index, Work())
    run.file("report.json").write_text("{}")
    run.perform("index", {"source": "another"}, Work("made differently"))
    kept = {"data", "index"} if used else {"data", "index", "train", "evaluation", "adapter"}
    assert set(run.stages) == kept
    assert run.file("report.json").exists() is not used


def test_new_data_leave_the_index_of_the_knowledge_alone(run: Run) -> None:
    for stage in ("index", "data", "train"):
        run.perform(stage, {}, Work())
    run.perform("data", {"seed": 2}, Work("made differently"))
    assert set(run.stages) == {"index", "data"}


def test_an_equal_result_of_other_inputs_keeps_what_was_made_from_it(run: Run) -> None:
    for stage in ("data", "train"):
        run.perform(stage, {}, Work())
    run.perform("data", {"code": 2}, Work())
    assert set(run.stages) == {"data", "train"}


def test_the_record_says_with_what_and_what_came_of_it(run: Run) -> None:
    run.perform("data", {"seed": 1}, Work())
    record = run.stages["data"]
    assert (record["status"], record["inputs"], record["counts"]) == ("done", {"seed": 1}, {"lines": 1})
    assert record["files"] == {"whole": files.sha256(run.file("data/whole"))}
    assert run.output("data", "whole") == record["files"]["whole"]
    assert record["started"].endswith("+00:00")
    assert record["versions"]["python"] == ".".join(map(str, sys.version_info[:3]))


def test_other_inputs_are_other_work(run: Run) -> None:
    run.perform("data", {"seed": 1}, Work("one"))
    assert run.perform("data", {"seed": 2}, Work("two")) is True
    assert run.file("data/whole").read_text() == "two"


def test_the_inputs_of_one_stage_are_not_those_of_another(run: Run) -> None:
    work = Work()
    run.perform("data", {}, work)
    assert run.perform("train", {}, work) is True


@pytest.mark.parametrize("damage", ["changed", "missing", "more"])
def test_a_stage_whose_files_are_not_as_it_left_them_is_done_again(run: Run, damage: str) -> None:
    run.perform("data", {}, Work())
    if damage == "changed":
        run.file("data/whole").write_text("torn")
    if damage == "missing":
        run.file("data/whole").unlink()
    if damage == "more":
        run.file("data/other").write_text("")
    assert run.perform("data", {}, Work()) is True
    assert [path.name for path in run.file("data").iterdir()] == ["whole"]


def test_work_that_was_stopped_goes_on_in_its_own_folder_and_hides_the_old_result_from_no_one(run: Run) -> None:
    run.perform("data", {"seed": 1}, Work("old"))
    with pytest.raises(KeyboardInterrupt):
        run.perform("data", {"seed": 2}, Work("new", dies=True))
    assert run.file("data/whole").read_text() == "old"
    again = Work("new")
    run.perform("data", {"seed": 2}, again)
    assert again.found == ["half"]
    assert run.file("data/whole").read_text() == "new"


def test_what_was_begun_with_other_inputs_is_thrown_away(run: Run) -> None:
    with pytest.raises(KeyboardInterrupt):
        run.perform("data", {"seed": 1}, Work(dies=True))
    again = Work()
    run.perform("data", {"seed": 2}, again)
    assert again.found == []
    assert sorted(path.name for path in run.folder.iterdir()) == ["data", "stages.json"]


@pytest.mark.parametrize("moment", ["write_json", "replace_folder", "half way"])
def test_a_kill_between_the_last_steps_costs_no_work(run: Run, moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    work = Work()
    run.perform("data", {"seed": 1}, Work("old"))
    with monkeypatch.context() as patch:
        kill(patch, moment)
        with pytest.raises(KeyboardInterrupt):
            run.perform("data", {"seed": 2}, work)
    assert run.perform("data", {"seed": 2}, work) is (moment == "write_json")
    assert run.file("data/whole").read_text() == "made"
    assert work.calls == (2 if moment == "write_json" else 1)
    assert run.perform("data", {"seed": 2}, work) is False
    assert sorted(path.name for path in run.folder.iterdir()) == ["data", "stages.json"]


def kill(patch: pytest.MonkeyPatch, moment: str) -> None:
    """Let the end of a stage be interrupted: before its record, after it, or while its folder is put in place."""

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    if moment != "half way":
        patch.setattr(files, moment, die)
        return
    rename = Path.rename

    def second(self: Path, place: Path) -> Path:
        return die() if self.name.startswith(".data-") else rename(self, place)

    patch.setattr(Path, "rename", second)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"data": 3}', '{"data": {"fingerprint": 1}}', "\x00\xff"])
def test_a_damaged_record_costs_the_work_and_nothing_else(run: Run, text: str) -> None:
    run.perform("data", {}, Work())
    run.file("stages.json").write_text(text)
    assert run.perform("data", {}, Work()) is True
    assert run.stages["data"]["status"] == "done"


def test_a_run_that_another_process_works_on_is_refused(run: Run) -> None:
    code = (
        "import sys; from pathlib import Path; from domaintune.runs import Run\n"
        "with Run(Path(sys.argv[1])).lock(): print('locked', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(run.folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "locked\n"
    with pytest.raises(UsageError, match=r"is being built by another process; .*--name"), run.lock():
        pass
    other.kill()  # a lock dies with its process
    other.communicate()
    with run.lock():
        pass


def test_a_run_folder_is_made_where_it_can_be(tmp_path: Path) -> None:
    with Run(tmp_path / "a/b/medical-x").lock():
        assert (tmp_path / "a/b/medical-x").is_dir()
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"file is a file, .*DOMAINTUNE_RUNS"), Run(tmp_path / "file/medical-x").lock():
        pass


def test_the_same_things_are_found_again_in_the_run_of_another_day(tmp_path: Path) -> None:
    first = runs.place(tmp_path, "medical", None, "0123456789abcdef")
    assert first.folder.name.endswith("-01234567")
    (tmp_path / "medical-2020-01-01-01234567").mkdir()
    assert runs.place(tmp_path, "medical", None, "0123456789abcdef").folder.name == "medical-2020-01-01-01234567"
    assert runs.place(tmp_path, "medical", None, "fedcba9876543210").folder.name.endswith("-fedcba98")
    assert runs.place(tmp_path, "medical", "mine", "0123456789abcdef").folder == tmp_path / "medical-mine"


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "/a", ".hidden", "-dash", "a b", "a\nb", "a\0b", "x" * 101, "a\\b"]
)
def test_a_name_that_is_no_plain_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="must be a plain name"):
        runs.place(tmp_path, "medical", name, "0123456789abcdef")


def test_latest_points_at_the_last_run_of_a_domain(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / f"medical-{name}").mkdir()
        runs.point_latest(Run(tmp_path / f"medical-{name}"), "medical")
        assert (tmp_path / "latest-medical").readlink() == Path(f"medical-{name}")
    assert len(list(tmp_path.iterdir())) == 3


def test_where_there_are_no_links_latest_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(1, "no links here")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    (tmp_path / "medical-a").mkdir()
    runs.point_latest(Run(tmp_path / "medical-a"), "medical")
    assert [path.name for path in tmp_path.iterdir()] == ["medical-a"]


def test_runs_are_listed_by_age_and_found_by_name(tmp_path: Path) -> None:
    for age, name in ((30, "medical-b"), (20, "medical-a"), (10, "code-c")):
        files.write_json(tmp_path / name / "stages.json", {})
        os.utime(tmp_path / name, (1_000_000 - age, 1_000_000 - age))
    runs.point_latest(Run(tmp_path / "medical-a"), "medical")
    assert [run.folder.name for run in runs.every(tmp_path)] == ["medical-b", "medical-a", "code-c"]
    assert runs.find(tmp_path, "code-c").folder == tmp_path / "code-c"
    assert runs.find(tmp_path, "latest-medical").folder.name == "medical-a"
    with pytest.raises(UsageError, match=r"no run 'medical-aa' .*did you mean 'medical-a'\?.*code-c"):
        runs.find(tmp_path, "medical-aa")
    assert runs.every(tmp_path / "nowhere") == []
