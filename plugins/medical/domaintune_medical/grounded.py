"""Grading an answer by what it names: does it name the disease and the medications that the reference names?

    reference "This may be asthma; try Albuterol (Ventolin)."   answer "Asthma. Take ventolin."  ->  disease 1, medication 1

Word overlap alone praises an answer that sounds right and names the wrong medicine; these two shares do not.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from domaintune import Example, Passage, Score, words
from domaintune_medical.grading_options import GroundedOptions

Names = frozenset[str]
"""The names that one mention may stand for: more than one where a brand has several substances."""

KINDS: Mapping[str, tuple[str, ...]] = {"disease": ("disease",), "medication": ("medication", "medications")}
"""The metrics, and the keys of `meta` under which examples and passages list such names."""

BRACKET = re.compile(r"(?:(?<=\s)|(?<=[\u3400-\u9fff]))\(([^()]*)\)")
"""Another name or a remark; a bracket within a word, as in Rho(D), is part of the name."""
REMARKS = frozenset({"usp", "obsolete", "substance", "product", "condition", "disorder", "infection"})
"""Last words of brackets that are no names: (Obsolete), (skin condition)."""


class Lexicon:
    """Finds names in a text: whole words, whatever their case, the longest at each place; Chinese by character.

    A bracket at the end of a name is another name for it. With `apart`, brackets that alone tell names apart, as in
    Drug abuse (cocaine) and Drug abuse (opioids), are part of them.
    """

    def __init__(self, names: Iterable[str], *, apart: bool = False) -> None:
        self._by_first: dict[str, dict[tuple[str, ...], set[str]]] = {}
        known = {name.strip() for name in names if name.strip()}
        bracketed = Counter(_outside(name) for name in known if _outside(name) != tuple(words(name)))
        for name in known:
            divides = apart and bracketed[_outside(name)] > 1
            for other in [name] if divides else _alternatives(name):
                found = tuple(words(other))
                if found:
                    self._by_first.setdefault(found[0], {}).setdefault(found, set()).add(name)

    def mentions(self, text: str) -> list[Names]:
        """Return what the text names, each thing once, in the order of its first mention."""
        found: list[Names] = []
        tokens = words(text)
        place = 0
        while place < len(tokens):
            starting = self._by_first.get(tokens[place], {})
            fitting = [one for one in starting if tuple(tokens[place : place + len(one)]) == one]
            longest = max(fitting, key=len, default=None)
            if longest is None:
                place += 1
                continue
            names = frozenset(starting[longest])
            if not any(names & other for other in found):
                found.append(names)
            place += len(longest)
        return found


class Grounded:
    """Scores overlap of words (f1), and the shares of diseases and medications of the reference that the answer names.

    The shares are left out where the reference names none. Names that the question has already count only with the
    option `echoes`: to repeat them is no knowledge.
    """

    def __init__(self, options: GroundedOptions | None = None) -> None:
        self.options = options or GroundedOptions()
        self._known = {kind: Lexicon(()) for kind in KINDS}

    def read(self, passages: Sequence[Passage]) -> None:
        """Learn the names of diseases and medications from the passages' meta."""
        names: dict[str, set[str]] = {kind: set() for kind in KINDS}
        for passage in passages:
            for kind in KINDS:
                names[kind].update(_listed(passage.meta, kind))
        self._known = {kind: Lexicon(found, apart=kind == "disease") for kind, found in names.items()}

    def items(self, test: Sequence[Example]) -> list[Example]:
        """Return the held-out examples whose reference names a disease or a medication."""
        return [example for example in test if any(self._named(example, example.reference).values())]

    def grade(self, example: Example, answer: str) -> Iterator[Score]:
        """Yield `f1`, and `disease` and `medication` where the reference names some."""
        yield _f1(example.reference, answer)
        question, wanted = self._named(example, example.question), self._named(example, example.reference)
        given = self._named(example, answer)
        for kind, all_of_them in wanted.items():
            asked = [] if self.options.echoes else question[kind]
            names = [one for one in all_of_them if not _among(one, asked)]
            if names:
                yield _share(kind, names, given[kind])

    def _named(self, example: Example, text: str) -> dict[str, list[Names]]:
        """Return what a text names by kind: names of the knowledge, then others that the example itself lists."""
        found = {}
        for kind, lexicon in self._known.items():
            mentions = lexicon.mentions(text)
            own = Lexicon(_listed(example.meta, kind)).mentions(text)
            found[kind] = mentions + [one for one in own if not _among(one, mentions)]
        return found


def _listed(meta: Mapping[str, object], kind: str) -> Iterator[str]:
    """Yield the names that a meta lists: under one of the keys, one name or several."""
    for key in KINDS[kind]:
        value = meta.get(key) or ()
        yield from [value] if isinstance(value, str) else map(str, value) if isinstance(value, Iterable) else ()


def _alternatives(name: str) -> Iterator[str]:
    """Yield all that stands for a name: itself, without its brackets, and what stands in a bracket at its end."""
    text = unicodedata.normalize("NFKC", name)
    yield from (text, BRACKET.sub(" ", text))
    if text.endswith(")"):
        last = BRACKET.findall(text)[-1:]
        yield from (other for other in last if words(other) and words(other)[-1] not in REMARKS)


def _outside(name: str) -> tuple[str, ...]:
    return tuple(words(BRACKET.sub(" ", unicodedata.normalize("NFKC", name))))


def _among(one: Names, others: Iterable[Names]) -> bool:
    return any(one & other for other in others)


def _share(kind: str, wanted: Sequence[Names], given: Sequence[Names]) -> Score:
    hits = [_among(one, given) for one in wanted]
    missing = [min(one) for one, hit in zip(wanted, hits, strict=True) if not hit]
    reason = f"{sum(hits)} of {len(hits)} named" + (f"; not {', '.join(missing)}" if missing else "")
    return Score(metric=kind, value=sum(hits) / len(hits), reason=reason, proportion=True)


def _f1(reference: str, answer: str) -> Score:
    """Score word overlap as the harmonic mean of precision and recall, each word as often as both have it."""
    wanted, given = Counter(words(reference)), Counter(words(answer))
    shared = (wanted & given).total()
    total = wanted.total() + given.total()
    value = 2 * shared / total if total else float(reference == answer)
    others = given.total() - shared
    reason = f"{shared} of {wanted.total()} reference words, {others} other{'s' * (others != 1)}"
    return Score(metric="f1", value=value, reason=reason)
