"""Packages that are found as installed ones are, without an installer."""

from __future__ import annotations

import tomllib
from pathlib import Path


def pretend_installed(folder: Path, site: Path) -> list[str]:
    """Write the metadata that an installer would, and return the paths that make the package importable."""
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = site / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    points = "".join(f"{key} = {value}\n" for key, value in project["entry-points"]["domaintune"].items())
    (info / "entry_points.txt").write_text(f"[domaintune]\n{points}")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    return [str(folder), str(site)]
