"""Why an evolved task, or the answer to it, is worth nothing: the rules of WizardLM that need no model.

Each rule looks at texts alone, so that it can be read, tested and repeated. What the parent says already is nobody's
fault: a task about apologies may go on speaking of them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple
from unicodedata import category

from domaintune.data.text import same_text, shingles, words
from domaintune.synthesis.recipe import Operator, Recipe
from domaintune.synthesis.task import Task

SHORT = 80
"""An apology has fewer words than this; longer replies say something besides."""
NEW_WORDS = 5
"""A near copy lacks so many words that its parent has not: ten words more in a long task are a step, not a copy."""
RUN = 8
"""So many words in a row of the frame are copied from there."""
_STOP = (
    "a about after again all also am an and any are as at be been before being both but by can could did do does doing "
    "each for from had has have having he her here him his how i if in into is it its just may me might more most must "
    "my of off on once only or other our out over own please same shall she should so some such than that the their "
    "them then there these they this those through to too under until up upon us very was we were what when where which "
    "while who whom whose why will with would you your"
)
STOP_WORDS = frozenset(_STOP.split())
"""Words that say nothing by themselves; yes, no and not are answers."""
THINKING, THOUGHT = "<think>", "</think>"
"""Between these a model talks to itself; where its prompt opens the first, only the second stands in its reply."""
_HELPING = (
    "(?:help|assist|comply|fulfil|fulfill|answer|provide|create|generate|write|rewrite|complete|produce|offer|perform|"
    "respond|process|engage|support|do (?:this|that|so))"
)
_MACHINE = "(?=\\s*(?:[,.;:]|$|i\\b|language|model|assistant|system|program|chat|trained|developed|created))"
APOLOGY = re.compile(
    r"\bsorry\b|\bi apologi[sz]e\b|\bmy apologies\b"
    rf"|\bas an? (?:ai|artificial intelligence|(?:large )?language model)\b{_MACHINE}"
    rf"|\b(?:cannot|can not|can['’]t|(?:unable|not able) to|won['’]t|will not) {_HELPING}\b"
    r"|\bi (?:must|have to) (?:decline|refuse)\b"
    r"|抱歉|对不起|很遗憾|我(?:无法|不能)(?:帮|提供|回答|完成|满足|协助|生成)"
    r"|作为(?:一个|一名|一种)?(?:ai|人工智能|(?:大型)?语言模型)",
    re.IGNORECASE,
)
"""What a refusal says. "I cannot sleep" is somebody's question, so refusing takes a verb of helping."""
_FENCED = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_CHOICE = re.compile(r"\W*[A-Z]\W*")


class Fault(NamedTuple):
    """Why something is eliminated: the reason that is counted, and what shows it."""

    reason: str
    detail: str = ""


def fault_of_reply(reply: str | None, asked: str) -> Fault | None:
    """Return what is wrong with a reply to a text, whatever was asked for: nothing there, or an apology."""
    if reply is None:
        return Fault("declined", "the teacher gave no answer")
    if is_empty(reply):
        return Fault("empty", shown(reply))
    if apologises(reply, asked):
        return Fault("apology", shown(reply))
    return None


def fault_of_task(task: Task, recipe: Recipe, operator: Operator, similarity: float) -> Fault | None:
    """Return what is wrong with an evolved task beside its parent, by the rules that cost no request."""
    parent = task.parent.text if task.parent else ""
    if leak := leaked(task.text, parent, recipe, operator):
        return Fault("leaked-frame", f"{leak!r} in: {shown(task.text)}")
    if copies(task.text, parent, similarity):
        return Fault("copy-of-parent", shown(task.text))
    if not gains(task.text, parent):
        return Fault("no-information-gain", f"no word that its parent lacks: {shown(task.text)}")
    return None


def is_empty(text: str) -> bool:
    """Return whether a text holds punctuation and stop words only; a letter alone (A, B) is an answer to a choice."""
    if not any(char.isalnum() for char in text):
        return not any(char > "\x7f" and category(char) == "Sm" for char in text)  # ∞ says something
    return not _CHOICE.fullmatch(text) and all(word in STOP_WORDS for word in words(text))


def apologises(reply: str, asked: str) -> bool:
    """Return whether a short reply apologises or refuses, outside of blocks of code and other than what was asked does."""
    prose = _FENCED.sub(" ", reply)
    said = {match[0].casefold() for match in APOLOGY.finditer(prose)}
    if not said or len(words(reply)) >= SHORT:
        return False
    return any(phrase not in asked.casefold() for phrase in said)


def copies(text: str, parent: str, similarity: float) -> bool:
    """Return whether a text says its parent again: in the same words, or nearly, with only a few words that are new."""
    if same_text(text) == same_text(parent):
        return True
    one, other = shingles(text), shingles(parent)
    if len(one & other) < similarity * len(one | other):
        return False
    return len(set(words(text)) - set(words(parent))) < NEW_WORDS


def gains(text: str, parent: str) -> bool:
    """Return whether a text has a word that its parent lacks, apart from stop words."""
    return not set(words(text)) <= set(words(parent)) | STOP_WORDS


def leaked(text: str, parent: str, recipe: Recipe, operator: Operator) -> str:
    """Return what a text has taken out of the frame and its parent has not: a phrase or a run of words; empty if none."""
    if found := phrase_of(recipe.leaks, text, parent):
        return found
    taken = _runs(text) & _frame_runs(recipe.around(operator), operator.method)
    return min(taken - _runs(parent), default="") if taken else ""


def phrase_of(leaks: tuple[str, ...], text: str, before: str) -> str:
    """Return the first of some phrases, as whole words, that a text says and another does not; empty if none."""
    pattern, plain = _pattern(leaks), _plain(before)
    found = pattern.finditer(_plain(text)) if pattern else ()
    return next((match[0] for match in found if match[0] not in plain), "")


def spoken(reply: str) -> str:
    """Return what a reply says, without the thoughts in front and the space around; empty where it never ends thinking.

    Half a character, which no file can hold, becomes a question mark.
    """
    said = reply.rpartition(THOUGHT)[2].strip()
    return "" if said.startswith(THINKING) else said.encode("utf-8", "replace").decode("utf-8")


def shown(text: str) -> str:
    """Return the beginning of a text on one line, for the ledger."""
    line = " ".join(text.split())
    return line if len(line) <= SHORT else f"{line[: SHORT - 1]}…"


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _runs(text: str) -> frozenset[str]:
    found = words(text)
    return frozenset(" ".join(found[start : start + RUN]) for start in range(len(found) - RUN + 1))


@lru_cache(maxsize=64)
def _frame_runs(frame: str, method: str) -> frozenset[str]:
    parts = [part for part in re.split(r"\{(?:task|method)\}", frame) if part.strip()]
    return frozenset().union(*map(_runs, (*parts, method)))


@lru_cache(maxsize=64)
def _pattern(leaks: tuple[str, ...]) -> re.Pattern[str] | None:
    """Return what finds any of the phrases as whole words, in plain text; None where there are none."""
    found = [phrase for leak in leaks if (phrase := _plain(leak))]
    bounded = ((r"\b" if p[0].isalnum() else "") + re.escape(p) + (r"\b" if p[-1].isalnum() else "") for p in found)
    return re.compile("|".join(bounded)) if found else None
