"""How many tasks each operator has evolved, and why the others were eliminated."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Acceptance:
    """Counts of attempts by round: `tried` and `accepted` by operator, `eliminated` by reason.

    `unjudged` counts attempts about which the judge said neither EQUAL nor DIFFERENT, or nothing; they go on unjudged.
    """

    tried: Counter[tuple[int, str]] = field(default_factory=Counter)
    accepted: Counter[tuple[int, str]] = field(default_factory=Counter)
    eliminated: Counter[tuple[int, str]] = field(default_factory=Counter)
    unjudged: Counter[int] = field(default_factory=Counter)

    def book(self, number: int, operator: str, reason: str | None = None) -> None:
        """Count one attempt of a round that has ended: accepted, or eliminated for a reason."""
        self.tried[number, operator] += 1
        if reason is None:
            self.accepted[number, operator] += 1
        else:
            self.eliminated[number, reason] += 1

    @property
    def rounds(self) -> list[int]:
        """The rounds in which anything was tried."""
        return sorted({number for number, _ in self.tried})

    @property
    def rate(self) -> float | None:
        """The share of all attempts that was accepted; None before the first has ended."""
        return self.accepted.total() / self.tried.total() if self.tried else None

    def sentence(self, number: int) -> str:
        """Tell of one round: `round 1: 41 of 60 evolved (68 %): constraint 9 of 12, …; 19 eliminated: declined 8, …`."""
        tried, accepted, eliminated = (_of(number, some) for some in (self.tried, self.accepted, self.eliminated))
        total, lost = tried.total(), eliminated.total()
        if not total:
            return f"round {number}: nothing to evolve"
        by_operator = ", ".join(f"{name} {accepted[name]:,} of {count:,}" for name, count in sorted(tried.items()))
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in eliminated.most_common())
        parts = [
            f"round {number}: {total - lost:,} of {total:,} evolved ({100 * (total - lost) / total:.0f} %): {by_operator}"
        ]
        if lost:
            parts.append(f"{lost:,} eliminated: {reasons}")
        if self.unjudged[number]:
            parts.append(f"about {self.unjudged[number]:,} the judge gave no verdict")
        return "; ".join(parts)

    def sentences(self) -> list[str]:
        """Tell of every round."""
        return [self.sentence(number) for number in self.rounds]


def _of(number: int, counts: Counter[tuple[int, str]]) -> Counter[str]:
    """Return the counts of one round; equal counts stand in the order of their names."""
    return Counter({name: count for (where, name), count in sorted(counts.items()) if where == number})
