"""Relatives stay on one side, the order of rows plays no part, and nothing of the test set is learned from."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from data_support import everything, jsonl, pairs, questions, run
from hypothesis import given, settings
from hypothesis import strategies as st

from domaintune.data import write
from domaintune.data.near import Kinship
from domaintune.data.parts import example_of
from domaintune.data.split import divide
from domaintune.data.text import clean_text, digest, same_text, shingles
from domaintune.errors import DataError

REPORT = (
    "The heart is normal in size. The mediastinum is unremarkable. The lungs are clear; there is no pleural effusion. "
    "No pneumothorax is seen on the left side. Mild degenerative changes of the thoracic spine are present."
)
SENTENCES = [
    "{} is {} in size", "There is {} {} effusion", "No {} is seen at the {} base", "The {} shows {} change since XXXX",
    "Compared with {} the {} line has moved", "A {} opacity projects over the {} lobe", "{} and {} are unremarkable",
]  # fmt: skip


def other_order(text: str) -> str:
    return " ".join(reversed([part.strip() + "." for part in text.rstrip(".").split(". ")]))


COPIES = {
    "exact": REPORT,
    "re-cased": REPORT.upper(),
    "re-punctuated": REPORT.replace(".", "").replace(";", ","),
    "re-spaced": REPORT.replace(" ", "  \t"),
    "re-ordered": other_order(REPORT),
    "numbered": " ".join(f"{i}. {part.strip()}." for i, part in enumerate(REPORT.rstrip(".").split(". "), 1)),
    "one sentence more": REPORT + " Impression follows.",
    "one word changed": REPORT.replace("left", "right"),
    "marked": REPORT.replace("thoracic spine", "thoracic spine XXXX ________"),
    "full width": REPORT.replace("normal", "ｎｏｒｍａｌ"),
}
UNRELATED = [
    "The heart is enlarged. There are bilateral pleural effusions with bibasilar atelectasis.",
    "Right internal jugular line with its tip in the superior vena cava. No pneumothorax.",
    "", "?", "Heart.",
]  # fmt: skip


def report(rng: random.Random) -> str:
    words = [f"{a}{b}" for a in ("cardi", "pleur", "hil", "bas", "apic") for b in ("al", "ar", "ic", "oid", "um", "is")]
    chosen = rng.sample(SENTENCES * 3, 6)
    return ". ".join(one.format(rng.choice(words), rng.choice(words)) for one in chosen) + "."


@pytest.mark.parametrize("kind", COPIES)
def test_a_copy_of_a_test_report_leaves_the_training_set_and_says_which(kind: str, tmp_path: Path) -> None:
    planted = {"question": COPIES[kind], "answer": "other"}
    train = jsonl(tmp_path / "train.jsonl", [*pairs(5), planted, *[{"question": q, "answer": "a"} for q in UNRELATED]])
    test = jsonl(
        tmp_path / "test.jsonl", [{"question": "something else", "answer": "a"}, {"question": REPORT, "answer": "b"}]
    )
    dataset = run(train, test_source=test)
    (entry,) = dataset.ledger.dropped
    assert (entry.reason, entry.line) == ("contamination", 6)
    assert entry.detail.startswith(f"like the test row {test}, line 2 (similarity ")
    assert len(dataset.test) == 2


def test_500_planted_copies_are_all_found_and_5000_clean_rows_stay(tmp_path: Path) -> None:
    rng = random.Random(5)
    clean = [report(rng) for _ in range(5000)]
    tests = [f"{report(rng)} Number {i} of the {i * 7} series is distinct {i}." for i in range(500)]
    change = [str.upper, other_order, lambda text: text.replace(".", " ;"), lambda text: text.replace(". ", ".\n")]
    planted = [change[i % 4](text) for i, text in enumerate(tests)]
    train = jsonl(tmp_path / "a.jsonl", [{"question": q, "answer": "a"} for q in clean + planted])
    test = jsonl(tmp_path / "b.jsonl", [{"question": q, "answer": "a"} for q in tests])
    dropped = [entry.line for entry in run(train, test_source=test).ledger.dropped]
    assert set(range(5001, 5501)) <= set(dropped)
    assert sum(number <= 5000 for number in dropped) <= 25


def brute_force(texts: list[str], near: float) -> set[frozenset[str]]:
    """Families by comparing every pair."""
    family = {text: {text} for text in texts}
    forms = [(text, same_text(text), shingles(text)) for text in texts]
    for one, same, a in forms:
        for other, other_same, b in forms:
            if same == other_same or (near < 1 and len(a & b) / len(a | b) >= near):
                joined = family[one] | family[other]
                family.update(dict.fromkeys(joined, joined))
    return {frozenset(found) for found in family.values()}


@pytest.mark.parametrize("near", [0.2, 0.5, 0.8, 0.95, 1.0])
def test_families_are_what_comparing_every_pair_finds(near: float) -> None:
    rng = random.Random(int(near * 100))
    texts = [report(rng) for _ in range(60)]
    for text in texts[:40]:
        parts = text.split(". ")
        parts[rng.randrange(len(parts))] = "Something new here"
        texts += [". ".join(parts), other_order(text), text.lower()]
    families = Kinship(texts, near).families(texts)
    found: dict[str, set[str]] = {}
    for text, key in families.items():
        found.setdefault(key, set()).add(text)
    assert {frozenset(members) for members in found.values()} == brute_force(texts, near)


def test_many_texts_of_one_template_are_still_compared_exactly() -> None:
    texts = [f"You are a careful calculator who gives digits only. What is {i} + {i % 37}?" for i in range(300)]
    families = Kinship(texts, 0.7).families(texts)
    assert len(set(families.values())) == len(brute_force(texts, 0.7))


def test_exact_only_means_equal_but_for_case_punctuation_and_marks() -> None:
    families = Kinship(["A b. C d.", "a b c d", "C d. A b."], 1.0).families(["A b. C d.", "a b c d", "C d. A b."])
    assert families["A b. C d."] == families["a b c d"] != families["C d. A b."]


@pytest.mark.parametrize(
    ("one", "other"),
    [("3 - 4", "3 / 4"), ("1.2 cm", "12 cm"), ("-3 + 4", "3 + 4"), ("2 * 3", "2 + 3"), ("x < 3", "x > 3")],
)
def test_signs_and_decimals_keep_numbers_apart(one: str, other: str) -> None:
    assert same_text(one) != same_text(other)
    assert shingles(one) != shingles(other)


def test_scripts_without_spaces_are_compared_by_character() -> None:
    assert len(shingles("心脏大小正常")) == 4


def test_too_small_a_similarity_is_refused() -> None:
    with pytest.raises(DataError, match=r"use 0.1 to 1.0"):
        Kinship(["a"], 0.05)


def test_clean_text_gives_one_spelling() -> None:
    assert clean_text("  Mr. XXXX,\tage ____ \u200b\x07of\r\ncafe\u0301 \ud800") == "Mr. ___, age ___ of café"
    assert clean_text("XXXX-year-old", mark="<mark>") == "<mark>-year-old"
    assert clean_text("axxxxb __ xx") == "axxxxb __ xx"


def without_place(folder: Path, name: str) -> list[str]:
    rows = [json.loads(line) for line in (folder / name).read_text().splitlines()]
    for row in rows:
        row["meta"]["origin"].pop("place")
    return [json.dumps(row) for row in rows]


def rows_of(seed: int, n: int) -> list[dict[str, str]]:
    rng = random.Random(seed)
    found = [report(rng) for _ in range(n)]
    found += [other_order(text) for text in found[: n // 4]]
    return [{"question": text, "answer": rng.choice("abc")} for text in found]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(20, 60))
def test_shuffled_rows_give_the_same_files(tmp_path_factory: pytest.TempPathFactory, seed: int, n: int) -> None:
    folder = tmp_path_factory.mktemp("shuffle")
    rows = rows_of(seed, n)
    path = folder / "rows.jsonl"
    written = []
    for turn in range(2):
        random.Random(turn).shuffle(rows)
        jsonl(path, rows)
        try:
            write(run(path, test_fraction=0.5), folder / str(turn))
        except DataError as error:
            written.append([str(error)])
        else:
            written.append([without_place(folder / str(turn), f"{side}.jsonl") for side in ("train", "test")])
    assert written[0] == written[1]


def test_another_hash_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    jsonl(tmp_path / "rows.jsonl", rows_of(1, 200))
    script = (
        "import sys; from pathlib import Path; from data_support import run; from domaintune.data import write;"
        "write(run('rows.jsonl', balance={}), Path(sys.argv[1]))"
    )
    path = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
    for seed in ("1", "77"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path}
        subprocess.run([sys.executable, "-c", script, seed], cwd=tmp_path, env=environment, check=True, timeout=100)
    for name in ("train.jsonl", "test.jsonl", "ledger.json"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "77" / name).read_bytes()


def test_relatives_stay_on_one_side(tmp_path: Path) -> None:
    dataset = run(jsonl(tmp_path / "a.jsonl", rows_of(3, 200)), test_fraction=0.5)
    assert not {one.group for one in dataset.train} & {one.group for one in dataset.test}
    assert not {same_text(q) for q in questions(dataset.train)} & {same_text(q) for q in questions(dataset.test)}
    assert dataset.ledger.train > 50 < dataset.ledger.test
    assert len(everything(dataset)) == len({row["question"] for row in rows_of(3, 200)})


def test_five_thousand_rows_are_divided_in_seconds(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", rows_of(9, 4000))
    started = time.perf_counter()
    run(path)
    assert time.perf_counter() - started < 20


@pytest.mark.parametrize("groups", [2, 5, 20, 49])
def test_of_few_groups_the_test_set_gets_its_fraction(groups: int) -> None:
    made = [f"group {number}" for number in range(groups)]
    examples = [example_of("", text, "answer") for text in made]
    _, test = divide(examples, {text: digest(text) for text in made}, 0.25)
    assert len(test) == -(-groups // 4)
