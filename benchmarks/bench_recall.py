"""Finding the disease behind three symptoms: `hybrid` beside `dense` and `bm25`, in a database's words and in a patient's.

The database is ChatDoctor's (796 diseases; columns disease, Symptom, reason, TestsAndProcedures, commonMedications), which
is not part of this repository. A disease gives three passages, with its symptoms as keys of the first. A question names
three of its symptoms that at most five diseases share, so that recall@5 can reach 1; in the second half of the questions
those symptoms that have everyday words below are said with these. An answer is right where the disease is among the first
five titles. The weights of `hybrid` were chosen with these questions.

Run: python benchmarks/bench_recall.py format_dataset.csv [--seed N]
"""

from __future__ import annotations

import argparse
import ast
import csv
import random
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from domaintune.contracts import Origin, Passage, Retriever
from domaintune.retrieval.dense import Dense
from domaintune.retrieval.hybrid import Hybrid
from domaintune.retrieval.lexical import Bm25
from domaintune.retrieval.options import Bm25Options, DenseOptions, HybridOptions

LEAST, DEPTH = 0.90, 50
LAY = {
    "abdominal distention": "a swollen belly",
    "abnormal appearing skin": "my skin looks strange",
    "anxiety and nervousness": "feeling on edge",
    "arm pain": "my arm hurts",
    "back pain": "my back hurts",
    "blood in stool": "blood when I go to the toilet",
    "chills": "shivering",
    "constipation": "I can't poop",
    "cough": "coughing a lot",
    "depression": "feeling down",
    "diarrhea": "loose stools",
    "difficulty breathing": "hard to breathe",
    "diminished vision": "I see worse than before",
    "dizziness": "feeling lightheaded",
    "ear pain": "my ear aches",
    "eye redness": "red eyes",
    "fatigue": "feeling tired all the time",
    "fever": "a high temperature",
    "fluid retention": "holding water",
    "frequent urination": "I have to pee all the time",
    "headache": "my head hurts",
    "hip pain": "my hip hurts",
    "insomnia": "I can't sleep",
    "itching of skin": "itchy skin",
    "joint pain": "aching joints",
    "knee pain": "my knee hurts",
    "leg pain": "my legs hurt",
    "loss of sensation": "numbness",
    "lower abdominal pain": "pain low in my belly",
    "nasal congestion": "a stuffy nose",
    "nausea": "feeling sick to my stomach",
    "neck pain": "a stiff, aching neck",
    "pain in eye": "my eye hurts",
    "painful urination": "it burns when I pee",
    "palpitations": "my heart is racing",
    "paresthesia": "pins and needles",
    "peripheral edema": "swollen ankles",
    "seizures": "fits",
    "sharp abdominal pain": "stabbing tummy pain",
    "sharp chest pain": "stabbing pain in my chest",
    "shortness of breath": "trouble catching my breath",
    "skin lesion": "a sore on my skin",
    "skin rash": "red spots on my skin",
    "skin swelling": "swollen skin",
    "sore throat": "my throat hurts",
    "vomiting": "throwing up",
    "weakness": "feeling weak",
    "weight gain": "putting on weight",
}
"""What patients say, by what the database says."""


class Question(NamedTuple):
    kind: str
    text: str
    disease: str


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with given.database.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    passages, asked = [one for row in rows for one in described(row)], questions(rows, given.seed)
    print(
        f"{len(rows)} diseases, {len(passages)} passages, {len(asked)} questions, seed {given.seed}; recall@1, @5, @10"
    )
    retrievers: dict[str, Retriever] = {
        "bm25": Bm25(Bm25Options()), "dense": Dense(DenseOptions()), "hybrid": Hybrid(HybridOptions()),
    }  # fmt: skip
    right = {name: shown(name, retriever, passages, asked) for name, retriever in retrievers.items()}
    kept = right["hybrid"] >= LEAST and right["hybrid"] > max(right["bm25"], right["dense"])
    print(f"bounds (hybrid at least {LEAST:g}, and above both): {'kept' if kept else 'not kept'}")
    return int(not kept)


def listed(cell: str) -> list[str]:
    return [str(one).strip() for one in ast.literal_eval(cell) if str(one).strip()]


def described(row: dict[str, str]) -> list[Passage]:
    name, symptoms = row["disease"], listed(row["Symptom"])
    tests, drugs = ", ".join(listed(row["TestsAndProcedures"])), ", ".join(listed(row["commonMedications"]))
    where = Origin(source="format_dataset.csv")
    return [
        Passage(title=name, text=f"{name}. Symptoms: {', '.join(symptoms)}.", keys=tuple(symptoms), origin=where),
        Passage(title=name, text=f"{name}. {row['reason']}", origin=where),
        Passage(title=name, text=f"{name}. Tests: {tests}. Medications: {drugs}.", origin=where),
    ]


def questions(rows: list[dict[str, str]], seed: int) -> list[Question]:
    chance, having, found = random.Random(seed), [set(listed(row["Symptom"])) for row in rows], []
    for row, own in zip(rows, having, strict=True):
        for _ in range(20 if len(own) >= 3 else 0):
            three = chance.sample(sorted(own), 3)
            if sum(set(three) <= other for other in having) <= 5:
                plain = [one.lower() for one in three]
                found.append(Question("verbatim", sentence(plain), row["disease"]))
                lay = sum(one in LAY for one in plain)
                if lay:
                    found.append(Question(f"{lay} lay", sentence([LAY.get(one, one) for one in plain]), row["disease"]))
                break
    return found


def sentence(three: list[str]) -> str:
    return f"I have {three[0]}, {three[1]} and {three[2]}. What could it be?"


def shown(name: str, retriever: Retriever, passages: list[Passage], asked: list[Question]) -> float:
    """Print the recall by kind of question; returns recall@5 over all."""
    places: dict[str, list[int]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        retriever.index(passages, Path(folder))
        finder = retriever.open(passages, Path(folder))
        for question in asked:
            titles = list(dict.fromkeys(hit.passage.title for hit in finder.search(question.text, DEPTH)))
            place = titles.index(question.disease) + 1 if question.disease in titles else sys.maxsize
            for kind in (question.kind, "all"):
                places[kind].append(place)
    for kind, found in sorted(places.items()):
        shares = [sum(place <= k for place in found) / len(found) for k in (1, 5, 10)]
        print(f"{name:<7} {kind:<9} {len(found):5}  " + "  ".join(f"{share:.3f}" for share in shares), flush=True)
    return sum(place <= 5 for place in places["all"]) / len(places["all"])


if __name__ == "__main__":
    sys.exit(main())
