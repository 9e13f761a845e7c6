"""Strangers' packages, good and broken, found as installed ones are: a broken one is a line in a list, no crash."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from installing import pretend_installed

from domaintune.errors import PluginError
from domaintune.plan import make_plan
from domaintune.plugins import Catalog, catalog
from domaintune.testing import check_plugin

HERE = Path(__file__).parent
CHESS = HERE.parents[1] / "examples/domaintune-chess"
STRANGERS = {"chess": CHESS} | {path.parent.name: path.parent for path in sorted(HERE.glob("*/pyproject.toml"))}
BROKEN = {
    "broken-import": "ImportError: cannot import name 'Openings' from 'domaintune'",
    "broken-dependency": "ModuleNotFoundError: No module named 'chess_engine_that_is_not_installed'",
    "broken-hook-name": "unknown hook 'domaintune_evaluator' (did you mean 'domaintune_evaluators'?)",
    "broken-arguments": "Argument(s) {'config'} are declared in the hookimpl but can not be found in the hookspec",
    "broken-half-way": "RuntimeError: the second offer is not ready",
    "broken-mark": "hook 'domaintune_evaluators' is not marked; write @hookimpl above it",
    "broken-record": "hook 'domaintune_evaluators' must yield Component records; it yielded 'broken-record'",
    "name-clash": "evaluator 'exact' is already offered by 'defaults'",
    "exits": "SystemExit: the licence server did not answer",
    "sleeps": "its import took more than 0.5 s; DOMAINTUNE_PLUGIN_TIMEOUT=SECONDS waits longer",
}
GOOD = sorted(set(STRANGERS) - set(BROKEN))


@pytest.fixture
def install(install: Callable[..., Catalog]) -> Callable[..., Catalog]:
    """Install strangers by name."""
    return lambda *names: install(*(STRANGERS[name] for name in names))


@pytest.fixture
def everyone(tmp_path: Path) -> dict[str, str]:
    """The environment of a process in which all strangers are installed."""
    paths = [path for name, folder in STRANGERS.items() for path in pretend_installed(folder, tmp_path / "site" / name)]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "DOMAINTUNE_PLUGIN_TIMEOUT": "0.5"}


def domaintune(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "domaintune", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=60, check=False)


@pytest.mark.parametrize("name", [name for name in BROKEN if name != "sleeps"])
def test_a_broken_plugin_is_refused_whole_with_its_reason_and_the_rest_works(
    name: str, install: Callable[..., Catalog], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = catalog().offers
    found = install(name, "chess")
    assert list(found.broken) == [name]
    assert BROKEN[name] in found.broken[name]
    assert "\n" not in found.broken[name]
    assert {key for key in found.offers if key not in alone} == {
        ("domain", "chess"), ("data builder", "chess-openings"), ("evaluator", "chess-named"),
    }  # fmt: skip


def test_an_import_that_hangs_is_left_behind(install: Callable[..., Catalog], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOMAINTUNE_PLUGIN_TIMEOUT", "0.2")
    monkeypatch.setattr(time, "sleep", lambda seconds, sleep=time.sleep: sleep(min(seconds, 1)))  # no long-lived thread
    found = install("sleeps", "chess")
    assert "its import took more than 0.2 s" in found.broken["sleeps"]
    assert {"chess", "transformers"} <= {name for _, name in found.offers}


def test_a_timeout_that_is_no_number_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOMAINTUNE_PLUGIN_TIMEOUT", "soon")
    with pytest.raises(PluginError, match="DOMAINTUNE_PLUGIN_TIMEOUT='soon' is no number of seconds"):
        catalog()


def test_asking_for_what_a_broken_plugin_would_offer_repeats_the_reason(install: Callable[..., Catalog]) -> None:
    found = install("broken-half-way", "chess")
    with pytest.raises(PluginError) as caught:
        found.component("evaluator", "broken-half-way")
    assert "there is no evaluator named 'broken-half-way'" in str(caught.value)
    assert "plugin 'broken-half-way' could not be loaded: RuntimeError: the second offer" in str(caught.value)
    with pytest.raises(PluginError, match="did you mean 'chess-named'"):
        found.component("evaluator", "chess-name")


def test_strict_mode_raises_and_keeps_the_cause(
    install: Callable[..., Catalog], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOMAINTUNE_STRICT_PLUGINS", "1")
    with pytest.raises(PluginError, match="plugin 'broken-half-way' could not be loaded: RuntimeError") as caught:
        install("broken-half-way")
    assert isinstance(caught.value.__cause__, RuntimeError)


@pytest.mark.parametrize(
    ("disabled", "left"),
    [
        ("chess", {"defaults", "prints"}),
        ("chess, prints", {"defaults"}),
        ("*", {"defaults"}),
        ("", {"chess", "prints"}),
    ],
)
def test_disabled_plugins_are_not_even_imported(
    disabled: str, left: set[str], install: Callable[..., Catalog], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOMAINTUNE_DISABLE_PLUGINS", disabled)
    owners = {offer.owner for offer in install("chess", "prints").offers.values()}
    assert left <= owners
    assert not owners & ({"chess", "prints"} - left)
    assert ("domaintune_chess.plugin" in sys.modules) == ("chess" in left)


def test_two_plugins_of_one_name_are_told_apart(
    install: Callable[..., Catalog], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "other" / "other_chess-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "entry_points.txt").write_text("[domaintune]\nchess = other_chess.plugin\n")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other-chess\nVersion: 1.0\n")
    monkeypatch.setattr(sys, "path", [str(info.parent), *sys.path])
    found = install("chess")
    assert found.broken == {"chess": "another plugin is named 'chess' too; uninstall one of them"}
    assert found.domain("chess").data == "chess-openings"


def test_all_of_them_at_once_leave_a_working_command(everyone: dict[str, str]) -> None:
    done = domaintune("plugins", env=everyone)
    assert done.returncode == 0, done.stderr
    for name, reason in BROKEN.items():
        line = next(line for line in done.stderr.splitlines() if f"plugin {name!r}" in line)
        assert reason in line
    assert "domain        chess" in done.stdout
    assert "thank you" not in done.stdout
    assert "thank you for installing prints" in done.stderr
    assert "Traceback" not in done.stderr


def test_json_output_lists_the_broken_and_stays_json(everyone: dict[str, str]) -> None:
    done = domaintune("plugins", "--json", env=everyone)
    document = json.loads(done.stdout)
    assert set(document["broken"]) == set(BROKEN)
    assert {"chess", "prints"} <= {offer["owner"] for offer in document["offers"]}
    assert {offer["version"] for offer in document["offers"] if offer["owner"] == "chess"} == {"0.3.0"}


def test_strict_mode_ends_a_command_with_one_sentence(everyone: dict[str, str]) -> None:
    done = domaintune("plugins", env={**everyone, "DOMAINTUNE_STRICT_PLUGINS": "1"})
    assert done.returncode == 2
    assert "could not be loaded" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", GOOD)
def test_a_good_stranger_passes_the_conformance_check(name: str, install: Callable[..., Catalog]) -> None:
    install(name)
    if name == "prints":
        with pytest.raises(AssertionError, match="prints when it is imported"):
            check_plugin(name, f"domaintune_{name}.plugin")
    else:
        check_plugin(name, f"domaintune_{name}.plugin")


def test_a_stranger_builds_data_like_one_of_ours(install: Callable[..., Catalog]) -> None:
    from domaintune.data import stage

    plan = make_plan(install("chess"), "chess", preset="quick", overrides=["data.options.min_moves=3"])
    made = stage.make(plan, None)
    assert made.ledger.counts["short"] == len([d for d in made.ledger.dropped if d.reason == "short"]) > 0
    assert made.sample
    assert made.train
    assert made.test
    assert {tag for example in made.train for tag in example.tags} >= {"e4", "d4"}


def test_asking_the_command_for_what_a_broken_plugin_would_offer_repeats_the_reason(everyone: dict[str, str]) -> None:
    asked = {
        "broken-import": ["build", "broken-import"],
        "broken-half-way": ["grade", "broken-half-way", "--items", "a.csv", "--answers", "b"],
        "broken-record": ["data", "chess", "--set", "data.builder=broken-record"],
    }
    for name, words in asked.items():
        done = domaintune(*words, env=everyone)
        said = " ".join(done.stderr.split())
        assert (done.returncode, done.stdout) == (2, ""), said
        assert f"named {name!r}" in said
        assert f"plugin {name!r} could not be loaded: {BROKEN[name]}" in said


def test_asking_for_nearly_the_name_of_something_names_the_nearest(everyone: dict[str, str]) -> None:
    done = domaintune("build", "ches", env=everyone)
    assert done.returncode == 2
    assert "there is no domain named 'ches' (did you mean 'chess'?); installed: arithmetic, chess, " in done.stderr


def test_the_example_passes_its_own_tests(tmp_path: Path) -> None:
    path = os.pathsep.join(pretend_installed(CHESS, tmp_path / "site"))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(CHESS),
        "-c",
        os.devnull,
    ]
    done = subprocess.run(
        [*command, str(CHESS / "tests")],
        env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "7 passed" in done.stdout


def with_setuptools(project: str) -> str:
    """Name the backend that needs no network here; what an installer makes of the entry point is the same."""
    package_data = '[tool.setuptools.package-data]\n"*" = ["*.csv"]\n'
    return (
        project.replace("hatchling>=1.27", "setuptools").replace("hatchling.build", "setuptools.build_meta")
        + package_data
    )


@pytest.mark.skipif(find_spec("setuptools") is None, reason="building a package offline needs setuptools installed")
def test_a_stranger_installed_with_pip_is_found(tmp_path: Path) -> None:
    source, site = shutil.copytree(CHESS, tmp_path / "chess"), tmp_path / "site"
    project = source / "pyproject.toml"
    project.write_text(with_setuptools(project.read_text(encoding="utf-8")), encoding="utf-8")
    options = ["--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check", "--quiet"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", str(site), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    if "invalid command 'bdist_wheel'" in done.stderr:
        pytest.skip("this setuptools needs the package wheel to build one")
    assert done.returncode == 0, done.stderr
    found = domaintune("plugins", env={**os.environ, "PYTHONPATH": str(site)})
    assert "chess 0.3.0" in found.stdout, found.stderr
    shown = domaintune("data", "chess", "--preview", "1", env={**os.environ, "PYTHONPATH": str(site)})
    assert "user: Moves:" in shown.stdout, shown.stderr
