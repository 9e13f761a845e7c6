"""The reader of conversations: politeness taken away and nothing else, turns kept, notes, every row accounted for."""

from __future__ import annotations

import json
import random
import re
import time
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domaintune import Dropped, Example, words
from domaintune.data import make
from domaintune.data.context import Context
from domaintune.settings import DataSettings
from domaintune.testing import run_builder
from domaintune_medical.dialogue_options import DialogueOptions, QaOptions
from domaintune_medical.dialogue_text import doctors_words, patients_words, tidy
from domaintune_medical.dialogues import INSTRUCTION_ZH, SAMPLE, SECTIONS, dialogues
from domaintune_medical.samples import dialogue_grammar, visit_notes
from domaintune_medical.transcripts import NotATranscript, Turn, chat, joined, listed_turns, split_turns

QUESTION = "My left ear has hurt since Monday and I hear less."
ANSWER = "It may be an infection of the outer ear; otoscopy will tell."


def build(*rows: Mapping[str, str], **options: object) -> tuple[list[Example], list[Dropped]]:
    return run_builder(dialogues, rows, DialogueOptions(**options))  # type: ignore[arg-type]


def one(row: Mapping[str, str], **options: object) -> Example:
    (made,), dropped = build(row, **options)
    assert not dropped
    return made


def said(example: Example) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in (*example.prompt, *example.completion)]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Hello dear, thank you for asking on Chat Doctor. It is a sprain. Regards, Dr. A. Marsh", "It is a sprain."),
        ("Hi, Welcome to Chat Doctor. Thanks for using HealthCareMagic. Drink a lot.", "Drink a lot."),
        ("hi i understand your concern. you have gastritis. thanks", "You have gastritis."),
        ("Hello! I have gone through your query. Rest for a week. Have a nice day.", "Rest for a week."),
        ("A cold. For more information consult an ENT physician online --> https://www.icliniq.com/x", "A cold."),
        ("Good morning, sir. Let me see your knee.", "Let me see your knee."),
        ("I am Dr. Smith answering your query. Rest. Feel free to ask if you have any more questions. Take care!", "Rest."),
        ("Hello [NAME-1], it is fine. Best wishes, [NAME-2]", "It is fine."),
        ("It is viral. Hope I have answered your query. Wish you good health. Chat Doctor.", "It is viral."),
        ("It is viral.\n\nThanks and regards,\nDr. Sumanth Rao MBBS, DNB", "It is viral."),
        ("It is viral. Hope it helps you. If you have any doubts, please feel free to contact me.", "It is viral."),
        ("您好，感谢您的咨询。这可能是感冒。祝您早日康复！希望我的回答对您有帮助。", "这可能是感冒。"),
        ("Take folic acid and vitamin D. Take care and get well soon!", "Take folic acid and vitamin D."),
        ("It is viral. With kind regards, Dr. Mary A. B. Marsh, M.D.", "It is viral."),
        ("It is viral. Regards, Anna Marsh", "It is viral."),
        ("It is viral. Regards. A. Marsh", "It is viral."),
        ("It is viral. Take care.\n[NAME-1] [NAME-2]", "It is viral."),
        ("It is viral. Regards, Dr. Rao, MBBS, MD, Consultant Cardiologist", "It is viral."),
        ("A rash. Revert back with the photos to a dermatologist online --->", "A rash."),
        ("Hi, Welcome to Chat Doctor Your knee is fine.", "Your knee is fine."),
        ("Hope this helps. Take care. :)", ""),
    ],
)  # fmt: skip
def test_politeness_and_portals_are_taken_away(text: str, kept: str) -> None:
    assert doctors_words(text)[0] == kept


@pytest.mark.parametrize(
    "text",
    [
        "Take care to drink enough.",
        "Take care of the wound twice a day.",
        "I hope this medicine helps you sleep.",
        "With regards to your question, it is fine.",
        "You should see Dr. Kumar.",
        "Doctor Helm.",
        "Let me know if you have fever.",
        "If you have any chest pain, call an ambulance.",
        "If in doubt, ask a doctor.",
        "The echo shows fibrosis, HCM, or both.",
        "Thank you for the X-ray, which shows a fracture.",
        "I would be happy to help you further if you send the MRI.",
        "Welcome back to the ward.",
        "Wishing you could sleep is common in this illness.",
        "Your blood pressure is 120/80 and the pulse 72; dose 2.5 mg.",
        "It may be a hernia, take care and get well soon.",
        "谢谢您来复查，血压偏高。",
        # what follows a farewell is an order, unless it is surely a name
        "It is a virus. Take care. Stop Ibuprofen.",
        "It is flu. All the best. Avoid Aspirin.",
        "It is flu. Thank you. Continue Cetirizine.",
        "It is flu. Take care. Call Emergency.",
        "It is flu. Take care, Aspirin Daily.",
        "It is flu. Take care. Doctor Visit Needed.",
        "It is flu. Regards, Stop Ibuprofen.",
        "It is flu. Regards. Ibuprofen Daily.",
        "It is flu. Regards. B. P. Monitoring.",
        "It is flu. Regards, Dr. Marsh. Aspirin Daily.",
        "It is flu. Regards, Dr. Rao, Aspirin Daily",
        "Best wishes\nAvoid Aspirin",
        "You have a stomach bug. DRINK WATER.",
        "Avoid these:\nDRUGS",
        "Take Omeprazole.\nDR Pantoprazole",
        "Please ask:\nDr. Marsh.",
        "You should be seen by a specialist, e.g. Dr. Kumar.",
        "Hello Stop Ibuprofen.",
        "Please do not hesitate to get help.",
        "多喝水。祝好，停用阿司匹林较好",
        # of portals only whole sentences go
        "My doctor asked me to consult a cardiologist but I could only get an appointment online -> is that ok?",
        "I read on healthcaremagic.com that it is safe.",
        "Yesterday, Chat Doctor said no.",
        "Please consult a doctor online -> is what he said.",
    ],
)
def test_what_only_looks_polite_stays_to_the_letter(text: str) -> None:
    assert doctors_words(text) == (text, Counter())
    assert patients_words(text) == (text, Counter())


def test_a_thank_you_before_a_comma_does_not_take_the_finding_with_it() -> None:
    text, _ = doctors_words("Thanks for your query, the mass in your neck is likely a lymph node.")
    assert text == "The mass in your neck is likely a lymph node."


def test_kinds_are_counted_and_patients_lose_portal_phrases_only() -> None:
    text, counts = doctors_words("Hi, Welcome to Chat Doctor. It is a sprain. Hope this helps. Take care.")
    assert (text, counts) == ("It is a sprain.", {"greeting": 1, "portal": 1, "sign-off": 2})
    text, counts = patients_words("Hi doctor, welcome to HealthCareMagic. My knee hurts. Thank you.")
    assert (text, counts) == ("Hi doctor, My knee hurts. Thank you.", {"portal": 1})


POLITE = (
    *(
        "Hi,",
        "Hello dear,",
        "thank you for",
        "your query.",
        "Regards,",
        "Regards.",
        "Dr. Marsh",
        "Dr. A. Marsh.",
        "Chat Doctor",
    ),
    *(
        "Take care.",
        "Hope this helps.",
        "All the best.",
        "[NAME-1]",
        "Welcome to Chat Doctor.",
        "Good morning",
        "\n",
        "您好",
    ),
)
ADVICE = (
    *(
        "pain",
        "Stop Ibuprofen.",
        "Avoid Aspirin.",
        "Continue Cetirizine",
        "Call Emergency.",
        "DRINK WATER.",
        "REST",
        "It is flu.",
    ),
    *(
        "0.9% saline",
        "Take Omeprazole 20 mg.",
        "See a Cardiologist today.",
        "Insulin Glargine twice daily",
        "online -> ok?",
    ),
    "停用阿司匹林。",
)


def lost(before: str, after: str) -> set[str]:
    return set(Counter(words(before)) - Counter(words(after)))


@given(st.lists(st.sampled_from(POLITE + ADVICE), max_size=25).map(" ".join) | st.text(max_size=200))
@example("A. " * 30)
@example("Take care. Stop Ibuprofen.")
@settings(max_examples=300, deadline=None)
def test_cleaning_takes_politeness_only_and_changes_only_what_it_counts(text: str) -> None:
    once, counts = doctors_words(text)
    for said, kinds in ((once, counts), patients_words(text)):
        assert not lost(said, tidy(text)), "nothing is added"
        if not kinds:
            assert said == tidy(text)
    assert lost(tidy(text), once) <= {word for phrase in POLITE for word in words(phrase)} | {"thanks", "hey", "bye"}


def test_a_lost_order_would_be_noticed() -> None:
    assert lost("It is flu. Take care. Stop Ibuprofen.", "It is flu.") >= {"stop", "ibuprofen"}


@pytest.mark.parametrize(
    "text",
    ["hi " * 20_000, "thanks for " + "your " * 20_000, "Regards, " + "A-" * 20_000, "." * 50_000, "Dr. " + "A." * 20_000,
     "revert " * 10_000, "for more information consult " * 2_000, "welcome to " * 10_000, "\n" * 50_000],
)  # fmt: skip
@pytest.mark.timeout(20)
def test_hostile_texts_take_no_time(text: str) -> None:
    doctors_words(text)
    split_turns(text, "doctor")


@pytest.mark.parametrize(
    "opening", ["Regards ", "Regards, Dr. ", "Take care. ", "Hope this ", "Thank you ", "If any doubts "]
)
@pytest.mark.parametrize("length", [60, 120, 200, 290])
@pytest.mark.timeout(20)
def test_a_hostile_closing_takes_no_time(opening: str, length: int) -> None:
    start = time.monotonic()
    for piece in (
        "A",
        "Aa ",
        "A.",
        "A-",
        "A'",
        "M.D., ",
        "XXX",
        "[NAME-1] ",
        "this ",
        "please ",
        "you can ",
        "thanks and ",
    ):
        doctors_words(f"It is flu. {opening}{(piece * length)[:length]} b.")
    assert time.monotonic() - start < 2


def test_a_question_and_its_answer() -> None:
    made = one({"instruction": "If you are a doctor, please answer.", "input": QUESTION, "output": f"Hello. {ANSWER}"})
    assert [role for role, _ in said(made)] == ["system", "user", "assistant"]
    assert (made.question, made.reference, made.group) == (QUESTION, ANSWER, QUESTION)
    assert made.tags == {"answer"}


def test_icliniq_learns_from_the_doctor_not_from_the_other_models() -> None:
    row = {"input": QUESTION, "answer_chatgpt": "gpt", "answer_chatdoctor": "cd", "answer_icliniq": ANSWER}
    assert one(row).reference == ANSWER
    made, dropped = build({"input": QUESTION, "answer_chatgpt": ANSWER})
    assert not made
    assert dropped[0].reason == "no-answer"


def test_without_an_input_the_instruction_is_the_question() -> None:
    assert one({"instruction": QUESTION, "input": "", "output": ANSWER}).question == QUESTION


def test_chinese_questions_with_their_labels_are_read() -> None:
    made = one(
        {"context": "问题：我咳嗽三天了，需要吃药吗？\n回答: ", "target": "您好，多为病毒感染，多喝水、注意休息即可。"}
    )
    assert made.question == "我咳嗽三天了，需要吃药吗？"
    assert made.reference == "多为病毒感染，多喝水、注意休息即可。"
    assert said(made)[0] == ("system", INSTRUCTION_ZH)


def test_a_condition_that_the_row_names_becomes_the_right_passage() -> None:
    assert one({"input": QUESTION, "output": ANSWER, "disease": "Otitis"}).meta["passages"] == ["Otitis"]


TALK = """Doctor: Good morning. What is the matter?
Patient: My knee hurts a lot.
Patient: Since Monday.
Doctor: Did you fall?
Guest_family: She fell from the ladder.
Dr. : Then we take an X-ray first.
Patient: All right, thank you."""


@pytest.mark.parametrize(
    "row",
    [
        {"dialogue": TALK},
        {"messages": json.dumps([
            {"role": "system", "content": "You are a doctor."},
            {"role": "doctor", "content": "Good morning. What is the matter?"},
            {"role": "user", "content": "My knee hurts a lot."}, {"from": "human", "value": "Since Monday."},
            {"role": "assistant", "content": "Did you fall?"}, {"role": "user", "content": "She fell from the ladder."},
            {"from": "gpt", "value": "Then we take an X-ray first."}, {"role": "user", "content": "Thanks."},
        ])},
        {"conversations": json.dumps(TALK.splitlines())},
        {"input": TALK.partition("Dr. :")[0], "output": "Then we take an X-ray first.Patient: All right, thank you."},
    ],
)  # fmt: skip
def test_turns_stay_messages_and_only_the_doctors_last_is_learned(row: Mapping[str, str]) -> None:
    made = one(row)
    assert said(made)[1:] == [
        ("user", "Doctor: What is the matter?\nPatient: My knee hurts a lot.\nSince Monday."),
        ("assistant", "Did you fall?"),
        ("user", "She fell from the ladder."),
        ("assistant", "Then we take an X-ray first."),
    ]
    assert made.meta["turns"] == 5
    assert "ladder" in (made.group or "")


def test_what_was_taken_away_is_said_in_numbers(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    rows = [
        {"dialogue": TALK},
        {"input": "Welcome to HealthCareMagic. " + QUESTION, "output": f"Hi. {ANSWER} Take care."},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    context = Context("d", DialogueOptions(), DataSettings(sources=(str(path),)), seed=0)
    context.call(dialogues)
    assert context.notes == [
        "taken out of what doctors say: 2 greetings, 1 sign-off (data.options.strip)",
        "taken out of what patients say: 1 portal phrase (data.options.strip)",
        "1 conversation ends with the patient; the words after the doctor's last turn were left out",
    ]


@given(st.lists(st.tuples(st.sampled_from(["patient", "doctor"]), st.text(max_size=5)), max_size=12))
@settings(max_examples=100, deadline=None)
def test_joined_turns_alternate_and_lose_no_word(turns: list[tuple[str, str]]) -> None:
    result = joined(Turn(speaker=speaker, text=text) for speaker, text in turns)  # type: ignore[arg-type]
    assert all(one.speaker != other.speaker for one, other in pairwise(result))
    assert "".join("\n".join(turn.text for turn in result).split()) == "".join("".join(t for _, t in turns).split())
    roles = [message["role"] for message in chat(result)]
    assert roles[:1] != ["assistant"] or len(roles) == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("We talked about the weather.", "no line begins"),
        ('{"role": "user"}', "no list"),
        ('[{"role": "user"}]', "message 1"),
        ('[{"role": "martian", "content": "x"}]', "martian"),
        ("[" * 5000, "no line begins"),
        ("[1, 2]", "message 1"),
    ],
)
def test_what_is_no_transcript_is_told(text: str, why: str) -> None:
    with pytest.raises(NotATranscript, match=why):
        listed_turns(text)
    _, (dropped,) = build({"messages": text})
    assert dropped.reason == "no-transcript"


def test_a_label_in_the_middle_of_a_sentence_is_text() -> None:
    assert len(split_turns("I told the Doctor: no. And then nothing.", "patient")) == 1


@pytest.mark.parametrize(
    "answer",
    [
        "It runs in families.\nFamily: two brothers have it.\nMother: healthy.",
        "Use an inhaler.\nModel: any.\nUser: you alone.\nNurse: not needed.",
        "To sum up:\nPatient: 54 M.\nPatient: male, 54 years.",
        "Look at the form. Patient: see above.",
    ],
)
def test_notes_within_an_answer_are_no_turns(answer: str) -> None:
    made = one({"input": QUESTION, "output": answer})
    assert made.reference == answer
    assert len(split_turns(f"Doctor: How are you?\nMother: Fine.\n{answer}")) > 1, "a transcript has more labels"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"input": "", "output": ANSWER}, "no-question"),
        ({"input": QUESTION, "output": " - "}, "no-answer"),
        ({"input": QUESTION, "output": "Hello dear. Hope this helps. Regards, Dr. Marsh"}, "only-politeness"),
        ({"input": QUESTION, "output": "Yes."}, "short-answer"),
        ({"input": "Why?", "output": ANSWER}, "short-question"),
        ({"dialogue": "Patient: It hurts me.\nPatient: A lot."}, "no-answer"),
        ({"dialogue": "Doctor: Please sit down here."}, "no-question"),
        ({"dialogue": TALK, "section_text": "--", "section_header": "CC"}, "no-note"),
        ({"dialogue": "Hm", "section_text": "Knee pain.", "section_header": "CC"}, "short-conversation"),
    ],
)
def test_a_row_that_is_not_used_says_why(row: Mapping[str, str], reason: str) -> None:
    made, (dropped,) = build(row)
    assert (made, dropped.reason) == ([], reason)
    assert dropped.origin.place == "line 1"


@pytest.mark.parametrize("header", SECTIONS)
def test_every_header_becomes_a_section_in_plain_words(header: str) -> None:
    made = one({"ID": "0", "section_header": header, "section_text": "Knee pain.", "dialogue": TALK})
    assert made.question == f"{TALK}\n\nSection: {SECTIONS[header]}"
    assert (made.reference, made.tags, made.group) == ("Knee pain.", {"note"}, TALK)
    assert "HX" not in SECTIONS[header].upper()


def test_tasks_and_cleaning_are_settings() -> None:
    note = {"section_header": "CC", "section_text": "Knee pain.", "dialogue": TALK}
    answer = {"input": QUESTION, "output": f"Hello. {ANSWER}"}
    made, (dropped,) = build(note, answer, tasks=("note",))
    assert (len(made), dropped.reason) == (1, "task-answer")
    made, (dropped,) = build(note, answer, tasks=("answer",), strip=False)
    assert (made[0].reference, dropped.reason) == (f"Hello. {ANSWER}", "task-note")


def test_the_sample_is_what_its_grammar_writes() -> None:
    assert SAMPLE.read_text(encoding="utf-8") == dialogue_grammar.as_jsonl(dialogue_grammar.rows())


def test_the_sample_has_both_tasks_and_splits_without_leaks() -> None:
    data = make("d", dialogues, DialogueOptions(), DataSettings(), seed=0, max_length=None, count_tokens=None)
    assert data.sample
    every = [*data.train, *data.test]
    tags = Counter(tag for made in every for tag in made.tags)
    assert tags["answer"] >= 300
    assert tags["note"] >= 40
    assert len(every) + len(data.ledger.dropped) == data.ledger.rows_in
    assert min(Counter(tag for made in data.test for tag in made.tags).values()) >= 3
    assert not {made.group for made in data.train} & {made.group for made in data.test}
    polite = ("Regards", "Chat Doctor", "Take care", "Hello")
    assert not [made.reference for made in every if any(word in made.reference for word in polite)]
    assert any("555" in made.question for made in every), "something for scrubbing to find"


ROWS = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]


def doctors_answer(row: Mapping[str, str]) -> str:
    return row.get("output") or row["dialogue"].split("Doctor: ")[-1]


def patients_question(row: Mapping[str, str]) -> str:
    return row.get("input") or row["dialogue"]


URGENT = frozenset(
    (
        "Stroke",
        "Heart attack",
        "Meningitis",
        "Pulmonary embolism",
        "Appendicitis",
        "Acute pancreatitis",
        "Acute glaucoma",
        "Malaria",
    )
)
ALARMING = (
    "vomiting blood",
    "black stools",
    "smells of fruit",
    "coughing up blood",
    "crushing chest pain",
    "a drooping face",
)
SOFT = ("in the practice", "if it gets worse. ", "choose the dose", "explain the results", "before anything is prescribed",
        "feel free", "get well soon")  # fmt: skip


def test_the_sample_sends_emergencies_to_help_first() -> None:
    urgent = [row for row in ROWS if row.get("disease") in URGENT]
    urgent += [row for row in ROWS if "disease" in row and any(sign in patients_question(row) for sign in ALARMING)]
    assert len(urgent) > 40
    for row in urgent:
        answer = doctors_answer(row)
        assert answer.startswith("This may be an emergency: please call an ambulance now."), row
        assert not any(soft in answer for soft in SOFT), row
        assert "dialogue" not in row, "nobody is asked how long it has been there"
    for row in ROWS:
        if "suicide" in patients_question(row):
            assert "emergency number" in doctors_answer(row)
    assert not [row for row in ROWS if "section_text" in row and any(sign in row["dialogue"] for sign in ALARMING)]


def test_the_sample_offers_no_medicine_where_none_helps_and_never_one_of_four() -> None:
    known = {condition.name: condition for condition in dialogue_grammar.conditions()}
    for row in ROWS:
        condition = known.get(row.get("disease", ""))
        if condition and not condition.medications:
            assert not re.search(r"choose from|medicines (?:such|for|that)|treated with", doctors_answer(row)), row
        if condition and condition.name == "Tuberculosis" and "isoniazid" in doctors_answer(row):
            assert "isoniazid, rifampicin, pyrazinamide and ethambutol together" in doctors_answer(row)


def test_names_in_the_sample_have_their_articles() -> None:
    text = SAMPLE.read_text(encoding="utf-8")
    before = r"(?:suspects|of|fits|sounds like|suggests|suspect|explanation is|it is|have|be|for|confirm)"
    names = "stroke|heart attack|cataract|peptic ulcer|slipped disc|common cold|enlarged prostate"
    assert not re.findall(rf"{before} (?:{names})\b", text, re.IGNORECASE)
    assert "a stroke" in text
    assert not re.findall(r"\ba (?:[aeio]|MRI|X-ray)|\ban [bcdfgjklmnpqrstvwz]", text)


def test_a_visit_note_says_no_number_that_the_visit_did_not() -> None:
    rng = random.Random(7)
    known = dialogue_grammar.calm(dialogue_grammar.conditions())
    for header in [*visit_notes.SECTIONS] * 20:
        dialogue, note = visit_notes.visit(rng.choice(known), header, rng)
        numbers = {word.strip(".,") for word in note.split() if word.strip(".,").isdigit()}
        assert numbers <= set(dialogue.replace(".", " ").replace(",", " ").split()), (dialogue, note)


def test_real_conversations_are_read_and_accounted_for(shared_data: Path) -> None:
    sources = (
        "chatdoctor/chatdoctor5k_sample1000.json",
        "mts-dialog/MTS-Dialog-TrainingSet.csv",
        "med-chatglm/train_sample1000.jsonl",
    )
    settings_ = DataSettings(sources=tuple(str(shared_data / source) for source in sources))
    context = Context("d", DialogueOptions(), settings_, seed=0)
    made, dropped = context.call(dialogues)
    assert len(made) + len(dropped) == context.read == 1000 + 1201 + 1000
    assert len(made) >= 3190
    assert Counter(tag for item in made for tag in item.tags)["note"] == 1201
    assert any("37 conversations end with the patient" in note for note in context.notes)


@pytest.mark.parametrize(
    "wrong", [{"temperature": -0.1}, {"temperature": float("nan")}, {"max_new_tokens": 0}, {"max_new_tokens": -5}]
)
def test_numbers_that_no_teacher_can_use_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        QaOptions(**wrong)  # type: ignore[arg-type]
