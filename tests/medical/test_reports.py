"""The report reader: golden rows, filters, tags, and every row accounted for."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from domaintune import Dropped, Example
from domaintune.data import make
from domaintune.settings import DataSettings
from domaintune_medical.data import INSTRUCTION, SAMPLE, kind, reports
from domaintune_medical.options import ReportOptions

LONG = "The heart is mildly enlarged and there is a small left pleural effusion without pneumothorax."


def read(tmp_path: Path, rows: list[dict[str, Any]], **options: Any) -> list[Example | Dropped]:
    from domaintune.data.context import Context

    path = tmp_path / "reports.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    context = Context("medical-radiology", ReportOptions(**options), DataSettings(sources=(str(path),)), seed=0)
    return list(reports(context))


@pytest.mark.parametrize(
    ("impression", "tag"),
    [
        ("No acute cardiopulmonary abnormality.", "normal"),
        ("Normal chest x-XXXX.", "normal"),
        ("1. No acute findings. 2. Clear lungs.", "normal"),
        ("Left lower lobe pneumonia.", "abnormal"),
        ("Mild cardiomegaly; small effusion.", "abnormal"),
        ("Low lung volumes. No acute cardiopulmonary findings.", "mixed"),
        ("1. Hiatal hernia. 2. No active disease.", "mixed"),
        ("NEGATIVE FOR ACUTE DISEASE", "normal"),
        ("Abnormal chest radiograph.", "abnormal"),
        ("Unclear left basilar opacity.", "abnormal"),
        ("Right pleural effusion, no evidence of pneumothorax.", "mixed"),
        ("No acute disease, no evidence of pneumonia.", "normal"),
        ("2.5 cm nodule in the right upper lobe.", "abnormal"),
    ],
)
def test_the_tag_follows_the_sentences_of_the_impression(impression: str, tag: str) -> None:
    assert kind(impression) == tag


def test_a_report_becomes_instruction_findings_and_impression(tmp_path: Path) -> None:
    (made,) = read(
        tmp_path, [{"Findings": f"FINDINGS:  {LONG}\n", "IMPRESSION": "Impression: Mild XXXX cardiomegaly. "}]
    )
    assert isinstance(made, Example)
    assert made.prompt == (
        {"role": "system", "content": INSTRUCTION},
        {"role": "user", "content": f"Findings: {LONG}"},
    )
    assert made.reference == "Mild ___ cardiomegaly."
    assert made.tags == {"abnormal"}
    assert made.group == LONG


def test_both_deidentification_marks_become_one(tmp_path: Path) -> None:
    rows = [
        {"findings": LONG + f" Seen by Dr. {mark}.", "impression": "Mild cardiomegaly."} for mark in ("XXXX", "____")
    ]
    one, other = read(tmp_path, rows)
    assert isinstance(one, Example)
    assert isinstance(other, Example)
    assert one.prompt == other.prompt


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"findings": "", "impression": "Normal chest."}, "no-findings"),
        ({"findings": LONG, "impression": " "}, "no-impression"),
        ({"findings": LONG, "impression": None}, "no-impression"),
        ({"findings": "Clear lungs.", "impression": "Normal chest."}, "short-findings"),
        ({"findings": LONG, "impression": "Normal."}, "short-impression"),
    ],
)
def test_a_report_that_is_not_used_says_why(tmp_path: Path, row: dict[str, Any], reason: str) -> None:
    (dropped,) = read(tmp_path, [row])
    assert isinstance(dropped, Dropped)
    assert dropped.reason == reason
    assert dropped.origin.place == "line 1"


def test_the_filters_are_settings(tmp_path: Path) -> None:
    row = {"findings": "Clear lungs.", "impression": "Normal."}
    (made,) = read(tmp_path, [row], min_findings_words=1, min_impression_words=1)
    assert isinstance(made, Example)


def test_background_is_an_extra_input_when_asked_for(tmp_path: Path) -> None:
    row = {"findings": LONG, "impression": "Mild cardiomegaly.", "indication": "Cough.", "comparison": "None."}
    (without,) = read(tmp_path, [row])
    (with_it,) = read(tmp_path, [row], background=True)
    assert isinstance(with_it, Example)
    assert isinstance(without, Example)
    assert with_it.question == f"Background: Cough. None.\nFindings: {LONG}"
    assert with_it.group == without.group, "the background must not hide that two reports are the same"


def test_the_shipped_sample_is_half_abnormal_and_splits_without_leaks() -> None:
    dataset = make(
        "medical-radiology",
        reports,
        ReportOptions(),
        DataSettings(),
        seed=0,
        max_length=None,
        count_tokens=None,
    )
    assert dataset.sample
    assert len(dataset.train) + len(dataset.test) >= 400
    share = sum("abnormal" in e.tags for e in dataset.train) / len(dataset.train)
    assert 0.45 <= share <= 0.65
    with SAMPLE.open(encoding="utf-8") as file:
        assert dataset.ledger.rows_in == len(list(csv.DictReader(file)))


def test_real_reports_are_read_and_accounted_for(shared_data: Path) -> None:
    dataset = make(
        "medical-radiology",
        reports,
        ReportOptions(),
        DataSettings(
            sources=(str(shared_data / "iu-xray-reports/iu_reports_train.csv"),),
            test_source=(str(shared_data / "mediqa2021-rrs/indiana_dev.json"),),
        ),
        seed=0,
        max_length=None,
        count_tokens=None,
    )
    assert dataset.ledger.rows_in == 984 + 2000
    assert dataset.ledger.counts["contamination"] > 50, "both files come from one collection"
    assert not {e.meta["findings"] for e in dataset.train} & {e.meta["findings"] for e in dataset.test}
