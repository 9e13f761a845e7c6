from __future__ import annotations

import io

import pytest
from made import NORMAL, example, grader, report_of, reports, words
from rich.cells import cell_len
from rich.console import Console

from domaintune.contracts import Score
from domaintune.evaluation import grade_given, markdown, render

TEST = reports(40)
PERFECT = [item.reference for item in TEST]
REPORT = report_of(PERFECT, [NORMAL] * 40, TEST).as_dict()


def printed(document, width=80, **options):
    file = io.StringIO()
    render(document, Console(file=file, width=width, **options), width)
    return file.getvalue()


def widest(text):
    return max(cell_len(line) for line in text.splitlines())


def many_metrics(item, answer):
    for metric in (
        "rouge1",
        "rouge2",
        "rougeL",
        "bertscore",
        "chexbert",
        "exact",
        "f1",
        "length",
        "win_rate",
        "recall@5",
    ):
        yield Score(metric=metric, value=0.5)


def test_it_fits_eighty_columns_without_colour_or_loose_ends():
    text = printed(REPORT)
    assert widest(text) <= 80
    assert "\x1b" not in text
    assert all(line == line.rstrip() for line in text.splitlines())


def test_a_row_reads_value_and_interval():
    lines = printed(REPORT).splitlines()
    assert "  tuned             100.0 [91.2, 100.0]  100.0 [100.0, 100.0]" in lines
    assert any(
        line.startswith("  tuned - base            exact   +50.0 [") and line.endswith("better") for line in lines
    )
    assert "all, 40 items       exact                recall" in lines
    assert "normal, 20 items    exact                recall" in lines


def test_verdicts_are_coloured_on_a_terminal(monkeypatch):
    monkeypatch.delenv("NO_COLOR")
    assert "\x1b[32mbetter" in printed(REPORT, force_terminal=True, color_system="standard")


def test_warnings_and_samples_follow():
    text = printed(report_of([NORMAL] * 40, PERFECT, TEST).as_dict())
    beware = text.index("Beware")
    assert 0 < text.index("tuned - base") < beware < text.index("falls back") < text.index("Sample 1: abnormal")
    assert text.count("Sample ") == 3
    assert widest(text) <= 80


@pytest.mark.parametrize("width", [50, 80, 100])
def test_many_metrics_are_shown_in_groups(width):
    text = printed(report_of(PERFECT, PERFECT, TEST, graders=[grader(many_metrics)]).as_dict(), width)
    assert all(metric in text for metric in ("rouge1", "chexbert", "win_rate", "recall@5"))
    assert widest(text) <= width
    head, row = (next(line for line in text.splitlines() if line.startswith(start)) for start in ("all, ", "  tuned "))
    assert len(head) == len(row)  # values end where their names end


def test_odd_texts_keep_their_place():
    tags = ("a-very-long-tag-that-nobody-should-write-but-somebody-will", "短标签")
    odd = [example(f"[bold]{i}\n\x1b[31m" + "字" * 200, "答案\t" * 99, *tags) for i in range(6)]
    document = report_of(["word " * 300] * 6, ["\x07" + "x" * 500] * 6, odd).as_dict()
    text = printed(document)
    assert widest(text) <= 80
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "[bold]" in text


TASKS = [f"{digits} digit {operation}" for digits in (1, 2, 3) for operation in ("addition", "division", "subtraction")]


def of_tasks(tasks, **options):
    """A report of ten items a task; the tuned model is right at all tasks but the last."""
    test = [example(f"{task} {i}", f"{task} is {i}", task) for task in tasks for i in range(10)]
    return report_of([item.reference for item in test[:-10]] + ["?"] * 10, ["?"] * len(test), test, **options).as_dict()


def test_six_tags_have_a_block_each_and_seven_a_row():
    six, seven = printed(of_tasks(TASKS[:6])), printed(of_tasks(TASKS[:7]))
    assert six.count("tuned - base") == six.count(", 10 items") + 1 == 7
    assert seven.count("tuned - base") == 1
    assert ", 10 items" not in seven


def test_the_row_of_a_tag_reads_count_models_floor_difference_and_verdict():
    lines = printed(of_tasks(TASKS), width=100).splitlines()
    head = lines.index("exact                 n   base  tuned  floor               difference  verdict")
    assert lines[head + 1] == "1 digit addition     10    0.0  100.0    0.0  +100.0 [+100.0, +100.0]  better"
    assert lines[head + 9] == "3 digit subtraction  10    0.0    0.0    0.0      +0.0 [ +0.0,  +0.0]  no evidence"
    assert [line.split("  ")[0].strip() for line in lines[head + 1 : head + 10]] == TASKS
    assert lines[head + 11].startswith("recall  ")


@pytest.mark.parametrize(("width", "missing"), [(100, set()), (74, {"floor"}), (50, {"floor", "difference"})])
def test_a_short_width_costs_the_floor_then_the_difference(width, missing):
    text = printed(of_tasks(TASKS), width)
    head = next(line for line in text.splitlines() if line.startswith("exact  ") and "verdict" in line)
    assert {"floor", "difference"} - set(head.split()) == missing
    assert widest(text) <= width


def test_many_tags_without_floors_or_a_second_model():
    test = [example(f"{task} {i}", f"{task} is {i}", task) for task in TASKS for i in range(10)]
    text = printed(grade_given(grader(words), test, ["?"] * 90, draws=20, seed=0))
    assert "exact                 n  given\n1 digit addition     10    0.0\n" in text
    assert "1 digit addition" in markdown(of_tasks(TASKS, train=[]))


def test_the_card_has_one_table_a_metric_for_many_tags():
    text = markdown(of_tasks(TASKS))
    assert text.count("| tuned - base |") == 2
    assert "| exact | n | base | tuned | floor | difference | verdict |\n|---|---:|" in text
    assert "| 1 digit addition | 10 | 0.0 | 100.0 | 0.0 | +100.0 [+100.0, +100.0] | better |" in text


def test_a_picture_is_named_in_the_terminal_and_shown_on_the_card():
    picture = {"evaluator": "made-words", "file": "evaluation/made-words.png", "text": "A rising line [of 3 dots]."}
    document = {**REPORT, "pictures": [picture]}
    assert "\n\npicture: evaluation/made-words.png\n" in printed(document)
    assert r"![A rising line \[of 3 dots\].](made-words.png)" in markdown(document)
    without = {key: value for key, value in REPORT.items() if key != "pictures"}  # as reports were before
    assert "picture" not in printed(without) + markdown(without)


def test_a_given_file_is_rendered():
    text = printed(grade_given(grader(words), TEST, PERFECT, draws=50, seed=0, against=[NORMAL] * 40))
    assert "given - against" in text
    assert "floor" not in text
    assert text.startswith("items     40\n")


def test_no_evidence_says_what_would_have_been_seen():
    text = printed(report_of(["wrong", *PERFECT[1:]], PERFECT, TEST).as_dict())
    # one of 40 items differs by 1: 2.8 times the standard error of 1/40
    line = next(line for line in text.splitlines() if "tuned - base" in line)
    assert "-2.5 [" in line
    assert line.endswith(",  +0.0]  no evidence (sees 7.0)")
    assert "(sees N): a true difference of N would have shown, four times in five." in text


def test_markdown_has_the_same_numbers():
    text = markdown(REPORT)
    assert "| all, 40 items | exact | recall |\n|---|---:|---:|\n" in text
    assert "| tuned | 100.0 [91.2, 100.0] | 100.0 [100.0, 100.0] |" in text
    assert "| tuned - base | exact | +50.0 [" in text
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in table} <= {4, 5}


def test_markdown_is_not_broken_by_what_a_model_wrote():
    text = markdown(report_of(["| <b>*x*_\n#"] * 40, PERFECT, TEST).as_dict())
    assert r"\| \<b\>\*x\*\_ \#" in text
