"""Disease tables: lists as people write them, passages with keys, and every row accounted for."""

from __future__ import annotations

import ast
import csv
import json
import re
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domaintune import Dropped, Passage
from domaintune.data.context import Context
from domaintune.settings import DataSettings
from domaintune_medical import cells
from domaintune_medical.knowledge import SAMPLE, SAMPLE_ZH, Condition, diseases, read_conditions
from domaintune_medical.knowledge_options import DiseaseOptions

ASTHMA = {
    "idx": "0",
    "disease": "Asthma",
    "Symptom": "['Wheezing', 'Shortness of breath']",
    "reason": "The airways are inflamed.",
    "TestsAndProcedures": "['Spirometry']",
    "commonMedications": "['Salbutamol (Ventolin, Sultanol)', 'Budesonide']",
}


def context(*sources: Path, options: DiseaseOptions | None = None) -> Context:
    return Context("medical-diseases", options, DataSettings(sources=tuple(map(str, sources))), seed=0)


def table(tmp_path: Path, *rows: dict[str, Any], name: str = "table.csv") -> Path:
    path = tmp_path / name
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return path
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("['Fever', 'Dry cough']", ("Fever", "Dry cough")),
        ('["Crohn\'s disease", "Rash"]', ("Crohn's disease", "Rash")),
        ("['Skin dryness, peeling', \"Crohn's\"]", ("Skin dryness, peeling", "Crohn's")),
        ("Fever; Dry cough ;fever", ("Fever", "Dry cough")),
        ("Fever, Dry cough.", ("Fever", "Dry cough")),
        ("Alprazolam (Xanax, Niravam), Lorazepam", ("Alprazolam (Xanax, Niravam)", "Lorazepam")),
        ("Alprazolam (Xanax, Lorazepam", ("Alprazolam (Xanax", "Lorazepam")),
        ("发热、干咳，乏力", ("发热", "干咳，乏力")),
        ("发热，干咳", ("发热", "干咳")),
        ("- Fever\n- Dry cough\n", ("Fever", "Dry cough")),
        ("1. Fever\n2. Dry cough", ("Fever", "Dry cough")),
        ("[]", ()),
        ("['Fever', None]", ("Fever",)),
        ('["Fever", null, ""]', ("Fever",)),
        (" None ", ()),
        ("nan", ()),
        ("无", ()),
        ("Fever", ("Fever",)),
        # numbers are no bullets, and a comma within one divides nothing
        ("['0.9% sodium chloride']", ("0.9% sodium chloride",)),
        (
            "2.5% hydrocortisone; 0,9% saline; (25)-hydroxyvitamin D",
            ("2.5% hydrocortisone", "0,9% saline", "(25)-hydroxyvitamin D"),
        ),
        ("1.5 T MRI", ("1.5 T MRI",)),
        ("1,25-dihydroxyvitamin D, calcium", ("1,25-dihydroxyvitamin D", "calcium")),
        ("1. 5-HT blocker; 2. Rest; 3.) Sleep; 4)Food", ("1. 5-HT blocker", "Rest", "Sleep", "Food")),
    ],
)
def test_a_list_is_read_however_it_is_written(cell: str, expected: tuple[str, ...]) -> None:
    assert cells.entries(cell) == expected


@pytest.mark.parametrize(
    "cell",
    [
        "['Fever', 'Dry",
        "[Fever, Cough]",
        "['Fever', ['Cough']]",
        "['Fever', 3]",
        "[" * 5000,
        "['a'] + ['b']",
        "['Fever' 'Cough']",
        "['Fever', 'Dry'\n 'cough']",
        "[__import__('os').system('false')]",
        "['a' for a in 'b']",
        "[" + "'a'," * 10_000 + "]",
        str([str(number) for number in range(cells.MOST + 1)]),
    ],
)
def test_what_begins_like_a_list_and_is_none_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match=r"list|entr|characters"):
        cells.entries(cell)


def test_a_stray_backslash_in_a_list_warns_nobody() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cells.entries(r"['50\% loss']") == (r"50\% loss",)


@pytest.mark.parametrize("text", [",", "(,", "(", "-", "1.", "; ("])
def test_the_longest_cell_takes_no_time(text: str) -> None:
    start = time.process_time()
    cells.entries(text * (cells.LONGEST // len(text)))
    assert time.process_time() - start < 1


@given(st.text(max_size=200) | st.lists(st.text(max_size=10), max_size=10).map(repr))
@settings(max_examples=150, deadline=None)
def test_any_cell_is_entries_or_a_value_error(text: str) -> None:
    try:
        found = cells.entries(text)
    except ValueError:
        return
    assert all(entry.strip() == entry != "" for entry in found)
    assert len({entry.casefold() for entry in found}) == len(found)


plain = (
    st.text("abcdefg éü", min_size=1, max_size=12)
    .map(lambda t: " ".join(t.split()))
    .filter(lambda t: t not in {"", "na"})
)


@given(st.floats(0, 999).map(lambda dose: f"{dose:.2f}"), st.sampled_from(["mg aspirin", "% saline", " T MRI"]))
@settings(max_examples=60, deadline=None)
def test_no_number_of_an_entry_is_cut(dose: str, of_what: str) -> None:
    entry = f"{dose}{of_what}"
    assert cells.entries(entry) == cells.entries(repr([entry])) == cells.entries(f"{entry}, rest")[:1] == (entry,)


@given(st.lists(plain, min_size=1, max_size=8, unique_by=str.casefold))
@settings(max_examples=60, deadline=None)
def test_every_way_of_writing_a_list_means_the_same(items: list[str]) -> None:
    ways = {
        cells.entries(repr(items)),
        cells.entries(json.dumps(items)),
        cells.entries(json.dumps(items, ensure_ascii=False)),
        cells.entries("; ".join(items) + ";"),
        cells.entries("、".join(items)),
        cells.entries("\n".join(items)),
        cells.entries(", ".join(items)),
    }
    assert ways == {tuple(items)}


def test_a_disease_becomes_three_passages_found_by_its_symptoms(tmp_path: Path) -> None:
    made = list(diseases(context(table(tmp_path, ASTHMA))))
    assert [item.text for item in made if isinstance(item, Passage)] == [
        "Asthma. Symptoms: Wheezing, Shortness of breath.",
        "Asthma. The airways are inflamed.",
        "Asthma. Tests: Spirometry. Medications: Salbutamol (Ventolin, Sultanol), Budesonide.",
    ]
    first, *others = (item for item in made if isinstance(item, Passage))
    assert first.keys == ("Wheezing", "Shortness of breath")
    assert first.meta == {
        "disease": "Asthma",
        "symptoms": ["Wheezing", "Shortness of breath"],
        "tests": ["Spirometry"],
        "medications": ["Salbutamol (Ventolin, Sultanol)", "Budesonide"],
    }
    assert {item.title for item in (first, *others)} == {"Asthma"}
    assert [(item.keys, dict(item.meta)) for item in others] == [((), {}), ((), {})]
    assert first.origin.place == "line 2"


def test_a_disease_without_symptoms_still_says_what_it_is_about(tmp_path: Path) -> None:
    (made,) = diseases(context(table(tmp_path, {"disease": "Asthma", "reason": "The airways are inflamed."})))
    assert isinstance(made, Passage)
    assert made.meta["disease"] == "Asthma"
    assert made.keys == ()


@pytest.mark.parametrize(
    "names",
    [
        ("idx", "disease", "Symptom", "Medical Tests", "Medications"),
        ("idx", "Condition", "Signs and Symptoms", "Procedures", "drugs"),
        ("序号", "疾病", "症状", "检查", "药物"),
        ("编号", "疾病名称", "临床表现", "检查项目", "常用药物"),
    ],
)
def test_the_smaller_tables_and_other_headings_are_understood(tmp_path: Path, names: tuple[str, ...]) -> None:
    row = dict(zip(names, ("3", "Asthma", "Wheezing", "Spirometry", "Salbutamol"), strict=True))
    (made,) = read_conditions(context(table(tmp_path, row)))
    assert isinstance(made, Condition)
    assert (made.name, made.symptoms, made.tests, made.medications) == (
        "Asthma",
        ("Wheezing",),
        ("Spirometry",),
        ("Salbutamol",),
    )
    assert not made.chinese


def test_chinese_rows_become_chinese_passages(tmp_path: Path) -> None:
    row = {"疾病": "肺炎", "症状": "发热、咳嗽", "病因": "肺泡的感染。", "检查": "胸部X线", "药物": "阿莫西林"}
    made = [item for item in diseases(context(table(tmp_path, row))) if isinstance(item, Passage)]
    assert [item.text for item in made] == [
        "肺炎。症状：发热、咳嗽。",
        "肺炎。肺泡的感染。",
        "肺炎。检查：胸部X线。药物：阿莫西林。",
    ]
    assert made[0].keys == ("发热", "咳嗽")


def test_a_long_explanation_is_cut_and_nothing_of_it_is_lost(tmp_path: Path) -> None:
    sentences = [f"Fact number {number} is that part {number} of the body may be ill." for number in range(60)]
    path = table(tmp_path, {**ASTHMA, "reason": " ".join(sentences)})
    made = list(diseases(context(path, options=DiseaseOptions(size=64, overlap=16))))
    texts = [item.text for item in made if isinstance(item, Passage)][1:-1]
    assert len(texts) > 5
    assert all(text.startswith("Asthma. ") for text in texts)
    assert all(any(f"Fact number {number} is" in text for text in texts) for number in range(60))


def test_every_row_that_gives_nothing_is_dropped_with_a_reason(tmp_path: Path) -> None:
    rows = [
        ASTHMA,
        {**ASTHMA, "disease": "  "},
        {"disease": "Gout"},
        {**ASTHMA, "disease": "Flu", "Symptom": "['Fever', 'Cou"},
        {**ASTHMA, "disease": "Cold" * 100},
        {**ASTHMA, "disease": "ASTHMA", "Symptom": "wheezing"},
        {**ASTHMA, "disease": "asthma", "Symptom": "['Cough at night']", "reason": "Something else."},
    ]
    read = context(table(tmp_path, *[{**dict.fromkeys(ASTHMA, ""), **row} for row in rows]))
    made = list(diseases(read))
    dropped = {item.origin.place: item.reason for item in made if isinstance(item, Dropped)}
    assert dropped == {
        "line 3": "no-disease",
        "line 4": "only-a-name",
        "line 5": "unreadable-list",
        "line 6": "too-long",
        "line 7": "duplicate",
        "line 8": "merged",
    }
    first = next(item for item in made if isinstance(item, Passage))
    assert first.keys == ("Wheezing", "Shortness of breath", "Cough at night")
    used = {item.origin for item in made if isinstance(item, Passage)}
    booked = [item.origin for item in made if isinstance(item, Dropped)]
    assert used | set(booked) == set(read.seen)
    assert not used & set(booked)
    assert len(booked) == len(set(booked))


def test_rows_under_another_licence_stay_apart(tmp_path: Path) -> None:
    free = {**ASTHMA, "license": "CC0-1.0"}
    other = {**ASTHMA, "license": "CC BY-SA 4.0", "Symptom": "['Cough at night']", "reason": "Their own words."}
    again = {**other, "Symptom": "['Chest tightness']"}
    copied = {**ASTHMA, "license": "CC BY-SA 4.0"}
    made = list(diseases(context(table(tmp_path, free, other, again, copied))))
    licences = {word: {item.license for item in made if isinstance(item, Passage) and word in item.text} for word in
                ("Wheezing", "Cough at night", "Chest tightness", "Their own words")}  # fmt: skip
    assert licences.pop("Wheezing") == {"CC0-1.0"}
    assert all(licence == {"CC BY-SA 4.0"} for licence in licences.values())
    assert [item.reason for item in made if isinstance(item, Dropped)] == ["merged", "duplicate"]


def test_escapes_that_a_program_left_are_undone_and_counted(tmp_path: Path) -> None:
    row = {
        **ASTHMA,
        "disease": r"Athlete\'s foot",
        "reason": r"You\xe2\x80\x99re ill.\nThe foot\'s skin, \xff and \xce\xba.",
        "commonMedications": '["Cat\\\\\'S Claw"]',
    }
    plain_row = {**ASTHMA, "disease": "Plain", "reason": r"See C:\new and \tau.", "Symptom": r'["a \"dry\" cough"]'}
    read = context(table(tmp_path, row, plain_row))
    first, second = read_conditions(read)
    assert isinstance(first, Condition)
    assert isinstance(second, Condition)
    assert (first.name, first.medications) == ("Athlete's foot", ("Cat'S Claw",))
    assert first.reason == "You\N{RIGHT SINGLE QUOTATION MARK}re ill. The foot's skin, \\xff and κ."
    assert (second.reason, second.symptoms) == (r"See C:\new and \tau.", ('a "dry" cough',))
    assert [note for note in read.notes if "escapes" in note and "1 row" in note]


def test_a_thousand_damaged_rows_are_each_accounted_for(tmp_path: Path) -> None:
    values = ["", "['a'", "['a', 'b']", "a; b", "\x07", "[1]", "x" * 30_000, None, ["a"], {"a": 1}, 3.5]
    rows = [
        {"disease": f"d{number}" if number % 7 else values[number % 11], "Symptom": values[number % 11]}
        for number in range(1000)
    ]
    path = table(tmp_path, *rows, name="table.jsonl")
    with path.open("a", encoding="utf-8") as file:
        file.write('{"disease": "half\n')
    read = context(path)
    made = list(diseases(read))
    booked = Counter(item.origin for item in made if isinstance(item, Dropped))
    used = {item.origin for item in made if isinstance(item, Passage)}
    assert not used & set(booked)
    assert set(booked.values()) == {1}
    assert len(used) + len(booked) + len(read.malformed) == 1001
    assert len(used) > 200


# What no medicine treats: the table must not offer one.
NO_MEDICINE = {"Benign positional vertigo", "Cataract", "Sleep apnoea", "Stroke"}


def test_the_shipped_tables_offer_nothing_dangerous() -> None:
    known = {item.name: item for path in (SAMPLE, SAMPLE_ZH) for item in read_conditions(context(path))
             if isinstance(item, Condition)}  # fmt: skip
    assert {name for name, item in known.items() if not item.medications} == NO_MEDICINE
    for name, word in {"Cataract": "operation", "Appendicitis": "taken out", "Gallstones": "taking out", "Stroke": "scan",
                       "Tuberculosis": "never with one alone", "胆囊结石": "手术"}.items():  # fmt: skip
        assert word in known[name].reason
    assert "诺氟沙星" not in known["急性胃肠炎"].medications
    assert "Formoterol" not in known["Asthma"].medications, "never without an anti-inflammatory"


def test_equal_sources_give_equal_passages() -> None:
    assert list(diseases(context())) == list(diseases(context()))


@pytest.mark.parametrize(("language", "least", "path"), [("en", 60, SAMPLE), ("zh", 15, SAMPLE_ZH)])
def test_the_shipped_tables_are_whole(language: Any, least: int, path: Path) -> None:
    made = list(diseases(context(options=DiseaseOptions(language=language))))
    assert all(isinstance(item, Passage) for item in made)
    found = [item for item in made if isinstance(item, Passage)]
    entries = [item for item in found if item.meta]
    assert len(entries) >= least
    assert {item.license for item in found} == {"CC0-1.0"}
    for item in entries:
        assert 6 <= len(item.meta["symptoms"]) <= 12, item.title
        assert item.meta["tests"], item.title
        assert item.meta["medications"] or item.title in NO_MEDICINE, item.title
    shared = Counter(symptom for item in entries for symptom in item.meta["symptoms"])
    assert sum(count > 1 for count in shared.values()) >= len(shared) / 3, "conditions share their symptoms"
    spellings: dict[str, set[str]] = {}
    for symptom in shared:
        spellings.setdefault(re.sub(r"\W", "", symptom.casefold()), set()).add(symptom)
    assert all(len(ways) == 1 for ways in spellings.values()), "one spelling a symptom"
    with path.open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == len(entries)


def test_the_real_table_is_read_to_the_last_row(shared_data: Path) -> None:
    folder = shared_data / "chatdoctor"
    full = context(folder / "format_dataset.csv")
    made = list(diseases(full))
    assert not [item for item in made if isinstance(item, Dropped)]
    entries = {item.title: item for item in made if isinstance(item, Passage) and item.meta}
    with (folder / "format_dataset.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert set(entries) == {row["disease"].strip().replace("\\'", "'") for row in rows}
    assert any("escapes" in note for note in full.notes)
    assert not [item.text for item in made if isinstance(item, Passage) and re.search(r"\\x[0-9a-f]{2}|\\'", item.text)]
    for row in rows[::40]:
        assert list(entries[row["disease"].strip()].keys) == list(dict.fromkeys(ast.literal_eval(row["Symptom"])))
    smaller = context(folder / "disease_database_mini.csv", folder / "disease_symptom.csv")
    reasons = Counter(item.reason for item in diseases(smaller) if isinstance(item, Dropped))
    assert set(reasons) <= {"duplicate", "merged"}
