"""The options of the BIG-bench grader, as users write them in TOML."""

from __future__ import annotations

from dataclasses import dataclass, field

OPERATIONS = ("add", "sub", "mul", "div")


@dataclass(frozen=True, kw_only=True)
class BigBenchOptions:
    """Options of the grader, written `[eval.arithmetic-bigbench]`."""

    operations: tuple[str, ...] = field(
        default=OPERATIONS, metadata={"doc": "which of add, sub, mul and div are asked"}
    )
    max_digits: int = field(default=5, metadata={"doc": "numbers of 1 to so many digits are asked, at most 5"})
    per_task: int = field(default=50, metadata={"doc": "problems of each of the sub-tasks (fewer where fewer exist)"})
    choices: int = field(default=5, metadata={"doc": "answers to choose from, 2 to 10; the right one is among them"})

    def __post_init__(self) -> None:
        unknown = [name for name in self.operations if name not in OPERATIONS]
        if unknown or len(set(self.operations)) != len(self.operations) or not self.operations:
            problem = f"{unknown[0]!r} is unknown" if unknown else "name at least one, and each once"
            raise ValueError(f"operations = {list(self.operations)}: {problem}; choose from {', '.join(OPERATIONS)}")
        for name, least, most in (("max_digits", 1, 5), ("per_task", 1, 10_000), ("choices", 2, 10)):
            value = getattr(self, name)
            if not least <= value <= most:
                raise ValueError(f"{name} = {value}: give a number from {least} to {most}")
