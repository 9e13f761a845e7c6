"""Answers made elsewhere are graded against the right rows, or refused with the line that is wrong."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from domaintune import given
from domaintune.data import dataset
from domaintune.errors import DataError, PluginError, SettingsError
from domaintune.plan import make_plan
from domaintune.plugins import Catalog, catalog

WORDS = [
    "lungs", "heart", "pleura", "aorta", "spine", "ribs", "hilum", "bronchus", "trachea", "diaphragm", "carina", "clavicle",
]  # fmt: skip
FAST = ["eval.draws=50"]


def findings(i: int) -> str:
    return " ".join(f"{word}{(i + 1) * (n + 3)}" for n, word in enumerate(WORDS))


def impression(i: int) -> str:
    return f"impression of {WORDS[i % 12]} number {i}"


def items(path: Path, count: int = 12, short: tuple[int, ...] = ()) -> Path:
    """Write reports; those in `short` have too few words in their findings and are dropped."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["findings", "impression"])
        writer.writerows(["too short" if i in short else findings(i), impression(i)] for i in range(count))
    return path


def answers(path: Path, texts: list[Any]) -> Path:
    path.write_text("".join(json.dumps({"answer": text}) + "\n" for text in texts), encoding="utf-8")
    return path


def value(report: dict[str, Any], metric: str = "rouge1", system: str = "given") -> float:
    rows = [row for row in report["scores"] if (row["metric"], row["system"], row["tag"]) == (metric, system, "all")]
    assert len(rows) == 1
    return float(rows[0]["value"])


def test_the_references_themselves_score_one(tmp_path: Path) -> None:
    made = answers(tmp_path / "a.jsonl", [impression(i) for i in range(12)])
    report = given.grade(catalog(), "medical-rouge", str(items(tmp_path / "i.csv")), made, overrides=FAST)
    assert value(report) == value(report, "rougeL") == 1
    assert report["n"]["all"] == 12


def test_the_nth_answer_belongs_to_the_nth_row_also_where_rows_are_dropped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = answers(tmp_path / "a.jsonl", ["nonsense" if i in (2, 7) else impression(i) for i in range(12)])
    report = given.grade(catalog(), "medical-rouge", str(items(tmp_path / "i.csv", short=(2, 7))), made, overrides=FAST)
    assert value(report) == 1
    assert report["n"]["all"] == 10
    assert "2 of 12 rows" in capsys.readouterr().err


def test_two_sets_of_answers_are_compared(tmp_path: Path) -> None:
    good = answers(tmp_path / "good.jsonl", [impression(i) for i in range(12)])
    bad = answers(tmp_path / "bad.jsonl", ["something else"] * 12)
    report = given.grade(catalog(), "medical-rouge", str(items(tmp_path / "i.csv")), good, bad, FAST)
    assert value(report) == 1
    assert value(report, system="against") == 0
    (row,) = [r for r in report["comparisons"] if (r["metric"], r["tag"]) == ("rouge1", "all")]
    assert (row["a"], row["b"], row["verdict"]) == ("given", "against", "better")


def test_a_test_split_of_ours_is_read_as_it_is(tmp_path: Path) -> None:
    overrides = ["data.limit=40"]
    plan = make_plan(catalog(), "medical", overrides=overrides)
    from domaintune.data import stage

    made = stage.make(plan, None)
    dataset.write(made, tmp_path / "data")
    texts = [example.reference for example in dataset.load(tmp_path / "data", "test")]
    report = given.grade(
        catalog(),
        "medical-rouge",
        str(tmp_path / "data/test.jsonl"),
        answers(tmp_path / "a.jsonl", texts),
        overrides=FAST,
    )
    assert value(report) == 1
    assert report["n"]["all"] == len(made.test)


@pytest.mark.parametrize("line", ['"plain text"', '{"answer": "plain text"}', '{"answer": "plain text", "id": 3}'])
def test_an_answer_is_a_string_or_an_object_with_one(line: str, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(f"{line}\n" * 12)
    report = given.grade(catalog(), "exact", str(items(tmp_path / "i.csv")), tmp_path / "a.jsonl", overrides=FAST)
    assert value(report, "exact") == 0


@pytest.mark.parametrize(
    "line", ["text", "3", "null", "[]", "{}", '{"answer": 3}', '{"answer": null}', '{"text": "x"}', "[" * 100_000]
)
def test_what_is_no_answer_is_named_by_its_line(line: str, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('"fine"\n' + f"{line}\n" * 11)
    with pytest.raises(DataError, match=r"a\.jsonl, line 2: not an answer"):
        given.grade(catalog(), "exact", str(items(tmp_path / "i.csv")), tmp_path / "a.jsonl", overrides=FAST)


@pytest.mark.parametrize("count", [0, 11, 13])
def test_a_wrong_number_of_answers_is_refused(count: int, tmp_path: Path) -> None:
    made = answers(tmp_path / "a.jsonl", ["x"] * count)
    with pytest.raises(DataError, match=f"holds {count} answers, but .* holds 12 rows; write one line a row"):
        given.grade(catalog(), "exact", str(items(tmp_path / "i.csv")), made, overrides=FAST)


def test_an_answer_may_hold_any_line_end_of_unicode(tmp_path: Path) -> None:
    text = "\n".join(json.dumps(f"a\u2028b\u0085c {i}", ensure_ascii=False) for i in range(12))
    (tmp_path / "a.jsonl").write_text(text + "\n", encoding="utf-8")
    report = given.grade(catalog(), "exact", str(items(tmp_path / "i.csv")), tmp_path / "a.jsonl", overrides=FAST)
    assert report["n"]["all"] == 12


def test_options_of_the_grader_are_taken_and_recorded(tmp_path: Path) -> None:
    made = answers(tmp_path / "a.jsonl", [impression(i).replace("number", "numbers") for i in range(12)])
    source = str(items(tmp_path / "i.csv"))
    stemmed = given.grade(
        catalog(), "medical-rouge", source, made, overrides=[*FAST, "eval.medical-rouge.stemmer=true"]
    )
    plain = given.grade(catalog(), "medical-rouge", source, made, overrides=FAST)
    assert value(stemmed) == 1 > value(plain)
    assert stemmed["graders"]["medical-rouge"] == {"stemmer": True}
    with pytest.raises(SettingsError, match="stemmer"):
        given.grade(catalog(), "medical-rouge", source, made, overrides=["eval.medical-rouge.stemer=true"])


def test_items_that_nothing_can_be_made_of_are_refused(tmp_path: Path) -> None:
    made = answers(tmp_path / "a.jsonl", ["x"] * 3)
    with pytest.raises(DataError, match="has no row that can be graded"):
        given.grade(catalog(), "exact", str(items(tmp_path / "i.csv", 3, short=(0, 1, 2))), made)


def test_without_any_domain_no_items_can_be_read(tmp_path: Path) -> None:
    offers = Catalog(offers={key: offer for key, offer in catalog().offers.items() if key[0] == "evaluator"})
    with pytest.raises(PluginError, match="no domain is installed"):
        given.grade(offers, "exact", "i.csv", tmp_path / "a.jsonl")


def test_items_of_a_domain_that_makes_its_own_examples_are_its_test_file(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('"8"\n')
    (tmp_path / "i.csv").write_text("question,answer\n3 + 5,8\n")
    with pytest.raises(DataError, match=r"makes its own examples and reads no files; give the test\.jsonl"):
        given.grade(catalog(), "arithmetic-goat-table", str(tmp_path / "i.csv"), tmp_path / "a.jsonl", overrides=FAST)
