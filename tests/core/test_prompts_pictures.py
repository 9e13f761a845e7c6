"""Conversations and pictures become the tokens that a server would see, turn by turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from picturing import KINDS, TEMPLATE, data_url, pictured_model, png, tokenizer_with

from domaintune import Example, Message, Origin, Request, prompts
from domaintune.adapters.shape import measure
from domaintune.contracts import IMAGE, Hit, Passage
from domaintune.engine.session import TransformersEngine
from domaintune.errors import DataError, ModelError
from domaintune.models import base as models
from domaintune.models import vision
from domaintune.models.counting import Counting
from domaintune.retrieval.augment import Augmenter
from domaintune.settings import ModelSettings, RetrievalSettings

RED, BLUE = data_url(png(1)), data_url(png(2, 30, 70))
CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
LLAMA = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    "{% for m in messages %}{% if m['role'] == 'user' %}{{ '<s>[INST] ' + m['content'] + ' [/INST]' }}"
    "{% else %}{{ ' ' + m['content'] + ' ' + eos_token }}{% endif %}{% endfor %}"
)
TRIMMING = (
    "{% for m in messages %}{{ '<|start|>' + m['role'] + '<|head|>\n\n' + m['content'] | trim + '<|eot|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start|>assistant<|head|>\n\n' }}{% endif %}"
)
TEMPLATES = {"chatml": CHATML, "llama": LLAMA, "trimming": TRIMMING}
PARTS_ONLY = (
    TEMPLATE.replace("IMAGE_TOKEN", "<image>")
    .replace(
        "{% if m['content'] is string %}{{ m['content'] }}{% else %}{% for part in m['content'] %}",
        "{% for part in m['content'] %}",
    )
    .replace("{% endfor %}{% endif %}{% if m['role']", "{% endfor %}{% if m['role']")
)
THINKING = CHATML.replace("assistant\n' }}{% endif %}", "assistant\n<think></think>' }}{% endif %}")
FORGETFUL = (
    "{% for m in messages %}{% if m['role'] == 'user' or loop.last %}"
    "{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    marks = ["<|im_start|>", "<|im_end|>", "<s>", "<|start|>", "<|head|>", "<|eot|>"]
    return tokenizer_with("<image>", marks)


@pytest.fixture(scope="module")
def seer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pictured_model(tmp_path_factory.mktemp("seer") / "llava", "llava-clip")


@pytest.fixture(scope="module")
def processor(seer: Path) -> vision.Processor:
    found = models.load_processor(models.locate(ModelSettings(base=str(seer))))
    assert found is not None
    return found


def user(text: str) -> Message:
    return Message(role="user", content=text)


def said(text: str) -> Message:
    return Message(role="assistant", content=text)


def lesson(asked: Sequence[str], answers: Sequence[str], images: Sequence[str] = (), system: str = "") -> Example:
    first = (Message(role="system", content=system), user(asked[0])) if system else (user(asked[0]),)
    turns = [said(answers[0])]
    for question, answer in zip(asked[1:], answers[1:], strict=True):
        turns += [user(question), said(answer)]
    return Example(
        prompt=first, completion=tuple(turns), images=tuple(images), origin=Origin(source="talk.jsonl", place="line 7")
    )


def spans(labels: Sequence[int]) -> list[tuple[int, int]]:
    """The runs of learned places."""
    edges = [place for place in range(len(labels) + 1) if _learned(labels, place) != _learned(labels, place - 1)]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _learned(labels: Sequence[int], place: int) -> bool:
    return 0 <= place < len(labels) and labels[place] != prompts.MASKED


def check_turns(tokenizer: Any, example: Example, processor: vision.Processor | None = None) -> list[str]:
    """Each answer is learned right behind what a server would ask it with; returns what is learned."""
    ids = prompts.example_ids(tokenizer, example, processor)
    whole, labels = [*ids.prompt, *ids.completion], [*[prompts.MASKED] * len(ids.prompt), *ids.labels]
    assert len(whole) == len(labels)
    assert all(label in {prompts.MASKED, token} for token, label in zip(whole, labels, strict=True))
    answers = [place for place, message in enumerate(example.completion) if message["role"] == "assistant"]
    learned = spans(labels)
    assert len(learned) == len(answers)
    for place, (start, _) in zip(answers, learned, strict=True):
        messages = (*example.prompt, *example.completion[:place])
        if example.images and processor is not None:
            asked = prompts.pictured_ids(processor, messages, example.images).ids
        else:
            asked = prompts.prompt_ids(tokenizer, messages)
        assert whole[:start] == asked
    return [tokenizer.decode(whole[start:end]) for start, end in learned]


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_answer_of_a_conversation_follows_what_a_server_would_ask(tokenizer: Any, template: str) -> None:
    tokenizer.chat_template = TEMPLATES[template]
    made = lesson(["Who?", "And then?", "Why so?"], ["Me.", "Nobody at all.", "Because."], system="Be brief.")
    learned = check_turns(tokenizer, made)
    ends = {"chatml": "<|im_end|>", "llama": " <|end|>", "trimming": "<|eot|>"}
    assert [text.strip() for text in learned] == [
        f"{text}{ends[template]}" for text in ("Me.", "Nobody at all.", "Because.")
    ]


def test_messages_that_a_template_refuses_are_an_error_that_names_the_example(tokenizer: Any) -> None:
    tokenizer.chat_template = "{% if messages|length > 1 %}{{ raise_exception('roles must alternate') }}{% endif %}x"
    for made in (lesson(["Who?"], ["Me."]), lesson(["Who?"], ["Me."], system="See.")):
        with pytest.raises(
            DataError, match=r"^talk\.jsonl, line 7: the chat template .* refuses .*roles must alternate"
        ):
            prompts.example_ids(tokenizer, made)


WORDS = st.text(min_size=1).map(str.strip).filter(bool)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(talk=st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=4), template=st.sampled_from(list(TEMPLATES)))
def test_that_holds_whatever_is_said(tokenizer: Any, talk: list[tuple[str, str]], template: str) -> None:
    tokenizer.chat_template = TEMPLATES[template]
    check_turns(tokenizer, lesson([question for question, _ in talk], [answer for _, answer in talk]))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    talk=st.lists(st.tuples(WORDS.filter(lambda text: IMAGE not in text), WORDS), min_size=1, max_size=3),
    marks=st.sampled_from(["", "<image>\n", "<image> and <image>\n"]),
)
def test_that_holds_with_pictures(processor: vision.Processor, talk: list[tuple[str, str]], marks: str) -> None:
    asked = [marks + talk[0][0], *(question for question, _ in talk[1:])]
    images = [RED, BLUE][: marks.count(IMAGE)] or [RED]
    check_turns(processor.tokenizer, lesson(asked, [answer for _, answer in talk], images), processor)


@pytest.mark.parametrize("template", [THINKING, FORGETFUL], ids=["thinking", "forgetful"])
def test_a_template_that_rewrites_what_was_said_learns_single_answers_only(tokenizer: Any, template: str) -> None:
    tokenizer.chat_template = template
    with pytest.raises(DataError, match=r"^talk\.jsonl, line 7: the chat template .* an example of its own$"):
        prompts.example_ids(tokenizer, lesson(["Who?", "Then?"], ["Me.", "You."]))
    ids = prompts.example_ids(tokenizer, lesson(["Who?"], ["Me."]))
    assert ids.labels == ids.completion


def test_a_conversation_ends_with_an_answer_and_has_no_empty_one(tokenizer: Any) -> None:
    tokenizer.chat_template = CHATML
    open_end = Example(
        prompt=(user("Who?"),), completion=(said("Me."), user("Then?")), origin=Origin(source="talk.jsonl")
    )
    with pytest.raises(DataError, match=r"talk\.jsonl: a conversation .* ends with a question"):
        prompts.example_ids(tokenizer, open_end)
    with pytest.raises(DataError, match=r"line 7: an answer of the conversation is empty"):
        prompts.example_ids(tokenizer, lesson(["Who?", "Then?"], ["Me.", " "]))


def places(processor: vision.Processor, ids: Sequence[int]) -> str:
    """The text of a prompt, with one `#` for all places of a picture."""
    text = processor.tokenizer.decode(ids)
    return str(text.replace(processor.token * 9, "#"))


def test_the_nth_marker_is_the_nth_picture(processor: vision.Processor) -> None:
    two = lesson(["<image>\nIs it like <image>?"], ["No."], [RED, BLUE])
    ids = prompts.example_ids(processor.tokenizer, two, processor)
    assert places(processor, ids.prompt) == "<|user|>#Is it like #?<|assistant|>"
    alone = [prompts.pictured_ids(processor, [user("?")], [one]).inputs["pixel_values"][0] for one in (RED, BLUE)]
    assert [bool((a == b).all()) for a, b in zip(ids.inputs["pixel_values"], alone, strict=True)] == [True, True]
    turned = prompts.example_ids(processor.tokenizer, lesson(["<image> <image>"], ["No."], [BLUE, RED]), processor)
    assert bool((turned.inputs["pixel_values"][1] == alone[0]).all())


def test_without_a_marker_pictures_stand_before_the_first_user_message(processor: vision.Processor) -> None:
    made = lesson(["What?", "And?"], ["A.", "B."], [RED, BLUE], system="See.")
    ids = prompts.example_ids(processor.tokenizer, made, processor)
    assert places(processor, ids.prompt) == "<|system|>See.<|user|>##What?<|assistant|>"
    later = (*made.prompt, *made.completion[:2])
    assert places(processor, prompts.pictured_ids(processor, later, made.images).ids).count("#") == 2


@pytest.mark.parametrize(
    ("asked", "answers", "images", "sentence"),
    [
        (["<image>?"], ["A."], [RED, BLUE], "1 markers <image> for 2 pictures"),
        (["<image> <image>?"], ["A."], [RED], "2 markers <image> for 1 pictures"),
        (["What?"], ["An <image>."], [RED], "the completion contains <image>"),
        (["<image>?", "<image>?"], ["A.", "B."], [RED, BLUE], "1 markers <image> for 2 pictures"),
        (["What is <image>?"], ["A."], [], "contains '<image>', which stands for a picture in this model"),
        (["What?"], ["An <image>."], [], "contains '<image>', which stands for a picture in this model"),
        (["What?"], ["A."], ["nowhere.png"], "nowhere.png"),
    ],
)  # fmt: skip
def test_markers_and_pictures_that_disagree_are_an_error_that_names_the_example(
    processor: vision.Processor, asked: list[str], answers: list[str], images: list[str], sentence: str
) -> None:
    with pytest.raises(DataError, match=r"^talk\.jsonl, line 7: ") as error:
        prompts.count_tokens(processor.tokenizer, [lesson(asked, answers, images)], processor)
    assert sentence in str(error.value)


def test_an_answer_shows_no_picture(processor: vision.Processor) -> None:
    with pytest.raises(DataError, match="an answer of the assistant contains <image>"):
        prompts.pictured_ids(processor, [user("Hello"), said("<image>"), user("What?")], [RED])
    with pytest.raises(DataError, match="no message is the user's"):
        prompts.pictured_ids(processor, [Message(role="system", content="Hello")], [RED])


def test_a_base_that_reads_no_pictures_says_which_would(tokenizer: Any) -> None:
    with pytest.raises(DataError, match=r"line 7 shows a picture.*--set model\.base=NAME"):
        prompts.count_tokens(tokenizer, [lesson(["What?"], ["A."], [RED])])


def test_a_template_of_parts_gets_texts_in_parts(processor: vision.Processor) -> None:
    tokenizer, kept = processor.tokenizer, processor.tokenizer.chat_template
    made = lesson(["Who?", "Then?"], ["Me.", "You."])
    wanted = prompts.example_ids(tokenizer, made)
    try:
        tokenizer.chat_template = PARTS_ONLY
        assert prompts.understood(tokenizer).wants_parts
        assert prompts.example_ids(tokenizer, made) == wanted
        check_turns(tokenizer, lesson(["<image>\nWho?", "Then?"], ["Me.", "You."], [RED]), processor)
    finally:
        tokenizer.chat_template = kept
        assert not prompts.understood(tokenizer).wants_parts


def test_a_system_text_stays_apart_from_the_question_where_a_template_knows_none(processor: vision.Processor) -> None:
    tokenizer, kept = processor.tokenizer, processor.tokenizer.chat_template
    refusing = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    try:
        tokenizer.chat_template = refusing + kept
        made = lesson(["What?<image>"], ["A."], [RED], system="See.")
        ids = prompts.example_ids(tokenizer, made, processor)
        assert places(processor, ids.prompt) == "<|user|>See.\n\nWhat?#<|assistant|>"
    finally:
        tokenizer.chat_template = kept


@pytest.mark.parametrize("kind", ["llava-clip", "qwen2-vl", "smolvlm"])
def test_training_grading_and_serving_ask_with_the_same_tokens(seer: Path, tmp_path: Path, kind: str) -> None:
    base = seer if kind == "llava-clip" else pictured_model(tmp_path / kind, kind)
    session = TransformersEngine().open(ModelSettings(base=str(base), device="cpu", dtype="float32"))
    processor = session.reader.processor
    made = lesson(["Is <image> like\n<image>?", "Why?"], ["No.", "So."], [RED, BLUE], system="See.")
    ids = prompts.example_ids(processor.tokenizer, made, processor)
    graded = session.reader.prompt(Request(messages=made.prompt, images=made.images))
    assert graded.ids == ids.prompt
    assert {name: value.tolist() for name, value in graded.inputs.items()} == {
        name: value.tolist() for name, value in ids.inputs.items()
    }
    check_turns(processor.tokenizer, made, processor)
    assert prompts.count_tokens(processor.tokenizer, [made], processor) == [(len(ids.prompt), len(ids.completion))]


def test_passages_are_put_beside_a_question_about_a_picture(processor: vision.Processor) -> None:
    found = [Hit(passage=Passage(text="A circle is round.", origin=Origin(source="book"), title="Circle"), score=1.0)]
    beside = Augmenter(
        search=lambda _query, _k: found,
        every=[found[0].passage],
        tokenizer=processor.tokenizer,
        settings=RetrievalSettings(right=1.0, distractors=0.0),
        processor=processor,
    )
    learned = beside.learn(lesson(["<image>\nIs it round?"], ["Yes."], [RED]), 0, 400)
    ids = prompts.example_ids(processor.tokenizer, learned, processor)
    assert "A circle is round.#Is it round?" in places(processor, ids.prompt)


def test_a_completion_begins_with_an_answer(tokenizer: Any) -> None:
    example = replace(lesson(["One?"], ["1"]), completion=(user("Two?"), said("2")))
    with pytest.raises(DataError, match=r"talk\.jsonl.*begins with an answer of the assistant.*'user'"):
        prompts.example_ids(tokenizer, example)


def test_each_text_is_rendered_once(tokenizer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: list[tuple[int, bool]] = []
    whole = prompts._render
    monkeypatch.setattr(
        prompts, "_render", lambda *given, ask: rendered.append((len(given[1]), ask)) or whole(*given, ask=ask)
    )
    prompts.example_ids(tokenizer, lesson(["One?", "Two?"], ["1", "2"]))
    assert rendered == [(1, True), (2, False), (3, True), (4, False)]


def test_a_base_whose_pictures_are_not_read_in_line_is_refused_before_it_is_trained(
    seer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vision, "OTHER_MASKS", ("class LlavaForConditionalGeneration",))
    found = models.load_processor(models.locate(ModelSettings(base=str(seer))))
    assert found is not None
    with pytest.raises(ModelError, match=r"cannot show pictures to LlavaForConditionalGeneration.*model\.base"):
        prompts.count_tokens(found.tokenizer, [lesson(["One?"], ["1"], [RED])], found)
    assert prompts.count_tokens(found.tokenizer, [lesson(["One?"], ["1"])], found)
    assert not measure(ModelSettings(base=str(seer))).images


@pytest.mark.parametrize("kind", KINDS)
def test_a_processor_for_counting_gives_the_same_ids_and_looks_at_each_size_once(tmp_path: Path, kind: str) -> None:
    processor = models.load_processor(models.locate(ModelSettings(base=str(pictured_model(tmp_path / "base", kind)))))
    assert processor is not None
    shown = []
    for seed, size in enumerate([(40, 30), (30, 70), (64, 64)] * 2):
        (tmp_path / f"{seed}.png").write_bytes(png(seed, *size))
        shown.append(str(tmp_path / f"{seed}.png"))
    asked = [lesson([f"What is {IMAGE}?"], ["red"], [one]) for one in shown]
    asked += [lesson([f"Is {IMAGE}\n like {IMAGE}?"], ["no"], shown[place : place + 2]) for place in range(4)]
    asked += [lesson(["What?", "And?"], ["red", "blue"], shown[:3]), lesson(["Hello"], ["you"])]
    expected = [prompts.example_ids(processor.tokenizer, one, processor) for one in asked]
    counter = Counting(processor)
    for _ in range(2):
        found = [prompts.example_ids(processor.tokenizer, one, counter) for one in asked]
        assert [one[:3] for one in found] == [one[:3] for one in expected]
        assert [{name: value.shape for name, value in one.inputs.items()} for one in found] == [
            {name: value.shape for name, value in one.inputs.items()} for one in expected
        ]
    assert len(counter.processor.image_processor._made) == 3 + 3 + 1  # sizes alone, pairs of sizes, and the three
    assert prompts.count_tokens(processor.tokenizer, asked, counter) == [
        (len(one.prompt), len(one.completion)) for one in expected
    ]


def test_a_processor_for_counting_notices_a_picture_that_is_gone_or_changed(
    processor: vision.Processor, tmp_path: Path
) -> None:
    counter, place = Counting(processor), tmp_path / "kite.png"
    place.write_bytes(png(1, 40, 30))
    assert (counter.read(str(place)).width, counter.read(str(place)).height) == (40, 30)
    place.write_bytes(png(1, 40, 31))
    assert counter.read(str(place)).height == 31
    assert counter.read(data_url(png(1, 30, 20))).width == 30
    place.write_bytes(png(1)[:50])
    with pytest.raises(prompts.PromptError, match=r"kite\.png' ends before its time"):
        prompts.example_ids(processor.tokenizer, lesson(["What?"], ["red"], [str(place)]), counter)


def test_an_example_that_is_no_prompt_says_so_and_a_base_that_fits_none_stops_all(
    processor: vision.Processor, tokenizer: Any
) -> None:
    for one in (lesson(["What?"], ["an <image>"], [RED]), lesson(["<image><image>"], ["red"], [RED])):
        with pytest.raises(prompts.PromptError):
            prompts.count_tokens(processor.tokenizer, [one], processor)
    with pytest.raises(DataError) as stopped:
        prompts.count_tokens(tokenizer, [lesson(["What?"], ["red"], [RED])])
    assert not isinstance(stopped.value, prompts.PromptError)
