"""Write the sample dialogues of the medical plugin from its sample conditions.

    python -m domaintune_medical.samples.dialogue_grammar

writes `dialogues.jsonl` beside this file: questions of patients and answers of doctors, some over several turns, and
visits with a section of the note. Some rows carry invented names, dates, numbers and addresses, so that scrubbing has
something to find, and some doctors greet and sign off as those of portals do. No person stands behind any row.
"""

from __future__ import annotations

import csv
import json
import random
import re
from collections.abc import Mapping
from pathlib import Path

from domaintune import Origin
from domaintune_medical.cells import entries
from domaintune_medical.knowledge import SAMPLE, Condition
from domaintune_medical.qa_templates import listed, sex, spoken

from . import dialogue_words as words
from .visit_notes import SECTIONS, visit

HERE = Path(__file__).with_name("dialogues.jsonl")
CAUSES, VISITS = 3, 60  # questions about the cause of each condition's symptoms; visits altogether
IDENTIFIED, GREETED, TALKS = 0.15, 0.35, 0.15
# Symptoms of which one has one: "a dry cough", but "fever" and "itchy eyes".
SINGULAR = frozenset({
    "back", "bone", "cough", "face", "grip", "headache", "heartbeat", "joint", "leg", "mood", "neck", "nose", "nosebleed",
    "patch", "posture", "rash", "scalp", "stream", "throat", "toothache", "voice", "walk",
})  # fmt: skip
_HEAD = re.compile(r" (?:of|at|on|in|after|when|during|for|that|around|to|over|under|spreading|getting) ")


def conditions(file: Path = SAMPLE) -> list[Condition]:
    """Read the sample conditions."""
    with file.open(encoding="utf-8", newline="") as stream:
        return [
            Condition(
                name=row["disease"],
                symptoms=entries(row["Symptom"]),
                reason=row["reason"],
                tests=entries(row["TestsAndProcedures"]),
                medications=entries(row["commonMedications"]),
                origin=Origin(source=file.name, place=row["idx"]),
            )
            for row in csv.DictReader(stream)
        ]


def rows(seed: int = 0) -> list[dict[str, str]]:
    """Return the rows of the sample in random order, no question twice; the same seed gives the same rows."""
    rng = random.Random(seed)  # noqa: S311  (sampling, not secrecy)
    known = conditions()
    made: dict[str, dict[str, str]] = {}
    for condition in known:
        for row in (*(_cause(condition, rng) for _ in range(CAUSES)), _fact(condition, rng)):
            made[row.get("input") or row["dialogue"]] = row
    headers = list(SECTIONS)
    for number in range(VISITS):
        condition, header = rng.choice(known), headers[number % len(headers)]
        dialogue, note = visit(condition, header, rng)
        made[dialogue] = {"section_header": header, "section_text": note, "dialogue": dialogue}
    result = list(made.values())
    rng.shuffle(result)
    return result


def as_jsonl(made: list[dict[str, str]]) -> str:
    """Return rows as the text of the file."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in made)


def _cause(condition: Condition, rng: random.Random) -> dict[str, str]:
    """Let a patient name symptoms, and a doctor the condition; now and then over several turns."""
    symptoms = rng.sample(condition.symptoms, min(len(condition.symptoms), rng.randint(3, 4)))
    person = _person(rng)
    answer = " ".join((
        *_urgent(condition, symptoms),
        rng.choice(words.HINTS).format(d=spoken(condition.name)),
        condition.reason.split(". ")[0].rstrip(".") + ".",
        rng.choice(words.CHECKS).format(t=_some(condition.tests, 3)),
        rng.choice(words.CURES).format(m=_some(condition.medications, 3)) if condition.medications else words.SEE_AGAIN[0],
    ))  # fmt: skip
    if rng.random() < TALKS:
        return {"dialogue": _talk(symptoms, answer, person, rng), "disease": condition.name}
    facts = {
        "s": listed([_with_article(symptom) for symptom in symptoms], chinese=False),
        "t": rng.choice(words.DURATIONS),
        "age": str(rng.randrange(19, 84)),
        "relative": rng.choice(_relatives(condition)),
    }
    question = _begun(rng.choice(words.ASKED_CAUSE).format_map(facts | {"T": _begun(facts["t"])}))
    return _row(condition, _identified(question, person, rng), _polite(answer, person, rng))


def _fact(condition: Condition, rng: random.Random) -> dict[str, str]:
    """Let a patient ask about the tests or the medicines of a named condition."""
    tests = rng.random() < 0.5 or not condition.medications
    asked, told = (words.ASKED_TESTS, words.TESTS_ARE) if tests else (words.ASKED_MEDICINES, words.MEDICINES_ARE)
    name = spoken(condition.name)
    facts = {
        "d": name,
        "D": _begun(name),
        "t": _some(condition.tests, 4),
        "m": _some(condition.medications, 4),
        "relative": rng.choice(_relatives(condition)),
    }
    person = _person(rng)
    answer = f"{rng.choice(told).format_map(facts)} {rng.choice(words.SEE_AGAIN if tests else words.SEE)}"
    question = rng.choice(asked).format_map(facts)
    return _row(condition, _identified(question, person, rng), _polite(answer, person, rng))


def _talk(symptoms: list[str], answer: str, person: Mapping[str, str], rng: random.Random) -> str:
    """Spread a case over several turns; some patients have the last word."""
    first, *others = [_with_article(symptom) for symptom in symptoms]
    turns = [
        ("Patient", _identified(f"Doctor, I have been troubled by {first}.", person, rng)),
        ("Doctor", f"I am sorry to hear that. {rng.choice(words.LENGTHS)}"),
        ("Patient", _begun(f"{rng.choice(words.DURATIONS)}.")),
        ("Doctor", rng.choice(words.MORE)),
        ("Patient", f"Yes, there is also {listed(others, chinese=False)}."),
        ("Doctor", answer),
    ]
    turns += [("Patient", rng.choice(words.THANKS))] if rng.random() < 0.3 else []
    return "\n".join(f"{who}: {said}" for who, said in turns)


def _urgent(condition: Condition, symptoms: list[str]) -> list[str]:
    """Return what has to be said first where waiting for tests would be wrong."""
    if condition.name in words.EMERGENCIES:
        return [words.CALL]
    return [words.CRISIS] if "Thoughts of suicide" in symptoms else []


def _relatives(condition: Condition) -> tuple[str, ...]:
    fitting = sex(" ".join((condition.name, *condition.symptoms)))
    return {"woman": words.SHE_HAS, "man": words.HE_HAS, "": (*words.SHE_HAS, *words.HE_HAS)}[fitting]


def _row(condition: Condition, question: str, answer: str) -> dict[str, str]:
    return {"input": question, "output": answer, "disease": condition.name}


def _person(rng: random.Random) -> dict[str, str]:
    first, last, other = rng.choice(words.FIRST_NAMES), *rng.sample(words.LAST_NAMES, 2)
    born = f"{rng.randrange(1, 13):02}/{rng.randrange(1, 29):02}/{rng.randrange(1940, 2003)}"
    return {
        "first": first, "last": last, "other": other, "lower": f"{first}.{last}".lower(), "date": born,
        "number": str(rng.randrange(100_000, 999_999)), "two": f"{rng.randrange(100):02}",
    }  # fmt: skip


def _identified(question: str, person: Mapping[str, str], rng: random.Random) -> str:
    """Let some patients say who they are, or how to reach them."""
    if rng.random() >= IDENTIFIED:
        return question
    if rng.random() < 0.5:
        return rng.choice(words.IDENTITIES).format_map(person) + question
    return question + rng.choice(words.CONTACTS).format_map(person)


def _polite(answer: str, person: Mapping[str, str], rng: random.Random) -> str:
    """Let some doctors greet and sign off."""
    if rng.random() >= GREETED:
        return answer
    opening = rng.choice((*words.OPENINGS, "")).format_map(person)
    closing = rng.choice((*words.CLOSINGS, "")).format_map(person)
    return f"{opening}{answer}{closing}"


def _with_article(symptom: str) -> str:
    said = spoken(symptom)
    head = _HEAD.split(said)[0].rsplit(" ", 1)[-1]
    if head not in SINGULAR:
        return said
    return f"{'an' if said[0] in 'aeiou' else 'a'} {said}"


def _some(items: tuple[str, ...], most: int) -> str:
    return listed(items[:most], chinese=False)


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]


if __name__ == "__main__":
    HERE.write_text(as_jsonl(rows()), encoding="utf-8")
