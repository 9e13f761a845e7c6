"""The registry: what is kept of an adapter, which version is in use, and what is refused."""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import sqlite3
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from adapting import GAIN, LOSS, NOTHING, WEIGHTS, package, report, variant
from hypothesis import given, settings
from hypothesis import strategies as st

from domaintune import files
from domaintune.adapters import registry as registry_module
from domaintune.adapters import store
from domaintune.adapters.admission import AdmissionError
from domaintune.adapters.objects import digest_of
from domaintune.adapters.registry import Registry
from domaintune.adapters.shape import BaseShape
from domaintune.adapters.versions import Version
from domaintune.errors import DomaintuneError, GateError, UsageError

SCHEMA_1 = Path(__file__).with_name("registry_schema_1.sql")


class Shop:
    """A registry and what makes adapters for it."""

    def __init__(self, folder: Path, peft_folder: Path, shape: BaseShape) -> None:
        self.folder, self.peft, self.shape = folder, peft_folder, shape
        self.registry = Registry(folder / "registry")

    def made(self, seed: int, measured: Any = GAIN) -> Path:
        place = self.folder / f"made-{seed}-{len(list(self.folder.iterdir()))}"
        return package(self.peft, place, self.shape, measured, seed)

    def add(self, seed: int, measured: Any = GAIN, name: str = "reports") -> Version:
        return self.registry.add(self.made(seed, measured), name=name, base=self.shape)

    def states(self) -> dict[str, str]:
        return {version.id: version.state for version in self.registry.versions()}

    def objects(self) -> set[str]:
        return {path.name for path in (self.folder / "registry/objects").iterdir()}


@pytest.fixture
def shop(tmp_path: Path, peft_folder: Path, tiny_shape: BaseShape) -> Shop:
    return Shop(tmp_path, peft_folder, tiny_shape)


def test_an_added_folder_is_a_candidate_and_a_read_only_copy(shop: Shop) -> None:
    folder = shop.made(1)
    version = shop.registry.add(folder, name="reports", base=shop.shape, source="where it was")
    assert (version.id, version.state, version.source) == ("reports@1", "candidate", "where it was")
    assert (version.rank, version.parameters, version.dtype) == (2, 256, "float32")
    assert version.files == files.folder_hashes(folder)
    assert version.digest == digest_of(version.files)
    kept = shop.registry.folder(version)
    assert files.folder_hashes(kept) == version.files
    assert stat.S_IMODE((shop.folder / "registry").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) & 0o222 for path in (kept, *kept.iterdir())} == {0}
    assert shop.registry.base(version.base) == shop.shape
    assert shop.registry.manifest(version) == files.read_json(folder / "domaintune.json")


def test_the_same_files_under_the_same_name_are_the_same_version(shop: Shop) -> None:
    first = shop.add(1)
    serial = shop.registry.serial()
    assert shop.add(1) == first
    assert shop.registry.serial() == serial
    other = shop.add(1, name="others")
    assert (other.id, other.digest) == ("others@1", first.digest)
    assert shop.add(2).id == "reports@2"
    assert shop.objects() == {version.digest for version in shop.registry.versions()}


def test_promoting_needs_a_gain_and_no_loss(shop: Shop) -> None:
    for seed, measured, words in (
        (1, {}, "there is no evaluation of it"),
        (2, NOTHING, "exact rougeL is 'no evidence': tuned - base +5.0 [-10.0, +20.0]"),
        (3, LOSS, "exact rouge1 is 'worse': tuned - base -15.0 [-20.0, -10.0]; exact rougeL is 'better'"),
    ):
        version = shop.add(seed, measured)
        with pytest.raises(GateError) as refused:
            shop.registry.promote(version.id)
        assert words in str(refused.value)
        assert "--override" in str(refused.value)
    assert set(shop.states().values()) == {"candidate"}
    assert shop.registry.promote(shop.add(4).id).state == "promoted"


def test_an_override_is_recorded_with_who_when_and_why(shop: Shop) -> None:
    shop.add(1, LOSS)
    version = shop.registry.promote("reports@1", override="  asked for by the clinic ")
    assert version.override == "asked for by the clinic"
    event = shop.registry.history("reports")[-1]
    assert (event.what, event.why, event.facts["gate"]) == ("promoted", "asked for by the clinic", "overridden")
    assert event.by == pwd.getpwuid(os.getuid()).pw_name
    assert event.at.endswith("+00:00")
    with pytest.raises(UsageError, match="needs a reason"):
        shop.registry.promote(shop.add(2, LOSS).id, override=" ")
    assert shop.registry.promote(shop.add(3).id, override="not needed").override is None


def test_who_it_was_is_not_taken_from_the_environment(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("USER", "LOGNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    shop.add(1)
    assert shop.registry.history("reports")[0].by != "somebody-else"


def test_a_promotion_takes_the_place_of_the_former_and_rollback_goes_further_back_each_time(shop: Shop) -> None:
    for seed in (1, 2, 3):
        shop.add(seed)
        shop.registry.promote(f"reports@{seed}")
    assert shop.states() == {"reports@1": "retired", "reports@2": "retired", "reports@3": "promoted"}
    assert shop.registry.rollback("reports").id == "reports@2"
    assert shop.registry.rollback("reports").id == "reports@1"
    assert shop.states() == {"reports@1": "promoted", "reports@2": "retired", "reports@3": "retired"}
    with pytest.raises(UsageError, match="nothing to go back to"):
        shop.registry.rollback("reports")
    shop.add(4)
    shop.registry.promote("reports@4")
    assert shop.registry.rollback("reports").id == "reports@1"


def test_rollback_passes_over_what_was_retired_by_name(shop: Shop) -> None:
    for seed in (1, 2, 3):
        shop.add(seed)
        shop.registry.promote("reports")
    shop.registry.retire("reports@2", why="wrong dates")
    assert shop.registry.rollback("reports").id == "reports@1"
    shop.registry.promote("reports@3")
    assert shop.registry.retire("reports@3").withdrawn
    assert shop.registry.served() == []
    assert shop.registry.rollback("reports").id == "reports@1"
    assert [event.what for event in shop.registry.history("reports") if event.number == 2] == [
        "added", "promoted", "retired",
    ]  # fmt: skip


def test_rollback_does_not_go_back_to_what_is_promoted_now(shop: Shop) -> None:
    for seed in (1, 2):
        shop.add(seed)
        shop.registry.promote("reports")
    shop.registry.promote("reports@1")
    shop.registry.retire("reports@2")
    serial = shop.registry.serial()
    with pytest.raises(UsageError, match="nothing to go back to"):
        shop.registry.rollback("reports")
    assert shop.registry.serial() == serial


def test_what_was_retired_by_name_is_promoted_with_a_reason_only(shop: Shop) -> None:
    shop.add(1)
    shop.registry.retire("reports@1")
    assert shop.add(1).state == "retired"
    with pytest.raises(GateError, match="was retired by name"):
        shop.registry.promote("reports@1")
    version = shop.registry.promote("reports@1", override="it was the other one")
    assert (version.state, version.withdrawn, version.override) == ("promoted", False, "it was the other one")


def test_rollback_keeps_the_reason_of_an_override(shop: Shop) -> None:
    shop.add(1, LOSS)
    shop.registry.promote("reports", override="at once")
    shop.add(2)
    shop.registry.promote("reports")
    assert shop.registry.rollback("reports").override == "at once"


def test_a_bare_name_is_the_promoted_version_to_find_and_the_newest_candidate_to_promote(shop: Shop) -> None:
    shop.add(1)
    shop.add(2)
    with pytest.raises(UsageError, match=r"no version of 'reports' is promoted \(reports@1 candidate, reports@2"):
        shop.registry.find("reports")
    assert shop.registry.promote("reports").id == "reports@2"
    assert shop.registry.find("reports").id == "reports@2"
    assert shop.registry.find("reports@1").state == "candidate"
    shop.registry.promote("reports@1")
    with pytest.raises(UsageError, match="has no candidate to promote"):
        shop.registry.promote("reports")
    with pytest.raises(UsageError, match="say which version of 'reports' to retire: reports@1 promoted"):
        shop.registry.retire("reports")


def test_promoting_what_is_promoted_and_retiring_what_is_retired_changes_nothing(shop: Shop) -> None:
    shop.add(1)
    shop.registry.promote("reports@1")
    serial = shop.registry.serial()
    assert shop.registry.promote("reports@1").state == "promoted"
    assert shop.registry.serial() == serial
    shop.registry.retire("reports@1")
    serial = shop.registry.serial()
    assert shop.registry.retire("reports@1").state == "retired"
    assert shop.registry.serial() == serial


@pytest.mark.parametrize("verb", ["find", "promote", "rollback", "retire", "history", "versions", "verify"])
def test_an_unknown_name_is_answered_with_the_nearest(verb: str, shop: Shop) -> None:
    with pytest.raises(UsageError, match="there is no adapter 'reprots'; adapters: none; build or add one"):
        getattr(shop.registry, verb)("reprots")
    assert not (shop.folder / "registry/objects").exists()
    shop.add(1)
    with pytest.raises(UsageError, match=r"no adapter 'reprots' \(did you mean 'reports'\?\); adapters: reports"):
        getattr(shop.registry, verb)("reprots")
    if verb in {"find", "promote", "retire", "verify"}:
        with pytest.raises(UsageError, match="there is no reports@7; of 'reports' there are reports@1 candidate"):
            getattr(shop.registry, verb)("reports@7")


watched: list[str] | None = None


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    if watched is not None and event in {"open", "os.mkdir", "os.rename", "os.remove", "os.scandir", "sqlite3.connect"}:
        watched.append(f"{event} {arguments[:1]}")


@pytest.fixture
def touched() -> Iterator[list[str]]:
    """What this process opens, makes, renames or removes, and which databases it connects to."""
    global watched  # noqa: PLW0603  (a hook of the interpreter cannot be taken back)
    if watch not in _hooked:
        sys.addaudithook(watch)
        _hooked.append(watch)
    watched = []
    yield watched
    watched = None


_hooked: list[Any] = []
STRANGE = st.one_of(
    st.text(max_size=80),
    st.sampled_from(["../", "/etc/", "..\\", "%2e%2e%2f", "\0", "а", "ｍ", "ı", "\u202e", "\ud800", "~", "@", " "]).flatmap(
        lambda bad: st.tuples(st.sampled_from(["", "reports", "reports@1", "a" * 4096]), st.just(bad), st.text(max_size=5))
        .map("".join)
    ),
    st.sampled_from(["base", "auto", "base@1", "reports@0", "reports@01", "reports@-1", "reports@1e3", "reports@١",
                     "Reports", "-reports", ".", "..", "a" * 65, "reports@" + "9" * 40, "reports\n", "reports@1\n"]),
)  # fmt: skip
PLAIN = re.compile(r"(?!(base|auto)(@|\Z))[a-z0-9][a-z0-9._-]{0,63}(@[1-9][0-9]{0,8})?")


@settings(max_examples=500, deadline=None)
@given(STRANGE.filter(lambda text: not PLAIN.fullmatch(text)))
def test_strange_names_are_refused_before_anything_is_touched(text: str) -> None:
    registry = Registry(Path("/nowhere/at/all"))
    for verb in ("find", "promote", "rollback", "retire", "history", "versions", "verify"):
        with pytest.raises(UsageError) as refused:
            getattr(registry, verb)(text)
        assert str(refused.value).isprintable()
        assert len(str(refused.value)) < 700
    with pytest.raises(UsageError):
        registry.add(Path("/nowhere"), name=text, base=None)


def test_refusing_a_name_opens_no_file_and_no_database(touched: list[str], tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry")
    for text in ("../x", "/etc/passwd", "a\0b", "x" * 4096, "mеdical", "base", "auto@1", "..%2f", "\\\\server\\x", ""):
        for verb in ("find", "promote", "rollback", "retire", "history", "versions", "verify"):
            with pytest.raises(UsageError):
                getattr(registry, verb)(text)
    assert touched == []


def test_a_refused_folder_leaves_nothing(shop: Shop) -> None:
    folder = shop.made(1)
    (folder / "evil.py").write_text("print(1)")
    with pytest.raises(AdmissionError) as refused:
        shop.registry.add(folder, name="reports", base=shop.shape)
    assert refused.value.code == "program"
    assert not (shop.folder / "registry").exists()


def test_a_folder_that_changes_between_the_check_and_the_copy_is_refused(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, admit = shop.made(1), registry_module.admit

    def admit_then_change(*given: Any) -> Any:
        admitted = admit(*given)
        shutil.copyfile(shop.made(2) / WEIGHTS, folder / WEIGHTS)
        return admitted

    monkeypatch.setattr(registry_module, "admit", admit_then_change)
    with pytest.raises(UsageError, match="is not the file that was checked"):
        shop.registry.add(folder, name="reports", base=shop.shape)
    assert shop.registry.versions() == []
    monkeypatch.undo()
    shop.add(3)
    assert shop.objects() == {version.digest for version in shop.registry.versions()}


def test_the_norm_of_a_newcomer_is_held_against_those_in_use(shop: Shop) -> None:
    shop.add(1)
    small = variant(shop.peft, shop.folder / "small", 2, scale=0.01)
    assert shop.registry.add(small, name="small", base=shop.shape).state == "candidate"
    shop.registry.promote("reports@1")
    with pytest.raises(AdmissionError) as refused:
        shop.registry.add(variant(shop.peft, shop.folder / "tiny", 3, scale=0.01), name="small", base=shop.shape)
    assert refused.value.code == "norm_out_of_band"


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.chmod(0o600)
    path.write_bytes(bytes(data))


def stranger(path: Path) -> None:
    path.parent.chmod(0o700)
    (path.parent / "extra.json").write_text("{}")


def linked(path: Path) -> None:
    path.parent.chmod(0o700)
    elsewhere = path.parents[3] / "elsewhere"
    shutil.copyfile(path, elsewhere)
    path.unlink()
    path.symlink_to(elsewhere)


def gone(path: Path) -> None:
    shutil.rmtree(path.parent)


def missing(path: Path) -> None:
    path.parent.chmod(0o700)
    path.unlink()


@pytest.mark.parametrize(
    ("damage", "words"),
    [(flip, f"{WEIGHTS} has changed"), (stranger, "extra.json does not belong to it"), (linked, f"{WEIGHTS} has changed"),
     (gone, "is missing"), (missing, f"{WEIGHTS} is missing")],
)  # fmt: skip
def test_a_damaged_object_is_found_is_not_promoted_and_is_mended_by_adding_it_again(
    damage: Any, words: str, shop: Shop
) -> None:
    version, other = shop.add(1), shop.add(2)
    assert shop.registry.verify() == []
    damage(shop.registry.folder(version) / WEIGHTS)
    (sentence,) = shop.registry.verify()
    assert sentence.startswith("reports@1 is damaged: ")
    assert words in sentence
    assert shop.registry.verify("reports@1") == shop.registry.verify("reports") == [sentence]
    assert shop.registry.verify(other.id) == []
    with pytest.raises(DomaintuneError, match="add the same files again, which mends it"):
        shop.registry.promote("reports@1")
    assert shop.add(1) == version
    assert shop.registry.verify() == []


def test_verify_admits_again_what_has_the_right_hashes(shop: Shop) -> None:
    version = shop.add(1)
    with sqlite3.connect(shop.folder / "registry/registry.db") as db:
        shape = json.loads(db.execute("SELECT shape FROM bases").fetchone()[0])
        shape["linears"] = {key: [9, 9] for key in shape["linears"]}
        db.execute("UPDATE bases SET shape = ?", (json.dumps(shape),))
    (sentence,) = shop.registry.verify(version.id)
    assert "tensor_shape" in sentence


def test_a_given_report_is_the_ground_of_a_plain_folder(shop: Shop) -> None:
    folder = variant(shop.peft, shop.folder / "plain", 5)
    add = shop.registry.add
    assert add(folder, name="plain", base=shop.shape).verdict is None
    version = add(folder, name="plain", base=shop.shape, report=report(GAIN))
    assert version.number == 1
    assert version.verdict["origin"] == "the given report"
    assert [event.what for event in shop.registry.history("plain")] == ["added", "evaluated"]
    assert shop.registry.promote("plain").state == "promoted"
    with pytest.raises(UsageError, match="compares no tuned model with its base"):
        add(folder, name="plain", base=shop.shape, report={"comparisons": []})


@pytest.mark.parametrize(
    ("change", "words"),
    [({"verdict": "better"}, "is said to be 'better'"), ({"low": 0.4}, "is said to be"), ({"low": "x"}, "'low' is missing"),
     ({"high": float("nan")}, "'high' is missing"), ({"metric": 3}, "'metric' is missing"),
     ({"difference": 10**400}, "not a")],
)  # fmt: skip
def test_a_verdict_that_does_not_follow_from_its_numbers_is_refused(change: Any, words: str, shop: Shop) -> None:
    document = report(NOTHING)
    document["comparisons"][0] |= change
    with pytest.raises(UsageError, match="the evaluation in the given report cannot be read") as refused:
        shop.registry.add(shop.made(1), name="reports", base=shop.shape, report=document)
    assert words in str(refused.value)
    assert shop.registry.versions() == []


def test_every_change_and_nothing_else_raises_the_serial(shop: Shop) -> None:
    seen = [shop.registry.serial()]
    assert seen == [0]
    assert not (shop.folder / "registry").exists()
    steps = [lambda: shop.add(1), lambda: shop.registry.promote("reports"), lambda: shop.add(2),
             lambda: shop.registry.promote("reports@2"), lambda: shop.registry.rollback("reports"),
             lambda: shop.registry.retire("reports@2")]  # fmt: skip
    for step in steps:
        version = step()
        seen.append(shop.registry.serial())
        assert version.changed == seen[-1]
    assert seen == sorted(set(seen))
    shop.registry.verify()
    shop.registry.versions()
    assert shop.registry.serial() == seen[-1]


def test_a_database_of_schema_1_opens(shop: Shop) -> None:
    file = shop.folder / "registry/registry.db"
    file.parent.mkdir()
    with sqlite3.connect(file) as db:
        db.executescript(SCHEMA_1.read_text())
    assert [(v.id, v.state, v.override) for v in shop.registry.versions()] == [
        ("notes@1", "retired", None), ("notes@2", "promoted", None), ("reports@1", "promoted", "for a test"),
    ]  # fmt: skip
    assert [event.what for event in shop.registry.history("notes")] == ["added", "promoted", "added", "promoted"]
    assert shop.registry.find("notes").verdict["comparisons"][0]["verdict"] == "better"
    assert len(shop.registry.verify()) == 3  # the dump has no folders
    assert shop.add(1, name="notes").id == "notes@3"


def test_a_newer_schema_brings_older_tables_up_to_date(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    version = shop.add(1)
    more = "ALTER TABLE versions ADD COLUMN stars INTEGER NOT NULL DEFAULT 5"
    monkeypatch.setattr(store, "MIGRATIONS", (*store.MIGRATIONS, more))
    with store.Store(shop.folder / "registry/registry.db").reading() as db:
        assert db.execute("SELECT name, stars FROM versions").fetchall()[0]["stars"] == 5
    monkeypatch.undo()
    with pytest.raises(UsageError, match=r"written by a newer domaintune \(schema 2; this one reads 1\); upgrade"):
        shop.registry.find(version.id)


def test_a_file_that_is_no_database_is_a_sentence(shop: Shop) -> None:
    (shop.folder / "registry").mkdir()
    (shop.folder / "registry/registry.db").write_text("not a database at all, and long enough to be read as one" * 9)
    with pytest.raises(DomaintuneError, match="cannot be used: file is not a database; check the disk"):
        shop.registry.versions()


def test_a_busy_registry_is_a_sentence_and_readers_need_not_wait(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.add(1)
    monkeypatch.setattr(store, "PATIENCE", 0.05)
    with sqlite3.connect(shop.folder / "registry/registry.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("UPDATE versions SET state = 'retired'")
        assert shop.registry.find("reports@1").state == "candidate"
        with pytest.raises(DomaintuneError, match="another process is writing to it: try again"):
            shop.registry.promote("reports@1")
        other.execute("ROLLBACK")
    assert shop.registry.promote("reports@1").state == "promoted"
