"""Whatever a source holds, `domaintune data` ends with 0 or 2, and never with a traceback."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest
from cli_support import run


def _corpus() -> ModuleType:
    """Import the corpus of the data room's tests, which lies in another folder."""
    path = Path(__file__).parents[1] / "core" / "data" / "corpus.py"
    spec = importlib.util.spec_from_file_location("malformed_corpus", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)

    sys.modules[spec.name] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


CASES = [case for case in _corpus().cases() if case.name != "long-line.jsonl" and "\0" not in case.name][::3]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.family}-{case.name[:30]}")
def test_a_malformed_source_ends_with_0_or_2(case, tiny: Path, tmp_path: Path) -> None:
    path = tmp_path / "in" / case.name
    path.parent.mkdir()
    case.write(path)
    columns = ["--set", "data.columns.findings=question", "--set", "data.columns.impression=answer"]
    short = ["--set", "data.options.min_findings_words=1", "--set", "data.options.min_impression_words=1"]
    result = run("data", "medical", "--set", f"model.base={tiny}", "--source", path, *columns, *short, "--name", "n")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code in {0, 2}, result.stderr
    assert "Traceback" not in result.stderr
    ledger = tmp_path / "runs/medical-n/data/ledger.json"
    assert ledger.is_file() == (result.exit_code == 0)
    if result.exit_code:
        assert result.stdout == ""
        assert "error: " in result.stderr
    else:
        counted = json.loads(ledger.read_text())
        assert counted["rows_in"] == sum(counted["kept"].values()) + len(counted["dropped"])


def test_the_subset_is_large() -> None:
    assert len(CASES) > 60
