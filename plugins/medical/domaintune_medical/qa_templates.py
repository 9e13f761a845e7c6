"""The forms in which an entry of a knowledge table becomes a question and an answer, in English and Chinese.

An entry on influenza, say, gives "A 52-year-old woman reports fever, chills and cough. Which condition is likely?" and
"This fits influenza. Useful tests: a rapid antigen test and a swab."
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from domaintune_medical.knowledge import Condition


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A question and its answer; `medications` are those that the answer names."""

    kind: str
    question: str
    answer: str
    medications: tuple[str, ...] = ()


QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "symptoms": (
        "What are the usual symptoms of {d}?",
        "How does {d} show itself?",
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
        "Which tests help to confirm {d}?",
        "How is {d} diagnosed?",
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
    "symptoms": ("Usual symptoms of {d} are {S}.", "{D} often shows itself by {S}.", "With {d}, look for {S}."),
    "causes": ("{reason}",),
    "tests": ("{D} is usually confirmed with {t}.", "Useful tests for {d} are {t}.", "To confirm {d}: {t}."),
    "medications": ("Common medications for {d} are {m}.", "{D} is often treated with {m}.", "For {d}: {m}."),
    "diagnosis": ("This fits {d}.{then}", "The likely condition is {d}.{then}", "These complaints suggest {d}.{then}"),
}
THEN = " Useful tests: {t}."

QUESTIONS_ZH: Mapping[str, tuple[str, ...]] = {
    "symptoms": (
        "{d}有哪些常见症状？",
        "{who}疑似患有{d}，通常会有什么表现？",
        "家人可能得了{d}，平时要留意哪些症状？",
        "出现哪些症状时应想到{d}？",
    ),
    "causes": ("{d}是怎么引起的？", "请简单介绍一下{d}。", "{who}刚被诊断为{d}，想了解病因，该如何解释？"),
    "tests": (
        "确诊{d}需要做哪些检查？",
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
    "symptoms": ("{d}的常见症状有{S}。", "{d}多表现为{S}。"),
    "causes": ("{reason}",),
    "tests": ("确诊{d}通常需要{t}。", "{d}常用的检查有{t}。"),
    "medications": ("{d}的常用药物有{m}。", "治疗{d}常用{m}。"),
    "diagnosis": ("根据这些症状，首先考虑{d}。{then}", "这些表现符合{d}。{then}"),
}
THEN_ZH = "建议做{t}。"

NEEDS = {"symptoms": "symptoms", "causes": "reason", "tests": "tests", "medications": "medications"}
FEWEST_SYMPTOMS = 2  # one symptom alone points to nothing
MOST = {"s": 4, "S": 8, "t": 4, "m": 5}  # how much of a list is said
SENTENCES = 3
_FEMALE = re.compile(
    r"\bfemale|\bperiods\b|ovar|endometri|vagin|pregnan|menstru|menopaus|uter[iou]|cervi(?:x|cal (?:canc|dys))|vulv|eclamp"
    r"|卵巢|子宫|阴道|妊娠|月经|宫颈|绝经|外阴|产后|痛经|白带"
)
_MALE = re.compile(r"\bmale\b|prostat|testic|erectile|epididym|penis|scrot|前列腺|睾丸|附睾|阴茎|勃起")
# A name that is also a person's keeps its capital in a sentence.
_PROPER = re.compile(
    r"^(?:\w+['’]s|Lyme|Graves|Hashimoto|Cushing|Addison|Meniere|Ménière|Raynaud|Turner|Down|Kawasaki|Lassa|Ebola|Zika|"
    r"German|Legionnaires|Tourette|Guillain|Marfan|Hodgkin|Paget|Behcet|Sjogren|Sjögren|Wilson|Barrett|Chagas|Asperger|Klinefelter|Tinel|Phalen|Epstein|Doppler|Holter|Coombs|Pap)\b"
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])")


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
    return [_pair(condition, kind, form, rng) for kind, form in wanted[:count]]


def _pair(condition: Condition, kind: str, form: str, rng: random.Random) -> Pair:
    words = _words(condition, rng)
    words["then"] = (THEN_ZH if condition.chinese else THEN).format(t=words["t"]) if words["t"] else ""
    answer = rng.choice((ANSWERS_ZH if condition.chinese else ANSWERS)[kind])
    return Pair(
        kind=kind,
        question=_begun(form.format_map(words)),
        answer=_begun(answer.format_map(words)),
        medications=tuple(condition.medications[: MOST["m"]]) if kind == "medications" else (),
    )


def _words(condition: Condition, rng: random.Random) -> dict[str, str]:
    """Return what the slots of the forms stand for."""
    chinese = condition.chinese
    drawn = rng.sample(list(condition.symptoms), min(len(condition.symptoms), rng.randint(3, MOST["s"])))
    said = {
        "s": drawn,
        "S": condition.symptoms[: MOST["S"]],
        "t": condition.tests[: MOST["t"]],
        "m": condition.medications[: MOST["m"]],
    }
    name = condition.name if chinese else spoken(condition.name)
    who = person(" ".join((name, *drawn, *said["S"])), rng, chinese=chinese)
    lists = {slot: listed(items, chinese=chinese) for slot, items in said.items()}
    return lists | {"d": name, "D": _begun(name), "who": who, "Who": _begun(who), "reason": _gist(condition.reason)}


def spoken(name: str) -> str:
    """Return a name as it stands inside an English sentence: `influenza`, but `Crohn's disease` and `HIV infection`."""
    if len(name) > 1 and name[1].islower() and not _PROPER.match(name):
        return name[0].lower() + name[1:]
    return name


def listed(items: Sequence[str], *, chinese: bool) -> str:
    """Write a list as a part of a sentence: `fever, chills and cough`."""
    if chinese:
        return "、".join(items)
    *before, last = [spoken(item) for item in items] or [""]
    return f"{', '.join(before)} and {last}" if before else last


def sex(text: str) -> Literal["woman", "man", ""]:
    """Return whose complaint a text describes where only one sex can have it."""
    lowered = text.casefold()
    return "woman" if _FEMALE.search(lowered) else "man" if _MALE.search(lowered) else ""


def person(complaint: str, rng: random.Random, *, chinese: bool) -> str:
    """Invent a patient of an age, and of a sex that fits the complaint."""
    fitting = sex(complaint) or rng.choice(("woman", "man"))
    age = rng.randrange(20, 80)
    return f"一名{age}岁{'女性' if fitting == 'woman' else '男性'}" if chinese else f"a {age}-year-old {fitting}"


def _gist(reason: str) -> str:
    """Return the first sentences of a longer text."""
    sentences = [part.strip() for part in _SENTENCE.split(reason) if part.strip()][:SENTENCES]
    return ("" if any(char in reason for char in "。！？") else " ").join(sentences)


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]
