"""The pages of the project, and what can be found in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [
    *sorted((ROOT / "docs").glob("*.md")),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "plugins").glob("*/README.md")),
    *sorted((ROOT / "examples").glob("*/README.md")),
]
FENCE = re.compile(r"^```(?P<kind>\w*)\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"`([^`\n]+)`")


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path, kind: str) -> list[str]:
    """Return the fenced blocks of one language."""
    return [match["body"] for match in FENCE.finditer(page.read_text(encoding="utf-8")) if match["kind"] == kind]


def spans(page: Path) -> list[str]:
    """Return the inline code of a page."""
    return SPAN.findall(FENCE.sub("", page.read_text(encoding="utf-8")))


def commands(page: Path) -> Iterator[str]:
    """Yield every command line that begins with `domaintune`, in blocks and in running text."""
    text = page.read_text(encoding="utf-8")
    shown = [match["body"] for match in FENCE.finditer(text) if match["kind"] in {"", "console", "sh", "bash", "text"}]
    indented = [line for line in FENCE.sub("", text).splitlines() if line.startswith("    ")]
    joined = "\n".join([*shown, *indented]).replace("\\\n", " ")
    for line in [*joined.splitlines(), *spans(page)]:
        command = line.strip().removeprefix("$ ").split("  #")[0].strip()
        if re.match(r"domaintune(?= [a-z-])", command):
            yield command
