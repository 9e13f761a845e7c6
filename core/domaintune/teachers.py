"""Opening a teacher by its name: what builders and retrievers ask that want worked answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domaintune.contracts import Teacher
from domaintune.parts import opened
from domaintune.plugins import catalog


def open_teacher(name: str, options: Mapping[str, Any] | None = None) -> Teacher:
    """Return the teacher of that name with its options; raises PluginError or SettingsError."""
    teacher: Teacher = opened(catalog().component("teacher", name), options or {}, "data.teacher_options")
    return teacher
