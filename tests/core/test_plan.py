"""A plan is refused before any work where a part or an option is missing, and knows what decides an adapter."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from domaintune import Component, Domain
from domaintune.errors import DomaintuneError, PluginError, SettingsError
from domaintune.plan import code_of, make_plan
from domaintune.plugins import Catalog, Offer


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options:
    """Options of a part."""

    depth: int = dataclasses.field(default=3, metadata={"doc": "how deep"})


def _catalog(*more: Component[Any]) -> Catalog:
    parts = {
        "domain": [Domain(name="chess", summary="", data="chess-games", evaluators=("chess-exact",))],
        "data builder": [Component(name="chess-games", summary="", load=lambda: None, options=Options)],
        "evaluator": [
            Component(name="chess-exact", summary="", load=lambda: None, options=Options),
            Component(name="chess-plain", summary="", load=lambda: None),
        ],
        "engine": [Component(name="transformers", summary="", load=lambda: None)],
    }
    catalog = Catalog()
    catalog.add(
        Offer(kind=kind, record=record, owner="chess", version="1")
        for kind, records in parts.items()
        for record in records
    )
    return catalog


def test_the_parts_are_the_domains_own_or_those_the_settings_name() -> None:
    plan = make_plan(_catalog(), "chess")
    assert [part.name for part in (plan.builder, *plan.evaluators, plan.engine)] == [
        "chess-games",
        "chess-exact",
        "transformers",
    ]
    assert plan.builder_options == Options(depth=3)
    other = make_plan(_catalog(), "chess", overrides=["eval.evaluators=chess-plain", "data.options.depth=5"])
    assert [part.name for part in other.evaluators] == ["chess-plain"]
    assert other.builder_options == Options(depth=5)


@pytest.mark.parametrize(
    ("override", "error", "words"),
    [
        ("data.builder=chess-game", PluginError, r"no data builder named 'chess-game' \(did you mean 'chess-games'"),
        ("eval.evaluators=exact", PluginError, "no evaluator named 'exact'"),
        ("model.engine=other", PluginError, "no engine named 'other'"),
        ("data.options.deph=3", SettingsError, r"'deph' \(did you mean 'depth'\?\)"),
        ("data.options.depth=deep", SettingsError, "depth = 'deep'"),
        ("eval.chess-exact.depth=deep", SettingsError, "eval.graders.chess-exact: depth = 'deep'"),
        ("eval.graders.chess-exact.deph=3", SettingsError, r"'deph' \(did you mean 'depth'\?\)"),
        ("eval.graders.chess-plain.depth=3", SettingsError, "no evaluator 'chess-plain'.*of this build: chess-exact"),
    ],
)
def test_what_cannot_work_is_refused_before_any_work(override: str, error: type[DomaintuneError], words: str) -> None:
    with pytest.raises(error, match=words):
        make_plan(_catalog(), "chess", overrides=[override])


def test_a_part_without_options_takes_none() -> None:
    with pytest.raises(SettingsError, match="unknown setting 'depth'"):
        make_plan(_catalog(), "chess", overrides=["eval.evaluators=chess-plain", "eval.graders.chess-plain.depth=3"])


def test_what_decides_the_adapter_decides_the_run_and_nothing_else_does() -> None:
    key = make_plan(_catalog(), "chess").key
    for same in ("eval.draws=7", "eval.limit=3", "pack.license=mit", "eval.chess-exact.depth=1"):
        assert make_plan(_catalog(), "chess", overrides=[same]).key == key
    others = {
        make_plan(_catalog(), "chess", overrides=[other]).key
        for other in ("seed=1", "model.base=x", "data.limit=3", "lora.r=2", "train.steps=3", "data.options.depth=5")
    }
    assert len({key, *others}) == 7


def test_the_code_of_a_part_changes_with_the_files_of_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "domaintune_somewhere"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "data.py").write_text("a = 1")
    module = ModuleType("domaintune_somewhere")
    module.__file__ = str(package / "__init__.py")
    monkeypatch.setitem(sys.modules, "domaintune_somewhere", module)

    def load() -> None: ...

    load.__module__ = "domaintune_somewhere.plugin"
    offer = Offer(kind="engine", record=Component(name="e", summary="", load=load), owner="somewhere", version="1")
    before = code_of(offer)
    assert (before["owner"], before["version"]) == ("somewhere", "1")
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "data.pyc").write_bytes(b"1")
    assert code_of(offer) == before
    (package / "data.py").write_text("a = 2")
    assert code_of(offer) != before
