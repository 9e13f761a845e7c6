"""Diseases with their symptoms, causes, tests and medicines: the table that ChatDoctor looks things up in.

    disease    Symptom                     reason            TestsAndProcedures    commonMedications
    Asthma     ['Wheezing', 'Cough', …]    Asthma is a …     ['Spirometry', …]     ['Salbutamol inhaler', …]

Tables with other headings are understood too, in English and in Chinese. Each disease becomes up to three kinds of
passages with its name as their title: its symptoms, which are also the keys by which it is found, what it is, and how
it is found and treated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from domaintune import BuildContext, Dropped, Field, Origin, Passage, Row, chunks, clean_text
from domaintune_medical.cells import entries
from domaintune_medical.knowledge_options import DiseaseOptions

SAMPLE = Path(__file__).with_name("samples") / "conditions.csv"
SAMPLE_ZH = SAMPLE.with_name("conditions_zh.csv")
FIELDS = (
    Field(
        name="disease",
        aliases=("disease name", "condition", "diagnosis", "name", "title", "疾病", "疾病名称", "病名", "名称"),
    ),
    Field(
        name="symptoms",
        aliases=("symptom", "signs and symptoms", "signs", "症状", "临床表现", "临床症状"),
        required=False,
        nested=True,
    ),
    Field(
        name="reason",
        aliases=("cause", "causes", "description", "overview", "summary", "definition", "病因", "原因", "简介", "描述"),
        required=False,
    ),
    Field(
        name="tests",
        aliases=("TestsAndProcedures", "medical tests", "test", "procedures", "diagnostics", "检查", "检查项目"),
        required=False,
        nested=True,
    ),
    Field(
        name="medications",
        aliases=(
            *("commonMedications", "medication", "medicines", "drugs", "treatments"),
            *("药物", "药品", "常用药物", "常用药品", "药物治疗"),
        ),
        required=False,
        nested=True,
    ),
    Field(name="license", aliases=("licence", "许可"), required=False),
)
LONGEST_NAME = 200
LONGEST_REASON = 100_000
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]{2,}")


@dataclass(frozen=True, kw_only=True)
class Condition:
    """What a table says of one disease; `chinese` is the language of most of it."""

    name: str
    symptoms: tuple[str, ...] = ()
    reason: str = ""
    tests: tuple[str, ...] = ()
    medications: tuple[str, ...] = ()
    origin: Origin
    chinese: bool = False
    license: str = ""


def diseases(context: BuildContext) -> Iterator[Passage | Dropped]:
    """Yield the passages of every disease, and say why for every row that gave none of its own."""
    options: DiseaseOptions = context.options or DiseaseOptions()
    for item in read_conditions(context, SAMPLE_ZH if options.language == "zh" else SAMPLE):
        if isinstance(item, Dropped):
            yield item
        else:
            yield from passages(item, options.size, options.overlap)


def passages(condition: Condition, size: int = 160, overlap: int = 32) -> Iterator[Passage]:
    """Yield the passages of one disease; the first has its symptoms as keys, and all lists as `meta`."""
    meta = {
        "disease": condition.name,
        "symptoms": list(condition.symptoms),
        "tests": list(condition.tests),
        "medications": list(condition.medications),
    }
    for number, text in enumerate(_texts(condition, size, overlap)):
        yield Passage(
            text=text,
            origin=condition.origin,
            title=condition.name,
            keys=() if number else condition.symptoms,
            license=condition.license,
            meta={} if number else meta,
        )


def read_conditions(context: BuildContext, sample: Path = SAMPLE) -> Iterator[Condition | Dropped]:
    """Yield every disease of the sources once, in the order of its first row, and every row that adds nothing of its own.

    Rows about one disease are put together: a later row completes the first, and is dropped as `merged`, or as
    `duplicate` where it says nothing new. The table is held in memory.
    """
    found: dict[tuple[str, bool], Condition] = {}
    dropped: list[Dropped] = []
    for row in context.rows(*FIELDS, sample=sample):
        item = _condition(row)
        if isinstance(item, Dropped):
            dropped.append(item)
            continue
        key = (item.name.casefold(), item.chinese)
        first = found.get(key)
        if first is None:
            found[key] = item
            continue
        found[key] = whole = _together(first, item)
        reason = "duplicate" if whole == first else "merged"
        dropped.append(Dropped(origin=item.origin, reason=reason, detail=f"{first.name!r} is at {first.origin}"))
    yield from found.values()
    yield from dropped


def _condition(row: Row) -> Condition | Dropped:
    name = clean_text(row["disease"]).rstrip(".。")
    reason = clean_text(row["reason"])
    if not name:
        return Dropped(origin=row.origin, reason="no-disease")
    if len(name) > LONGEST_NAME or len(reason) > LONGEST_REASON:
        text, length, most = (
            ("name", len(name), LONGEST_NAME) if len(name) > LONGEST_NAME else ("reason", len(reason), LONGEST_REASON)
        )
        return Dropped(origin=row.origin, reason="too-long", detail=f"{text}: {length:,} characters > {most:,}")
    lists = {}
    for field in ("symptoms", "tests", "medications"):
        try:
            lists[field] = entries(row[field])
        except ValueError as error:
            return Dropped(origin=row.origin, reason="unreadable-list", detail=f"{field}: {error}")
    if not (reason or any(lists.values())):
        return Dropped(origin=row.origin, reason="only-a-name", detail=name)
    text = " ".join((name, reason, *lists["symptoms"], *lists["tests"], *lists["medications"]))
    return Condition(
        name=name,
        reason=reason,
        origin=row.origin,
        chinese=len(_HAN.findall(text)) > len(_LATIN.findall(text)),
        license=clean_text(row["license"]),
        **lists,
    )


def _together(first: Condition, second: Condition) -> Condition:
    """Complete a disease with what another row says of it."""
    return replace(
        first,
        symptoms=_joined(first.symptoms, second.symptoms),
        reason=first.reason or second.reason,
        tests=_joined(first.tests, second.tests),
        medications=_joined(first.medications, second.medications),
    )


def _joined(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    known = {entry.casefold() for entry in first}
    return (*first, *(entry for entry in second if entry.casefold() not in known))


def _texts(condition: Condition, size: int, overlap: int) -> Iterator[str]:
    """Write the passages of a disease, in its own language."""
    if condition.chinese:
        stop, gap, comma, symptoms, tests, medications = "。", "", "、", "症状：", "检查：", "药物："
    else:
        stop, gap, comma, symptoms, tests, medications = ".", " ", ", ", "Symptoms: ", "Tests: ", "Medications: "
    head = f"{condition.name}{stop}"
    if condition.symptoms:
        yield f"{head}{gap}{symptoms}{comma.join(condition.symptoms)}{stop}"
    if condition.reason:
        for piece in chunks(condition.reason, size, overlap):
            yield f"{head}{gap}{piece}"
    lists = ((tests, condition.tests), (medications, condition.medications))
    care = gap.join(f"{label}{comma.join(items)}{stop}" for label, items in lists if items)
    if care:
        yield f"{head}{gap}{care}"
