"""Diseases with their symptoms, causes, tests and medicines: the table that ChatDoctor looks things up in.

    disease    Symptom                     reason            TestsAndProcedures    commonMedications
    Asthma     ['Wheezing', 'Cough', …]    Asthma is a …     ['Spirometry', …]     ['Salbutamol inhaler', …]

Tables with other headings are understood too, in English and in Chinese. Each disease becomes up to three kinds of
passages with its name as their title: its symptoms, which are also the keys by which it is found, what it is, and how
it is found and treated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from domaintune import BuildContext, Dropped, Field, Origin, Passage, Row, chunks, clean_text
from domaintune_medical.cells import entries, unescaped
from domaintune_medical.knowledge_options import DiseaseOptions
from domaintune_medical.script import chinese

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

    Rows about one disease under one licence are put together: a later row completes the first, and is dropped as
    `merged`. What stands under another licence stays apart, so that nobody's words are passed on under a licence they
    were not given. A row that says nothing new is dropped as `duplicate`. The table is held in memory.
    """
    found: dict[tuple[str, bool], dict[str, Condition]] = {}
    dropped: list[Dropped] = []
    escaped: set[Origin] = set()
    for row in context.rows(*FIELDS, sample=sample):
        item = _condition(row, escaped)
        if isinstance(item, Dropped):
            dropped.append(item)
            continue
        known = found.setdefault((item.name.casefold(), item.chinese), {})
        first = next((one for one in known.values() if _together(one, item) == one), None)
        reason = "duplicate" if first else "merged"
        if first is None:
            first = known.get(item.license)
            known[item.license] = _together(first, item) if first else item
        if first:
            dropped.append(Dropped(origin=item.origin, reason=reason, detail=f"{first.name!r} is at {first.origin}"))
    if escaped:
        rows = "1 row" if len(escaped) == 1 else f"{len(escaped):,} rows"
        context.note(rf"escapes such as \xe2\x80\x99 were turned back into characters in {rows}")
    yield from (item for known in found.values() for item in known.values())
    yield from dropped


def _condition(row: Row, escaped: set[Origin]) -> Condition | Dropped:
    """Read one row, and add it to `escaped` where a program's escapes stood in it."""

    def plain(text: str) -> str:
        if (without := unescaped(text)) != text:
            escaped.add(row.origin)
        return clean_text(without)

    name = plain(row["disease"]).rstrip(".。")
    reason = plain(row["reason"])
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
            lists[field] = _joined((), map(plain, entries(row[field])))
        except ValueError as error:
            return Dropped(origin=row.origin, reason="unreadable-list", detail=f"{field}: {error}")
    if not (reason or any(lists.values())):
        return Dropped(origin=row.origin, reason="only-a-name", detail=name)
    text = " ".join((name, reason, *lists["symptoms"], *lists["tests"], *lists["medications"]))
    return Condition(
        name=name,
        reason=reason,
        origin=row.origin,
        chinese=chinese(text),
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


def _joined(first: tuple[str, ...], second: Iterable[str]) -> tuple[str, ...]:
    once = {entry.casefold(): entry for entry in first}
    for entry in filter(None, second):
        once.setdefault(entry.casefold(), entry)
    return tuple(once.values())


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
