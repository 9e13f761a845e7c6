"""What identifies a person goes, what is clinical stays, and an example keeps its sense."""

from __future__ import annotations

import importlib.util
import re
import sys
import time
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domaintune.contracts import Example, Message, Origin
from domaintune.errors import DataError
from domaintune.privacy.scrub import Scrubber, open_scrubber
from domaintune.privacy.spans import PLACEHOLDER

ORIGIN = Origin(source="notes.jsonl", place="line 1")


@pytest.fixture(scope="module")
def planted() -> ModuleType:
    """The notes of the benchmark."""
    path = Path(__file__).parents[3] / "benchmarks" / "planted_notes.py"
    spec = importlib.util.spec_from_file_location("planted_notes", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["planted_notes"] = module
    spec.loader.exec_module(module)
    return module


def scrub(text: str) -> str:
    return Scrubber().scrub(text)[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Seen by Dr. Okafor on 3/14/2021.", "Seen by Dr. [NAME-1] on [DATE-1]."),
        ("MRN: 00123456, SSN 123-45-6789", "MRN: [ID-1], SSN [ID-2]"),
        ("Call (212) 555-0123 or +44 20 7946 0958.", "Call [PHONE-1] or [PHONE-2]."),
        ("Write to Anna.Lee@example.org, not anna.lee@example.org", "Write to [EMAIL-1], not [EMAIL-1]"),
        ("She lives at 12 Oak St, Salem, MA 01970.", "She lives at [ADDRESS-1]."),
        ("PO Box 4411, zip 60614", "[ADDRESS-1], zip [ZIP-1]"),
        ("a 92-year-old man, his 89-year-old wife", "a [AGE-1]-year-old man, his 89-year-old wife"),
        ("from 10.1.2.3 at https://example.org/p/7.", "from [IP-1] at [URL-1]."),
        ("Patient: Mary Olga de la Cruz\nDOB: 4 May 1961", "Patient: [NAME-1]\nDOB: [DATE-1]"),
        ("Name: Smith, Anna M.\nSmith was seen. Anna agrees.", "Name: [NAME-1].\n[NAME-1] was seen. [NAME-1] agrees."),
        ("His aunt Susan Hall came, Susan too.", "His aunt [NAME-1] came, [NAME-1] too."),
        ("Best regards,\nJames A. Walker", "Best regards,\n[NAME-1]"),
        ("my name is sarah and I may be late", "my name is [NAME-1] and I may be late"),
        ("Priya Singh, MD, and Drs. Hall and Novák", "[NAME-1], MD, and Drs. [NAME-2] and [NAME-3]"),
        ("on May fourteenth, since July, in 2019, on Monday", "on [DATE-1], since [DATE-2], in 2019, on Monday"),
        ("VIN 1HGCM82633A004352, plate number ABC-1234", "VIN [ID-1], plate number [ID-2]"),
        ("NPI: 1234567890, policy #: XYZ-12345-6, lot # AB-123456", "NPI: [ID-1], policy #: [ID-2], lot # [ID-3]"),
        ("王芳女士，手机13812345678，2021年3月4日入院", "[NAME-1]女士，手机[PHONE-1]，[DATE-1]入院"),
        ("身份证号：11010519491231002X，病历号：A1234567，九十二岁", "身份证号：[ID-1]，病历号：[ID-2]，[AGE-1]岁"),
        ("现住北京市海淀区中关村路5号。我叫李秀英，李秀英头痛。", "现住[ADDRESS-1]。我叫[NAME-1]，[NAME-1]头痛。"),
    ],
)
def test_identifiers_become_numbered_placeholders(text: str, expected: str) -> None:
    assert scrub(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "MR angiography and MRI for MS. Ms and MS.",
        "Parkinson's disease, Crohn's, St. John's wort and a Foley catheter.",
        "Disc at C5-6, L4/5; take 1/2 tablet, 5/325 mg; BP 120/80; strength 5/5; pain 4/10; vision 20/40.",
        "Gestational age 32 2/7 weeks, ECOG 1-2, 24/7, at 8:30 a.m., 10-12 hours, 1-1/2 packs.",
        "It may rain; march in place. You may 2 tablets. Will it go?",
        "ICD-10 E11.9, WBC 7.8, platelets 250,000, SpO2 96%, BMI 27.4, HPV 16/18, COVID-19.",
        "In 2015, aged 58, six months ago, last Tuesday, for 90 days, 95% of patients.",
        "Doctor: What brings you in?\nPatient: Chest Pain and Nausea.\nDoctor: Okay. Tylenol, Advil?",
        "Mother: Breast Cancer, Diabetes. Father: Hypertension.",
        "Dr. XXXX saw ___ on [DATE-1] with [NAME-12]; XXXX, MD.",
        "高血压医生建议复查，血糖7.8，每日3次，58岁，5月龄，2019年，马上医生来。",
        "",
    ],
)
def test_clinical_text_is_left_alone(text: str) -> None:
    assert Scrubber().scrub(text) == (text, Counter())


def test_a_name_is_no_name_in_the_name_of_a_disease() -> None:
    text = "Dr. Wilson and Dr. Crohn think of Wilson disease, Crohn's disease, not of Wilson's wish."
    assert (
        scrub(text) == "Dr. [NAME-1] and Dr. [NAME-2] think of Wilson disease, Crohn's disease, not of [NAME-1]'s wish."
    )


def example() -> Example:
    return Example(
        prompt=(
            Message(role="system", content="You are a doctor."),
            Message(role="user", content="I am Dr. Jane Okafor, Jones sent me on 3/14/2021. [NAME-4] too."),
        ),
        completion=(Message(role="assistant", content="Okafor should come on 4/20/2021, not 3/14/2021."),),
        origin=ORIGIN,
        tags=frozenset({"answer"}),
        group="JANE OKAFOR, Dr. Jones",
        choices=("Okafor", "rest"),
        meta={"who": ["Jones"], "age": 92, "more": {"when": "seen 4/20/2021"}},
    )


def test_an_identifier_has_one_number_in_all_texts_of_an_example() -> None:
    done, counts = Scrubber().scrub_example(example())
    assert [message["content"] for message in done.prompt] == [
        "You are a doctor.",
        "I am Dr. [NAME-5], [NAME-6] sent me on [DATE-1]. [NAME-4] too.",
    ]
    assert done.reference == "[NAME-5] should come on [DATE-2], not [DATE-1]."
    assert (done.group, done.choices) == ("[NAME-5], Dr. [NAME-6]", ("[NAME-5]", "rest"))
    assert done.meta == {"who": ["[NAME-6]"], "age": 92, "more": {"when": "seen [DATE-2]"}}
    assert (done.origin, done.tags) == (ORIGIN, frozenset({"answer"}))
    assert counts == Counter(NAME=7, DATE=4)
    assert Scrubber().scrub_example(done) == (done, Counter())


def test_an_example_without_identifiers_is_the_same_object_and_numbers_begin_anew() -> None:
    scrubber = Scrubber()
    plain = Example(prompt=(Message(role="user", content="Fever?"),), completion=(), origin=ORIGIN)
    assert scrubber.scrub_example(plain)[0] is plain
    assert [scrubber.scrub(f"Dr. {name}")[0] for name in ("Osei", "Haddad")] == ["Dr. [NAME-1]"] * 2


def test_planted_identifiers_are_found_and_clinical_terms_kept(planted: ModuleType) -> None:
    asked: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    kept = gone = 0
    for note in planted.notes(700, seed=11):
        text = scrub(note.text)
        asked.update(one.kind for one in note.planted)
        missed.update(one.kind for one in note.planted if planted.left(note, text, one))
        kept, gone = kept + len(note.kept), gone + len(planted.lost(note, text))
    structured = set(asked) - set(planted.NAMES)
    assert len(structured) >= 20
    assert {kind: missed[kind] for kind in structured if missed[kind] > 0.01 * asked[kind]} == {}
    introduced = [kind for kind in planted.NAMES if kind != "name bare"]
    assert sum(missed[kind] for kind in introduced) <= 0.02 * sum(asked[kind] for kind in introduced)
    assert gone <= 0.02 * kept


def test_the_measure_sees_a_scrubber_that_does_nothing_or_too_much(planted: ModuleType) -> None:
    notes = planted.notes(60, seed=3)
    assert all(planted.left(note, note.text, one) for note in notes for one in note.planted)
    assert all(planted.lost(note, "") for note in notes if note.kept)


FRAGMENTS = (
    "Dr. |Mr. |Smith|Anna |Lee, |Patient: |MRN: |123456|3/14/2021| on |May |4|, |\n|12 Oak St|@|a.b|example.org|http://"
    "|[NAME-1]|XXXX|___|Regards, |(212) |555-0123|92|-year-old|王|先生|路5号|1949|年3月|4日|MD|İ|É|[|]|.|-|/|:| "
)
PIECES = st.sampled_from(FRAGMENTS.split("|"))


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=60))
def test_scrubbing_twice_changes_nothing_and_keeps_all_else(text: str) -> None:
    once, counts = Scrubber().scrub(text)
    assert Scrubber().scrub(once) == (once, Counter())
    assert (once == text) == (not counts)
    kept = PLACEHOLDER.split(once)[::3]
    assert re.fullmatch(".*".join(map(re.escape, kept)), text, re.DOTALL)


HOSTILE = (
    "a|1|1 |1-|1/|a.|a@|(|Dr. |Dr. A |A |Ab |AB |Ab, |Patient: |MRN |+1|www.|a:|::|May |1 may |市|路1号|王|我叫王|12 Oak "
    '|Oak, |X| |\n|Regards,\n|Address: 1 |name  |12 ABC |a.a at |@a_|(01)1|住县|患者王|-A |mother (|Dr.A|1/2-1/3|"A" |a: '
)


@pytest.mark.parametrize("unit", HOSTILE.split("|"))
def test_time_grows_with_the_length_of_a_hostile_text(unit: str) -> None:
    start = time.process_time()
    Scrubber().scrub((unit * 20_000)[:20_000])
    assert time.process_time() - start < 2


def test_thousands_of_names_take_seconds() -> None:
    letters = "abcdefghijklmnopqrst"
    text = ". ".join(f"Dr. Q{a}{b}{c}x" for a in letters for b in letters for c in letters[:8])
    start = time.process_time()
    scrubbed, counts = Scrubber().scrub(text)
    assert (counts["NAME"], scrubbed.endswith("[NAME-3200]")) == (3200, True)
    assert time.process_time() - start < 5


def test_more_spans_come_from_a_further_finder() -> None:
    from domaintune.privacy.spans import Span

    scrubber = Scrubber(lambda text: [Span(found.start(), found.end(), "ID") for found in re.finditer("badger", text)])
    assert scrubber.scrub("a badger and Dr. Badger")[0] == "a [ID-1] and Dr. [NAME-1]"


def test_presidio_that_is_not_installed_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "presidio_analyzer", None)
    with pytest.raises(DataError, match=r"pip install 'domaintune\[privacy\]'"):
        open_scrubber("presidio")


def test_presidio_adds_what_has_a_checksum() -> None:
    pytest.importorskip("presidio_analyzer", reason="the extra 'privacy' is not installed")
    scrubbed = open_scrubber("presidio").scrub("IBAN code DE89370400440532013000; BP 120/80, WBC 7.8, C5-6")[0]
    assert scrubbed == "IBAN code [ID-1]; BP 120/80, WBC 7.8, C5-6"
