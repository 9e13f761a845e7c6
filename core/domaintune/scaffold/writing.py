"""From templates to a folder: every file is made before the first is written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

from domaintune.errors import UsageError
from domaintune.scaffold.identity import Identity

NOTES = {
    "README.md": "what to make yours, and in which order",
    "pyproject.toml": "the entry point, the dependencies",
    "data.py": "rows of a table become examples",
    "grading.py": "what a good answer is",
    "options.py": "what users may choose",
    "plugin.py": "what the package offers, and the presets",
    "sample.csv": "placeholder rows, to be replaced",
    "test_plugin.py": "its promises, a golden row, a whole build",
}


def rendered(identity: Identity) -> dict[str, str]:
    """Return the text of every file by its path, sorted."""
    words = {
        "name": identity.name,
        "package": identity.package,
        "distribution": identity.distribution,
        "summary": identity.summary,
        "toml_summary": json.dumps(identity.summary, ensure_ascii=False),
        "python_summary": _quoted(identity.summary),
        "licence_line": f'license = "{identity.licence}"\n' if identity.licence else "",
        "licence_sentence": identity.licence or "None yet. Write one into `pyproject.toml` before you share this.",
    }
    made = {}
    for path, text in _below(files("domaintune.scaffold") / "templates", "").items():
        place = _place(path, identity)
        is_template = place.endswith(".txt")
        made[place.removesuffix(".txt")] = Template(text).substitute(words) if is_template else text
    return dict(sorted(made.items()))


def outline(folder: Path, paths: Sequence[str]) -> str:
    """Return the written files as a person would look for them, a line each."""
    width = max(map(len, paths))
    lines = [f"    {path:<{width}}  {NOTES.get(path.rpartition('/')[2], '')}".rstrip() for path in paths]
    return "\n".join([str(folder), *lines])


def write(identity: Identity, folder: Path) -> list[str]:
    """Write the package into a folder that is new or empty, and return the paths of its files; raises UsageError."""
    made = rendered(identity)
    try:
        _check_empty(folder)
        for path, text in made.items():
            _write(folder / path, text)
    except OSError as error:
        raise UsageError(
            f"cannot write to the folder {str(folder)!r}: {error.strerror}; choose another with --into FOLDER"
        ) from error
    return list(made)


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("x", encoding="utf-8", newline="\n") as out:  # x: never over what is there
        out.write(text)


def _place(path: str, identity: Identity) -> str:
    """Return where a template goes: the package gets its name, and .gitignore its dot."""
    folder, slash, rest = path.partition("/")
    if folder == "package":
        return f"{identity.package}{slash}{rest}"
    return f".{path}" if path.startswith("gitignore") else path


def _quoted(text: str) -> str:
    """Write a string as formatters do: in double quotes, unless that takes more backslashes."""
    return repr(text) if '"' in text and "'" not in text else json.dumps(text, ensure_ascii=False)


def _check_empty(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{str(folder)!r} is a file; choose another place with --into FOLDER")
    if folder.is_dir() and any(folder.iterdir()):
        raise UsageError(
            f"the folder {str(folder)!r} is there and not empty, and nothing in it is overwritten; "
            "choose another with --into FOLDER"
        )


def _below(folder: Traversable, prefix: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in folder.iterdir():
        if item.is_dir():
            found |= _below(item, f"{prefix}{item.name}/")
        else:
            found[f"{prefix}{item.name}"] = item.read_text(encoding="utf-8")
    return found
