"""Write the findings paragraph: the abnormal sentences, and what else is still normal."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

from . import vocabulary as words
from .cases import Finding, chance, expand, tidy
from .vocabulary import Statement

ORDERS: tuple[tuple[str, ...], ...] = (
    ("devices", "heart", "lungs", "pleura", "bones", "abdomen"),
    ("heart", "lungs", "pleura", "abdomen", "bones", "devices"),
    ("lungs", "pleura", "heart", "bones", "abdomen", "devices"),
    ("devices", "lungs", "pleura", "heart", "abdomen", "bones"),
)


class Body:
    """The findings paragraph under construction: what may still be called normal, what was."""

    def __init__(self, rng: random.Random, findings: Sequence[Finding]) -> None:
        """Start with the topics that the abnormal findings forbid."""
        self.rng = rng
        self.findings = findings
        self.blocked = frozenset[str]().union(*(f.blocks for f in findings))
        self.focal = any(f.entity.region == "lungs" for f in findings)
        self.covered: set[str] = set()

    def free(self, topics: str) -> bool:
        """Tell whether these topics may be called normal and were not yet."""
        return not set(topics.split()) & (self.blocked | self.covered)

    def state(self, statements: Iterable[Statement], probability: float = 1.0) -> list[str]:
        """Say one of the statements that are still true, or nothing."""
        pool = [s for s in statements if self.free(s[0])]
        if not pool or not chance(self.rng, probability):
            return []
        topics, template = self.rng.choice(pool)
        self.covered |= set(topics.split())
        return [expand(template, self.rng)]

    def absences(self, topics: Sequence[str]) -> list[str]:
        """Deny what is still free, in one list or in a sentence each."""
        free = [topic for topic in topics if self.free(topic)]
        if "opacity" in free and "consolidation" in free:
            free.remove(self.rng.choice(("opacity", "consolidation")))
        self.covered |= set(free)
        nouns = [expand(words.ABSENT[topic], self.rng).lower() for topic in free]
        if len(nouns) > 1 and chance(self.rng, 0.25):
            return [tidy(f"no {noun}.") for noun in nouns]
        listed = enumeration(nouns, "or", self.rng)
        return [expand(self.rng.choice(words.ABSENCES), self.rng, {"x": listed})] if nouns else []

    def region(self, name: str) -> list[str]:
        """Write one region: its abnormal findings first, then what is normal there."""
        return [f.text for f in self.findings if f.entity.region == name] + self.normal(name)

    def normal(self, name: str) -> list[str]:
        """Say what is normal in a region."""
        if name == "heart":
            return self.heart()
        if name == "lungs":
            return self.lungs()
        if name == "pleura":
            return self.pleura()
        if name == "bones":
            return self.state(words.BONES, 0.6) + self.state(words.SOFT, 0.1)
        return self.state(words.ABDOMEN, 0.15) if name == "abdomen" else []

    def heart(self) -> list[str]:
        """Call the heart and what surrounds it normal."""
        return [
            *self.state(words.HEART),
            *self.state(words.MEDIASTINUM, 0.4),
            *self.state(words.VESSELS, 0.2),
            *self.state(words.HILA, 0.12),
            *self.state(words.AIRWAY, 0.15),
        ]

    def lungs(self) -> list[str]:
        """Call the lungs clear, or what a focal finding leaves of them."""
        clear = self.state(words.LUNGS, 0.65)
        rest = []
        if not clear and "clear" in self.blocked:
            usable = [s for s in words.REST if self.focal or "otherwise" not in s[0]]
            rest = self.state(usable, 0.6)
        return clear + rest + self.state(words.VOLUMES, 0.15)

    def pleura(self) -> list[str]:
        """Deny what is absent from the lungs and the pleura."""
        topics = ["consolidation", "opacity", "effusion", "pneumothorax"]
        if chance(self.rng, 0.2):
            topics.insert(2, "edema")
        angles = self.state(words.PLEURA, 0.2)
        if not chance(self.rng, 0.9):
            topics.remove("pneumothorax")
        return angles + self.absences(topics)

    def write(self) -> str:
        """Return the paragraph, in one of the usual orders or with the abnormal part first."""
        order = self.rng.choice(ORDERS)
        if self.findings and chance(self.rng, 0.3):
            rest = [sentence for name in order for sentence in self.normal(name)]
            return " ".join([*(finding.text for finding in self.findings), *rest])
        devices = any(f.entity.region == "devices" for f in self.findings)
        opener = "" if devices or not chance(self.rng, 0.08) else self.rng.choice(words.OPENERS)
        body = [sentence for name in order for sentence in self.region(name)]
        return tidy(" ".join([expand(opener, self.rng), *body]))


def enumeration(items: Sequence[str], conjunction: str, rng: random.Random) -> str:
    """Join items as in "a, b, or c", sometimes without the last comma."""
    if len(items) < 3:  # two items take no comma
        return f" {conjunction} ".join(items)
    comma = "," if chance(rng, 0.7) else ""
    return f"{', '.join(items[:-1])}{comma} {conjunction} {items[-1]}"
