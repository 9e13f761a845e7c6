"""Every installed plugin keeps the promises that `check_plugin` asks of strangers too."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

import pytest

from domaintune.testing import check_plugin

INSTALLED = sorted(entry_points(group="domaintune"), key=lambda point: point.name)


@pytest.mark.parametrize("point", INSTALLED, ids=lambda point: point.name)
def test_every_installed_plugin_keeps_its_promises(point: EntryPoint) -> None:
    check_plugin(point.name, point.value)
