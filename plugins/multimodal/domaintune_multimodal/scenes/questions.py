"""All forms of questions, and the draw that keeps their answers in balance.

    Question(kind="colour", text="What colour is the star?", answer="blue")

A form is asked of a scene only where the symbols leave exactly one right answer. Of those questions the one is drawn whose
answer was given least often in its form, so that who does not look cannot guess well.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from domaintune_multimodal.scenes import asking_looks, asking_numbers, asking_places, reasoning
from domaintune_multimodal.scenes.options import KINDS, Kind
from domaintune_multimodal.scenes.referring import Form
from domaintune_multimodal.scenes.scene import HELD_OUT, Pair, Scene

FORMS: tuple[Form, ...] = (*asking_looks.FORMS, *asking_numbers.FORMS, *asking_places.FORMS, *reasoning.FORMS)
"""Every form once; its text is its name."""
_OF_KIND: dict[Kind, tuple[Form, ...]] = {kind: tuple(form for form in FORMS if form.kind == kind) for kind in KINDS}
_UNEVEN = 1.1
"""An answer may be given so many times as often as an even draw would give it."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question about one scene with its only right answer, in the bare words that are wanted."""

    kind: Kind
    form: str
    text: str
    answer: str
    about: frozenset[Pair | tuple[str, str]] = frozenset()
    """Colour and shape of what it names or asks for; none where it is about all things, or does not tell things apart.

    The answer has no part in this, so that it cannot be guessed from what a question is about.
    """
    working: str = ""

    @property
    def said(self) -> str:
        """What is learned: the bare answer, or the steps to it."""
        return f"{self.working} {reasoning.ending(self.answer)}" if self.working else self.answer

    @property
    def unseen(self) -> bool:
        """Whether it is about a held-out pair."""
        return any(pair in HELD_OUT for pair in self.about)


def questions(scene: Scene, form: Form) -> Iterator[Question]:
    """Yield all that a form can ask of a scene."""
    for found in form.find(scene):
        pairs: set[Pair | tuple[str, str]] = {thing.pair for thing in found.about}
        if all(found.named):
            pairs.add(found.named)
        yield Question(
            kind=form.kind,
            form=form.text,
            text=form.text.format(*found.words),
            answer=found.answer,
            about=frozenset(pairs),
            working=found.working,
        )


class Draw:
    """Draws questions so that kinds, the forms of a kind and the answers of a form are used about equally often.

    So are held-out pairs and others in a form, where a picture leaves the choice; the answers are even within each, for
    who hears of a new pair must not know from that alone what to answer. `forms` are the most of a kind, 0 for all.
    """

    def __init__(self, rng: random.Random, forms: int = 0) -> None:
        self._rng = rng
        self._most_forms = forms or None
        self._kinds: Counter[str] = Counter()
        self._forms: Counter[str] = Counter()
        self._pairs: Counter[tuple[str, bool]] = Counter()
        self._answers: Counter[tuple[str, bool, str]] = Counter()
        self._possible: dict[tuple[str, bool], set[str]] = {}

    def some(self, scene: Scene, count: int, kinds: Sequence[Kind], *, each: int = 2) -> list[Question]:
        """Return up to so many different questions about a scene, at most `each` of a kind."""
        drawn: list[Question] = []
        while len(drawn) < count:
            used = Counter(question.kind for question in drawn)
            left = [kind for kind in kinds if used[kind] < each]
            question = self._next(scene, left, {question.form for question in drawn})
            if question is None:
                break
            drawn.append(question)
        return drawn

    def _next(self, scene: Scene, kinds: Sequence[Kind], used: Collection[str]) -> Question | None:
        """Return a question of the kind and the form used least that the scene allows, and count it."""
        for kind in sorted(kinds, key=lambda kind: (self._kinds[kind], self._rng.random())):
            forms = [form for form in _OF_KIND[kind][: self._most_forms] if form.text not in used]
            for form in sorted(forms, key=lambda form: (self._forms[form.text], self._rng.random())):
                question = self._of_form(scene, form)
                if question is not None:
                    self._kinds[kind] += 1
                    self._forms[form.text] += 1
                    self._pairs[form.text, question.unseen] += 1
                    self._answers[form.text, question.unseen, question.answer] += 1
                    return question
        return None

    def _of_form(self, scene: Scene, form: Form) -> Question | None:
        found: dict[bool, dict[str, list[Question]]] = {}
        for question in questions(scene, form):
            found.setdefault(question.unseen, {}).setdefault(question.answer, []).append(question)
        for unseen in sorted(found, key=lambda unseen: self._pairs[form.text, unseen]):
            possible = self._possible.setdefault((form.text, unseen), set())
            possible.update(found[unseen])
            used = {answer: self._answers[form.text, unseen, answer] for answer in found[unseen]}
            # Shares are of the answers that these scenes have: of one to three things, none has five. Of one answer alone,
            # it is not yet known what else there is.
            answers = max(len(possible), 2)
            most = 1 + _UNEVEN * self._pairs[form.text, unseen] / answers
            allowed = [answer for answer, times in used.items() if times + 1 <= most]
            if allowed:
                answer = min(allowed, key=lambda answer: (used[answer], self._rng.random()))
                return self._rng.choice(found[unseen][answer])
        return None
