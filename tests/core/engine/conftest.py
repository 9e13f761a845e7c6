"""Tiny models with adapters of several shapes, made by plain peft."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from engine_adapters import SHAPES, make_adapter, settings_of

from domaintune.engine.session import TransformersEngine, TransformersSession


@pytest.fixture(scope="session")
def shapes(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    place = tmp_path_factory.mktemp("shapes")
    return {name: make_adapter(tiny, place / name, seed, **SHAPES[name]) for seed, name in enumerate(SHAPES)}


@pytest.fixture
def opened(tiny: Path, shapes: dict[str, Path]) -> Callable[..., TransformersSession]:
    """Open the tiny model with all adapters loaded."""

    def open_it(dtype: str = "float32") -> TransformersSession:
        session = TransformersEngine().open(settings_of(tiny, dtype))
        for name, folder in shapes.items():
            session.load(name, folder)
        return session

    return open_it
