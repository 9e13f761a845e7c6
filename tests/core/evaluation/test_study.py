from __future__ import annotations

import json

import pytest
from made import NORMAL, example, grader, report_of, reports, said, words

from domaintune.contracts import Score
from domaintune.errors import DataError, PluginError, UsageError
from domaintune.evaluation import Report, evaluate, grade_given
from domaintune.settings import EvalSettings

TEST = reports(40)
PERFECT = [item.reference for item in TEST]
SILENT = [""] * 40


def rows(report, **wanted):
    found = report.scores if "system" in wanted else report.comparisons
    return [row for row in found if all(row[key] == value for key, value in wanted.items())]


def test_every_metric_tag_and_system_has_a_row():
    report = report_of(PERFECT, SILENT, TEST)
    seen = {(row["metric"], row["tag"], row["system"]) for row in report.scores}
    systems = ["base", "tuned", "floor:constant", "floor:nearest"]
    assert seen == {(m, t, s) for m in ("exact", "recall") for t in ("all", "abnormal", "normal") for s in systems}
    assert len(report.scores) == len(seen)
    assert list(dict.fromkeys(row["system"] for row in report.scores)) == systems
    assert list(dict.fromkeys(row["tag"] for row in report.scores)) == ["all", "abnormal", "normal"]


def test_golden_values():
    report = report_of(PERFECT, SILENT, TEST)
    assert report.value("exact") == 1.0
    assert report.value("exact", system="base") == 0.0
    # the commonest training answer is the normal one, and half of the items are normal
    assert report.value("exact", system="floor:constant") == 0.5
    assert report.value("exact", system="floor:constant", tag="abnormal") == 0.0
    assert report.value("exact", system="nobody") is None
    assert report.n == {"all": 40, "abnormal": 20, "normal": 20}


def test_the_tuned_model_is_compared_with_base_and_the_best_floor():
    report = report_of(PERFECT, SILENT, TEST)
    pairs = {(row["tag"], row["metric"]): [] for row in report.comparisons}
    for row in report.comparisons:
        pairs[row["tag"], row["metric"]].append((row["a"], row["b"]))
    assert pairs["all", "exact"] == [("tuned", "base"), ("tuned", "floor:constant")]
    assert pairs["normal", "exact"] == [("tuned", "base"), ("tuned", "floor:constant")]
    # on abnormal reports the constant has no word right, the nearest neighbour has some
    assert pairs["abnormal", "recall"] == [("tuned", "base"), ("tuned", "floor:nearest")]
    assert report.verdict("exact") == "better"
    assert report.verdict("exact", against="floor:constant", tag="normal") == "no evidence"
    assert report.verdict("exact", tag="unknown") is None


def test_comparisons_are_those_of_the_scores():
    report = report_of(PERFECT, [NORMAL] * 40, TEST)
    for row in report.comparisons:
        gap = report.value(row["metric"], tag=row["tag"]) - report.value(row["metric"], system=row["b"], tag=row["tag"])
        assert row["difference"] == pytest.approx(gap, abs=2e-6)


def test_the_same_seed_gives_the_same_report():
    assert report_of(PERFECT, SILENT, TEST) == report_of(PERFECT, SILENT, TEST)


def test_the_document_survives_json():
    report = report_of(PERFECT, SILENT, TEST)
    document = report.as_dict()
    assert document["schema_version"] == 1
    assert Report.from_dict(json.loads(json.dumps(document))) == report
    assert Report.from_dict({**document, "later": 1}) == report
    with pytest.raises(UsageError, match="schema_version 2; this domaintune reads 1"):
        Report.from_dict({**document, "schema_version": 2})


def test_small_tags_are_counted_but_get_no_numbers():
    test = [*TEST, example("rare one", "rare answer", "rare")]
    report = report_of([item.reference for item in test], [""] * 41, test)
    assert report.n["rare"] == 1
    assert "rare" not in {row["tag"] for row in report.scores}
    assert any("no numbers of their own: rare (1)" in warning for warning in report.warnings)


def test_without_training_examples_there_are_no_floors():
    report = report_of(PERFECT, SILENT, TEST, train=[])
    assert {row["system"] for row in report.scores} == {"base", "tuned"}
    assert {row["b"] for row in report.comparisons} == {"base"}


def test_a_grader_brings_floors_and_chooses_items_among_the_answered():
    class Choosy:
        def grade(self, item, answer):
            yield Score(metric="exact", value=float(answer == item.reference), tags=frozenset({"chosen"}))

        def items(self, _test):
            return [example(TEST[0].question, "another", "retagged"), *TEST[1:11], example("never asked", "-")]

        def floors(self, train):
            assert all(item.question.startswith("Case 10") for item in train)
            return {"echo": lambda item: item.question}

    report = report_of(PERFECT, SILENT, TEST, graders=[grader(Choosy(), "made-choosy"), grader()])
    chosen = rows(report, evaluator="made-choosy", system="tuned", tag="all")
    assert [(row["n"], row["value"]) for row in chosen] == [(11, round(10 / 11, 6))]
    assert rows(report, evaluator="made-choosy", system="floor:echo", tag="all")[0]["value"] == 0.0
    assert rows(report, evaluator="made-choosy", system="tuned", tag="chosen")[0]["n"] == 11
    assert rows(report, evaluator="made-words", system="tuned", tag="all")[0]["n"] == 40
    assert not rows(report, evaluator="made-words", system="floor:echo")
    assert report.graders == {"made-choosy": {}, "made-words": {}}


def test_a_metric_counts_the_items_where_every_system_has_it():
    def sometimes(item, answer):
        if answer != NORMAL:
            yield Score(metric="said", value=1.0)

    report = report_of(PERFECT, ["x"] * 40, TEST, graders=[grader(sometimes)], train=[])
    assert {row["n"] for row in report.scores} == {20}
    assert {row["tag"] for row in report.scores} == {"all", "abnormal"}


def test_samples_take_turns_among_tags_and_carry_scores():
    report = report_of(PERFECT, SILENT, TEST)
    assert [sample["tags"] for sample in report.samples] == [["abnormal"], ["normal"]] * 2
    sample = report.samples[0]
    assert sample["tuned"] == sample["reference"]
    assert sample["origin"]["source"] == "made.csv"
    assert {(row["system"], row["metric"], row["value"]) for row in sample["scores"]} == {
        ("base", "exact", 0.0),
        ("base", "recall", 0.0),
        ("tuned", "exact", 1.0),
        ("tuned", "recall", 1.0),
    }


def test_repetition_is_counted_beside_the_references():
    report = report_of([NORMAL.upper()] * 40, SILENT, TEST)
    training = report.repetition["training"]
    assert training["sentence"] == NORMAL
    assert training["tags"]["all"] == {"n": 40, "base": 0.0, "tuned": 1.0, "reference": 0.5}
    assert training["tags"]["abnormal"] == {"n": 20, "base": 0.0, "tuned": 1.0, "reference": 0.0}
    assert report.repetition["base"]["sentence"] == ""
    assert report.repetition["base"]["tags"]["all"]["base"] == 1.0


def test_progress_counts_graded_answers():
    seen = []
    evaluate(
        TEST, reports(4, 100), [grader()], {"base": said(SILENT), "tuned": said(PERFECT)}, EvalSettings(draws=9),
        seed=0, domain="", base="", adapter="", decoding={}, progress=lambda done, total: seen.append((done, total)),
    )  # fmt: skip
    assert seen == [(done, 160) for done in range(1, 161)]


def test_only_a_base_model_may_be_evaluated():
    report = evaluate(
        TEST, [], [grader()], {"base": said(PERFECT)}, EvalSettings(draws=9),
        seed=-1, domain="", base="", adapter="", decoding={},
    )  # fmt: skip
    assert report.comparisons == []
    assert report.value("exact", system="base") == 1.0


def test_misfits_are_refused():
    with pytest.raises(DataError, match="39 answers of 'tuned' for 40 items"):
        report_of(PERFECT[:39], SILENT, TEST)
    with pytest.raises(UsageError, match="no test item"):
        report_of([], [], [])
    with pytest.raises(PluginError, match="exact = nan for the answer to made"):
        report_of(PERFECT, SILENT, TEST, graders=[grader(lambda _, __: Score(metric="exact", value=float("nan")))])


def test_a_given_file_is_graded_and_compared():
    alone = grade_given(grader(words), TEST, PERFECT, draws=50, seed=0, against=None)
    assert {row["system"] for row in alone["scores"]} == {"given"}
    assert alone["comparisons"] == []
    pair = grade_given(grader(words), TEST, PERFECT, draws=50, seed=0, against=SILENT)
    assert {(row["a"], row["b"], row["verdict"]) for row in pair["comparisons"]} == {("given", "against", "better")}
    assert pair["samples"][0]["against"] == ""
    assert Report.from_dict(pair).as_dict() == pair
