"""Grading retrievers: three symptoms in, and is the disease that has them among the first found?

A question names symptoms of one disease, drawn by seed, that few diseases share and that do not give its name away. It
comes as the knowledge spells them (tag `verbatim`) and as patients would say it: with everyday words for all symptoms (tag
`lay`), or for some of them (tag `mixed`). No model is asked; what is graded are the titles found.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domaintune import Example, Message, Origin, Passage, Score
from domaintune_medical import lay
from domaintune_medical.grading_options import RetrievalOptions
from domaintune_medical.grounded import alternatives
from domaintune_medical.script import HAN

DRAWS = 20
"""How often symptoms are drawn until few enough diseases have all of them."""
DEPTHS = (1, 5, 10)

FRAMES = (
    "I have been dealing with {}. What could it be?",
    "What could cause {}?",
    "Doctor, I am here because of {}. What is wrong with me?",
    "For a few days now it has been {}. Which illness does that sound like?",
    "Which disease goes with {}?",
    "My complaints are {}. What do I have?",
    "I am worried about {}. What might be behind it?",
    "Could you tell me what leads to {}?",
)
CHINESE_FRAMES = (
    "我最近{}，这是什么病？",
    "医生您好，我{}，可能是得了什么病？",
    "{}，请问是什么原因？",
    "这几天一直{}，会是什么问题？",
    "有{}这些情况，应该考虑哪种疾病？",
    "我家里人{}，您看是什么病？",
)


@dataclass(frozen=True)
class Disease:
    """A disease of the knowledge: its name, its symptoms as they are spelled there, and where that stands."""

    name: str
    symptoms: tuple[str, ...]
    origin: Origin

    @property
    def telling(self) -> tuple[str, ...]:
        """The symptoms that can be asked about: a cough says too much of whooping cough, and depression of depression."""
        names = [f" {lay.plain(name)} " for name in alternatives(self.name) if lay.plain(name)]
        plain = {symptom: f" {lay.plain(symptom)} " for symptom in self.symptoms}
        return tuple(
            symptom for symptom, text in plain.items() if not any(text in name or name in text for name in names)
        )


class RetrievalGrader:
    """Scores the titles a retriever finds, one a line, best first: recall at 1, 5 and 10, and the reciprocal rank.

    `notes` says, once `items` was called, how many diseases gave no question.
    """

    retrievers = ("hybrid", "dense", "bm25", "medical-keywords")

    def __init__(self, options: RetrievalOptions | None = None) -> None:
        self.options = options or RetrievalOptions()
        self.diseases: list[Disease] = []
        self.notes: list[str] = []

    def read(self, passages: Sequence[Passage]) -> None:
        """Collect the diseases with their symptoms from `meta["disease"]` and `meta["symptoms"]`."""
        found: dict[str, tuple[Origin, dict[str, str]]] = {}
        for passage in passages:
            name, symptoms = str(passage.meta.get("disease") or ""), passage.meta.get("symptoms") or ()
            if name and not isinstance(symptoms, str):
                _, known = found.setdefault(name, (passage.origin, {}))
                known.update({lay.plain(str(symptom)): str(symptom).strip() for symptom in symptoms})
        self.diseases = [
            Disease(name, tuple(symptoms[key] for key in sorted(symptoms) if key), origin)
            for name, (origin, symptoms) in sorted(found.items())
        ]

    def items(self, test: Sequence[Example]) -> list[Example]:  # noqa: ARG002  (the knowledge is asked about, not the test)
        """Return the questions, in the order of the diseases' names; none before `read`."""
        owners: dict[str, set[str]] = {}
        for disease in self.diseases:
            for symptom in disease.symptoms:
                owners.setdefault(lay.plain(symptom), set()).add(disease.name)
        asked = [list(self._asked(disease, owners)) for disease in self.diseases]
        few = sum(len(disease.telling) < self.options.symptoms for disease in self.diseases)
        common = sum(not made for made in asked) - few
        self.notes = [
            f"{count:,} of {len(self.diseases):,} diseases gave no question: {why}."
            for count, why in (
                (few, f"they have fewer than {self.options.symptoms} symptoms besides their own name"),
                (common, f"more than {self.options.most} diseases have the symptoms that were drawn"),
            )
            if count
        ]
        return [item for made in asked for item in made]

    def grade(self, example: Example, answer: str) -> Iterator[Score]:
        """Yield recall at 1, 5 and 10 (1 where the disease is among so many titles) and 1 / rank, 0 beyond the tenth."""
        titles = list(dict.fromkeys(lay.plain(line) for line in answer.splitlines() if line.strip()))[: max(DEPTHS)]
        wanted = lay.plain(example.reference)
        rank = titles.index(wanted) + 1 if wanted in titles else 0
        reason = f"found at rank {rank}" if rank else f"not among the {len(titles)} titles"
        for depth in DEPTHS:
            yield Score(metric=f"recall@{depth}", value=float(0 < rank <= depth), reason=reason)
        yield Score(metric="mrr", value=1 / rank if rank else 0.0, reason=reason)

    def _asked(self, disease: Disease, owners: dict[str, set[str]]) -> Iterator[Example]:
        """Yield a disease's questions; its draws depend on nothing but the seed, its name and its symptoms."""
        symptoms = disease.telling
        if len(symptoms) < self.options.symptoms:
            return
        seen: set[frozenset[str]] = set()
        for number in range(self.options.questions):
            rng = random.Random(f"{self.options.seed} {disease.name} {number}")  # noqa: S311  (no secret)
            for _ in range(DRAWS):
                drawn = rng.sample(symptoms, self.options.symptoms)
                sharing = set.intersection(*(owners[lay.plain(symptom)] for symptom in drawn))
                if len(sharing) <= self.options.most and frozenset(drawn) not in seen:
                    seen.add(frozenset(drawn))
                    yield from _wordings(disease, drawn, len(sharing), rng)
                    break


def _wordings(disease: Disease, drawn: list[str], sharing: int, rng: random.Random) -> Iterator[Example]:
    """Yield one question as the knowledge words it and, where there are everyday words, one as a patient would."""
    place = rng.randrange(len(FRAMES))
    verbatim = [symptom.lower() for symptom in drawn]
    yield _example(disease, verbatim, "verbatim", sharing, place)
    known = [lay.phrases(symptom) for symptom in drawn]
    if any(known):
        said = [rng.choice(phrases or (name,)) for phrases, name in zip(known, verbatim, strict=True)]
        yield _example(disease, said, "lay" if all(known) else "mixed", sharing, place)


def _example(disease: Disease, said: list[str], kind: str, sharing: int, place: int) -> Example:
    if HAN.search("".join(said)):
        question = CHINESE_FRAMES[place % len(CHINESE_FRAMES)].format("、".join(said))
    else:
        head = ", ".join(said[:-1])
        question = FRAMES[place].format(f"{head} and {said[-1]}" if head else said[-1])
    return Example(
        prompt=(Message(role="user", content=question),),
        completion=(Message(role="assistant", content=disease.name),),
        origin=disease.origin,
        tags=frozenset({kind}),
        meta={"disease": [disease.name], "symptoms": said, "sharing": sharing},
    )
