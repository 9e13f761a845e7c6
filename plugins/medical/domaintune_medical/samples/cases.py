"""Draw abnormal findings: the templates of an entity, filled with facts that agree."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from . import vocabulary as words
from .airways import AIRWAY_ENTITIES
from .bones import BONE_ENTITIES
from .devices import DEVICE_ENTITIES
from .frame import ABDOMEN_ENTITIES, PLEURA_ENTITIES
from .heart import HEART_ENTITIES
from .lungs import LUNG_ENTITIES
from .vocabulary import Entity

ENTITIES: Mapping[str, Entity] = {
    entity.name: entity
    for entity in (
        *HEART_ENTITIES,
        *LUNG_ENTITIES,
        *AIRWAY_ENTITIES,
        *PLEURA_ENTITIES,
        *ABDOMEN_ENTITIES,
        *BONE_ENTITIES,
        *DEVICE_ENTITIES,
    )
}
SIGNS: Mapping[str, str] = {
    "right upper lobe": "abutting the minor fissure",
    "right middle lobe": "obscuring the right heart border",
    "right lower lobe": "obscuring the right hemidiaphragm",
    "left upper lobe": "adjacent to the aortic knob",
    "left lower lobe": "obscuring the left hemidiaphragm",
    "lingula": "obscuring the left heart border",
}
COLLAPSE: Mapping[str, str] = {
    "right upper lobe": "with elevation of the minor fissure",
    "right middle lobe": "with a wedge of density over the heart on the lateral view",
    "left upper lobe": "with a veil-like opacity and leftward shift",
    "left lower lobe": "with a triangular retrocardiac density",
}
DEPTHS: Mapping[str, str] = {"tiny": "[0.4|0.5|0.6]", "small": "[1.2|1.5|1.8]"}
OPPOSITE: Mapping[str, str] = {"left": "right", "right": "left"}

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Finding:
    """One drawn abnormality: its sentences, its line for the impression, what it contradicts."""

    entity: Entity
    text: str
    summary: str
    blocks: frozenset[str]
    side: str


def chance(rng: random.Random, probability: float) -> bool:
    """Return True with the given probability."""
    return rng.random() < probability


def tidy(text: str) -> str:
    """Repair spaces, articles and capitals after the slots of a template were filled."""
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r" (?=[.,])", "", text)
    text = re.sub(r"\b([Aa]) (?=[aeio]|un[^i]|8|11 )", r"\1n ", text)
    return re.sub(r"(?:^|(?<=\. ))[a-z]", lambda match: match[0].upper(), text)


def expand(template: str, rng: random.Random, facts: Mapping[str, str] | None = None) -> str:
    """Fill the slots of a template and make its choices, innermost first."""
    text = template.format_map(facts or {})
    while match := _CHOICE.search(text):
        text = text[: match.start()] + rng.choice(match[1].split("|")) + text[match.end() :]
    return tidy(text)


def draw(entity: Entity, rng: random.Random, *, prior: bool = False, side: str = "") -> Finding:
    """Draw one case of an entity; `side` is preferred where the entity has a side."""
    facts = draw_facts(entity, rng, side)
    kind = rng.choice(entity.changes.split("|")) if prior and chance(rng, 0.65) else ""
    adjective, tail = words.CHANGES.get(kind, ("", ""))
    facts |= {"change": adjective, "since": f", {tail}".replace("{prior}", words.PRIOR)}
    if not tail:
        facts["since"] = ""
    template = frame(rng.choice(entity.findings), rng)
    text = expand(template, rng, facts)
    if not {"change", "since"} & set(_SLOT.findall(template)):
        facts["change"] = ""
    facts["age"] = facts["change"] or "age-indeterminate"
    return Finding(
        entity=entity,
        text=text,
        summary=expand(rng.choice(supported(entity, facts, text)), rng, facts),
        blocks=frozenset(entity.blocks.format_map(facts).split()),
        side=facts["side"],
    )


def draw_facts(entity: Entity, rng: random.Random, side: str) -> dict[str, str]:
    """Choose the value of every slot, and derive the words that follow from them."""
    facts = {name: rng.choice(agreeing(options, side)) for name, options in entity.slots.items()}
    place = facts.get("lobe") or facts.get("zone") or facts.get("bone") or ""
    first = "left" if place == "lingula" else place.split(" ")[0]
    facts.setdefault("side", first if first in OPPOSITE else "")
    lobe = facts.get("lobe", "")
    return facts | {
        "sides": facts["side"],
        "other": OPPOSITE.get(facts["side"], ""),
        "lesser": OPPOSITE.get(facts.get("worse", ""), ""),
        "lobar": lobe.replace("lingula", "lingular"),
        "lobectomy": lobe.replace("lobe", "lobectomy"),
        "sign": SIGNS.get(lobe, ""),
        "collapse": COLLAPSE.get(lobe, ""),
        "depth": DEPTHS.get(facts.get("size", ""), "[2.2|2.5|2.8]"),
    }


def agreeing(options: str, side: str) -> list[str]:
    """Return the options on the preferred side, or all of them when none is."""
    every = options.split("|")
    return [option for option in every if side and option.startswith(side)] or every


def frame(template: str, rng: random.Random) -> str:
    """Put a noun phrase into a sentence; a whole sentence stays as it is."""
    kind, colon, phrase = template.partition(": ")
    if not colon or kind not in words.FRAMES:
        return template
    frames = words.FRAMES[kind]
    # A phrase with a comma cannot be followed by "is seen".
    sentence = rng.choice(frames[:-1] if "," in phrase else frames)
    if sentence.startswith("{x}{"):
        phrase = phrase.removeprefix("a ").removeprefix("an ")
    tail = "" if "{change}" in phrase else "{since}"
    return sentence.replace("{x}", phrase).replace("{since}", tail)


def supported(entity: Entity, facts: Mapping[str, str], text: str) -> list[str]:
    """Return the impressions that say no size, side or place which the findings left out."""
    said = text.lower()

    def holds(template: str) -> bool:
        slots = set(_SLOT.findall(template)) & set(entity.slots)
        return all(facts[slot].lower() in said for slot in slots)

    return [template for template in entity.impressions if holds(template)]


def choose(rng: random.Random, kind: str) -> Entity:
    """Choose the leading abnormality: mixed impressions mostly have a chronic one."""
    pool = list(ENTITIES.values())
    favoured = kind == "abnormal"
    weights = [e.weight * (1.0 if e.acute is favoured else 0.25) for e in pool]
    return rng.choices(pool, weights)[0]


def companions(rng: random.Random, lead: Entity) -> list[Entity]:
    """Add up to two abnormalities that often come with the leading one."""
    chosen = [lead]
    for _ in range(rng.choice((0, 0, 1, 1, 1, 2))):
        taken = {e.group for e in chosen if e.group} | {e.name for e in chosen}
        pool = [ENTITIES[name] for name in dict.fromkeys(lead.partners)]
        pool = [e for e in pool if e.name not in taken and e.group not in taken]
        if pool:
            chosen.append(rng.choice(pool))
    return chosen


def incidental(rng: random.Random, chosen: Sequence[Entity]) -> list[Entity]:
    """Return at most one minor entity that the impression will not mention."""
    taken = {e.group for e in chosen if e.group} | {e.name for e in chosen}
    pool = [e for e in ENTITIES.values() if e.minor and e.name not in taken]
    pool = [e for e in pool if e.group not in taken]
    return [rng.choice(pool)] if pool and chance(rng, 0.25) else []


def draw_case(rng: random.Random, kind: str, prior: bool) -> tuple[list[Finding], list[Finding]]:
    """Draw the findings that the impression tells, and those that it passes over."""
    told: list[Finding] = []
    entities = companions(rng, choose(rng, kind)) if kind != "normal" else []
    for entity in entities:
        told.append(draw(entity, rng, prior=prior, side=told[0].side if told else ""))
    passed = [draw(e, rng, prior=prior) for e in incidental(rng, entities)]
    if len(told) > 1 and told[-1].entity.minor and chance(rng, 0.4):
        passed.append(told.pop())
    return told, passed
