"""Asking a teacher for one question and its answer about an entry, and reading what it replies (Med-ChatGLM's way).

The construction of Med-ChatGLM's data was never published beyond its idea: give an entry of a knowledge graph to a strong
model, with several forms of prompt, and ask for question and answer. The forms here are this project's own.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from typing import Any

from domaintune import Message
from domaintune_medical.grounded import Lexicon
from domaintune_medical.knowledge import Condition
from domaintune_medical.script import declines

VOICES: tuple[str, ...] = (
    "The question is asked by a patient in everyday words.",
    "The question describes a case: give the person an age, a sex and a short history.",
    "The question is short and general, as a student would ask it.",
    "The question is asked by a relative who is worried about somebody.",
    "The question is asked by a family doctor who wants a colleague's view.",
)
VOICES_ZH: tuple[str, ...] = (
    "问题由患者用日常口语提出。",
    "问题描述一个病例：给出患者的年龄、性别和简短病史。",
    "问题简短概括，像医学生的提问。",
    "问题由担心患者的家属提出。",
    "问题由基层医生向同行请教时提出。",
)
SUBJECTS = {
    "symptoms": "how the condition shows itself",
    "causes": "what lies behind the condition",
    "tests": "which tests are used when the condition is suspected",
    "medications": "which medicines are used",
    "diagnosis": "which condition it is: name symptoms in the question, and the condition only in the answer",
}
SUBJECTS_ZH = {
    "symptoms": "该病的临床表现",
    "causes": "该病的病因",
    "tests": "怀疑该病时做哪些检查",
    "medications": "该病的常用药物",
    "diagnosis": "可能是什么病：问题中只写症状，回答中才写出病名",
}
FORMATS = (
    'Reply with one JSON object and nothing else: {"question": "...", "answer": "..."}',
    "Reply with two lines and nothing else, the first beginning with Question: and the second with Answer:",
)
FORMATS_ZH = (
    '只回复一个JSON对象，不要其他内容：{"question": "……", "answer": "……"}',
    "只回复两行，第一行以“问题：”开头，第二行以“回答：”开头。",
)
TASK = (
    "Below is an entry of a medical knowledge table. Write one question and its answer, in English, about {subject}. "
    "{voice} Use only what the entry says; the answer has one to three sentences.\n\n{entry}\n\n{format}"
)
TASK_ZH = (
    "下面是医学知识库中的一个条目。请据此用中文写出一个问题和对应的回答，内容是{subject}。{voice}"
    "只使用条目中的信息，回答为一到三句话。\n\n{entry}\n\n{format}"
)
LABELS = {
    "name": "Condition",
    "symptoms": "Symptoms",
    "reason": "About",
    "tests": "Tests",
    "medications": "Medications",
}
LABELS_ZH = {"name": "疾病", "symptoms": "症状", "reason": "病因", "tests": "检查", "medications": "药物"}
LONGEST_ENTRY = 4000
LONGEST_REPLY = 20_000

_QUESTION = r"(?:question|q|问题|问)"
_ANSWER = r"(?:answer|a|回答|答案|答)"
_BARE = r"[ \t]*(?:[#>*-]+[ \t]*|\d{1,2}[.)][ \t]*)?[*_\"“]{0,3}"
_COLON = r"[ \t]?\d{0,2}[*_\"”]{0,3}\s?[:：][*_]{0,3}"
# Labels begin a line; that of an answer may also follow the question on its line.
_LABEL = re.compile(
    rf"^{_BARE}(?:(?P<question>{_QUESTION})|(?P<answer>{_ANSWER})|note|注意?){_COLON}"
    rf"|(?<=[?？.。!！\"”*])[ \t]*[*_]{{0,3}}(?P<inline>{_ANSWER}){_COLON}",
    re.IGNORECASE | re.MULTILINE,
)
# Read only where nothing is labelled as a question or an answer: a patient may also speak within a question.
_SPEAKER = re.compile(
    rf"^{_BARE}(?:(?P<question>patient|患者)|(?P<answer>doctor|医生)|note|注意?){_COLON}", re.IGNORECASE | re.MULTILINE
)
_KEYS = {"question": ("question", "问题", "q", "问"), "answer": ("answer", "回答", "答案", "a", "答", "response")}


class Unreadable(ValueError):  # noqa: N818  (why a reply gives no pair, as a ledger reason)
    """A reply without a usable pair: `declined`, `unreadable`, `off-topic` or `names-the-answer`."""


def request(condition: Condition, kind: str, rng: random.Random) -> list[Message]:
    """Return what the teacher is asked: one of ten forms (five voices, two formats) in the entry's language."""
    chinese = condition.chinese
    voices, formats = (VOICES_ZH, FORMATS_ZH) if chinese else (VOICES, FORMATS)
    text = (TASK_ZH if chinese else TASK).format(
        subject=(SUBJECTS_ZH if chinese else SUBJECTS)[kind],
        voice=rng.choice(voices),
        entry=entry(condition),
        format=rng.choice(formats),
    )
    return [Message(role="user", content=text)]


def entry(condition: Condition) -> str:
    """Write an entry line by line, as the teacher sees it."""
    labels, colon, comma = (LABELS_ZH, "：", "、") if condition.chinese else (LABELS, ": ", ", ")
    values = {name: getattr(condition, name) for name in labels}
    texts = {name: value if isinstance(value, str) else comma.join(value) for name, value in values.items()}
    return "\n".join(f"{labels[name]}{colon}{text}" for name, text in texts.items() if text)[:LONGEST_ENTRY]


def parse(reply: str | None, condition: Condition, kind: str) -> tuple[str, str]:
    """Return question and answer of a reply: JSON anywhere in it, or labelled lines; raises Unreadable.

    A pair that names neither the condition nor any of its symptoms, tests or medications is off the topic, and a question
    for the diagnosis that names it already asks nothing.
    """
    if reply is None or declines(reply):
        raise Unreadable("declined")
    reply = reply[:LONGEST_REPLY]
    question, answer = _from_json(reply) or _from_lines(reply) or ("", "")
    if not question or not answer or question.casefold() == answer.casefold():
        raise Unreadable("unreadable")
    if declines(answer):
        raise Unreadable("declined")
    said = f"{question}\n{answer}".casefold()
    known = (condition.name, *condition.symptoms, *condition.tests, *condition.medications)
    if not any(_stem(name) in said for name in known if name):
        raise Unreadable("off-topic")
    if kind == "diagnosis" and Lexicon([_bare(condition.name)]).mentions(_bare(question)):
        raise Unreadable("names-the-answer")
    return question, answer


def _bare(text: str) -> str:
    """Return a text without the s of owners: Crohn's disease is Crohn disease."""
    return re.sub(r"(?<=\w)['’]s\b", "", text)


def _stem(name: str) -> str:
    """Return a name without what stands in brackets after it: a teacher drops brand names."""
    return re.sub(r"\s*[(（].*", "", name).casefold() or name.casefold()


def _from_json(reply: str) -> tuple[str, str] | None:
    decoder = json.JSONDecoder(strict=False)  # with line breaks inside of texts
    for start in [match.start() for match in re.finditer(r"\{", reply)][:20]:
        try:
            value, _ = decoder.raw_decode(reply, start)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict) and (found := _of_keys(value)):
            return found
    return None


def _of_keys(value: Mapping[Any, Any]) -> tuple[str, str] | None:
    plain = {str(key).strip().casefold(): text for key, text in value.items() if isinstance(text, str)}
    found = [next((plain[key].strip() for key in keys if key in plain), "") for keys in _KEYS.values()]
    return (found[0], found[1]) if all(found) else None


def _from_lines(reply: str) -> tuple[str, str] | None:
    """Take the question that comes first and the answer that follows it; a second pair or a note ends the answer.

    A reply whose first label is an answer's, or whose first question has none, gives nothing: what is labelled later
    belongs to something else.
    """
    for pattern in (_LABEL, _SPEAKER):
        labels = list(pattern.finditer(reply))
        kinds = ["question" if m["question"] else "answer" if _answers(m) else "note" for m in labels]
        while kinds and kinds[0] == "note":
            del kinds[0], labels[0]
        if kinds[:2] == ["question", "answer"]:
            first, second, *rest = labels
            end = rest[0].start() if rest else len(reply)
            return _plain(reply[first.end() : second.start()]), _plain(reply[second.end() : end])
        if kinds:
            return None
    return None


def _answers(label: re.Match[str]) -> bool:
    return bool(label["answer"] or label.groupdict().get("inline"))


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip(' \t\n"“”*_`')
