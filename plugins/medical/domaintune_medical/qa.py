"""Questions and answers made from a table of diseases, by fixed forms or by a teacher (Med-ChatGLM).

    Influenza, symptoms [Fever, Chills, …]  ->  "Which tests are used when influenza is suspected?"
                                                "Useful tests for influenza are a rapid antigen test and a chest X-ray."

Rows in Chinese give Chinese pairs. All pairs about one disease are relatives: they stand on one side of the split, so a
test question is never the rewording of one that was learned. What is measured is how a model uses what it knows or is
given, not whether it has the table by heart; a split by pairs would measure the latter and look far better.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

from domaintune import BuildContext, Dropped, Example, Message, Sampling, Teacher
from domaintune_medical.dialogue_options import QaOptions
from domaintune_medical.knowledge import SAMPLE, SAMPLE_ZH, Condition, read_conditions
from domaintune_medical.qa_teacher import Unreadable, parse, request
from domaintune_medical.qa_templates import Pair, available, pairs

INSTRUCTION = "Answer the medical question briefly and precisely."
INSTRUCTION_ZH = "请简明准确地回答医学问题。"


def qa(context: BuildContext) -> Iterator[Example | Dropped]:
    """Yield up to `per_entry` examples for every disease, and say why for every row that gives none.

    Raises DataError where a teacher is asked for and none is named.
    """
    options: QaOptions = context.options or QaOptions()
    teacher = context.teacher() if options.ask == "teacher" else None
    seed = context.rng.random()
    lost: Counter[str] = Counter()
    for item in read_conditions(context, SAMPLE_ZH if options.language == "zh" else SAMPLE):
        if isinstance(item, Dropped):
            yield item
            continue
        rng = random.Random(f"{seed} {item.name}")  # noqa: S311  (sampling; other rows must not change a row's pairs)
        made = _asked(teacher, item, options, rng, lost) if teacher else pairs(
            item, options.kinds, options.per_entry, rng
        )  # fmt: skip
        if made:
            yield from (_example(item, pair, options) for pair in made)
        elif available(item, options.kinds):
            yield Dropped(origin=item.origin, reason="no-pair", detail="the teacher gave no usable reply")
        else:
            yield Dropped(
                origin=item.origin, reason="nothing-to-ask", detail=f"{item.name!r}: {', '.join(options.kinds)}"
            )
    if lost:
        listed = ", ".join(f"{count:,} {reason}" for reason, count in sorted(lost.items()))
        context.note(f"{sum(lost.values()):,} replies of the teacher gave no pair: {listed}")


def _asked(
    teacher: Teacher, condition: Condition, options: QaOptions, rng: random.Random, lost: Counter[str]
) -> list[Pair]:
    """Ask the teacher `per_entry` times, all kinds in turn; what it writes twice counts once."""
    order = available(condition, options.kinds)
    rng.shuffle(order)
    made: dict[str, Pair] = {}
    for turn in range(options.per_entry if order else 0):
        kind = order[turn % len(order)]
        sampling = Sampling(
            max_new_tokens=options.max_new_tokens, temperature=options.temperature, seed=rng.getrandbits(31)
        )
        try:
            question, answer = parse(teacher.answer(request(condition, kind, rng), sampling), condition, kind)
        except Unreadable as why:
            lost[str(why)] += 1
            continue
        if question.casefold() in made:
            lost["repeated"] += 1
            continue
        named = tuple(name for name in condition.medications if name.casefold() in answer.casefold())
        made[question.casefold()] = Pair(kind=kind, question=question, answer=answer, medications=named)
    return list(made.values())


def _example(condition: Condition, pair: Pair, options: QaOptions) -> Example:
    instruction = options.instruction or (INSTRUCTION_ZH if condition.chinese else INSTRUCTION)
    return Example(
        prompt=(Message(role="system", content=instruction), Message(role="user", content=pair.question)),
        completion=(Message(role="assistant", content=pair.answer),),
        origin=condition.origin,
        tags=frozenset({pair.kind, "zh" if condition.chinese else "en"}),
        group=condition.name,
        meta={"passages": [condition.name], "disease": [condition.name], "medication": list(pair.medications)},
    )
