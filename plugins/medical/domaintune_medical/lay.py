"""How patients say it: everyday phrases for symptoms, in English and Chinese.

    phrases("Shortness of breath")  ->  ("not getting enough air", "huffing and puffing on the stairs")

The table `lay_symptoms.csv` was written for this project. A row holds the names of one symptom and its phrases, each
divided by `|`; a phrase belongs to one row only, so that it means one thing.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from domaintune import words

TABLE = Path(__file__).parent / "lay_symptoms.csv"


def phrases(symptom: str) -> tuple[str, ...]:
    """Return what patients say for a symptom, whatever its case and punctuation; empty where the table has nothing."""
    return lexicon().get(plain(symptom), ())


@cache
def lexicon() -> Mapping[str, tuple[str, ...]]:
    """Return the phrases by plain symptom name; names of one symptom share theirs."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = [(row["symptoms"].split("|"), tuple(row["phrases"].split("|"))) for row in csv.DictReader(file)]
    return {plain(name): said for names, said in rows for name in names}


def plain(name: str) -> str:
    """Return what two spellings of a name share: its words in lower case, without punctuation."""
    return " ".join(words(name)) or name.strip().casefold()
