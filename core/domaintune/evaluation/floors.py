"""Answers that need no language model: what a tuned model must beat before its score means anything.

On radiology impressions one constant sentence reaches ROUGE-1 0.475 and the nearest neighbour 0.558 (Indiana reports of
MEDIQA 2021), so a score without its floors says little.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterable, Sequence

from sklearn.feature_extraction.text import TfidfVectorizer

from domaintune.contracts import Example
from domaintune.evaluation.grading import Predict

_CJK = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_TOKENS = rf"[{_CJK}]|[^\W{_CJK}]+"
"""Words and numbers of any length; Chinese and Japanese, which write no spaces, by character."""


def core_floors(train: Sequence[Example]) -> dict[str, Predict]:
    """Return the floors that fit every domain: `constant` and `nearest`; none without training examples."""
    return {"constant": constant(train), "nearest": nearest(train)} if train else {}


def constant(train: Sequence[Example]) -> Predict:
    """Always answer the commonest training completion, in its commonest spelling."""
    answer = commonest(example.reference for example in train)
    return lambda _: answer


def nearest(train: Sequence[Example]) -> Predict:
    """Answer with the completion of the training question nearest in TF-IDF cosine; the first one where several are."""
    vectorizer = TfidfVectorizer(token_pattern=_TOKENS)
    try:
        known = vectorizer.fit_transform(example.question for example in train)  # [train, vocabulary], rows of length 1
    except ValueError:  # not one word in all questions: every question is equally near
        return lambda _: train[0].reference

    def predict(example: Example) -> str:
        near = (known @ vectorizer.transform([example.question]).T).toarray().ravel()
        return train[int(near.round(12).argmax())].reference

    return predict


def predict_all(predict: Predict, items: Sequence[Example]) -> list[str]:
    """Return a floor's answers; it is shown the questions without their references."""
    return [predict(dataclasses.replace(example, completion=())) for example in items]


def normalise(text: str) -> str:
    """Return the text without upper case, runs of white space and closing full stops."""
    return " ".join(text.casefold().split()).rstrip(" .")


def commonest(texts: Iterable[str]) -> str:
    """Return the commonest text after normalisation, in its commonest spelling; ties go to the first by alphabet."""
    spellings = Counter(texts)
    counts: Counter[str] = Counter()
    for text, count in spellings.items():
        counts[normalise(text)] += count
    best = min(counts, key=lambda text: (-counts[text], text))
    return min((text for text in spellings if normalise(text) == best), key=lambda text: (-spellings[text], text))
