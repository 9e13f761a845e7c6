"""Answers that need no language model: what a tuned model must beat before its score means anything.

On radiology impressions one constant sentence reaches ROUGE-1 0.475 and the nearest neighbour 0.558 (Indiana reports of
MEDIQA 2021), so a score without its floors says little.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

from domaintune.contracts import Example
from domaintune.evaluation.grading import Predict

CANDIDATES = 20
"""How many of the commonest training answers may become the constant one."""
_CJK = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_TOKENS = rf"[{_CJK}]|[^\W{_CJK}]+"
"""Words and numbers of any length; Chinese and Japanese, which write no spaces, by character."""


def core_floors(train: Sequence[Example]) -> dict[str, Predict]:
    """Return the floors that fit every domain: `constant` and `nearest`; none without training examples."""
    return {"constant": constant(train), "nearest": nearest(train)} if train else {}


def constant(train: Sequence[Example]) -> Predict:
    """Always give one training answer: of the commonest, the one that has most words in common with all of them.

    The very commonest can be an oddly worded sentence that beats another by one row, and would be too easy to beat.
    """
    answers = [example.reference for example in train]
    words = [Counter(normalise(answer).split()) for answer in answers]
    answer = max(common(answers, CANDIDATES), key=lambda text: _overlap(Counter(normalise(text).split()), words))
    return lambda _: answer


def _overlap(said: Counter[str], references: Sequence[Counter[str]]) -> float:
    """Return the sum of the word F1 of one answer against each reference."""
    return sum(2 * (said & other).total() / max(1, said.total() + other.total()) for other in references)


def nearest(train: Sequence[Example]) -> Predict:
    """Answer with the completion of the training question nearest in TF-IDF cosine; the first one where several are."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415  (slow to import, wanted once)

    vectorizer = TfidfVectorizer(token_pattern=_TOKENS)
    try:
        known = vectorizer.fit_transform(example.question for example in train)  # [train, vocabulary], rows of length 1
    except ValueError:  # not one word in all questions: every question is equally near
        return lambda _: train[0].reference

    @cache  # several evaluators may ask the same question
    def answer(question: str) -> str:
        near = (known @ vectorizer.transform([question]).T).toarray().ravel()
        return train[int(near.round(12).argmax())].reference

    return lambda example: answer(example.question)


def predict_all(predict: Predict, items: Sequence[Example]) -> list[str]:
    """Return a floor's answers; it is shown the questions without their references."""
    return [predict(dataclasses.replace(example, completion=())) for example in items]


def normalise(text: str) -> str:
    """Return the text without upper case, runs of white space and closing full stops."""
    return " ".join(text.casefold().split()).rstrip(" .")


def commonest(texts: Iterable[str]) -> str:
    """Return the commonest text after normalisation, in its commonest spelling; ties go to the first by alphabet."""
    return common(texts, 1)[0]


def common(texts: Iterable[str], count: int) -> list[str]:
    """Return the commonest texts, commonest first, each in its commonest spelling."""
    spellings = Counter(texts)
    counts: Counter[str] = Counter()
    best: dict[str, str] = {}
    for text in sorted(spellings, key=lambda text: (-spellings[text], text)):
        counts[normalise(text)] += spellings[text]
        best.setdefault(normalise(text), text)
    return [best[text] for text in sorted(counts, key=lambda text: (-counts[text], text))[:count]]
