from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domaintune import Example, Message, Origin, Passage
from domaintune_medical.grading_options import GroundedOptions
from domaintune_medical.grounded import Grounded, Lexicon


def example(question, reference, **meta):
    return Example(
        prompt=(Message(role="user", content=question),),
        completion=(Message(role="assistant", content=reference),),
        origin=Origin(source="made"),
        meta=meta,
    )


def knowledge(**medications_by_disease):
    return [
        Passage(text=f"{name}.", title=name, origin=Origin(source="kb"), meta={"disease": name, "medications": found})
        for name, found in medications_by_disease.items()
    ]


KNOWLEDGE = [
    *knowledge(Asthma=["Albuterol (Ventolin)", "Prednisone"]),
    *knowledge(Diabetes=["Metformin"], **{"Diabetes insipidus": ["Desmopressin"]}),
    *knowledge(**{"Chronic obstructive pulmonary disease (COPD)": ["Tiotropium (Spiriva)"]}),
    *knowledge(**{"Panic disorder": ["Alprazolam (Xanax)"]}, 流行性感冒=["奥司他韦", "布洛芬"]),
]


def grader(passages=KNOWLEDGE, **options):
    found = Grounded(GroundedOptions(**options))
    found.read(passages)
    return found


def values(item, answer, found=None):
    return {score.metric: score.value for score in (found or grader()).grade(item, answer)}


ITEM = example("I wheeze at night. What is it?", "This may be asthma. Albuterol (Ventolin) or prednisone help.")


@pytest.mark.parametrize(
    ("answer", "disease", "medication"),
    [
        ("Asthma: take albuterol and Prednisone.", 1, 1),
        ("ASTHMA. Try ventolin.", 1, 2 / 3),
        ("It is an asthmatic reaction; prednisolone helps.", 0, 0),
        ("Panic disorder; take Xanax.", 0, 0),
        ("Asthma or diabetes; albuterol.", 2 / 3, 2 / 3),
        ("Albuterol, prednisone, metformin, Xanax; asthma.", 1, 2 / 3),
        ("", 0, 0),
    ],
)
def test_what_the_answer_names(answer, disease, medication):
    found = values(ITEM, answer)
    assert (found["disease"], found["medication"]) == pytest.approx((disease, medication))


def test_the_reference_itself_scores_one_everywhere():
    assert values(ITEM, ITEM.reference) == {"f1": 1, "disease": 1, "medication": 1}


def test_the_longest_name_counts():
    item = example("I am thirsty.", "It is diabetes insipidus.")
    assert values(item, "Diabetes insipidus, most likely.")["disease"] == 1
    assert values(item, "Diabetes.")["disease"] == 0
    assert values(example("I am thirsty.", "It is diabetes."), "Diabetes insipidus.")["disease"] == 0


def test_short_forms_and_brands_stand_for_the_name():
    item = example("I smoke and cough.", "You may have COPD; take tiotropium.")
    found = values(item, "Chronic obstructive pulmonary disease. Spiriva is used.")
    assert (found["disease"], found["medication"]) == (1, 1)


def test_metrics_are_left_out_where_the_reference_names_none():
    item = example("Help me sleep?", "Metformin would not help.")
    assert values(item, "No.").keys() == {"f1", "medication"}
    assert values(example("?", "Drink water."), "Drink water.") == {"f1": 1}


def test_names_of_the_question_count_only_on_request():
    item = example("What is given for asthma?", "For asthma albuterol is given.")
    assert values(item, "For asthma I do not know.").keys() == {"f1", "medication"}
    assert values(item, "For asthma I do not know.", grader(echoes=True))["disease"] == 1


def test_chinese_names_are_found_within_the_text():
    item = example("我发烧了，怎么办？", "可能是流行性感冒，可以服用奥司他韦或布洛芬。")
    found = values(item, "您得了流行性感冒，建议口服布洛芬。")
    assert (found["disease"], found["medication"]) == pytest.approx((1, 2 / 3))
    assert 0 < found["f1"] < 1
    assert values(item, "感冒了")["disease"] == 0


def test_items_are_those_whose_reference_names_something():
    plain = example("?", "Drink water.")
    mine = example("?", "It is zebra fever.", disease=["Zebra fever"])
    asked = grader().items([plain, ITEM, mine])
    assert asked == [ITEM, mine]


def test_without_knowledge_the_meta_of_the_example_names_them():
    item = example("?", "Rest; take Albuterol for asthma.", disease="Asthma", medication=["Albuterol (Ventolin)"])
    found = Grounded()
    assert found.items([ITEM, item]) == [item]
    assert values(item, "Ventolin", found) == {"f1": 0, "disease": 0, "medication": 1}


def test_what_the_meta_lists_but_the_reference_does_not_say_is_not_wanted():
    item = example("What helps?", "Albuterol.", disease=["Asthma"], medication=["Albuterol", "Prednisone"])
    assert values(item, "albuterol", Grounded()) == {"f1": 1, "medication": 1}


@pytest.mark.parametrize(
    ("reference", "answer", "f1"),
    [
        ("a b c", "a b c", 1),
        ("a b c d", "a b", 2 * 2 / 6),
        ("a a b", "a b b", 2 * 2 / 6),
        ("肺炎需要治疗", "肺炎", 2 * 2 / 8),
        ("a", "b", 0),
        ("a", "", 0),
    ],
)
def test_f1_by_hand(reference, answer, f1):
    assert values(example("?", reference), answer)["f1"] == pytest.approx(f1)


def test_reasons_name_what_is_missing():
    reasons = {score.metric: score.reason for score in grader().grade(ITEM, "Asthma. Ventolin can help.")}
    assert reasons["disease"] == "named 1 of 1"
    assert reasons["medication"] == "named 1 of 2; not Prednisone"
    assert reasons["f1"] == "3 of 9 reference words, 1 other"


def test_to_name_everything_earns_little():
    everything = "; ".join(name for one in KNOWLEDGE for name in (one.title, *one.meta["medications"]))
    found = {score.metric: score for score in grader().grade(ITEM, everything)}
    assert found["disease"].value == pytest.approx(2 / 7)
    assert found["medication"].value == pytest.approx(2 * 2 / (2 + 8))
    assert found["disease"].reason == "named 1 of 1, and 5 others"
    assert found["medication"].reason == "named 2 of 2, and 6 others"


def test_names_of_the_question_are_neither_right_nor_wrong():
    item = example("Is metformin for diabetes?", "It is; it does not help asthma, for which take prednisone.")
    found = values(item, "Metformin is for diabetes. Asthma: prednisone.")
    assert (found["disease"], found["medication"]) == (1, 1)


ORGANS = [
    Passage(
        text="x", title=name, origin=Origin(source="kb"), meta={"disease": name, "medications": drugs, "tests": tests}
    )
    for name, drugs, tests in (
        ("Insulin overdose", ["Glucose", "Insulin", "Mineral Oil (Stye)"], ["Glucose measurement (Glucose level)"]),
        ("Thyroid disease", ["Thyroid", "Levothyroxine (Synthroid)"], ["Thyroid scan"]),
        ("Air embolism", ["Air"], ["Depression screening (Turp)"]),
        ("Stye", ["Erythromycin"], []),
        ("Depression", ["Sertraline"], []),
    )
]


@pytest.mark.parametrize(
    ("text", "diseases", "medications"),
    [
        ("A glucose measurement, a glucose level.", [], []),
        ("The thyroid is in the neck; air helps.", [], []),
        ("Thyroid disease is treated with Synthroid.", ["Thyroid disease"], ["Levothyroxine (Synthroid)"]),
        ("This is an insulin overdose.", ["Insulin overdose"], []),
        ("It is a stye; use erythromycin.", ["Stye"], ["Erythromycin"]),
        ("Depression, found by a depression screening.", ["Depression"], []),
    ],
)
def test_tests_and_organs_are_no_medications_and_short_names_stay_in_their_kind(text, diseases, medications):
    found = grader(ORGANS)
    item = example("?", text)
    said = {score.metric: score.reason for score in found.grade(item, "")}
    assert said.get("disease") == (f"named 0 of {len(diseases)}; not {', '.join(diseases)}" if diseases else None)
    assert said.get("medication") == (f"named 0 of 1; not {', '.join(medications)}" if medications else None)


def test_what_the_example_lists_itself_is_asked_for_and_nothing_else():
    item = example(
        "How low?", "Give glucose, then insulin; watch for depression.", medication=["Glucose"], disease=["Stye"]
    )
    assert values(item, "Glucose.", grader(ORGANS))["medication"] == 1
    assert values(item, "Sertraline.", grader(ORGANS))["medication"] == 0
    assert "disease" not in values(item, "Depression.", grader(ORGANS))
    item = example("Which tests?", "Sertraline is of no use here.", medication=[])
    assert values(item, "No.", grader(ORGANS)).keys() == {"f1"}


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("Estrogens, Conjugated (Usp) (Premarin)", "premarin", True),
        ("Estrogens, Conjugated (Usp) (Premarin)", "usp", False),
        ("Estrogens, Conjugated (Usp) (Premarin)", "conjugated estrogens", False),
        ("Hepatitis B Vaccine (Obsolete)", "a hepatitis B vaccine", True),
        ("Hepatitis B Vaccine (Obsolete)", "obsolete", False),
        ("Rho(D) Immune Globulin (Rhogam)", "rho(d) immune globulin", True),
        ("Rho(D) Immune Globulin (Rhogam)", "D", False),
        ("Coagulation (bleeding) disorder", "a coagulation disorder", True),
        ("Coagulation (bleeding) disorder", "some bleeding", False),
        ("Intertrigo (skin condition)", "a skin condition", False),
        ("上呼吸道感染（感冒）", "感冒", True),
        ("()", "anything", False),
        ("", "", False),
    ],
)
def test_brackets(name, text, found):
    assert bool(Lexicon([name]).mentions(text)) is found


def test_brackets_that_tell_diseases_apart_are_part_of_the_name():
    lexicon = Lexicon(["Drug abuse (cocaine)", "Drug abuse (opioids)"], apart=True)
    assert lexicon.mentions("drug abuse, opioids, cocaine") == [frozenset({"Drug abuse (opioids)"})]
    assert lexicon.mentions("cocaine; drug abuse") == []
    brands = Lexicon(["Diltiazem (Cardizem)", "Diltiazem (Tiazac)"])
    assert brands.mentions("diltiazem") == [frozenset({"Diltiazem (Cardizem)", "Diltiazem (Tiazac)"})]
    assert brands.mentions("Tiazac") == [frozenset({"Diltiazem (Tiazac)"})]


NAMES = st.lists(st.text("ab 肺(炎)-", min_size=1, max_size=8), max_size=6)


@given(names=NAMES, before=st.text("xyz 。", max_size=5), after=st.text(" xyz", max_size=5))
def test_every_name_is_found_where_it_stands_alone(names, before, after):
    lexicon = Lexicon(names)
    for name in names:
        mentions = lexicon.mentions(f"{before}\n{name}\n{after}")
        assert bool(mentions) is any(char.isalpha() for char in name)


@given(reference=st.text(max_size=40), answer=st.text(max_size=40))
def test_scores_lie_between_0_and_1_and_the_reference_is_best(reference, answer):
    item = example("?", reference, disease=["a"], medication=["b"])
    best = values(item, reference)
    assert set(best.values()) <= {1}
    for metric, value in values(item, answer).items():
        assert 0 <= value <= best[metric]
