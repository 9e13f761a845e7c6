"""The report as one page: no script, nothing from elsewhere, and everything that a model wrote is shown as text.

The page opens without a server, years later, and may be sent to somebody: pictures are inside it.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domaintune.contracts import IMAGE
from domaintune.errors import DataError
from domaintune.evaluation.items import ALL
from domaintune.evaluation.layout import (
    FLOOR_NOTE,
    MANY,
    Block,
    Row,
    blind_note,
    blocks,
    cell,
    counted,
    difference,
    named,
    plain,
    verdict,
)
from domaintune.evaluation.marks import BLIND, FLOOR, RETRIEVER, WITH
from domaintune.evaluation.sampled import reduced

if TYPE_CHECKING:
    from PIL.Image import Image

FILE = "report.html"
"""The name of the page."""
LARGEST = 150_000
"""Bytes of a picture without loss; a photograph that takes more is shown with some."""
SMALL, ENLARGED = 160, 320
"""Pixels a side up to which a picture is enlarged, and to about how many."""
LONG = 6_000
"""Characters of a question or an answer that are shown."""
WORDS = {"better": "is better than", "worse": "is worse than", "no evidence": "is not shown to differ from"}
MODELS = {
    "base": "the base model", "tuned": "the tuned model", "given": "what was given", "against": "what it is compared with",
}  # fmt: skip
ENDS = {BLIND: "with blank pictures", WITH: "with passages"}
WITH_NOTE = "retrieval: the same questions with passages beside them."


def page(report: Mapping[str, Any], folder: Path, images: Sequence[Sequence[str]] = (), safety: str = "") -> str:
    """Return the HTML of a report.

    `folder` holds the pictures that evaluators drew, `images` names the pictures of each sample (paths or `data:` URLs),
    `safety` is the domain's sentence.
    """
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415  (wanted once)

    rooms = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = rooms.from_string(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))
    return template.render(
        domain=plain(report["domain"]),
        facts=list(_facts(report)),
        safety=plain(safety),
        evaluators=[_evaluator(report, name, folder) for name in report["graders"]],
        notes=list(_notes(report)),
        warnings=[plain(warning) for warning in report["warnings"]],
        samples=list(_samples(report, images)),
    )


def _facts(report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what was evaluated and how."""
    yield from ((name, plain(report[name])) for name in ("base", "adapter") if report[name])
    yield "items", f"{report['n'][ALL]:,}"
    if report["decoding"]:
        yield "decoding", ", ".join(f"{name} {value}" for name, value in report["decoding"].items())
    yield "intervals", f"95 %, {report['draws']:,} draws, seed {report['seed']}"


def _notes(report: Mapping[str, Any]) -> Iterator[str]:
    systems = {row["system"] for row in report["scores"]}
    if any(system.startswith(FLOOR) for system in systems):
        yield FLOOR_NOTE
    if blind := blind_note(report):
        yield blind
    if any(system.endswith(WITH) for system in systems):
        yield WITH_NOTE
    yield "The bars are 95 % intervals, the mark in a bar is the value. Scores and differences are x 100."


def _evaluator(report: Mapping[str, Any], name: str, folder: Path) -> dict[str, Any]:
    """Return the verdicts over all items, and a card for each slice."""
    found = blocks(report, name)
    whole = [row for block in found[:1] for row in block.comparisons]
    scales = {metric: _scale(found, metric) for block in found for metric in block.metrics}
    reach = max((abs(row[end]) for row in whole for end in ("low", "high")), default=0) or 1.0
    return {
        "name": plain(name),
        "said": list(_sentences(whole)),
        "verdicts": [_compared(row, reach) for row in whole],
        "cards": [_card(block, scales) for block in found],
        "open": len(found) - 1 <= MANY,
        "pictures": list(_drawn(report, name, folder)),
    }


def _sentences(rows: Sequence[Row]) -> Iterator[tuple[str, str]]:
    """Yield a sentence for each pair of systems and verdict, with the verdict: who is better than whom, and in what."""
    said: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        said.setdefault((row["a"], row["b"], row["verdict"]), []).append(plain(row["metric"]))
    for (a, b, found), metrics in said.items():
        rival = f"itself {ENDS[BLIND]}" if b == a + BLIND else _named(b)
        sentence = f"{_named(a)} {WORDS[found]} {rival}: {', '.join(metrics)}."
        yield found, sentence[:1].upper() + sentence[1:]


def _named(system: str) -> str:
    """Return a system in words: `the base model with blank pictures`."""
    for end, words in ENDS.items():
        if system.endswith(end):
            return f"{_named(system.removesuffix(end))} {words}"
    for start, words in ((FLOOR, "the best floor"), (RETRIEVER, "the retriever")):
        if system.startswith(start):
            return f"{words} ({plain(system.removeprefix(start))})"
    return MODELS.get(system, plain(system))


def _compared(row: Row, reach: float) -> dict[str, Any]:
    scale = (-reach, reach)
    return {
        "pair": f"{plain(row['a'])} - {plain(row['b'])}",
        "metric": plain(row["metric"]),
        "difference": difference(row).strip(),
        "verdict": verdict(row),
        "kind": row["verdict"].replace(" ", "-"),
        "bar": _bar(row["low"], row["difference"], row["high"], scale),
    }


def _card(block: Block, scales: Mapping[str, tuple[float, float]]) -> dict[str, Any]:
    """Return one slice: by metric, every system with its bar, and what the comparisons say."""
    metrics = []
    for metric in block.metrics:
        rows = [(system, row) for system in block.systems if (row := block.scores.get((system, metric)))]
        metrics.append(
            {
                "name": plain(metric),
                "systems": [
                    {
                        "name": named(block, system),
                        "kind": _kind(system),
                        "value": cell(row).strip(),
                        "bar": _bar(row["low"], row["value"], row["high"], scales[metric]),
                    }
                    for system, row in rows
                ],
                "verdicts": [_compared(row, 1.0) for row in block.comparisons if row["metric"] == metric],
            }
        )
    return {"heading": block.heading, "metrics": metrics}


def _kind(system: str) -> str:
    """Return the class of a system on the page."""
    if system.startswith(FLOOR):
        return "floor"
    return "blind" if system.endswith(BLIND) else "base" if system.startswith(("base", "against")) else "tuned"


def _scale(found: Sequence[Block], metric: str) -> tuple[float, float]:
    """Return the ends of a metric's bars: 0 and 1, unless its values go beyond."""
    rows = [row for block in found for (_, name), row in block.scores.items() if name == metric]
    return min(0.0, *(row["low"] for row in rows)), max(1.0, *(row["high"] for row in rows))


def _bar(low: float, value: float, high: float, scale: tuple[float, float]) -> dict[str, str]:
    """Return where a bar of width 100 begins, how wide it is, where its mark stands, and where 0 is."""
    start, end = scale
    at = {
        name: 100 * (number - start) / (end - start) for name, number in zip("lvhz", (low, value, high, 0), strict=True)
    }
    return {
        "left": f"{at['l']:.2f}",
        "width": f"{max(at['h'] - at['l'], 0.5):.2f}",
        "mark": f"{min(max(at['v'] - 0.6, 0), 98.8):.2f}",
        "zero": f"{at['z']:.2f}",
    }


def _drawn(report: Mapping[str, Any], evaluator: str, folder: Path) -> Iterator[dict[str, str]]:
    """Yield the pictures that an evaluator drew."""
    for picture in report.get("pictures", ()):
        file = folder / Path(picture["file"]).name
        if picture["evaluator"] == evaluator and file.is_file():
            yield {"source": _url("png", file.read_bytes()), "text": plain(picture["text"])}


def _samples(report: Mapping[str, Any], images: Sequence[Sequence[str]]) -> Iterator[dict[str, Any]]:
    for place, sample in enumerate(report["samples"]):
        names = images[place] if place < len(images) else ()
        question = _text(_marked(sample["prompt"], len(names)))
        said = [key for key, value in sample.items() if isinstance(value, str) and key not in {"prompt", "reference"}]
        yield {
            "number": place + 1,
            "tags": [plain(tag) for tag in sample["tags"]],
            "origin": ", ".join(plain(str(part)) for part in sample["origin"].values() if part),
            "question": question,
            "pictures": [_picture(name, question) for name in names],
            "reference": _text(sample["reference"]),
            "answers": [
                {
                    "system": plain(system),
                    "kind": _kind(system),
                    "text": _text(sample[system]),
                    "marks": _marks(sample, system),
                }
                for system in said
            ],
        }


def _marks(sample: Mapping[str, Any], system: str) -> list[dict[str, str]]:
    rows = (row for row in sample["scores"] if row["system"] == system)
    return [
        {"text": f"{plain(row['metric'])} {100 * row['value']:.1f}", "reason": plain(row["reason"])} for row in rows
    ]


def _marked(question: str, pictures: int) -> str:
    """Return a question without the marker of its one picture, or with the numbers of several."""
    if pictures < 2:
        return question.replace(IMAGE, "").strip()
    for number in range(1, pictures + 1):
        question = question.replace(IMAGE, f"[picture {number}]", 1)
    return question


def _picture(name: str, question: str) -> dict[str, Any]:
    """Return a picture for the page; one that cannot be shown any more costs a sentence, not the page."""
    try:
        image = reduced(name)
    except (DataError, OSError) as error:
        return {"missing": plain(f"This picture cannot be shown: {error}")}
    side = max(image.size)
    times = max(1, ENLARGED // side) if side <= SMALL else 1
    return {
        "missing": "",
        "source": _encoded(image),
        "width": image.width * times,
        "height": image.height * times,
        "small": times > 1,
        "text": question,
    }


def _encoded(image: Image) -> str:
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    if file.tell() <= LARGEST:
        return _url("png", file.getvalue())
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85)
    return _url("jpeg", file.getvalue())


def _url(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _text(text: str) -> str:
    """Return what a model wrote, its lines kept, without control characters and direction overrides, and not too long."""
    shown = "".join(c if c.isprintable() or c in "\n\t\u200c\u200d" else "\ufffd" for c in text[:LONG])
    rest = len(text) - LONG
    return f"{shown} … ({counted(rest, 'more character')})" if rest > 0 else shown
