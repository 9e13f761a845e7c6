"""Questions from a table of diseases: forms and teachers, English and Chinese, honest splits, every row accounted for."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from domaintune import DataError, Dropped, Example, Message, Origin, Sampling
from domaintune.data import make
from domaintune.data.context import Context
from domaintune.settings import DataSettings
from domaintune.testing import run_builder
from domaintune_medical.dialogue_options import KINDS, QaOptions
from domaintune_medical.knowledge import Condition
from domaintune_medical.patients import person, sex
from domaintune_medical.qa import INSTRUCTION_ZH, qa
from domaintune_medical.qa_teacher import Unreadable, parse, request
from domaintune_medical.qa_templates import ANSWERS, ANSWERS_ZH, QUESTIONS, QUESTIONS_ZH
from domaintune_medical.wording import noun, plural, spoken

FLU = {
    "disease": "Influenza",
    "Symptom": "['Fever', 'Chills', 'Muscle pain', 'Dry cough']",
    "reason": "Influenza is caused by a virus. It begins suddenly. It passes. Rest. Wait. A sixth sentence is too much.",
    "TestsAndProcedures": "['PCR of a nasal swab', 'Chest X-ray']",
    "commonMedications": "['Oseltamivir', 'Paracetamol']",
}
LIUGAN = {
    "疾病": "流行性感冒",
    "症状": "发热、寒战、肌肉酸痛、干咳",
    "病因": "由流感病毒引起。",
    "检查": "核酸检测",
    "药物": "奥司他韦",
}
CONDITION = Condition(
    name="Influenza",
    symptoms=("Fever", "Chills"),
    reason="A virus.",
    tests=("Chest X-ray",),
    medications=("Oseltamivir (Tamiflu)",),
    origin=Origin(source="x"),
)


def build(*rows: dict[str, str], seed: int = 0, **options: Any) -> tuple[list[Example], list[Dropped]]:
    return run_builder(qa, rows, QaOptions(**options), seed=seed)


def test_there_are_enough_forms_in_both_languages() -> None:
    for forms, answers in ((QUESTIONS, ANSWERS), (QUESTIONS_ZH, ANSWERS_ZH)):
        assert set(forms) == set(answers) == set(KINDS)
        every = [form for kind in forms.values() for form in kind]
        assert len(every) == len(set(every)) >= 16


@pytest.mark.parametrize(
    ("row", "language", "facts"),
    [
        (
            FLU,
            "en",
            {"symptoms": "fever", "causes": "virus", "tests": "PCR of a nasal swab", "medications": "oseltamivir"},
        ),
        (LIUGAN, "zh", {"symptoms": "寒战", "causes": "流感病毒", "tests": "核酸检测", "medications": "奥司他韦"}),
    ],
)
def test_a_row_gives_a_pair_of_every_kind_with_its_facts(
    row: dict[str, str], language: str, facts: dict[str, str]
) -> None:
    made, dropped = build(row, per_entry=5)
    name = row.get("disease") or row["疾病"]
    assert (len(made), dropped) == (5, [])
    for example in made:
        (kind,) = example.tags - {language}
        answer = example.reference.casefold()
        assert (name if kind == "diagnosis" else facts[kind]).casefold() in answer
        assert "sixth" not in answer
        assert (name.casefold() in example.question.casefold()) == (kind != "diagnosis")
        assert "{" not in example.question + example.reference
        assert example.meta["passages"] == example.meta["disease"] == [name]
        assert bool(example.meta["medication"]) == (kind == "medications")
        assert example.group == name
    assert {tag for example in made for tag in example.tags} == {*KINDS, language}


def test_no_question_is_asked_twice_of_an_entry_and_per_entry_is_a_limit() -> None:
    made, _ = build(FLU, per_entry=100)
    assert len({example.question for example in made}) == len(made) == sum(map(len, QUESTIONS.values()))
    assert len(build(FLU, per_entry=2)[0]) == 2


def test_equal_seeds_agree_others_differ_and_other_rows_change_nothing() -> None:
    other = {**FLU, "disease": "Common cold"}

    def texts(*rows: dict[str, str], seed: int = 0) -> list[tuple[str, str]]:
        return [(e.question, e.reference) for e in build(*rows, seed=seed)[0] if e.group == "Influenza"]

    assert texts(FLU) == texts(FLU) == texts(other, FLU)
    assert texts(FLU) != texts(FLU, seed=1)


def test_only_what_the_entry_knows_is_asked() -> None:
    made, _ = build({"disease": "Influenza", "symptoms": "Fever"}, per_entry=9)
    assert {tag for example in made for tag in example.tags} == {"symptoms", "en"}, "one symptom makes no diagnosis"
    made, (dropped,) = build({"disease": "Influenza", "symptoms": "Fever"}, kinds=("tests",))
    assert (made, dropped.reason) == ([], "nothing-to-ask")


def test_rows_that_the_table_cannot_use_are_dropped_once() -> None:
    made, dropped = build({**FLU, "disease": ""}, {**FLU, "Symptom": "['Fever', "}, FLU, FLU)
    assert len(dropped) == 3
    assert {example.origin.place for example in made} == {"line 3"}


def test_names_in_sentences_keep_the_capitals_they_need() -> None:
    kept = (
        "Crohn's disease", "HIV infection", "Lyme disease", "COVID-19", "2型糖尿病", "HbA1c", "X-ray of the chest", "MRI",
        "Parkinson disease", "Crohn disease", "Bell palsy", "Edward syndrome", "Wernicke Korsakoff syndrome",
        "Graves disease",
        "Alzheimer disease", "Hodgkin lymphoma", "Addison disease", "Cushing syndrome", "Helicobacter breath test",
        "Borrelia antibodies", "D-dimer", "Rocky Mountain spotted fever", "Dix-Hallpike test", "Pap smear",
    )  # fmt: skip
    assert [spoken(name) for name in kept] == list(kept)
    small = {
        "Influenza": "influenza",
        "Folic Acid": "folic acid",
        "Alprazolam (Xanax)": "alprazolam (Xanax)",
        "Estrogens, Conjugated (Usp) (Premarin)": "estrogens, conjugated (Usp) (Premarin)",
        "Vitamin D": "vitamin D",
        "Hemoglobin A1c measurement": "hemoglobin A1c measurement",
        "Anti-CCP antibodies": "anti-CCP antibodies",
        "Non-Hodgkin lymphoma": "non-Hodgkin lymphoma",
        "Von Willebrand disease": "von Willebrand disease",
        "Athlete's foot": "athlete's foot",
        "Test for Helicobacter pylori": "test for Helicobacter pylori",
    }
    assert {name: spoken(name) for name in small} == small


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Stroke", "a stroke"), ("Heart attack", "a heart attack"),
        ("Neurological examination", "a neurological examination"),
        ("MRI of the head", "an MRI of the head"), ("CT of the chest", "a CT of the chest"), ("EEG", "an EEG"),
        ("Urine culture", "a urine culture"), ("Ultrasound of the abdomen", "an ultrasound of the abdomen"),
        ("Open wound of the hand", "an open wound of the hand"), ("Dry cough", "a dry cough"),
        ("X-ray of the hands", "an X-ray of the hands"),
        ("Fever", "fever"), ("Itchy eyes", "itchy eyes"), ("Pneumonia", "pneumonia"), ("Feeling cold", "feeling cold"),
        ("Pain in the back", "pain in the back"), ("Electrolytes", "electrolytes"), ("PET scan", "a PET scan"),
    ],
)  # fmt: skip
def test_one_thing_has_an_article(name: str, said: str) -> None:
    assert noun(name) == said


def test_names_of_many_take_a_verb_of_many() -> None:
    many = ("Gallstones", "Kidney stones", "Lice", "Hives", "Flat feet", "Premature atrial contractions (PACs)")
    one = (
        "Diabetes",
        "Shingles",
        "Mumps",
        "Acute sinusitis",
        "Psoriasis",
        "Crohn's disease",
        "Tuberculosis",
        "Scabies",
        "Stroke",
    )
    assert [plural(name) for name in many] == [True] * len(many)
    assert [plural(name) for name in one] == [False] * len(one)


def every_answer(**row: str) -> str:
    made = [pair for seed in range(20) for pair in build(row, per_entry=100, seed=seed)[0]]
    return "\n".join(f"{example.question} {example.reference}" for example in made)


def test_verbs_and_articles_agree_and_tests_confirm_nothing() -> None:
    texts = every_answer(disease="Stroke", tests="['Neurological examination']", symptoms="['Fainting', 'Confusion']")
    assert "A useful test for a stroke is a neurological examination." in texts
    assert "A neurological examination is used when a stroke is suspected." in texts
    assert "confirm" not in texts
    texts = every_answer(disease="Gallstones", tests="['Blood count', 'ultrasound of the liver']", medications="['A']")
    assert "A blood count and an ultrasound of the liver are used when gallstones are suspected." in texts
    assert "How are gallstones diagnosed?" in texts
    assert "Gallstones are often treated with" in texts


def test_a_list_that_is_cut_says_that_it_goes_on() -> None:
    five = ["Isoniazid", "Rifampicin", "Pyrazinamide", "Ethambutol", "Pyridoxine"]
    for names, more in ((five, False), ([*five, "Streptomycin"], True)):
        made, _ = build({"disease": "Tuberculosis", "medications": repr(names)}, per_entry=9)
        assert {"among others" in example.reference for example in made} == {more}
        made, _ = build(
            {"疾病": "结核病", "药物": "、".join(f"{name}片" for name in "甲乙丙丁戊己"[: len(names)])}, per_entry=9
        )
        assert {"等。" in example.reference for example in made} == {more}


@pytest.mark.parametrize("name", ["Stroke", "Heart attack", "Bacterial meningitis", "Anaphylaxis", "Ectopic pregnancy"])
def test_an_emergency_is_said_to_be_one(name: str) -> None:
    row = {"disease": name, "symptoms": "['Fever', 'Rash', 'Nausea']", "tests": "['Blood count']"}
    made, _ = build(row, per_entry=100)
    said = {next(iter(example.tags - {"en"})): "This is an emergency" in example.reference for example in made}
    assert said == {"diagnosis": True, "symptoms": True, "tests": False}
    (made, _) = build({"疾病": "急性脑膜炎", "症状": "发热、头痛、呕吐"}, per_entry=100)
    assert all("这是急症" in example.reference for example in made)
    assert "emergency" not in every_answer(disease="Gout", symptoms="['Joint pain', 'Fever']")


def test_patients_fit_their_complaint() -> None:
    assert sex("Endometriosis") == sex("Irregular periods") == sex("卵巢囊肿") == sex("Placenta previa") == "woman"
    assert sex("Enlarged prostate") == sex("前列腺增生") == sex("Phimosis") == sex("Balanitis") == sex("早泄") == "man"
    assert sex("Influenza") == sex("Periodic fever") == ""


@pytest.mark.parametrize(
    ("name", "low", "high", "who"),
    [
        ("Ectopic pregnancy", 18, 45, "woman"),
        ("Placenta previa", 18, 45, "woman"),
        ("Cataract", 50, 90, ""),
        ("Menopause", 40, 60, "woman"),
        ("Juvenile rheumatoid arthritis", 2, 17, ""),
        ("Balanitis", 18, 90, "man"),
        ("Influenza", 18, 90, ""),
    ],
)
def test_patients_are_of_a_fitting_age(name: str, low: int, high: int, who: str) -> None:
    rng = random.Random(0)
    for _ in range(200):
        text, child = person(name, "", rng, chinese=False)
        age = int(text.split("-")[0].split()[1])
        assert low <= age <= high
        assert text.startswith("an " if age in {8, 11, 18, *range(80, 90)} else "a ")
        assert child == (age < 18) == text.endswith(("girl", "boy"))
        assert text.endswith(who)


def test_small_children_do_not_speak_for_themselves() -> None:
    for row in (
        {
            "disease": "Teething syndrome",
            "symptoms": "['Irritable infant', 'Fever', 'Cough']",
            "reason": "Teeth.",
            "tests": "['A']",
        },
        {"疾病": "新生儿黄疸", "症状": "黄疸、发热、呕吐", "病因": "胆红素。", "检查": "血常规"},
    ):
        made, _ = build(row, per_entry=100)
        assert {tag for example in made for tag in example.tags} >= {"diagnosis", "symptoms", "causes", "tests"}
        texts = " ".join(example.question for example in made)
        assert "month-old" in texts or "个月大" in texts
        assert "year-old" not in texts
        assert " I " not in f" {texts}"
        assert "我最近" not in texts
    assert sex("早泄") == "man"


def test_the_sample_splits_by_disease() -> None:
    for language, diseases in (("en", 60), ("zh", 15)):
        data = make("q", qa, QaOptions(language=language), DataSettings(), seed=0, max_length=None, count_tokens=None)
        sides = [{example.meta["disease"][0] for example in side} for side in (data.train, data.test)]
        assert len(sides[0] | sides[1]) >= diseases
        assert sides[1]
        assert not sides[0] & sides[1]
        assert all(language in example.tags for example in data.train)


def test_chinese_from_table_to_grade() -> None:
    from domaintune_medical.grading import Rouge

    made, _ = build(LIUGAN, per_entry=5)
    example = next(example for example in made if "medications" in example.tags)
    assert example.prompt[0]["content"] == INSTRUCTION_ZH
    right = {score.metric: score.value for score in Rouge().grade(example, example.reference)}
    wrong = {score.metric: score.value for score in Rouge().grade(example, "明天天气晴朗")}
    assert right["rougeL"] == pytest.approx(1.0)
    assert wrong["rougeL"] < 0.3


class Scripted:
    """A teacher that says what it was told to, in turn, and remembers what it was asked."""

    def __init__(self, *replies: str | None) -> None:
        self.replies, self.asked = replies, []  # type: tuple[str | None, ...], list[tuple[str, Sampling]]

    def answer(self, messages: Sequence[Message], sampling: Sampling) -> str | None:
        self.asked.append((messages[-1]["content"], sampling))
        return self.replies[(len(self.asked) - 1) % len(self.replies)]


def taught(
    tmp_path: Path, teacher: Scripted, *rows: dict[str, str], **options: Any
) -> tuple[list[Example], list[Dropped], list[str]]:
    class Taught(Context):
        def teacher(self) -> Any:
            return teacher

    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    context = Taught("q", QaOptions(ask="teacher", **options), DataSettings(sources=(str(path),)), seed=0)
    return *context.call(qa), context.notes


def test_a_teacher_writes_pairs_and_what_is_no_pair_is_counted(tmp_path: Path) -> None:
    teacher = Scripted(
        '```json\n{"question": "What is influenza?", "answer": "Fever by a virus; oseltamivir helps."}\n```',
        "I'm sorry, I cannot help with that.",
        "**Question:** Does influenza hurt?\n**Answer:** Muscle pain is common.\n\nNote: be careful",
        "What a day.",
        '{"question": "What is influenza?", "answer": "Twice the same."}',
    )
    made, dropped, notes = taught(tmp_path, teacher, FLU, per_entry=5, kinds=KINDS[:4])
    assert dropped == []
    assert [(e.question, e.reference) for e in made] == [
        ("What is influenza?", "Fever by a virus; oseltamivir helps."),
        ("Does influenza hurt?", "Muscle pain is common."),
    ]
    assert made[0].meta["medication"] == ["Oseltamivir"]
    assert notes == ["3 replies of the teacher gave no pair: 1 declined, 1 repeated, 1 unreadable"]
    assert all("Fever, Chills" in prompt for prompt, _ in teacher.asked)
    assert len({sampling.seed for _, sampling in teacher.asked}) == 5


def test_a_row_of_which_the_teacher_makes_nothing_is_dropped(tmp_path: Path) -> None:
    made, (dropped,), _ = taught(tmp_path, Scripted(None), FLU)
    assert (made, dropped.reason) == ([], "no-pair")


def test_chinese_entries_are_asked_about_in_chinese(tmp_path: Path) -> None:
    teacher = Scripted("问题：得了流行性感冒怎么办？\n回答：可用奥司他韦。")
    (made,), _, _ = taught(tmp_path, teacher, LIUGAN, per_entry=1)
    assert (made.question, made.reference) == ("得了流行性感冒怎么办？", "可用奥司他韦。")
    assert made.meta["medication"] == ["奥司他韦"]
    assert "症状：发热、寒战" in teacher.asked[0][0]


def test_a_teacher_that_is_not_named_is_an_error_that_says_so() -> None:
    with pytest.raises(DataError, match="teacher"):
        build(FLU, ask="teacher")


def test_the_forms_of_request_differ() -> None:
    rng = random.Random(0)
    assert len({request(CONDITION, "tests", rng)[0]["content"] for _ in range(200)}) == 10


PAIR = ("Is influenza bad?", "Rest helps.")


@pytest.mark.parametrize(
    "reply",
    [
        '{"question": "Is influenza bad?", "answer": "Rest helps."}',
        'Sure! Here it is:\n```json\n{"Question": "Is influenza bad?", "Answer": " Rest helps. "}\n```\nAnything else?',
        '{"id": {"x": 1}} {"问题": "Is influenza bad?", "回答": "Rest helps."}',
        "Question: Is influenza bad?\nAnswer: Rest helps.",
        "1. **Q:** Is influenza bad?\n   **A**: Rest\nhelps.\n\n2. **Q:** Another?\n **A:** Yes.",
        "> Question: Is\n> influenza bad?\n> Answer: Rest helps.".replace("\n> i", "\ni"),
        "问题：Is influenza bad?\n\n答案：Rest helps.\n注意：无",
        "Question: Is influenza bad? Answer: Rest helps.",
        "**Q:** Is influenza bad? **A:** Rest helps.",
        "问题：Is influenza bad?回答：Rest helps.",
        "Q1: Is influenza bad?\nA1: Rest helps.\nQ2: Another?\nA2: Yes.",
        "Patient: Is influenza bad?\nDoctor: Rest helps.",
        "Note: be careful\nQuestion: Is influenza bad?\nAnswer: Rest helps.",
    ],
)
def test_replies_are_read_however_they_are_written(reply: str) -> None:
    assert parse(reply, CONDITION, "symptoms") == PAIR


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (None, "declined"),
        ("  ", "declined"),
        ("As an AI I cannot.", "declined"),
        ("抱歉，我无法回答。", "declined"),
        ('{"question": "Is influenza bad?", "answer": "I\'m sorry, I can\'t say."}', "declined"),
        ('{"question": "Is influenza bad?"}', "unreadable"),
        ('{"question": "Influenza?", "answer": "influenza?"}', "unreadable"),
        ('{"question": "Influenza?", "answer": 3}', "unreadable"),
        ("Answer: influenza\nQuestion: which?", "unreadable"),
        ("Answer: It is influenza.\nPatient: Thanks! Is it bad?\nDoctor: No.", "unreadable"),
        ("Question: Is influenza bad?\nNote: think\nQ: Really?\nA: Yes.", "unreadable"),
        ("{" * 5000, "unreadable"),
        ('{"question": "What is the capital of France?", "answer": "Paris."}', "off-topic"),
    ],
)
def test_a_reply_without_a_pair_says_why(reply: str | None, why: str) -> None:
    with pytest.raises(Unreadable, match=f"^{why}$"):
        parse(reply, CONDITION, "causes")


def test_line_breaks_within_json_are_read() -> None:
    reply = '{"question": "Is influenza\nbad?", "answer": "Rest\n\nhelps."}'
    assert parse(reply, CONDITION, "causes") == ("Is influenza\nbad?", "Rest\n\nhelps.")


def test_a_patient_may_speak_within_a_question() -> None:
    reply = "Question: A case.\nPatient: I have a fever.\nAnswer: It may be influenza."
    assert parse(reply, CONDITION, "diagnosis") == ("A case. Patient: I have a fever.", "It may be influenza.")


@pytest.mark.parametrize(
    ("name", "question", "told"),
    [
        ("Gout", "What is Gout?", True),
        ("Gout", "Why does my toe hurt throughout the night?", False),
        ("Crohn disease", "Could cramps mean Crohn's disease?", True),
        ("Chronic obstructive pulmonary disease (COPD)", "I cough; is it copd?", True),
        ("痛风", "脚趾疼痛是痛风吗？", True),
        ("痛风", "脚趾疼痛是怎么回事？", False),
    ],
)
def test_a_question_for_the_diagnosis_does_not_name_it(name: str, question: str, told: bool) -> None:
    condition = Condition(name=name, symptoms=("Pain",), origin=Origin(source="x"))
    reply = json.dumps({"question": question, "answer": f"It fits {name}."})
    assert parse(reply, condition, "causes")
    if not told:
        assert parse(reply, condition, "diagnosis") == (question, f"It fits {name}.")
    else:
        with pytest.raises(Unreadable, match=r"^names-the-answer$"):
            parse(reply, condition, "diagnosis")


def test_a_teacher_that_names_the_diagnosis_in_the_question_is_not_believed(tmp_path: Path) -> None:
    teacher = Scripted('{"question": "What is influenza?", "answer": "An infection; it fits fever."}')
    made, _, notes = taught(tmp_path, teacher, FLU, per_entry=1, kinds=("diagnosis",))
    assert made == []
    assert notes == ["1 replies of the teacher gave no pair: 1 names-the-answer"]


def test_a_brand_name_need_not_be_repeated() -> None:
    reply = '{"question": "What may help?", "answer": "Oseltamivir."}'
    assert parse(reply, CONDITION, "medications")[1] == "Oseltamivir."


def test_real_diseases_are_read_and_accounted_for(shared_data: Path) -> None:
    source = str(shared_data / "chatdoctor/format_dataset.csv")
    context = Context("q", QaOptions(per_entry=3), DataSettings(sources=(source,)), seed=0)
    made, dropped = context.call(qa)
    assert len({example.origin for example in made} | {item.origin for item in dropped}) == context.read == 796
    assert len(made) > 2300
    assert Counter(len(example.meta["passages"]) for example in made).keys() == {1}
