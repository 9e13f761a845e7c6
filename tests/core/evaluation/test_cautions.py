from __future__ import annotations

from made import NORMAL, example, report_of, reports, said

from domaintune.evaluation.cautions import cautions

TEST = reports(40)
PERFECT = [item.reference for item in TEST]
MIXED_BASE = [f"I see {i}." for i in range(40)]


def about(report, word):
    return [warning for warning in report.warnings if word in warning]


def test_a_healthy_model_is_not_warned_about():
    half_right = [text if i % 8 else "Case has something." for i, text in enumerate(PERFECT)]
    report = report_of(half_right, MIXED_BASE, TEST)
    assert about(report, "falls back") == about(report, "same answer") == about(report, "cut off") == []


def test_a_model_that_always_says_the_normal_sentence():
    report = report_of([NORMAL] * 40, MIXED_BASE, TEST)
    (warning,) = about(report, "falls back")
    assert warning == (
        'The tuned model falls back on one sentence, "No acute disease.": 100% of its answers on all items '
        "(references: 50%) and 100% of its answers on abnormal (references: 0%). "
        "Fewer training examples with this answer help: see data.balance."
    )
    assert about(report, "same answer") == [
        'The tuned model gave the same answer to all 40 items ("No acute disease."); '
        "its scores say nothing about what it understands."
    ]
    # no better than the constant where it is right, and below the nearest neighbour where it is not
    (floors,) = about(report, "best floor")
    assert "all items (constant" in floors
    assert "abnormal (" in floors
    assert "normal (constant)" in floors


def test_a_sentence_that_is_not_in_training_is_found_too():
    report = report_of([NORMAL if i % 10 == 1 else "Please consult a doctor." for i in range(40)], MIXED_BASE, TEST)
    (warning,) = about(report, "falls back")
    assert '"Please consult a doctor."' in warning
    assert "90% of its answers on all items (references: 0%)" in warning


def test_one_tag_is_enough():
    tuned = [NORMAL if i % 8 == 0 or i % 2 else text for i, text in enumerate(PERFECT)]
    (warning,) = about(report_of(tuned, MIXED_BASE, TEST), "falls back")
    assert "25% of its answers on abnormal (references: 0%)" in warning
    assert "all items" not in warning


def test_a_single_answer_of_a_small_tag_is_no_alarm():
    test = reports(10)
    tuned = [item.reference for item in test]
    assert about(report_of([NORMAL, *tuned[1:]], MIXED_BASE[:10], test), "falls back") == []
    assert about(report_of([NORMAL, tuned[1], NORMAL, *tuned[3:]], MIXED_BASE[:10], test), "falls back")


def test_a_mute_base_model_is_named():
    (warning,) = about(report_of(PERFECT, [""] * 40, TEST), "same answer")
    assert warning.startswith("The base model gave the same answer to all 40 items (nothing)")


def test_answers_cut_off_at_the_limit():
    answers = {"base": said(["a b"] * 9 + ["c"]), "tuned": said(["a", "b"]) + said(["c"], "length")}
    (warning,) = cautions({}, [], answers, {"all": 10})
    assert warning.startswith("33% of the tuned model's answers were cut off at the token limit")
    assert "eval.max_new_tokens" in warning


def test_the_metrics_are_named_where_only_some_fail():
    row = {"evaluator": "e", "a": "tuned", "b": "floor:nearest", "tag": "mixed", "metric": "rouge1"}
    rows = [row | {"verdict": "worse"}, row | {"metric": "rouge2", "verdict": "better"}]
    assert cautions({}, rows, {}, {}) == [
        "e: the tuned model is not shown to beat the best floor on mixed (nearest in rouge1)."
    ]


def test_of_many_tags_the_first_are_named():
    tags = [f"task {i:02}" for i in range(12)]
    test = [example(f"{tag}: {i}", f"{tag} is {i}", tag) for tag in tags for i in range(5)]
    (warning,) = about(report_of(["?"] * 60, MIXED_BASE + MIXED_BASE[:20], test), "falls back")
    assert "on task 04 (references: 0%) and 7 more. Fewer training examples" in warning
