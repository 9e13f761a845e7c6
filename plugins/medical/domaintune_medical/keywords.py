"""The keywords of a question: its own content words, or what a teacher's reply lists."""

from __future__ import annotations

import re
from collections.abc import Iterable

from domaintune import clean_text
from domaintune_medical.script import HAN, declines

LONGEST = 60
"""Characters of a keyword; what is longer is a sentence."""
_WORDS = (
    "a about after again all also am an and any are as at be because been before being both but by can cannot "
    "cause causes condition could day days diagnosis did disease do doctor does doing don dr drug drugs during "
    "each else ever every explain feel feeling few for from get getting give go got had happen happening has have "
    "having he hello help her here hers hi him his how i if ill in into is it its just keep keeps kind know last "
    "like ll long lot lots man many may me mean means medication medications medicine medicines might mine month "
    "months more most much must my myself name need no nor not now of off old on once only or other our out over "
    "own patient please possible problem problems really recommend recommended s same seem seems seen she should "
    "since so some something sometimes sort still such suffer suffering suggest symptom symptoms t take taking "
    "tell test tests than thank thanks that the their them then there these they thing things think this those "
    "though through till to today together too treat treated treatment under until up us very want was way we "
    "week weeks well were what when where whether which while who whom why will with without woman wonder would "
    "wrong year years yes yesterday yet you your yours"
)
_STOP = frozenset(_WORDS.split())
_STOP_ZH = re.compile(
    "可能是什么|是什么|怎么办|怎么回事|什么|哪些|哪种|请问|医生|您好|你好|我|你|您|他|她|的|了|和|与|及|或|还|也|有|是|在|吗|呢|啊|"
    "最近|几天|一直|总是|感到|感觉|觉得|出现|应该|需要|可能|疾病|症状|得了|会|患者|如何|为何|怎么|多少|以及|并且|而且|这|那|就|都|很"
)
_WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")
# "Keywords:", "**Keywords:**", "Here are the key terms for this question:"
_LABEL = re.compile(r"^[^:：,，\n]{0,60}?(?:key\s?words?|terms?|关键词|关键字)[^:：,，\n]{0,30}[:：]\**", re.IGNORECASE)
_BETWEEN = re.compile(
    r"[,;，；、\n\r|/]+|\s(?:and|or)\s|(?<=[\u4e00-\u9fff])[和与或](?=[\u4e00-\u9fff])", re.IGNORECASE
)
_AROUND = " \t.。:：\"'`*“”‘’()[]（）"
_BULLET = re.compile(r"^\s*(?:[-*•·]\s*|\(?\d{1,3}[.)]\s+)")


def content_words(question: str, most: int) -> list[str]:
    """Return the runs of words of a question that say something, then the single words of longer runs; no stop words."""
    runs: list[list[str]] = [[]]
    previous = 0
    text = clean_text(question).casefold()
    for match in _WORD.finditer(text):
        if text[previous : match.start()].strip():  # a sign stands between
            runs.append([])
        previous = match.end()
        word = match[0].replace("’", "'").removesuffix("'s")
        if HAN.search(word):
            runs += [[part] for part in _STOP_ZH.split(word) if part] + [[]]
        elif word.split("'")[0] in _STOP or word.isdecimal() or len(word) < 2:
            runs.append([])
        else:
            runs[-1].append(word)
    phrases = [" ".join(run) for run in runs if run]
    return _once([*phrases, *(word for run in runs if len(run) > 1 for word in run)], most)


def listed(reply: str, most: int) -> list[str]:
    """Return the keywords of a reply, however it sets them apart: commas, lines, bullets, numbers or "and".

    A reply that refuses has none.
    """
    if declines(reply):
        return []
    found = []
    for line in reply[:20_000].splitlines():
        rest = _BULLET.sub("", _LABEL.sub("", line))
        found += [_BULLET.sub("", part).strip(_AROUND).casefold() for part in _BETWEEN.split(rest)]
    return _once(found, most)


def _once(keywords: Iterable[str], most: int) -> list[str]:
    """Return the first of them, each once; an empty one would be found everywhere."""
    good = (keyword for keyword in keywords if any(map(str.isalnum, keyword)) and len(keyword) <= LONGEST)
    return list(dict.fromkeys(good))[:most]
