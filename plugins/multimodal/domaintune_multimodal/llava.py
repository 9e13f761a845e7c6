"""The builder `multimodal-llava`: a teacher that sees no picture writes what an assistant says who does (LLaVA).

    captions and boxes  ->  conversation   "What is sold at the stall?" ... "Oranges and lemons." ...
                            detail         "Describe this picture in detail." "It rains on a railway station. ..."
                            reasoning      "What should these travellers take care of?" "A train is just coming in, ..."

Every reply is held against the rules (rules.py); one that breaks a rule becomes a line of the ledger with its words.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from domaintune import IMAGE, BuildContext, Dropped, Example, Message, Origin, Sampling, ask_teacher
from domaintune.images import ImageError, read
from domaintune_multimodal.coco import CocoReader
from domaintune_multimodal.llava_options import LlavaOptions
from domaintune_multimodal.paraphrases import DETAIL_QUESTIONS
from domaintune_multimodal.replies import turns_of
from domaintune_multimodal.rules import KINDS, Fault, Kind, Turn, broken
from domaintune_multimodal.symbols import FIELDS, SymbolicImage, Unusable, said_of, symbolic
from domaintune_multimodal.teaching import request

UNSEEN = (
    "pictures = false: the rows hold no pictures, only their names (meta.image); they are for joining to "
    "pictures elsewhere, "
    "and an adapter that learns from them as they are learns to speak of pictures it was never shown"
)


class Job(NamedTuple):
    """One reply that is wanted: of which picture, from which row, and of which type."""

    image: SymbolicImage
    origin: Origin
    kind: Kind


def multimodal_llava(context: BuildContext) -> Iterator[Example | Dropped]:
    """Yield an example for every reply that keeps the rules, and say of all others which rule they break.

    An example has the origin of its row. A broken reply has the row's place with its type behind it; where no reply of a
    row is kept, the first of them stands for the row itself. Raises DataError where no teacher is named.
    """
    options: LlavaOptions = context.options or LlavaOptions()
    base = context.rng.getrandbits(64)  # first of all: how many rows there are has no part in any draw
    reader = CocoReader()
    rows = context.rows(*FIELDS, reader=reader)
    teacher = context.teacher()  # before the rows are read: a missing one is said at once
    jobs: list[Job] = []
    flaws: Counter[str] = Counter()
    known: dict[str, Origin] = {}
    wanted = Shares(options, base)
    for row in rows:
        try:
            image = symbolic(row, flaws)
            if options.pictures:
                _look_at(image, row.origin, context)
        except Unusable as why:
            yield Dropped(origin=row.origin, reason=why.reason, detail=why.detail)
            continue
        if image.id in known:
            yield Dropped(origin=row.origin, reason="same-image", detail=f"{image.id} was there in {known[image.id]}")
            continue
        known[image.id] = row.origin
        jobs += [Job(image, row.origin, kind) for kind in wanted.next()]
    for sentence in _notes(options, reader, flaws):
        context.note(sentence)
    messages = (request(job.kind, job.image, boxes=options.boxes or job.kind != "conversation") for job in jobs)
    samplings = (_sampling(job, options, base) for job in jobs)
    with context.progress("asking the teacher", len(jobs)) as show:
        replies = zip(jobs, ask_teacher(teacher, messages, samplings), strict=True)
        yield from _booked(context, _judged(replies, options, base, lambda done: show(done, len(jobs))))


class Shares:
    """Draws the types of each picture so that they keep their shares in any number of pictures, to within one.

    The type with the largest share is asked of every picture, the others of so many that the shares hold. With LLaVA's
    58 : 23 : 77 that makes 2.05 replies a picture.
    """

    def __init__(self, options: LlavaOptions, base: int) -> None:
        shares = {kind: float(getattr(options, kind)) for kind in KINDS}
        most = max(shares.values())
        self._rates = {kind: 1.0 if options.each else share / most for kind, share in shares.items() if share}
        draw = random.Random(f"{base} shares")  # noqa: S311  (sampling, not secrecy)
        self._sums = {kind: draw.random() for kind in self._rates}

    def next(self) -> list[Kind]:
        """Return the types of the next picture, at least one."""
        found: list[Kind] = []
        for kind in self._rates:
            before = self._sums[kind]
            self._sums[kind] = before + self._rates[kind]
            if int(self._sums[kind] + 1e-9) > int(before + 1e-9):
                found.append(kind)
        return found


def _look_at(image: SymbolicImage, origin: Origin, context: BuildContext) -> None:
    """Raise Unusable for a picture that is missing or broken: replies about it would be paid for, and lost."""
    try:
        read(image.image, context.pictures_of(origin.source))
    except ImageError as error:
        raise Unusable("image", f"{error.reason}: {error}") from None


def _notes(options: LlavaOptions, reader: CocoReader, flaws: Counter[str]) -> Iterator[str]:
    if sentence := said_of(flaws):
        yield sentence
    if reader.strays:
        yield f"annotations of pictures that no file names: {reader.strays:,}"
    if not options.pictures:
        yield UNSEEN


def _sampling(job: Job, options: LlavaOptions, base: int) -> Sampling:
    return Sampling(
        max_new_tokens=options.max_new_tokens,
        temperature=options.temperature,
        top_p=options.top_p,
        seed=_draw(job, base).getrandbits(32),
    )


def _draw(job: Job, base: int) -> random.Random:
    return random.Random(f"{base} {job.image.id} {job.kind}")  # noqa: S311  (sampling, not secrecy)


def _judged(
    replies: Iterator[tuple[Job, str | None]], options: LlavaOptions, base: int, show: Callable[[int], None]
) -> Iterator[tuple[Job, Example | Fault]]:
    for done, (job, reply) in enumerate(replies, 1):
        show(done)
        fault = judged(job.kind, reply, job.image, counts=options.counts)
        yield job, fault if isinstance(fault, Fault) else _example(job, fault, options, base)


def judged(kind: Kind, reply: str | None, image: SymbolicImage, *, counts: bool = True) -> list[Turn] | Fault:
    """Return the turns of a reply that keeps every rule, or the rule that it breaks."""
    if reply is None:
        return Fault("declined", "the teacher gave no reply")
    turns = turns_of(kind, reply)
    if isinstance(turns, Fault):
        return turns
    return broken(kind, turns, image, counts=counts) or turns


def _booked(context: BuildContext, made: Iterator[tuple[Job, Example | Fault]]) -> Iterator[Example | Dropped]:
    """Yield examples and faults row by row, so that a row is used, or dropped once; and note how many of each there are."""
    kept: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    for origin, group in groupby(made, key=lambda item: item[0].origin):
        found = list(group)
        examples = [item for _, item in found if isinstance(item, Example)]
        yield from examples
        kept.update(job.kind for job, item in found if isinstance(item, Example))
        spare = not examples
        for job, item in found:
            if isinstance(item, Fault):
                lost[item.rule] += 1
                place = origin if spare else _part(origin, job.kind)
                spare = False
                yield Dropped(origin=place, reason=item.rule, detail=f"{job.kind}: {item.quote}")
    context.note("replies kept: " + (", ".join(f"{kind} {kept[kind]:,}" for kind in KINDS if kept[kind]) or "none"))
    if lost:
        context.note("replies dropped: " + ", ".join(f"{rule} {count:,}" for rule, count in sorted(lost.items())))


def _part(origin: Origin, kind: Kind) -> Origin:
    return Origin(source=origin.source, place=f"{origin.place}, {kind}")


def _example(job: Job, turns: Sequence[Turn], options: LlavaOptions, base: int) -> Example:
    """Return the row of a reply: the first question with its picture as the prompt, and all that follows to be learned."""
    draw = _draw(job, base)
    draw.getrandbits(32)  # the seed of the reply
    first = turns[0][0] or draw.choice(DETAIL_QUESTIONS)
    image = job.image
    if options.pictures:
        first = f"{IMAGE}\n{first}" if draw.random() < 0.5 else f"{first}\n{IMAGE}"
    completion = [Message(role="assistant", content=turns[0][1])]
    for question, answer in turns[1:]:
        completion += [Message(role="user", content=question), Message(role="assistant", content=answer)]
    return Example(
        prompt=(Message(role="user", content=first),),
        completion=tuple(completion),
        origin=job.origin,
        images=(image.image,) if options.pictures else (),
        tags=frozenset({job.kind}),
        group=image.image,
        meta={"image": image.image, "id": image.id, "type": job.kind},
    )
