"""Visits to a practice, each with the section of the note that it leads to: the second task of the sample dialogues.

A section says what the conversation said and nothing more; every person is invented.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from domaintune_medical.knowledge import Condition
from domaintune_medical.wording import listed, noun, spoken

Said = tuple[tuple[str, str], ...]
JOBS = ("teacher", "bus driver", "nurse", "cook", "carpenter", "student", "office clerk", "gardener")
DRUGS = ("ramipril 5 mg", "metformin 500 mg", "levothyroxine 75 micrograms", "aspirin 100 mg", "atorvastatin 20 mg")
TIMES = ("once a day", "twice a day", "every morning", "every evening")
ALLERGENS = ("penicillin", "ibuprofen", "latex", "peanuts", "codeine", "iodine")
REACTIONS = ("a rash", "hives", "swollen lips", "wheezing")
OPERATIONS = ("an appendix removal", "a gallbladder removal", "a knee operation", "a tonsil removal", "a hernia repair")
ILLNESSES = ("high blood pressure", "type 2 diabetes", "asthma", "gout", "an underactive thyroid", "migraine")
KIN = ("mother", "father", "brother", "sister", "grandfather")


def visit(condition: Condition, header: str, rng: random.Random) -> tuple[str, str]:
    """Return the conversation of a visit and the section of the note that its header asks for."""
    age = rng.randrange(24, 82)
    symptoms = rng.sample(condition.symptoms, 2)
    complaint = listed(symptoms, chinese=False, articles=True)
    said, note = SECTIONS[header](condition, rng, f"{age}-year-old patient")
    opening = (
        (
            "Doctor",
            rng.choice(("What brings you in today?", "How can I help you?", "Good morning. What is the matter?")),
        ),
        ("Patient", rng.choice(("I have {s}.", "It is because of {s}.", "I came because of {s}.")).format(s=complaint)),
        ("Doctor", "How old are you?"),
        ("Patient", f"I am {age}."),
    )
    if header in {"CC", "GENHX"}:
        days = rng.choice(("two days", "four days", "a week", "three weeks"))
        said = (("Doctor", "Since when?"), ("Patient", f"For {days}."), *said)
        bare = listed(symptoms, chinese=False)
        note = f"{bare[0].upper()}{bare[1:]} for {days}." if header == "CC" else (
            f"The patient is {age} years old and has had {complaint} for {days}. {note}"
        )  # fmt: skip
    return "\n".join(f"{who}: {words}" for who, words in (*opening, *said)), note


def called(name: str) -> str:
    """Return the name of a condition inside a sentence, with its article: `a stroke`."""
    return "a cataract" if name == "Cataract" else noun(name)


def _complaint(condition: Condition, rng: random.Random, who: str) -> tuple[Said, str]:  # noqa: ARG001
    return (("Doctor", "I see. Let me have a look."),), ""


def _history(condition: Condition, rng: random.Random, who: str) -> tuple[Said, str]:  # noqa: ARG001
    when = rng.choice(("at night", "in the morning", "when I move", "after meals"))
    helps = rng.choice(("rest", "a hot drink", "paracetamol", "lying down"))
    said = (
        ("Doctor", "When is it worst?"), ("Patient", f"It is worst {when}."),
        ("Doctor", "Does anything help?"), ("Patient", f"Only {helps} helps a little."),
    )  # fmt: skip
    return said, f"It is worst {when.replace('I move', 'moving')} and eases a little with {helps}."


def _past(condition: Condition, rng: random.Random, who: str) -> tuple[Said, str]:  # noqa: ARG001
    first, second = rng.sample(ILLNESSES, 2)
    said = (
        ("Doctor", "Do you have any other illnesses?"), ("Patient", f"Yes, {first} and {second}."),
        ("Doctor", "Anything with the heart?"), ("Patient", "No, never."),
    )  # fmt: skip
    return said, f"{first[0].upper()}{first[1:]} and {second}. No heart disease."


def _family(condition: Condition, rng: random.Random, who: str) -> tuple[Said, str]:  # noqa: ARG001
    kin, illness, job = rng.choice(KIN), rng.choice(ILLNESSES), rng.choice(JOBS)
    smokes, article = rng.random() < 0.5, "an" if job.startswith("o") else "a"
    said = (
        ("Doctor", "Are there illnesses in the family?"), ("Patient", f"My {kin} has {illness}."),
        ("Doctor", "Do you smoke?"), ("Patient", "Yes, ten cigarettes a day." if smokes else "No, I never smoked."),
        ("Doctor", "And what do you do for a living?"), ("Patient", f"I work as {article} {job}."),
    )  # fmt: skip
    habit = "Smokes ten cigarettes a day." if smokes else "Never smoked."
    return said, f"The patient's {kin} has {illness}. {habit} Works as {article} {job}."


def _medications(condition: Condition, rng: random.Random, who: str) -> tuple[Said, str]:  # noqa: ARG001
    (first, second), (one, two) = rng.sample(DRUGS, 2), rng.sample(TIMES, 2)
    said = (
        ("Doctor", "Do you take any medicines?"), ("Patient", f"I take {first} {one}, and {second}."),
        ("Doctor", f"How often do you take the {second.split()[0]}?"), ("Patient", f"{two[0].upper()}{two[1:]}."),
    )  # fmt: skip
    return said, f"{first[0].upper()}{first[1:]} {one}, {second} {two}."


def _allergy(condition: Condition, rng: random.Random, who: str) -> tuple[Said, str]:  # noqa: ARG001
    if rng.random() < 0.3:
        asked = ("Doctor", "Are you allergic to any medicine?")
        return (asked, ("Patient", "No, not that I know of.")), "No known drug allergies."
    allergen, reaction = rng.choice(ALLERGENS), rng.choice(REACTIONS)
    said = (
        ("Doctor", "Do you have any allergies?"), ("Patient", f"Yes, to {allergen}."),
        ("Doctor", "What happens then?"), ("Patient", f"I get {reaction}."),
    )  # fmt: skip
    return said, f"{allergen[0].upper()}{allergen[1:]}: {reaction}."


def _surgical(condition: Condition, rng: random.Random, who: str) -> tuple[Said, str]:  # noqa: ARG001
    operation, year = rng.choice(OPERATIONS), rng.randrange(1995, 2022)
    said = (
        ("Doctor", "Have you ever had an operation?"), ("Patient", f"Yes, {operation} in {year}."),
        ("Doctor", "Any trouble with the anaesthetic?"), ("Patient", "No, all went well."),
    )  # fmt: skip
    bare = operation.split(" ", 1)[1]
    return said, f"{bare[0].upper()}{bare[1:]} in {year}, without trouble with the anaesthetic."


def _review(condition: Condition, rng: random.Random, who: str) -> tuple[Said, str]:  # noqa: ARG001
    has, *lacks = rng.sample(("fever", "nausea", "weight loss", "night sweats", "shortness of breath", "chest pain"), 4)
    said = (
        ("Doctor", f"Do you have {has}?"), ("Patient", "Yes, a little."),
        ("Doctor", f"What about {', '.join(lacks[:-1])} or {lacks[-1]}?"), ("Patient", "No, none of that."),
    )  # fmt: skip
    return said, f"Positive for {has}. Negative for {listed(lacks, chinese=False)}."


def _assessment(condition: Condition, rng: random.Random, who: str) -> tuple[Said, str]:  # noqa: ARG001
    name, test = called(condition.name), noun(condition.tests[0])
    said = (
        ("Doctor", f"From what I see, this is probably {name}."), ("Patient", "Is that dangerous?"),
        ("Doctor", f"We have to make sure. I will order this: {test}."),
    )  # fmt: skip
    return said, f"Probable {spoken(condition.name)}; ordered: {spoken(condition.tests[0])}."


def _plan(condition: Condition, rng: random.Random, who: str) -> tuple[Said, str]:
    days = rng.choice(("three days", "a week", "two weeks"))
    test, drug = rng.choice(condition.tests), spoken(rng.choice(condition.medications))
    said = (
        ("Doctor", f"I think of {called(condition.name)}. First comes {noun(test)}; then we may use {drug}."),
        ("Patient", "When shall I come back?"), ("Doctor", f"In {days}, please, or at once if it gets worse."),
    )  # fmt: skip
    article = "an" if who.startswith("8") else "a"
    note = f"For {article} {who} with possible {spoken(condition.name)}: {spoken(test)}, then perhaps {drug}."
    return said, f"{note} Return in {days}, at once if worse."


SECTIONS: Mapping[str, Callable[[Condition, random.Random, str], tuple[Said, str]]] = {
    "CC": _complaint,
    "GENHX": _history,
    "PASTMEDICALHX": _past,
    "FAM/SOCHX": _family,
    "MEDICATIONS": _medications,
    "ALLERGY": _allergy,
    "PASTSURGICAL": _surgical,
    "ROS": _review,
    "ASSESSMENT": _assessment,
    "PLAN": _plan,
}
