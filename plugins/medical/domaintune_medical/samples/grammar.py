"""Write chest radiograph reports, findings and impression, for the sample of the medical plugin.

    python -m domaintune_medical.samples.grammar

writes `reports.csv` beside this file. No patient stands behind any row; see README.md.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from . import vocabulary as words
from .body import Body
from .cases import Finding, chance, draw_case, expand

SHARES: Mapping[str, float] = {"normal": 0.27, "mixed": 0.18}  # the rest is abnormal
IMPRESSION_WORDS = range(3, 31)
FINDINGS_WORDS = range(12, 75)
PEOPLE = ("man", "woman", "male", "female")


@dataclass(frozen=True)
class Report:
    """One radiology report; `findings` is what the radiologist saw, `impression` what it means."""

    uid: str
    indication: str
    comparison: str
    findings: str
    impression: str


def reports(count: int = 640, seed: int = 0) -> list[Report]:
    """Return `count` reports with distinct findings; the same seed gives the same reports."""
    rng = random.Random(seed)  # noqa: S311  (sampling, not secrecy)
    rows: dict[str, Report] = {}
    for number, kind in enumerate(kinds(count, rng), start=1):
        report = compose(rng, kind, f"grammar-{number:04d}")
        while report.findings in rows or not readable(report):
            report = compose(rng, kind, report.uid)
        rows[report.findings] = report
    return list(rows.values())


def kinds(count: int, rng: random.Random) -> list[str]:
    """Return the class of each report: exact shares, in random order."""
    every = [kind for kind, share in SHARES.items() for _ in range(round(count * share))]
    every += ["abnormal"] * (count - len(every))
    rng.shuffle(every)
    return every


def readable(report: Report) -> bool:
    """Tell whether both texts have a usual length."""
    findings, impression = len(report.findings.split()), len(report.impression.split())
    return findings in FINDINGS_WORDS and impression in IMPRESSION_WORDS


def compose(rng: random.Random, kind: str, uid: str) -> Report:
    """Write one report of a class."""
    prior = chance(rng, 0.45)
    told, passed = draw_case(rng, kind, prior)
    body = Body(rng, told + passed)
    findings = body.write()
    if kind == "normal":
        impression = all_normal(rng, passed)
    else:
        closing = closer(rng, body, told) if kind == "mixed" else ""
        if kind == "mixed" and not closing:
            return compose(rng, kind, uid)
        impression = lay_out(rng, lines(rng, told), closing)
    return Report(
        uid=uid,
        indication=indication(rng, told),
        comparison=expand(rng.choice(words.PRIORS if prior else words.NO_PRIOR), rng),
        findings=findings,
        impression=impression,
    )


def all_normal(rng: random.Random, passed: Sequence[Finding]) -> str:
    """Conclude a study in which nothing, or nothing that matters, was found."""
    if chance(rng, 0.33):
        return words.COMMONEST
    return rng.choice(words.NO_ACUTE if passed else words.NORMAL_STUDY)


def lines(rng: random.Random, told: Sequence[Finding]) -> list[str]:
    """Return the lines of an impression, the most important first, with a recommendation."""
    ranked = sorted(told, key=lambda finding: finding.entity.rank)
    texts = [finding.summary for finding in ranked]
    if len(texts) > 1 and chance(rng, 0.4):
        texts = merged(rng, ranked)
    advice = ranked[0].entity.advice
    if advice and chance(rng, 0.4):
        texts[0] += f". {expand(rng.choice(advice), rng)}"
    return texts


def merged(rng: random.Random, ranked: Sequence[Finding]) -> list[str]:
    """Say two findings in one line where neither is a clause of its own."""
    first, second, *others = ranked
    both = f"{first.summary} {second.summary}"
    if "," in both or any(word in both.split() for word in ("may", "with", "and", "terminates")):
        return [finding.summary for finding in ranked]
    link = "with" if second.entity.joins and chance(rng, 0.6) else "and"
    return [f"{first.summary} {link} {inside(second.summary)}", *(f.summary for f in others)]


def inside(text: str) -> str:
    """Take the capital off a phrase that moves into a sentence, unless it is an abbreviation."""
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def closer(rng: random.Random, body: Body, told: Sequence[Finding]) -> str:
    """Return what a mixed impression says is not there, or nothing where nothing was denied."""
    acute = any(finding.entity.acute for finding in told)
    device = any(finding.entity.region == "devices" for finding in told)
    pool = [text for topics, text in words.RULED_OUT if set(topics.split()) <= body.covered]
    if not acute and not (device and pool and chance(rng, 0.5)):
        return expand(rng.choice(words.CLOSERS), rng)
    return expand(rng.choice(pool), rng) if pool else ""


def lay_out(rng: random.Random, items: list[str], closing: str) -> str:
    """Number the lines or write them as sentences; the closing line is mostly the last."""
    if closing.startswith("No a") and chance(rng, 0.25):
        items = [closing, *items]
    elif closing:
        items = [*items, closing]
    if chance(rng, 0.55 if len(items) > 1 else 0.06):
        return " ".join(f"{number}. {item}." for number, item in enumerate(items, start=1))
    return " ".join(f"{item}." for item in items)


def indication(rng: random.Random, told: Sequence[Finding]) -> str:
    """Return why the study was ordered, sometimes with the age and sex of a person."""
    lead = told[0].entity if told else None
    own = lead.why if lead and (lead.acute or chance(rng, 0.6)) else ()
    reason = expand(rng.choice(own or words.REASONS), rng)
    if reason.endswith(".") or not chance(rng, 0.45):
        return reason if chance(rng, 0.3) else f"{reason.rstrip('.')}."
    age = rng.randint(45, 88) if told else rng.randint(18, 76)
    return f"{age}-year-old {rng.choice(PEOPLE)} with {inside(reason)}."


def as_csv(rows: Sequence[Report]) -> str:
    """Return the rows as the text of a CSV file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(Report))
    writer.writerows(astuple(row) for row in rows)
    return text.getvalue()


def main() -> None:
    """Write the shipped sample beside this file."""
    path = Path(__file__).with_name("reports.csv")
    path.write_text(as_csv(reports()), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
