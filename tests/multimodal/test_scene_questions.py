"""Questions about scenes: many forms, one right answer each, none given away, and three types of response."""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest
from scene_answers import Seen, answer

from domaintune import IMAGE, DataError, Example
from domaintune.data import Dataset, make
from domaintune.errors import SettingsError
from domaintune.settings import DataSettings, validate
from domaintune.testing import run_builder
from domaintune_multimodal.paraphrases import DETAIL_QUESTIONS
from domaintune_multimodal.scenes.data import scenes
from domaintune_multimodal.scenes.options import KINDS, SceneOptions
from domaintune_multimodal.scenes.questions import FORMS, Draw, Question, questions
from domaintune_multimodal.scenes.scene import COLOURS, HELD_OUT, Scene, make_scene
from domaintune_multimodal.scenes.shapes import SHAPES

VOCABULARY = {
    *COLOURS, *SHAPES, "small", "large", "yes", "no", "left", "middle", "right", "top", "bottom", "above", "below",
    "even", "odd", *map(str, range(21)),
    *(f"{row} {column}" for row in ("top", "middle", "bottom") for column in ("left", "middle", "right")),
}  # fmt: skip


@cache
def asked() -> list[tuple[Scene, Question]]:
    """Up to six questions of every form about each of 100 scenes, on both sides of the split."""
    rng, found = random.Random(11), []
    for number in range(100):
        scene = make_scene(rng, held_out=number % 2 == 1)
        for form in FORMS:
            some = list(questions(scene, form))
            found += [(scene, question) for question in rng.sample(some, min(6, len(some)))]
    return found


@cache
def built() -> tuple[list[Example], list[Example]]:
    """A small build: the training examples and the test questions."""
    examples, dropped = run_builder(scenes, options=SceneOptions(train=316, test=60))
    assert not dropped
    return [e for e in examples if e.side == "train"], [e for e in examples if e.side == "test"]


def test_there_are_over_forty_forms_in_ten_kinds_and_every_one_is_asked() -> None:
    assert len(FORMS) == len({form.text for form in FORMS}) >= 40
    assert {form.kind for form in FORMS} == set(KINDS)
    assert {question.form for _, question in asked()} == {form.text for form in FORMS}


def test_another_route_finds_the_same_answer_to_twenty_thousand_questions() -> None:
    looked = {id(scene): Seen(scene) for scene in {id(scene): scene for scene, _ in asked()}.values()}
    wrong = []
    for scene, question in asked():
        other = answer(looked[id(scene)], question.text, question.form)
        if other != question.answer:
            wrong.append((question, other, scene.key))
    assert not wrong, wrong[:3]
    assert len(asked()) >= 20_000


def test_answers_are_bare_words_of_a_small_vocabulary() -> None:
    assert {question.answer for _, question in asked()} <= VOCABULARY
    for _, question in asked():
        if question.kind == "reasoning":
            assert question.said.endswith(f" So the answer is {question.answer}.")
        else:
            assert question.said == question.answer


def test_the_sums_in_the_derivations_are_right() -> None:
    sums = 0
    for _, question in asked():
        for left, right in re.findall(r"(\d[\d +*-]*) = (\d+)", question.working):
            assert re.fullmatch(r"[\d +*-]+", left)
            assert eval(left) == int(right)
            assert question.answer == right
            sums += 1
    assert sums > 1000


def test_training_never_asks_about_a_held_out_pair_not_even_with_no() -> None:
    for scene, question in asked():
        if scene.held_out:
            continue
        text = question.text.lower()
        assert not question.unseen
        assert not any(re.search(rf"\b{colour} {shape}", text) for colour, shape in HELD_OUT), text


def test_a_question_that_names_a_held_out_pair_counts_as_unseen() -> None:
    some = 0
    for scene, question in asked():
        named = any(re.search(rf"\b{colour} {shape}", question.text) for colour, shape in HELD_OUT)
        if scene.held_out and named:
            assert question.unseen, question
            some += 1
    assert some > 500


def test_answers_are_balanced_within_every_form_and_kind() -> None:
    rng, answers, kinds = random.Random(2), defaultdict(Counter), Counter()
    draw = Draw(rng)
    vocabulary = {form.text: len(form.answers) for form in FORMS}
    for _ in range(250):
        for question in draw.some(make_scene(rng, held_out=False, things=(2, 5)), 6, KINDS):
            answers[question.form][question.answer] += 1
            kinds[question.kind] += 1
    assert max(kinds.values()) <= 1.1 * min(kinds.values())
    for form, counts in answers.items():
        total = sum(counts.values())
        assert max(counts.values()) <= 1.1 * total / vocabulary[form] + 2, (form, counts)
    twofold = Counter()
    for counts in answers.values():
        if set(counts) == {"yes", "no"}:
            twofold += counts
    assert abs(twofold["yes"] / twofold.total() - 0.5) < 0.03


def test_the_three_types_come_in_the_shares_of_the_paper() -> None:
    train, _ = built()
    types = Counter(tag for example in train for tag in example.tags)
    assert types == {"conversation": 116, "detail": 46, "reasoning": 154}


def test_a_conversation_has_several_turns_and_the_picture_before_or_behind_the_first_question() -> None:
    train, _ = built()
    places = Counter()
    for example in train:
        roles = [message["role"] for message in example.completion]
        turns = len(roles) // 2 + 1
        assert roles == (["assistant", "user"] * turns)[:-1]
        assert len(example.prompt) == 1
        assert sum(message["content"].count(IMAGE) for message in (*example.prompt, *example.completion)) == 1
        places[example.question.startswith(IMAGE)] += 1
        if "conversation" in example.tags:
            assert 3 <= turns <= 6
            texts = [message["content"] for message in example.completion if message["role"] == "user"]
            assert len(set(texts)) == len(texts)
        else:
            assert turns == 1
        if "detail" in example.tags:
            assert example.question.replace(IMAGE, "").strip() in DETAIL_QUESTIONS
    assert min(places.values()) > 100


def test_there_are_twenty_ways_and_more_to_ask_for_a_description() -> None:
    assert len(set(DETAIL_QUESTIONS)) == len(DETAIL_QUESTIONS) >= 20


def test_test_items_are_single_questions_of_all_kinds_each_once_a_picture() -> None:
    _, test = built()
    kinds = Counter(str(example.meta["kind"]) for example in test)
    assert set(kinds) == set(KINDS)
    assert len(test) == 480
    assert max(kinds.values()) < 1.2 * len(test) / len(KINDS)
    assert len({(example.group, example.question) for example in test}) == len(test)
    for example in test:
        assert example.question.startswith(f"{IMAGE}\n")
        assert example.meta["kind"] in example.tags
        assert len(example.images) == len(example.completion) == 1
        assert example.images[0].startswith("data:image/png;base64,")
    tags = Counter(tag for example in test for tag in example.tags)
    assert tags["seen"] > 100
    assert tags["unseen"] > 100


@cache
def of_testing() -> list[Question]:
    """The questions of 600 test pictures, without the pictures."""
    rng = random.Random(6)
    draw = Draw(rng)
    return [question for _ in range(600) for question in draw.some(make_scene(rng, held_out=True), 8, KINDS)]


def names_held_out(text: str) -> bool:
    return any(re.search(rf"\b{colour} {shape}", text) for colour, shape in HELD_OUT)


@pytest.mark.parametrize("kind", ["existence", "comparison", "relation", "occlusion"])
def test_yes_is_no_good_guess_not_even_where_a_held_out_pair_is_named(kind: str) -> None:
    found = [question for question in of_testing() if question.kind == kind and question.answer in {"yes", "no"}]
    guesses: dict[str, list[bool]] = {
        "yes": [question.answer == "yes" for question in found],
        "yes if held out": [(question.answer == "yes") is names_held_out(question.text) for question in found],
        "yes if unseen": [(question.answer == "yes") is question.unseen for question in found],
        "yes of the unseen": [question.answer == "yes" for question in found if question.unseen],
        "yes of the seen": [question.answer == "yes" for question in found if question.about and not question.unseen],
    }
    for guess, right in guesses.items():
        share = sum(right) / len(right)
        within = 0.06 if len(right) > 60 else 0.12
        assert len(right) >= 20, (guess, len(right))
        assert abs(share - 0.5) <= within, (guess, share, len(right))


def test_absent_held_out_pairs_are_asked_for_as_often_as_present_ones() -> None:
    pairs = Counter(
        (names_held_out(question.text), question.answer)
        for question in of_testing()
        if question.form in {"Is there {}?", "Is it true that there is {}?"}
    )
    assert set(pairs) == {(True, "yes"), (True, "no"), (False, "yes"), (False, "no")}
    assert max(pairs.values()) - min(pairs.values()) <= 4


def test_the_tags_of_held_out_pairs_do_not_depend_on_the_answer() -> None:
    of_form: dict[tuple[str, bool], set[bool]] = defaultdict(set)
    for _, question in asked():
        of_form[question.form, question.answer in {"no", "0"}].add(bool(question.about))
    for (form, none), tagged in of_form.items():
        assert len(tagged) == 1, form
        assert of_form.get((form, not none), tagged) == tagged, form
    _, test = built()
    assert not any({"seen", "unseen"} & example.tags for example in test if "count" in example.tags)
    for example in test:
        if "existence" in example.tags:
            named = bool(re.search(rf"(?:{'|'.join(COLOURS)}) (?:{'|'.join(SHAPES)})\b", example.question))
            assert bool({"seen", "unseen"} & example.tags) is named


def test_a_working_says_nothing_that_the_question_said() -> None:
    workings = [question.working for _, question in asked() if "is the other thing with" in question.form]
    assert len(workings) > 100
    for working in workings:
        for said in re.findall(r"The ([a-z ]+) is (?:an? )?(\w+)\. ", working):
            assert said[1] not in said[0].split(), working


def test_no_scene_is_on_both_sides_or_twice() -> None:
    train, test = built()
    assert len({example.group for example in train}) == len(train)
    assert not {example.group for example in train} & {example.group for example in test}
    assert not {example.images for example in train} & {example.images for example in test}
    assert len({example.group for example in test}) == 60


def test_equal_seeds_build_equal_examples() -> None:
    options = SceneOptions(train=30, test=5)
    assert run_builder(scenes, options=options, seed=4) == run_builder(scenes, options=options, seed=4)
    assert run_builder(scenes, options=options, seed=4) != run_builder(scenes, options=options, seed=5)


def test_kinds_turns_things_and_shares_can_be_chosen() -> None:
    options = SceneOptions(
        train=40, test=10, conversation=1, detail=0, reasoning=0, turns=(2, 2), things=(2, 3), kinds=("colour", "count")
    )
    examples, _ = run_builder(scenes, options=options)
    assert all(len(example.completion) == 3 for example in examples if example.side == "train")
    assert {example.meta["kind"] for example in examples if example.side == "test"} == {"colour", "count"}
    assert {str(example.meta["scene"]).count(";") for example in examples} == {1, 2}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"train": 0}, "train = 0 is not between"),
        ({"turns": [5, 4]}, "write the fewest and the most"),
        ({"things": [1, 9]}, "from 1 to 8"),
        ({"conversation": 0, "detail": 0, "reasoning": 0}, "all 0"),
        ({"kinds": ["reasoning"]}, "need a kind besides reasoning"),
        ({"kinds": ["colour"]}, "set it to 0"),
        ({"kinds": ["colour", "colour"]}, "each once"),
        ({"kinds": ["colr"]}, "kinds"),
    ],
)
def test_options_that_make_no_sense_are_refused(values: dict[str, object], said: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(said)):
        validate(SceneOptions, values, "data.options")


def test_more_pictures_than_there_are_scenes_end_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("domaintune_multimodal.scenes.data.draw", lambda _: None)  # thousands of them, and no matter
    monkeypatch.setattr("domaintune_multimodal.scenes.data.encode", lambda _: SimpleNamespace(data_url="data:,"))
    with pytest.raises(DataError, match=r"hardly more than .* different training scenes of 1 to 1 things"):
        run_builder(scenes, options=SceneOptions(train=5000, test=1, things=(1, 1), conversation=0, reasoning=0))


def test_the_page_shows_every_form() -> None:
    page = (Path(__file__).parents[2] / "docs/scenes.md").read_text(encoding="utf-8")
    for form in FORMS:
        pattern = re.sub(r"\\{\\}", "[a-z ]+?", re.escape(form.text))
        assert re.search(pattern, page), form.text
    for kind in KINDS:
        assert f"### {kind}: {sum(form.kind == kind for form in FORMS)} forms" in page


def test_a_data_set_keeps_the_sides_and_every_example() -> None:
    options, settings = SceneOptions(train=40, test=10), DataSettings()
    made = make("multimodal-scenes", scenes, options, settings, seed=0, max_length=None, count_tokens=None)
    assert isinstance(made, Dataset)
    assert (len(made.train), len(made.test)) == (40, 80)
    assert {str(example.meta["scene"]) for example in made.train}.isdisjoint(
        str(example.meta["scene"]) for example in made.test
    )


def test_small_scenes_are_asked_for_numbers_as_often_as_for_all_else() -> None:
    """Of one to three things none has five: an answer that cannot be must not keep the others from being asked for."""
    rng, kinds, numbers = random.Random(4), Counter(), Counter()
    draw = Draw(rng, forms=3)
    for _ in range(200):
        for question in draw.some(make_scene(rng, held_out=False, things=(1, 3)), 7, ("colour", "count", "position")):
            kinds[question.kind] += 1
            if question.form == "How many things are there?":
                numbers[question.answer] += 1
    assert kinds["count"] >= 0.9 * max(kinds.values())
    assert set(numbers) == {"1", "2", "3"}
    assert max(numbers.values()) <= 1.1 * numbers.total() / 3 + 2
