"""The hostile corpus: 500 programs that try to do harm, and a harmless twin for every kind."""

from __future__ import annotations

from hostile import (
    crashing,
    filling,
    kernel,
    knowing,
    memory,
    network,
    others,
    output,
    processes,
    reading,
    timing,
    writing,
)
from hostile.case import Case, Outcome

ROOMS = (processes, others, kernel, reading, knowing, writing, filling, network, memory, timing, output, crashing)
FAMILIES = tuple(family for room in ROOMS for family in room.FAMILIES)
PROGRAMS = tuple(case for family in FAMILIES for case in family.cases if not case.benign)
TWINS = tuple(case for family in FAMILIES for case in family.cases if case.benign)


def sample() -> tuple[Case, ...]:
    """Return a small part that has every family in it: each eighth program, beginning with the first."""
    return tuple(case for family in FAMILIES for case in [c for c in family.cases if not c.benign][::8])


__all__ = ["FAMILIES", "PROGRAMS", "TWINS", "Case", "Outcome", "sample"]
