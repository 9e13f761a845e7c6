"""The options of the two builders, as users write them in `[data.options]`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from domaintune.synthesis import EvolveOptions, whole

Heuristic: TypeAlias = Literal["constraint", "specificity", "reasoning", "misdirection", "complexity"]
HEURISTICS: tuple[Heuristic, ...] = ("constraint", "specificity", "reasoning", "misdirection", "complexity")
"""WizardCoder's five ways to make a task harder."""
PERMISSIVE = ("MIT", "BSD", "Apache-2.0", "ISC", "PSF-2.0", "Unlicense", "CC0-1.0")
"""Licences under which others may learn from code; BSD stands for its forms with one to four clauses."""
LONGEST = 15
"""Lines of the longest snippet (Magicoder)."""


@dataclass(frozen=True, kw_only=True)
class ProofOptions:
    """What happens to a row before it may be learned from; both builders share these options."""

    proof: Literal["require", "tag", "off"] = field(
        default="require",
        metadata={"doc": "rows that are not proven: require drops them, tag keeps them with a tag, off runs nothing"},
    )
    packages: bool = field(default=False, metadata={"doc": "programs may import the packages that are installed here"})
    seconds: bool = field(
        default=True, metadata={"doc": "keep the time of the first proof on this machine with the row"}
    )
    form: Literal["task", "function"] = field(
        default="task", metadata={"doc": "how a task is put: in its own words, or as a function to be completed"}
    )
    prose: bool = field(default=False, metadata={"doc": "keep what the answer says around its code block"})
    test_tokens: int = field(default=768, metadata={"doc": "longest tests of the teacher"})


@dataclass(frozen=True, kw_only=True)
class EvolveCodeOptions(ProofOptions, EvolveOptions):
    """Options of the builder that evolves tasks, written `[data.options]`."""

    rounds: int = field(
        default=0, metadata={"doc": "how often every task is evolved by data.teacher; 0 needs no teacher"}
    )
    heuristics: tuple[Heuristic, ...] = field(
        default=HEURISTICS, metadata={"doc": "the ways to make a task harder, one drawn a task"}
    )
    evolve: int = field(default=0, metadata={"doc": "how many seeds are evolved, drawn at random; 0: all"})
    tests: Literal["ask", "all", "none"] = field(
        default="ask",
        metadata={"doc": "the teacher writes tests: ask for evolved tasks, all also for seeds that have none"},
    )
    languages: Literal["python", "all"] = field(
        default="python", metadata={"doc": "rows in other languages: dropped, or kept unproven with a tag"}
    )

    def __post_init__(self) -> None:
        """Refuse what could make nothing."""
        super().__post_init__()
        if not self.heuristics:
            raise ValueError("heuristics = (): name at least one of " + ", ".join(HEURISTICS))
        for name in ("evolve", "test_tokens"):
            whole(name, getattr(self, name))
            if getattr(self, name) < 0:
                raise ValueError(f"{name} = {getattr(self, name)}: give 0 or more")


@dataclass(frozen=True, kw_only=True)
class OssOptions(ProofOptions):
    """Options of the builder that starts from source code, written `[data.options]`."""

    folder: str = field(
        default="", metadata={"doc": "folder with .py files; none: --source rows with a column `content`"}
    )
    snippets: int = field(default=200, metadata={"doc": "how many snippets are drawn, at most one a file and pass"})
    lines: int = field(default=LONGEST, metadata={"doc": "lines of the longest snippet (Magicoder: 15)"})
    licences: tuple[str, ...] = field(
        default=PERMISSIVE, metadata={"doc": "licences whose code is used, by SPDX name; BSD means all of its forms"}
    )
    test_files: bool = field(default=False, metadata={"doc": "read files of tests too"})
    tests: Literal["ask", "none"] = field(default="ask", metadata={"doc": "ask the teacher for tests, or for none"})
    max_new_tokens: int = field(default=1536, metadata={"doc": "longest problem with its solution"})
    temperature: float = field(default=0.0, metadata={"doc": "sampling temperature of problems (Magicoder: 0)"})
    top_p: float = field(default=1.0, metadata={"doc": "nucleus sampling of problems"})

    def __post_init__(self) -> None:
        """Refuse what could make nothing."""
        for name in ("snippets", "lines", "max_new_tokens", "test_tokens"):
            whole(name, getattr(self, name))
            if getattr(self, name) < 1:
                raise ValueError(f"{name} = {getattr(self, name)}: give 1 or more")
        if self.temperature < 0 or not 0 < self.top_p <= 1:
            raise ValueError("temperature is 0 or more, top_p above 0 and at most 1")
        if not self.licences:
            raise ValueError("licences = (): name at least one, such as MIT")
