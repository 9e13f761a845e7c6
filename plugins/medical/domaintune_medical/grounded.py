"""Grading an answer by what it names: does it name the disease and the medications that the reference names, and no others?

    reference "This may be asthma; try Albuterol (Ventolin)."   answer "Asthma. Take ventolin."  ->  disease 1, medication 1

Word overlap alone praises an answer that sounds right and names the wrong medicine; these two scores do not. Each is the
harmonic mean (F1) of the share of the wanted names that the answer has, and of the share of its names that are wanted:
to name everything earns little. Names are matched as words; a negation is not seen.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

from domaintune import Example, Passage, Score, words
from domaintune_medical.grading_options import GroundedOptions

Names = frozenset[str]
"""The names that one mention may stand for: more than one where a brand has several substances."""

KINDS: Mapping[str, tuple[str, ...]] = {
    "disease": ("disease",),
    "medication": ("medication", "medications"),
    "test": ("test", "tests"),
}
"""Kinds of names, and the keys of `meta` under which examples and passages list them."""
METRICS = ("disease", "medication")
"""The kinds that are scored. Tests are known so that the glucose of a glucose measurement is no medicine."""

BRACKET = re.compile(r"(?:(?<=\s)|(?<=[\u3400-\u9fff]))\(([^()]*)\)")
"""Another name or a remark; a bracket within a word, as in Rho(D), is part of the name."""
REMARKS = frozenset({"usp", "obsolete", "substance", "product", "condition", "disorder", "infection"})
"""Last words of brackets that are no names: (Obsolete), (skin condition)."""


class Lexicon:
    """Finds names in a text: whole words, whatever their case, the longest at each place; Chinese by character.

    A bracket at the end of a name is another name for it. With `apart`, brackets that alone tell names apart, as in
    Drug abuse (cocaine) and Drug abuse (opioids), are part of them. What is among `taken` stands for something else.
    """

    def __init__(self, names: Iterable[str], *, apart: bool = False, taken: Set[tuple[str, ...]] = frozenset()) -> None:
        self._by_first: dict[str, dict[tuple[str, ...], set[str]]] = {}
        known = {name.strip() for name in names if name.strip()}
        bracketed = Counter(_outside(name) for name in known if _outside(name) != tuple(words(name)))
        for name in known:
            divides = apart and bracketed[_outside(name)] > 1
            for other in [name] if divides else alternatives(name):
                found = tuple(words(other))
                if found and found not in taken:
                    self._by_first.setdefault(found[0], {}).setdefault(found, set()).add(name)

    def mentions(self, text: str) -> list[Names]:
        """Return what the text names, each thing once, in the order of its first mention."""
        return _mentions(text, [("", self)])[""]

    def longest(self, tokens: Sequence[str], place: int) -> tuple[int, Names]:
        """Return how many words the longest name at this place has, 0 without one, and what it stands for."""
        starting = self._by_first.get(tokens[place], {})
        fitting = [one for one in starting if tuple(tokens[place : place + len(one)]) == one]
        found = max(fitting, key=len, default=())
        return len(found), frozenset(starting[found]) if found else frozenset()


class Grounded:
    """Scores overlap of words (f1), and how well the answer names the reference's diseases and medications (F1 each).

    An example whose meta lists names of a kind is asked for those, any other for all that the reference names. Both scores
    are left out where nothing is asked for. Names that the question has already count only with the option `echoes`: to
    repeat them is no knowledge.
    """

    def __init__(self, options: GroundedOptions | None = None) -> None:
        self.options = options or GroundedOptions()
        self._known: list[tuple[str, Lexicon]] = []

    def read(self, passages: Sequence[Passage]) -> None:
        """Learn the names of diseases, medications and tests from the passages' meta.

        Another name of a disease, and any of a medication, that is a part of a test's name is left out; of medications also
        what is a part of a disease's name: Air (embolism), Thyroid (disease), Mineral Oil (Stye).
        """
        names: dict[str, set[str]] = {kind: set() for kind in KINDS}
        for passage in passages:
            for kind in KINDS:
                names[kind].update(_listed(passage.meta, kind))
        tests, diseases = _parts(names["test"]), _parts(names["disease"])
        own = {tuple(words(name)) for name in names["disease"]} | {_outside(name) for name in names["disease"]}
        self._known = [
            ("disease", Lexicon(names["disease"], apart=True, taken=tests - own)),
            ("medication", Lexicon(names["medication"], taken=tests | diseases)),
            ("test", Lexicon(names["test"])),
        ]

    def items(self, test: Sequence[Example]) -> list[Example]:
        """Return the held-out examples whose reference names a disease or a medication that is asked for."""
        return [example for example in test if any(self._wanted(example).values())]

    def grade(self, example: Example, answer: str) -> Iterator[Score]:
        """Yield `f1`, and `disease` and `medication` where the reference names some."""
        yield _f1(example.reference, answer)
        question, reference = self._named(example, example.question), self._named(example, example.reference)
        given = self._named(example, answer)
        for kind, all_of_them in self._wanted(example).items():
            asked = [] if self.options.echoes else question[kind]
            wanted = [one for one in all_of_them if not _among(one, asked)]
            # What question and reference name besides is neither right nor wrong.
            aside = [one for one in (*question[kind], *reference[kind]) if not _among(one, wanted)]
            if wanted:
                yield _overlap(kind, wanted, [one for one in given[kind] if not _among(one, aside)])

    def _wanted(self, example: Example) -> dict[str, list[Names]]:
        """Return the names of the reference that are asked for, by kind: those of the example's meta, if it lists some."""
        named = self._named(example, example.reference)
        wanted = {}
        for kind in METRICS:
            own = frozenset(_listed(example.meta, kind))
            listed = any(isinstance(example.meta.get(key), list | tuple) for key in KINDS[kind])
            wanted[kind] = [one for one in named[kind] if one & own] if own or listed else named[kind]
        return wanted

    def _named(self, example: Example, text: str) -> dict[str, list[Names]]:
        """Return what a text names by kind: names of the knowledge, and others that the example itself lists."""
        own = [(kind, Lexicon(_listed(example.meta, kind))) for kind in METRICS]
        return _mentions(text, [*own, *self._known])


def _mentions(text: str, lexicons: Sequence[tuple[str, Lexicon]]) -> dict[str, list[Names]]:
    """Return what the text names by kind; at each place the longest name counts, of equally long ones the first kind's."""
    found: dict[str, list[Names]] = {kind: [] for kind in (*METRICS, *(kind for kind, _ in lexicons))}
    tokens = words(text)
    place = 0
    while place < len(tokens):
        here = [(kind, *lexicon.longest(tokens, place)) for kind, lexicon in lexicons]
        length = max((length for _, length, _ in here), default=0)
        if length:
            kind = next(kind for kind, size, _ in here if size == length)
            names = frozenset().union(*(one for other, size, one in here if (other, size) == (kind, length)))
            if not _among(names, found[kind]):
                found[kind].append(names)
        place += length or 1
    return found


def _parts(names: Iterable[str]) -> frozenset[tuple[str, ...]]:
    """Return every run of words in the names, whatever stands in for them included."""
    runs = {tuple(words(other)) for name in names for other in alternatives(name)}
    return frozenset(
        run[start:end] for run in runs for start in range(len(run)) for end in range(start + 1, len(run) + 1)
    )


def _listed(meta: Mapping[str, object], kind: str) -> Iterator[str]:
    """Yield the names that a meta lists: under one of the keys, one name or several."""
    for key in KINDS[kind]:
        value = meta.get(key) or ()
        yield from [value] if isinstance(value, str) else map(str, value) if isinstance(value, Iterable) else ()


def alternatives(name: str) -> Iterator[str]:
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


def _overlap(kind: str, wanted: Sequence[Names], given: Sequence[Names]) -> Score:
    """Score the names given against those wanted as the harmonic mean of precision and recall."""
    hits = [_among(one, given) for one in wanted]
    right = sum(_among(one, wanted) for one in given)
    others = len(given) - right
    recall, precision = sum(hits) / len(hits), right / len(given) if given else 0.0
    value = 2 * precision * recall / (precision + recall) if recall else 0.0
    missing = [min(one) for one, hit in zip(wanted, hits, strict=True) if not hit]
    reason = f"named {sum(hits)} of {len(hits)}" + (f", and {others} other{'s' * (others != 1)}" if others else "")
    return Score(metric=kind, value=value, reason=reason + (f"; not {', '.join(missing)}" if missing else ""))


def _f1(reference: str, answer: str) -> Score:
    """Score word overlap as the harmonic mean of precision and recall, each word as often as both have it."""
    wanted, given = Counter(words(reference)), Counter(words(answer))
    shared = (wanted & given).total()
    total = wanted.total() + given.total()
    value = 2 * shared / total if total else float(reference == answer)
    others = given.total() - shared
    reason = f"{shared} of {wanted.total()} reference words, {others} other{'s' * (others != 1)}"
    return Score(metric="f1", value=value, reason=reason)
