"""Small facts about writing that several parts share: Chinese or not, capitals, and what a refusal looks like."""

from __future__ import annotations

import re

HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
"""A Chinese character."""
_LATIN = re.compile(r"[A-Za-z]{2,}")
_REFUSAL = re.compile(
    r"\W*(?:i['’]?m (?:very |really )?sorry|i am (?:very |really )?sorry|sorry,|(?:unfortunately, )?i can(?:no|['’])t|"
    r"i am unable|"
    r"i['’]m unable|i (?:do not|don['’]t) (?:feel comfortable|know)|i (?:will not|won['’]t)\b"
    r"|as an? (?:ai|large language)\b|"
    r"抱歉|很抱歉|对不起|很遗憾|我无法|我不能|我不知道|作为(?:一个|一名)?(?:ai|人工智能))",
    re.IGNORECASE,
)


def chinese(text: str) -> bool:
    """Return whether most of a text is Chinese: it has more Chinese characters than words in Latin letters."""
    return len(HAN.findall(text)) > len(_LATIN.findall(text))


def begun(text: str) -> str:
    """Return a text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def declines(reply: str | None) -> bool:
    """Return whether a model's reply is empty or begins by refusing: "I'm sorry, I cannot help with that."."""
    return reply is None or not reply.strip() or bool(_REFUSAL.match(reply))
