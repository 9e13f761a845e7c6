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
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from domaintune import Origin
from domaintune_medical.cells import entries
from domaintune_medical.knowledge import SAMPLE, Condition
from domaintune_medical.patients import ages, sex
from domaintune_medical.wording import listed, noun, plural

from . import dialogue_words as words
from .visit_notes import SECTIONS, called, visit

HERE = Path(__file__).with_name("dialogues.jsonl")
CAUSES, VISITS = 3, 60  # questions about the cause of each condition's symptoms; visits altogether
IDENTIFIED, GREETED, TALKS = 0.15, 0.35, 0.15


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
    headers, visitors = list(SECTIONS), calm(known)
    for number in range(VISITS):
        condition, header = rng.choice(visitors), headers[number % len(headers)]
        dialogue, note = visit(condition, header, rng)
        made[dialogue] = {"section_header": header, "section_text": note, "dialogue": dialogue}
    result = list(made.values())
    rng.shuffle(result)
    return result


def as_jsonl(made: list[dict[str, str]]) -> str:
    """Return rows as the text of the file."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in made)


def calm(known: Iterable[Condition]) -> list[Condition]:
    """Return the conditions with which people may well sit in a practice, each with its harmless symptoms only."""
    harmless = [
        replace(
            one, symptoms=tuple(item for item in one.symptoms if item not in words.DANGER_SIGNS | words.CAUTION_SIGNS)
        )
        for one in known
        if one.name not in words.EMERGENCIES | words.SAME_DAY | words.TOGETHER
    ]
    return [one for one in harmless if one.medications and len(one.symptoms) > 1]


def _cause(condition: Condition, rng: random.Random) -> dict[str, str]:
    """Let a patient name symptoms, and a doctor the condition; now and then over several turns."""
    symptoms = rng.sample(condition.symptoms, min(len(condition.symptoms), rng.randint(3, 4)))
    person = _person(rng)
    first, now = _urgent(condition, symptoms)
    tests = rng.choice(words.CHECKS_NOW if now else words.CHECKS).format(t=_some(condition.tests, 3))
    answer = " ".join((
        *first,
        rng.choice(words.HINTS).format(d=called(condition.name)),
        condition.reason.split(". ")[0].rstrip(".") + ".",
        tests,
        *_cure(condition, 3, rng.choice(_cures(condition))),
        *([] if first or words.CAUTION_SIGNS.isdisjoint(symptoms) else [words.WORSE]),
    ))  # fmt: skip
    if not now and rng.random() < TALKS:
        return {"dialogue": _talk(symptoms, answer, person, rng), "disease": condition.name}
    youngest, oldest = ages(condition.name, " ".join(symptoms))
    youngest = max(19, youngest)  # who writes is of age
    facts = {
        "s": listed(symptoms, chinese=False, articles=True),
        "t": rng.choice(_durations(condition, now=now)),
        "age": str(rng.randint(youngest, max(youngest, min(83, oldest)))),
        "relative": rng.choice(_relatives(condition)),
    }
    question = _begun(rng.choice(words.ASKED_CAUSE).format_map(facts | {"T": _begun(facts["t"])}))
    return _row(condition, _identified(question, person, rng), answer if now else _polite(answer, person, rng))


def _fact(condition: Condition, rng: random.Random) -> dict[str, str]:
    """Let a patient ask about the tests or the medicines of a named condition."""
    tests = rng.random() < 0.5 or not condition.medications
    first, now = _urgent(condition, ())
    name = called(condition.name)
    facts = {
        "d": name,
        "D": _begun(name),
        "is": "are" if plural(condition.name) else "is",
        "t": _some(condition.tests, 4),
        "relative": rng.choice(_relatives(condition)),
    }
    person = _person(rng)
    if tests:
        told = [rng.choice(words.TESTS_NOW if now else words.TESTS_ARE).format_map(facts)]
    else:
        form = rng.choice(_medicines(condition))
        told = [part.format_map(facts) for part in _cure(condition, 4, form)]
    answer = " ".join((*first, *told, _ending(condition, rng, tests=tests, now=now)))
    question = rng.choice(words.ASKED_TESTS if tests else words.ASKED_MEDICINES).format_map(facts)
    return _row(condition, _identified(question, person, rng), answer if now else _polite(answer, person, rng))


def _ending(condition: Condition, rng: random.Random, *, tests: bool, now: bool) -> str:
    """Return the last words of an answer: no soothing ones where waiting can do harm."""
    soft = rng.choice(words.SEE_AGAIN if tests else words.SEE)
    if now or condition.name in words.SAME_DAY:
        return rng.choice(words.AT_ONCE if now else words.SOON)
    signs = [sign for sign in condition.symptoms if sign in _dangers(condition) and sign != "Fear of dying"]
    return words.WATCH.format(s=listed(signs, chinese=False, articles=True).replace(" and ", " or ")) if signs else soft


def _cures(condition: Condition) -> tuple[str, ...]:
    if condition.name in words.TOGETHER:
        return (words.ALL_OF_THEM,)
    now = condition.name in words.EMERGENCIES
    return words.CURES_NOW if now else words.CURES if len(condition.medications) > 1 else words.CURES_ONE


def _medicines(condition: Condition) -> tuple[str, ...]:
    if condition.name in words.TOGETHER:
        return (words.ALL_OF_THEM,)
    now = condition.name in words.EMERGENCIES
    return (
        words.MEDICINES_NOW if now else words.MEDICINES_ARE if len(condition.medications) > 1 else words.MEDICINES_ONE
    )


def _cure(condition: Condition, most: int, form: str) -> list[str]:
    """Return what helps: medicines in a form, and what is done besides or instead."""
    medicines = condition.medications if condition.name in words.TOGETHER else condition.medications[:most]
    told = [form.replace("{m}", listed(medicines, chinese=False))] if medicines else []
    done = [words.PROCEDURES[condition.name]] if condition.name in words.PROCEDURES or not medicines else []
    return told + done


def _talk(symptoms: list[str], answer: str, person: Mapping[str, str], rng: random.Random) -> str:
    """Spread a case over several turns; some patients have the last word."""
    first, *others = [noun(symptom) for symptom in symptoms]
    turns = [
        ("Patient", _identified(f"Doctor, I have been troubled by {first}.", person, rng)),
        ("Doctor", f"I am sorry to hear that. {rng.choice(words.LENGTHS)}"),
        ("Patient", _begun(f"{rng.choice(words.DURATIONS)}.")),
        ("Doctor", rng.choice(words.MORE)),
        ("Patient", f"Yes, also {listed(others, chinese=False)}."),
        ("Doctor", answer),
    ]
    turns += [("Patient", rng.choice(words.THANKS))] if rng.random() < 0.3 else []
    return "\n".join(f"{who}: {said}" for who, said in turns)


def _urgent(condition: Condition, symptoms: Iterable[str]) -> tuple[list[str], bool]:
    """Return what has to be said first where waiting would be wrong, and whether it is a matter of minutes."""
    if condition.name in words.EMERGENCIES or _dangers(condition).intersection(symptoms):
        return [words.CALL], True
    crisis = [words.CRISIS] if "Thoughts of suicide" in condition.symptoms else []
    return crisis or ([words.TODAY] if condition.name in words.SAME_DAY else []), False


def _durations(condition: Condition, *, now: bool) -> tuple[str, ...]:
    if condition.name in words.SUDDEN:
        return words.SUDDENLY
    return words.RECENTLY if now or condition.name in words.SAME_DAY else words.DURATIONS


def _dangers(condition: Condition) -> frozenset[str]:
    return words.DANGER_SIGNS - words.ACCUSTOMED.get(condition.name, frozenset())


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


def _some(items: tuple[str, ...], most: int) -> str:
    return listed(items[:most], chinese=False, articles=True)


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]


if __name__ == "__main__":
    HERE.write_text(as_jsonl(rows()), encoding="utf-8")
