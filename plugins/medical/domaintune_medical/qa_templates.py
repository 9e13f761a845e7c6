"""The forms in which an entry of a knowledge table becomes a question and an answer, in English and Chinese.

An entry on influenza, say, gives "A 52-year-old woman reports fever, chills and a cough. Which condition is likely?" and
"This fits influenza. Useful tests: a rapid antigen test and a throat swab."
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domaintune_medical.knowledge import Condition
from domaintune_medical.patients import emergency, person
from domaintune_medical.script import begun
from domaintune_medical.wording import listed, noun, plural


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A question and its answer; `medications` are those that the answer names."""

    kind: str
    question: str
    answer: str
    medications: tuple[str, ...] = ()


# {d} is the name with its article, {is}, {does}, {itself} agree with it; {s} are symptoms drawn, {S}, {t}, {m} the lists.
QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "symptoms": (
        "What are the usual symptoms of {d}?",
        "How {does} {d} show {itself}?",
        "{Who} has been told that it may be {d}. Which complaints go with it?",
        "Someone in my family may have {d}. What should we watch for?",
        "Which signs make you think of {d}?",
    ),
    "causes": (
        "What causes {d}?",
        "Please explain {d} to me in a few sentences.",
        "{Who} wants to know what lies behind {d}. What would you say?",
        "I was just diagnosed with {d}. What is happening in my body?",
    ),
    "tests": (
        "Which tests are used when {d} {is} suspected?",
        "How {is} {d} diagnosed?",
        "{Who} may have {d}. Which examinations would you order?",
        "I am to be checked for {d}. Which tests can I expect?",
    ),
    "medications": (
        "Which medicines are commonly used for {d}?",
        "What is usually prescribed for {d}?",
        "{Who} has been diagnosed with {d}. Which medications are common?",
        "Name some common medications for {d}.",
    ),
    "diagnosis": (
        "{Who} reports {s}. Which condition is likely?",
        "I have {s}. What could it be?",
        "Which condition goes with {s}?",
        "{Who} comes to the practice with {s}. What should be considered?",
        "For some days now I have noticed {s}. What might be wrong with me?",
    ),
}
ANSWERS: Mapping[str, tuple[str, ...]] = {
    "symptoms": (
        "{usual symptoms} of {d} {S are} {S}.{urgent}",
        "{D} often {shows} {itself} by {S}.{urgent}",
        "With {d}, look for {S}.{urgent}",
    ),
    "causes": ("{reason}",),
    "tests": (
        "{T} {t are} used when {d} {is} suspected.",
        "{useful tests} for {d} {t are} {t}.",
        "When {d} {is} suspected: {t}.",
    ),
    "medications": (
        "{common medications} for {d} {m are} {m}.",
        "{D} {is} often treated with {m}.",
        "For {d}: {m}.",
    ),
    "diagnosis": (
        "This fits {d}.{urgent}{then}",
        "The likely condition is {d}.{urgent}{then}",
        "These complaints suggest {d}.{urgent}{then}",
    ),
}
THEN = " {useful tests}: {t}."
URGENT = " This is an emergency: get medical help at once."

QUESTIONS_ZH: Mapping[str, tuple[str, ...]] = {
    "symptoms": (
        "{d}有哪些常见症状？",
        "{who}疑似患有{d}，通常会有什么表现？",
        "家人可能得了{d}，平时要留意哪些症状？",
        "出现哪些症状时应想到{d}？",
    ),
    "causes": ("{d}是怎么引起的？", "请简单介绍一下{d}。", "{who}刚被诊断为{d}，想了解病因，该如何解释？"),
    "tests": (
        "怀疑{d}时一般做哪些检查？",
        "{who}疑似患有{d}，应安排什么检查？",
        "怀疑自己得了{d}，去医院要检查什么？",
    ),
    "medications": (
        "{d}常用哪些药物？",
        "{who}确诊为{d}，通常用什么药？",
        "治疗{d}一般会开哪些药？",
    ),
    "diagnosis": (
        "{who}出现{s}等症状，可能是什么病？",
        "我最近有{s}，这是怎么回事？",
        "{who}因{s}就诊，首先应考虑什么疾病？",
        "{s}同时出现，提示哪种疾病？",
    ),
}
ANSWERS_ZH: Mapping[str, tuple[str, ...]] = {
    "symptoms": ("{d}的常见症状有{S}。{urgent}", "{d}多表现为{S}。{urgent}"),
    "causes": ("{reason}",),
    "tests": ("怀疑{d}时，常做{t}。", "{d}常用的检查有{t}。"),
    "medications": ("{d}的常用药物有{m}。", "治疗{d}常用{m}。"),
    "diagnosis": ("根据这些症状，首先考虑{d}。{urgent}{then}", "这些表现符合{d}。{urgent}{then}"),
}
THEN_ZH = "建议做{t}。"
URGENT_ZH = "这是急症，请立即就医或拨打急救电话。"

NEEDS = {"symptoms": "symptoms", "causes": "reason", "tests": "tests", "medications": "medications"}
FEWEST_SYMPTOMS = 2  # one symptom alone points to nothing
MOST = {"s": 4, "S": 8, "t": 4, "m": 5}  # how much of a list is said
SENTENCES = 5
# What a small child does not say or do itself.
_GROWN_UP = re.compile(r"\bI\b|\{Who\} (?:reports|has been told|wants)|我(?!家)|自己|\{who\}刚被诊断")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])")
_AGREEING = {
    False: {"is": "is", "does": "does", "shows": "shows", "itself": "itself"},
    True: {"is": "are", "does": "do", "shows": "show", "itself": "themselves"},
}


def available(condition: Condition, kinds: Sequence[str]) -> list[str]:
    """Return the kinds of question that an entry can answer, in the order given."""
    enough = {kind: bool(getattr(condition, field)) for kind, field in NEEDS.items()}
    enough["diagnosis"] = len(condition.symptoms) >= FEWEST_SYMPTOMS
    return [kind for kind in kinds if enough[kind]]


def pairs(condition: Condition, kinds: Sequence[str], count: int, rng: random.Random) -> list[Pair]:
    """Write up to `count` pairs about one condition: all kinds in turn, no form of a kind twice."""
    questions = QUESTIONS_ZH if condition.chinese else QUESTIONS
    order = available(condition, kinds)
    rng.shuffle(order)
    forms = {kind: rng.sample(questions[kind], len(questions[kind])) for kind in order}
    wanted = [(kind, forms[kind][turn]) for turn in range(max(map(len, forms.values()), default=0)) for kind in order
              if turn < len(forms[kind])]  # fmt: skip
    made = (_pair(condition, kind, form, rng) for kind, form in wanted)
    return [pair for pair in made if pair][:count]


def _pair(condition: Condition, kind: str, form: str, rng: random.Random) -> Pair | None:
    """Fill a form; None where a child would have to speak in it as a grown-up does."""
    drawn = rng.sample(list(condition.symptoms), min(len(condition.symptoms), rng.randint(3, MOST["s"])))
    asked = drawn if kind == "diagnosis" else []
    others = " ".join(condition.symptoms[: MOST["S"]])
    who, child = person(condition.name, " ".join(asked), rng, chinese=condition.chinese, others=others)
    if child and _GROWN_UP.search(form):
        return None
    slots = _slots(condition, drawn) | {"who": who, "Who": begun(who), "urgent": ""}
    if kind in {"symptoms", "diagnosis"} and emergency(condition.name, *asked):
        slots["urgent"] = URGENT_ZH if condition.chinese else URGENT
    slots["then"] = (THEN_ZH if condition.chinese else THEN).format_map(slots) if slots["t"] else ""
    answer = rng.choice((ANSWERS_ZH if condition.chinese else ANSWERS)[kind])
    return Pair(
        kind=kind,
        question=begun(form.format_map(slots)),
        answer=begun(answer.format_map(slots)),
        medications=tuple(condition.medications[: MOST["m"]]) if kind == "medications" else (),
    )


def _slots(condition: Condition, drawn: Sequence[str]) -> dict[str, str]:
    """Return what the slots of the forms stand for, but for the patient."""
    whole = {"s": drawn, "S": condition.symptoms, "t": condition.tests, "m": condition.medications}
    said = {slot: items[: MOST[slot]] for slot, items in whole.items()}
    slots = {
        # A list that goes on says so: the medicines that are left out may be part of what is given together.
        slot: listed(items, chinese=condition.chinese, articles=slot != "m", more=len(whole[slot]) > len(items))
        for slot, items in said.items()
    }
    name = condition.name if condition.chinese else noun(condition.name)
    closed = "," if slots["t"].endswith("among others") else ""
    slots |= {"d": name, "D": begun(name), "T": begun(slots["t"]) + closed, "reason": _gist(condition.reason)}
    slots |= _AGREEING[plural(condition.name)]
    for slot, what in (("S", "usual symptom"), ("t", "useful test"), ("m", "common medication")):
        several = len(said[slot]) != 1 or plural(said[slot][0])
        slots[f"{what}s"] = begun(f"{what}s" if several else f"a {what}")
        slots[f"{slot} are"] = "are" if several else "is"
    return slots


def _gist(reason: str) -> str:
    """Return the first sentences of a longer text."""
    sentences = [part.strip() for part in _SENTENCE.split(reason) if part.strip()][:SENTENCES]
    return ("" if any(char in reason for char in "。！？") else " ").join(sentences)
