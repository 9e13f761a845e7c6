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
    assert "  tuned             100.0 [100.0, 100.0]  100.0 [100.0, 100.0]" in lines
    assert any(
        line.startswith("  tuned - base            exact   +50.0 [") and line.endswith("better") for line in lines
    )
    assert "all, 40 items       exact                 recall" in lines
    assert "normal, 20 items    exact                 recall" in lines


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
    assert "| tuned | 100.0 [100.0, 100.0] | 100.0 [100.0, 100.0] |" in text
    assert "| tuned - base | exact | +50.0 [" in text
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in table} <= {4, 5}


def test_markdown_is_not_broken_by_what_a_model_wrote():
    text = markdown(report_of(["| <b>*x*_\n#"] * 40, PERFECT, TEST).as_dict())
    assert r"\| \<b\>\*x\*\_ \#" in text
