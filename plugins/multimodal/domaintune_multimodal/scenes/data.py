"""The builder of scenes: LLaVA's three types of response by grammar, and test questions about new combinations.

Nothing is read, and no teacher is asked. A training picture has one response, a test picture several single questions.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from domaintune import IMAGE, BuildContext, DataError, Example, Message, Origin
from domaintune.images import encode
from domaintune_multimodal.paraphrases import DETAIL_QUESTIONS
from domaintune_multimodal.scenes.drawing import draw
from domaintune_multimodal.scenes.options import SceneOptions
from domaintune_multimodal.scenes.questions import Draw, Question
from domaintune_multimodal.scenes.scene import Scene, make_scene
from domaintune_multimodal.scenes.telling import description

SOURCE = "scenes"
_TYPES = ("conversation", "detail", "reasoning")
_REPEATS = 500
"""Scenes in a row that are all known already: then there are no more of them."""


def scenes(context: BuildContext) -> Iterator[Example]:
    """Yield the training examples, then the test questions; no scene occurs twice."""
    options: SceneOptions = context.options or SceneOptions()
    yield from _train(options, context.rng)
    yield from _test(options, context.rng)


def _train(options: SceneOptions, rng: random.Random) -> Iterator[Example]:
    draw_question, made = Draw(rng, options.forms), _Different(rng, options, held_out=False)
    types = _shares(options, rng)
    for place, kind in enumerate(types):
        scene = made.scene()
        if kind == "conversation":
            asked = draw_question.some(scene, rng.randint(*options.turns), options.talked_about)
            turns = [(question.text, question.said) for question in asked]
        elif kind == "reasoning":
            asked = draw_question.some(scene, 1, ("reasoning",))
            turns = [(question.text, question.said) for question in asked]
        else:
            turns = [(rng.choice(DETAIL_QUESTIONS), description(scene, rng))]
        if turns:
            yield _lesson(scene, kind, turns, place + 1, rng)


def _shares(options: SceneOptions, rng: random.Random) -> list[str]:
    """Return the type of every training picture, in the wanted shares to the nearest picture, mixed."""
    weights = [getattr(options, name) for name in _TYPES]
    edges = [round(options.train * sum(weights[:place]) / sum(weights)) for place in range(len(_TYPES) + 1)]
    types = [name for place, name in enumerate(_TYPES) for _ in range(edges[place + 1] - edges[place])]
    rng.shuffle(types)
    return types


def _lesson(scene: Scene, kind: str, turns: Sequence[tuple[str, str]], place: int, rng: random.Random) -> Example:
    """Make a training example; the picture stands before or behind the first question, by chance, as in LLaVA."""
    (first, answer), *more = turns
    shown = f"{IMAGE}\n{first}" if rng.random() < 0.5 else f"{first}\n{IMAGE}"
    said = [Message(role="assistant", content=answer)]
    for question, reply in more:
        said += [Message(role="user", content=question), Message(role="assistant", content=reply)]
    return Example(
        prompt=(Message(role="user", content=shown),),
        completion=tuple(said),
        origin=Origin(source=SOURCE, place=f"training picture {place}"),
        images=(encode(draw(scene)).data_url,),
        tags=frozenset({kind}),
        group=scene.code,
        side="train",
        meta={"scene": scene.key},
    )


def _test(options: SceneOptions, rng: random.Random) -> Iterator[Example]:
    draw_question, made = Draw(rng, options.forms), _Different(rng, options, held_out=True)
    each = max(2, -(-options.test_questions // len(options.kinds)))
    for place in range(options.test):
        scene = made.scene()
        picture = encode(draw(scene)).data_url
        asked = draw_question.some(scene, options.test_questions, options.kinds, each=each)
        for number, question in enumerate(asked, start=1):
            yield _item(scene, picture, question, f"test picture {place + 1}, question {number}")


def _item(scene: Scene, picture: str, question: Question, place: str) -> Example:
    tags: set[str] = {question.kind}
    if question.about and question.kind != "count":  # of seen pairs there are rarely three, beside a held-out one
        tags.add("unseen" if question.unseen else "seen")
    return Example(
        prompt=(Message(role="user", content=f"{IMAGE}\n{question.text}"),),
        completion=(Message(role="assistant", content=question.said),),
        origin=Origin(source=SOURCE, place=place),
        images=(picture,),
        tags=frozenset(tags),
        group=scene.code,
        side="test",
        meta={"scene": scene.key, "kind": question.kind, "form": question.form, "answer": question.answer},
    )


class _Different:
    """Makes scenes, each one once."""

    def __init__(self, rng: random.Random, options: SceneOptions, *, held_out: bool) -> None:
        self._rng, self._things, self._held_out = rng, options.things, held_out
        self._known: set[str] = set()

    def scene(self) -> Scene:
        for _ in range(_REPEATS):
            scene = make_scene(self._rng, held_out=self._held_out, things=self._things)
            if scene.key not in self._known:
                self._known.add(scene.key)
                return scene
        raise DataError(
            f"there are hardly more than {len(self._known):,} different {'test' if self._held_out else 'training'} scenes "
            f"of {self._things[0]} to {self._things[1]} things; allow more things in data.options.things, or make fewer "
            "pictures"
        )
