"""Whom `auto` asks: held-out prompts of three domains' own samples and forty general questions, at several thresholds.

Each domain's examples are its training prompts, embedded and stored as a build does. A prompt counts as right where the
domain it was written for is chosen, a general question where none is. Half of them choose the threshold, together with a
few prompts in other words than the samples'; the other half is what is reported. `best` is the number of nearest
examples that count.

Run: python benchmarks/bench_routing.py (fetches minilm the first time)
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from domaintune.composition import routing
from domaintune.data import stage
from domaintune.embedding.local import Embedder
from domaintune.plan import make_plan
from domaintune.plugins import Catalog, catalog, offers
from domaintune.settings import ServeSettings

ROOT = Path(__file__).parents[1]
DOMAINS = ("medical", "arithmetic", "chess")
EXAMPLES = 2000
"""Of each side, where a builder makes its own."""
MOST = 200
"""Held-out prompts of a domain."""
THRESHOLDS = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6)
BESTS = (1, 3, 5, 10)
BASE = "base"
GENERAL = (
    "What is the capital of France?", "Write a short poem about autumn.", "How do I bake sourdough bread?",
    "Explain how rainbows form.", "Who wrote Pride and Prejudice?", "Suggest a name for a bakery.",
    "Translate 'good morning' into Spanish.", "What are the planets of the solar system?",
    "Give me tips for a job interview.", "How does a refrigerator work?", "Summarise the plot of Hamlet.",
    "What is the difference between a virus and a bacterium?", "Write a Python function that reverses a string.",
    "Plan a weekend trip to Rome.", "How can I sleep better?", "What is photosynthesis?",
    "Tell me a joke about cats.", "How do I change a bicycle tyre?", "What causes inflation?",
    "List five healthy breakfast ideas.", "Explain the rules of football.", "Who was Marie Curie?",
    "What is machine learning?", "Draft an email to decline a meeting.", "How tall is Mount Everest?",
    "Which languages are spoken in Switzerland?", "How do I grow tomatoes on a balcony?",
    "What is the meaning of the word 'serendipity'?", "Compare trains and planes for travel in Europe.",
    "How do vaccines work?", "Write a limerick about the sea.", "What should I pack for a hike in the rain?",
    "Why is the sky blue?", "Describe the French Revolution in three sentences.", "How do I learn the guitar?",
    "What is a good gift for a ten-year-old?", "How many days are there in a leap year?",
    "What does a project manager do?", "Recommend a board game for four players.", "How is cheese made?",
)  # fmt: skip

Vectors = NDArray[np.float32]

OTHERWISE = {
    "medical": (
        "Summarise this chest x-ray report: no focal consolidation, heart not enlarged.",
        "What would a radiologist conclude from a small left-sided effusion?",
        "The film shows hyperinflated lungs and flat diaphragms. Impression?",
        "Write the impression for a normal chest radiograph.",
        "There is a calcified granuloma in the right upper lobe, otherwise clear. Conclude.",
        "Cardiomegaly with mild vascular congestion - what is the short conclusion?",
        "pls summarize: stable post-surgical changes, no pneumothorax",
        "Is a 4 mm nodule in the lung worth mentioning in the impression?",
    ),
    "arithmetic": (
        "what's 17 plus 25", "Please add 3841 and 9927.", "How much is 12 times 12?", "48 / 6 = ?",
        "I have 350 apples and give away 127. How many are left?", "Compute the product of 31 and 17",
        "99 minus 45", "What do I get when I divide 1000 by 8?",
    ),
    "chess": (
        "Which opening starts with e4 e5 Nf3 Nc6 Bb5?", "My opponent answered e4 with c5, what is this called?",
        "Name of the opening after d4 Nf6 c4 g6", "1. d4 d5 2. c4", "What is the Caro-Kann?",
        "e4 e6 is which defence?", "Tell me what the line f4 is known as.", "Which opening is b3?",
    ),
}  # fmt: skip
"""Prompts of each domain as its sample does not put them."""


def main() -> int:
    embedder = Embedder.open("minilm")
    train, test = {}, {}
    with tempfile.TemporaryDirectory() as work:
        for name in DOMAINS:
            train[name], test[name] = sides(embedder, name, Path(work) / name)
    test[BASE] = embedder.vectors(GENERAL)
    strange = {name: embedder.vectors(texts) for name, texts in OTHERWISE.items()}
    counts = ", ".join(f"{name} {len(rows)}" for name, rows in test.items())
    print(f"embedder {embedder.name} {embedder.fingerprint}; prompts: {counts}; every second one is reported\n")
    tuned = {best: {t: balanced(near(train, halves(test, 0), best), t) for t in THRESHOLDS} for best in BESTS}
    for best, row in tuned.items():
        print(f"best {best:<3}" + "  ".join(f"{t:.2f}: {share:.3f}" for t, share in row.items()))
    best, threshold = max(((b, t) for b in BESTS for t in THRESHOLDS), key=lambda pair: tuned[pair[0]][pair[1]])
    print("\nprompts in other words than the samples', all of them:")
    worded = {best: {t: by_domain(near(train, strange, best), t) for t in THRESHOLDS} for best in BESTS}
    for t, shares in worded[routing.BEST].items():
        print(f"  {t:.2f}: {', '.join(f'{name} {share:.2f}' for name, share in shares.items())}")
    pairs = [(b, t) for b in BESTS for t in THRESHOLDS]
    best, threshold = max(pairs, key=lambda pair: worth(tuned[pair[0]][pair[1]], worded[pair[0]][pair[1]]))
    print(f"\nbest on the first half and in other words: best {best}, threshold {threshold}")
    for b, t in dict.fromkeys([(routing.BEST, ServeSettings().threshold), (best, threshold)]):
        print(f"\nsecond half, best {b}, threshold {t}")
        table(near(train, halves(test, 1), b), t)
    return 0


def sides(embedder: Embedder, name: str, folder: Path) -> tuple[Vectors, Vectors]:
    """Return the stored examples of a domain and the vectors of its held-out prompts."""
    divided = [] if name == "arithmetic" else ["data.test_fraction=0.3"]  # which says itself what is for testing
    made = stage.preview(make_plan(known(), name, preset="quick", overrides=divided), EXAMPLES, None)
    prompts = routing.prompts_of(made.train, len(made.train))
    folder.mkdir()
    routing.write(folder, routing.Routing(embedder.name, embedder.fingerprint, embedder.vectors(prompts)))
    stored = routing.read(folder)
    assert stored is not None
    held_out = [example.question for example in made.test]
    return stored.vectors, embedder.vectors(held_out[:: max(1, len(held_out) // MOST)][:MOST])


def known() -> Catalog:
    """Return what is installed, and the example plugin of this repository."""
    found = catalog()
    if "chess" not in found.names("domain"):
        sys.path.insert(0, str(ROOT / "examples" / "domaintune-chess"))
        found.add(offers(EntryPoint("chess", "domaintune_chess.plugin", "domaintune")))
    return found


def halves(test: dict[str, Vectors], which: int) -> dict[str, Vectors]:
    return {name: rows[which::2] for name, rows in test.items()}


def near(train: dict[str, Vectors], test: dict[str, Vectors], best: int) -> dict[str, list[dict[str, float]]]:
    """Return how near each prompt is to each domain."""
    return {
        name: [{other: routing.similarity(row, rows, best) for other, rows in train.items()} for row in prompts]
        for name, prompts in test.items()
    }


def chosen(found: Sequence[dict[str, float]], threshold: float) -> list[str]:
    return [routing.choose(row, threshold) or BASE for row in found]


def balanced(found: dict[str, list[dict[str, float]]], threshold: float) -> float:
    """Return the mean over the domains and the general questions of the share that went right."""
    return float(np.mean(list(by_domain(found, threshold).values())))


def by_domain(found: dict[str, list[dict[str, float]]], threshold: float) -> dict[str, float]:
    """Return the share that went right, of each domain's prompts and of the general questions."""
    return {name: float(np.mean([c == name for c in chosen(rows, threshold)])) for name, rows in found.items()}


def worth(held_out: float, worded: dict[str, float]) -> float:
    return held_out + float(np.mean(list(worded.values())))


def table(found: dict[str, list[dict[str, float]]], threshold: float) -> None:
    systems = (*DOMAINS, BASE)
    print("| prompts of | n | " + " | ".join(f"to {name}" for name in systems) + " |")
    print("| --- | --- |" + " --- |" * len(systems))
    for name, rows in found.items():
        went = chosen(rows, threshold)
        print(f"| {name} | {len(rows)} | " + " | ".join(str(went.count(system)) for system in systems) + " |")
    right = sum(chosen(rows, threshold).count(name) for name, rows in found.items())
    print(f"right: {right} of {sum(map(len, found.values()))}; mean of the rows {balanced(found, threshold):.3f}")


if __name__ == "__main__":
    sys.exit(main())
