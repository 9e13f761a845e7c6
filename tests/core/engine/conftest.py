"""Tiny models with adapters of several shapes, made by plain peft; and such that read pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from engine_adapters import SHAPES, make_adapter, settings_of
from engine_images import adapter
from picturing import pictured_model

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


@pytest.fixture(scope="session")
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    place, made = tmp_path_factory.mktemp("pictured"), {}

    def folder(kind: str) -> Path:
        if kind not in made:
            made[kind] = pictured_model(place / kind, kind)
        return made[kind]

    return folder


@pytest.fixture(scope="session")
def adapters_of(folder_of: Callable[[str], Path]) -> Callable[[str], dict[str, Path]]:
    """Two adapters with a projector of their own and one without, made by peft."""
    made: dict[str, dict[str, Path]] = {}

    def adapters(kind: str) -> dict[str, Path]:
        if kind not in made:
            base = folder_of(kind)
            made[kind] = {
                name: adapter(base, base.with_name(f"{kind}-{name}"), seed, projector=name != "text")
                for seed, name in enumerate(("one", "two", "text"))
            }
        return made[kind]

    return adapters


@pytest.fixture(scope="session")
def pictured(
    folder_of: Callable[[str], Path], adapters_of: Callable[[str], dict[str, Path]]
) -> Callable[[str], TransformersSession]:
    """Open a model with its adapters loaded."""

    def open_it(kind: str = "llava-clip") -> TransformersSession:
        session = TransformersEngine().open(settings_of(folder_of(kind)))
        for name, folder in adapters_of(kind).items():
            session.load(name, folder)
        return session

    return open_it
