"""Generated parts of the pages are what the code says today."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from pages import PAGES, ROOT, name


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_generated_parts_are_not_stale(page: Path, generate: ModuleType) -> None:
    text = page.read_text(encoding="utf-8")
    assert generate.render(text) == text, f"{name(page)} is stale: run `make docs`"


def test_every_setting_has_its_place(generate: ModuleType) -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert "`train.learning_rate`" in text
    assert "`eval.medical-rouge.stemmer`" in text
    assert text.count("<!-- end -->") == 2
