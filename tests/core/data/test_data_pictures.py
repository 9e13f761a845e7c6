"""Rows with pictures: found, checked once, kept by content, and apart on both sides."""

from __future__ import annotations

import base64
import io
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from data_support import adds_up, everything, jsonl, run
from PIL import Image

from domaintune import prompts
from domaintune.contracts import BuildContext, Dropped, Example, Field, Origin
from domaintune.data import Dataset, load, make, stream, write
from domaintune.data.overlap import Asked
from domaintune.data.pictures import check_choices, pictures_in
from domaintune.errors import DataError, PluginError
from domaintune.evaluation.items import prompt_key
from domaintune.files import folder_hashes
from domaintune.images import read
from domaintune.prompts import PromptError
from domaintune.settings import DataSettings

FIELDS = tuple(Field(name=name, required=False) for name in ("question", "answer", "images", "group", "side"))


def picture(shade: int, size: int = 8) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (size, size), (shade % 256, shade // 256, 9)).save(file, "PNG")
    return file.getvalue()


def url(content: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def example(question: str, images: tuple[str, ...] = (), answer: str = "a kite", **more: Any) -> Example:
    return Example(
        prompt=({"role": "user", "content": question},),
        completion=({"role": "assistant", "content": answer},),
        images=images,
        **{"origin": Origin(source="made"), **more},
    )


def asking(context: BuildContext) -> Iterator[Example | Dropped]:
    """As many examples of a row as it has questions."""
    for row in context.rows(*FIELDS):
        for question in row["question"].split("|"):
            yield example(
                question,
                tuple(filter(None, row["images"].split(" + "))),
                row["answer"] or "a kite",
                group=row["group"] or None,
                side=row["side"] or None,  # type: ignore[arg-type]
                origin=row.origin,
            )


@pytest.fixture
def kites(tmp_path: Path) -> Path:
    """A folder of 30 pictures, and a file with a row for each."""
    folder = tmp_path / "source"
    (folder / "kites").mkdir(parents=True)
    for number in range(30):
        (folder / "kites" / f"{number}.png").write_bytes(picture(number))
    jsonl(folder / "rows.jsonl", [row(number) for number in range(30)])
    return folder


def row(number: int, **more: str) -> dict[str, str]:
    return {"question": "What do you see?", "images": f"kites/{number}.png", "answer": f"kite {number}", **more}


def both(dataset: Dataset) -> list[Example]:
    return [*dataset.train, *dataset.test]


def test_pictures_are_kept_by_their_content_and_found_again(kites: Path, tmp_path: Path) -> None:
    made = run(kites / "rows.jsonl", builder=asking)
    adds_up(made)
    assert len(both(made)) == 30  # one question about thirty pictures is no repeat, and no family
    assert all(read(image).width == 8 for one in both(made) for image in one.images)  # a preview can show them
    write(made, tmp_path / "data")
    rows = [json.loads(line) for line in (tmp_path / "data" / "train.jsonl").read_text().splitlines()]
    kept = {path.name for path in (tmp_path / "data" / "images").iterdir()}
    assert {f"images/{name}" for name in kept} >= {name for one in rows for name in one["images"]}
    assert len(kept) == 30
    found = load(tmp_path / "data", "test")
    assert [read(one.images[0]).content for one in found] == [read(one.images[0]).content for one in made.test]
    assert all(Path(image).is_absolute() for one in found for image in one.images)


def test_equal_data_sets_give_equal_bytes_wherever_their_pictures_lie(kites: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(kites / "kites", elsewhere / "pictures" / "kites")
    write(run(kites / "rows.jsonl", builder=asking), tmp_path / "one")
    write(run(kites / "rows.jsonl", builder=asking, images=str(elsewhere / "pictures")), tmp_path / "two")
    packed = [{**row(number), "images": url(picture(number))} for number in range(30)]
    jsonl(kites / "rows.jsonl", packed)
    write(run(kites / "rows.jsonl", builder=asking), tmp_path / "three")
    assert folder_hashes(tmp_path / "one") == folder_hashes(tmp_path / "two") == folder_hashes(tmp_path / "three")


def test_a_bad_picture_is_one_line_of_the_ledger_however_many_examples_the_row_gave(kites: Path) -> None:
    rows = [row(number) for number in range(20)]
    rows[3] = row(3, question="What?|How many?|Where?", images="kites/3.png + kites/nowhere.png")
    (kites / "kites" / "4.png").write_bytes(picture(4)[:40])
    made = run(jsonl(kites / "rows.jsonl", rows), builder=asking)
    adds_up(made)
    lines = [(entry.line, entry.reason, entry.detail) for entry in made.ledger.dropped]
    assert [line[:2] for line in lines] == [(4, "image"), (5, "image")]
    assert lines[0][2] == (
        "missing: there is no picture 'kites/nowhere.png'; mend the row, or name the folder of the pictures "
        "with data.images"
    )
    assert lines[1][2].startswith("truncated: the picture 'kites/4.png'")
    assert len(both(made)) == 18


def test_pictures_of_rows_that_do_not_stay_are_not_kept(kites: Path, tmp_path: Path) -> None:
    rows = [*(row(number) for number in range(20)), row(25), row(26, images="kites/26.png + kites/nowhere.png")]
    made = run(
        jsonl(kites / "rows.jsonl", rows),
        builder=asking,
        max_length=9,
        count_tokens=lambda found: [(5, 99 if "25" in one.reference else 2) for one in found],
    )
    write(made, tmp_path / "data")
    kept = {path.read_bytes() for path in (tmp_path / "data" / "images").iterdir()}
    stay = {picture(number) for number in range(20)}
    assert kept == stay or kept == stay | {picture(25)}  # in the test set nothing is too long


def test_tokens_are_counted_of_examples_whose_pictures_can_be_read(kites: Path) -> None:
    seen: list[int] = []

    def count(found: Any) -> list[tuple[int, int]]:
        seen.extend(read(one.images[0]).width for one in found)
        return [(5, 2)] * len(found)

    run(kites / "rows.jsonl", builder=asking, count_tokens=count)
    assert seen == [8] * 30


def test_places_for_pictures_must_be_as_many_as_pictures(kites: Path) -> None:
    rows = [row(number) for number in range(10)]
    rows[0]["question"] = "<image> and <image>: which is larger?"
    rows[1]["question"] = "<image>What do you see?"
    made = run(jsonl(kites / "rows.jsonl", rows), builder=asking)
    assert [(entry.line, entry.detail[:7]) for entry in made.ledger.dropped] == [(1, "marks: ")]


def sides(dataset: Dataset, of: Callable[[Example], Any]) -> tuple[list[Any], list[Any]]:
    return [of(one) for one in dataset.train], [of(one) for one in dataset.test]


def test_no_picture_is_on_both_sides(kites: Path) -> None:
    shutil.copy(kites / "kites" / "0.png", kites / "kites" / "copy.png")
    rows = [row(number // 2, answer=f"kite {number}") for number in range(40)]
    rows += [{**row(0), "images": "kites/copy.png", "answer": "the same"}]
    grouped = [row(number // 2, question=f"q{number} z{number}?", group=f"g{number} h{number}") for number in range(40)]
    chained = [row(n, images=f"kites/{n}.png + kites/{n + 1}.png") for n in (*range(6), *range(10, 13), *range(20, 25))]
    for several in (rows, grouped, chained):
        for fraction in (0.2, 0.5):
            made = run(jsonl(kites / "rows.jsonl", several), builder=asking, test_fraction=fraction)
            train, test = (
                {image for one in side for image in map(name_of, one.images)} for side in (made.train, made.test)
            )
            assert train.isdisjoint(test)
            adds_up(made)
            of_group: dict[str | None, int] = {}
            assert not of_group.keys() & {one.group for one in made.test}
    assert len({one.group for one in both(made)}) == 3  # each chain is a family


def name_of(image: str) -> str:
    return prompt_key(example("", (image,)))


def test_a_picture_of_the_test_source_leaves_the_training_set(kites: Path) -> None:
    test = jsonl(
        kites / "test.jsonl", [row(number, question=f"{number} {number}?", group=f"t{number}") for number in (3, 4)]
    )
    train = [row(number, question=f"k{number} l{number} m{number}?", group=f"u{number}") for number in range(10)]
    made = run(jsonl(kites / "rows.jsonl", train), builder=asking, test_source=test)
    assert [(entry.line, entry.reason) for entry in made.ledger.dropped] == [(4, "contamination"), (5, "contamination")]
    assert made.ledger.dropped[0].detail == f"shows a picture of the test row {test}, line 1"


def test_a_builder_may_decide_the_sides(kites: Path) -> None:
    rows = [row(number, side="test" if number % 3 == 0 else "train") for number in range(30)]
    made = run(jsonl(kites / "rows.jsonl", rows), builder=asking, test_fraction=0.9)
    assert {one.reference for one in made.test} == {f"kite {number}" for number in range(0, 30, 3)}
    assert all(one.side is None for one in both(made))  # now the file says it


def test_questions_that_are_alike_may_be_on_both_sides_where_the_builder_says_so() -> None:
    def build(context: BuildContext) -> Iterator[Example]:
        for n in range(40):
            question = f"How many red circles are there to the left of the {n} blue squares in the picture?"
            yield example(question, side="test" if n < 10 else "train", answer=f"{n}")

    made = run(builder=build)
    assert (len(made.train), len(made.test)) == (30, 10)
    with pytest.raises(DataError, match="no test rows"):  # without sides they are one family
        run(builder=lambda context: (replace(one, side=None) for one in build(context)), test_fraction=0.0)


def test_what_has_no_side_is_divided_or_goes_with_its_relatives(kites: Path) -> None:
    rows = [row(number, side="train") for number in range(5)] + [row(number) for number in range(5, 30)]
    rows += [row(0, answer="a relative", question="Which colour?"), row(29, side="test", question="Where?")]
    made = run(jsonl(kites / "rows.jsonl", rows), builder=asking, test_fraction=0.3)
    train, test = sides(made, lambda one: one.reference)
    assert {f"kite {number}" for number in range(5)} | {"a relative"} <= set(train)
    assert "kite 29" in test
    assert len(made.test) == 2 + 8  # the pair of picture 29, and 0.3 of 24 families, rounded up


def test_a_family_for_both_sides_is_an_error_that_says_which(kites: Path) -> None:
    rows = [row(0, side="train"), row(1, side="train"), row(0, side="test", question="Where?")]
    with pytest.raises(
        DataError, match=r"rows.jsonl, line 1 is for side 'train' and .*line 3 for side 'test', but they"
    ):
        run(jsonl(kites / "rows.jsonl", rows), builder=asking)


def test_a_side_is_train_or_test(kites: Path) -> None:
    with pytest.raises(PluginError, match="is for side 'validation'; a data builder says train, test or None"):
        run(jsonl(kites / "rows.jsonl", [row(0, side="validation"), row(1)]), builder=asking)


def test_changed_pictures_of_the_setting_are_noticed(kites: Path) -> None:
    before = pictures_in(str(kites))
    assert before == pictures_in(str(kites))
    assert pictures_in(None) == {}
    (kites / "kites" / "new.png").write_bytes(picture(99))
    assert pictures_in(str(kites)) != before
    with pytest.raises(DataError, match="is no folder; name the one in which the pictures lie"):
        pictures_in(str(kites / "nowhere"))


def test_the_same_question_about_another_picture_is_no_repeat(kites: Path) -> None:
    rows = [row(number, answer="a kite") for number in range(10)] * 2
    made = run(jsonl(kites / "rows.jsonl", rows), builder=asking, duplicates="drop")
    assert {entry.reason for entry in made.ledger.dropped} == {"duplicate"}
    assert len(made.train) + len({one.images for one in made.test}) == 10


def asked_about(kites: Path, items: list[Example], rows: list[Example]) -> list[str]:
    """Details of what was dropped because it gives away an item."""
    settings = DataSettings(test_fraction=0.5)
    more = [example(f"q{n} k{n} z{n}?", (str(kites / "kites" / f"{n}.png"),), side="test") for n in range(20, 22)]
    made = make(
        "tiny", lambda _: iter([*rows, *more]), None, settings, seed=0, max_length=None, count_tokens=None,
        asked=[Asked(evaluator="kites", items=items)],
    )  # fmt: skip
    assert isinstance(made, Dataset)
    return [entry.detail for entry in made.ledger.dropped if entry.reason == "contamination"]


def test_an_item_of_an_evaluator_is_its_question_and_its_picture(kites: Path) -> None:
    places = [str(kites / "kites" / f"{number}.png") for number in range(10)]
    question = "What is the boy with the long red kite on the beach going to do next?"
    item = example(f"<image>\n{question}", (places[0],), meta={"task_id": "kites/1"})
    rows = [
        example(question, (places[1],), side="train"),  # another picture
        example(question, side="train", answer="nothing"),  # none
        example("Who is there?", (url(picture(0)),), side="train", answer="a boy"),  # another question
        example(question.upper(), (url(picture(0)),), side="train"),
        example(f"Tell me: {question[:-1]} or later?", (places[0],), side="train"),
    ]
    details = asked_about(kites, [item], rows)
    assert len(details) == 2
    assert "asks the same about the same picture as kites/1" in details
    assert any(one.startswith("shares 10 words in a row, about the same picture, with kites/1: ") for one in details)
    plain = example(question, meta={"task_id": "kites/2"})
    assert len(asked_about(kites, [plain], rows)) >= 1  # the one without a picture


def test_the_key_of_a_prompt_does_not_depend_on_where_a_picture_lies(kites: Path, tmp_path: Path) -> None:
    write(run(kites / "rows.jsonl", builder=asking), tmp_path / "data")
    here = load(tmp_path / "data", "train")
    shutil.move(tmp_path / "data", tmp_path / "moved")
    there = load(tmp_path / "moved", "train")
    assert here[0].images != there[0].images
    assert list(map(prompt_key, here)) == list(map(prompt_key, there))
    content = Path(there[0].images[0]).read_bytes()
    (tmp_path / "own.png").write_bytes(content)
    for image in (url(content), str(tmp_path / "own.png")):
        assert prompt_key(replace(there[0], images=(image,))) == prompt_key(there[0])
    assert prompt_key(replace(there[0], images=(url(picture(999)),))) != prompt_key(there[0])
    assert prompt_key(replace(there[0], images=())) != prompt_key(there[0])


def test_a_missing_or_foreign_picture_of_a_data_file_is_said(kites: Path, tmp_path: Path) -> None:
    write(run(kites / "rows.jsonl", builder=asking), tmp_path / "data")
    for path in (tmp_path / "data" / "images").iterdir():
        path.unlink()
    with pytest.raises(DataError, match=r"is missing; build the data anew"):
        load(tmp_path / "data", "train")
    lines = (tmp_path / "data" / "train.jsonl").read_text().splitlines()
    bad = json.loads(lines[0]) | {"images": ["../../etc/passwd"]}
    (tmp_path / "data" / "train.jsonl").write_text(json.dumps(bad) + "\n")
    with pytest.raises(DataError, match="which no data stage wrote"):
        list(stream(tmp_path / "data", "train"))


def test_a_picture_that_changes_while_it_is_used_is_said(kites: Path, tmp_path: Path) -> None:
    made = run(kites / "rows.jsonl", builder=asking)
    (kites / "kites" / "7.png").write_bytes(picture(777))
    with pytest.raises(DataError, match="has changed while it was used; build again"):
        write(made, tmp_path / "data")


def test_pictures_lie_beside_the_file_that_names_them(kites: Path, tmp_path: Path) -> None:
    shutil.copytree(kites, tmp_path / "several" / "deep")
    made = run(tmp_path / "several", builder=asking)
    assert len(both(made)) == 30
    with pytest.raises(DataError, match="no training rows are left"):
        run(tmp_path / "several", builder=asking, images=str(tmp_path / "several"))


def test_a_sample_has_its_own_pictures_and_a_builder_without_rows_its_own_names(kites: Path, tmp_path: Path) -> None:
    def sampled(context: BuildContext) -> Iterator[Example]:
        for one in context.rows(*FIELDS, sample=kites / "rows.jsonl"):
            yield example(one["question"], (one["images"],), one["answer"], origin=one.origin)

    assert len(both(run(builder=sampled, images=str(tmp_path)))) == 30

    def own(_: BuildContext) -> Iterator[Example]:
        for number in range(9):
            yield example("What?", (str(kites / "kites" / f"{number}.png"),), f"{number}")
        yield example("What?", (str(kites / "kites" / "nowhere.png"),))

    made = run(builder=own)
    assert (len(both(made)), [entry.reason for entry in made.ledger.dropped]) == (9, ["image"])


def test_each_file_is_checked_once(kites: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from domaintune.data import pictures

    seen = []
    monkeypatch.setattr(
        pictures, "read_at", lambda name, place, real=pictures.read_at: seen.append(name) or real(name, place)
    )
    rows = [row(number % 5, answer=f"{number}", question=f"{number}?") for number in range(40)]
    run(jsonl(kites / "rows.jsonl", rows), builder=asking)
    assert len(seen) == 5


def test_a_conversation_is_written_and_read(tmp_path: Path) -> None:
    turns = (
        {"role": "assistant", "content": "a kite"},
        {"role": "user", "content": "Of which colour?"},
        {"role": "assistant", "content": "red"},
    )
    several = [
        replace(example(f"q{n} k{n} z{n}?", (url(picture(n)),)), completion=turns if n % 2 else turns[:1])
        for n in range(9)
    ]
    made = run(builder=lambda _: iter([*several, several[1]]), duplicates="drop")
    assert len(everything(made)) == 9
    write(made, tmp_path)
    assert [one.completion for one in load(tmp_path, "train")] == [one.completion for one in made.train]


def test_a_change_of_the_source_does_not_reach_what_was_kept(kites: Path, tmp_path: Path) -> None:
    write(run(kites / "rows.jsonl", builder=asking), tmp_path / "data")
    before = folder_hashes(tmp_path / "data")
    for path in (kites / "kites").iterdir():
        with path.open("r+b") as file:  # in place, as some programs write
            file.write(picture(999))
    assert folder_hashes(tmp_path / "data") == before
    assert all(path.stat().st_nlink == 1 for path in (tmp_path / "data" / "images").iterdir())


def test_changed_pictures_behind_links_and_without_endings_are_noticed(kites: Path, tmp_path: Path) -> None:
    places = {name: tmp_path / name for name in ("a", "b")}
    for number, place in enumerate(places.values()):
        place.mkdir()
        (place / "kite.png").write_bytes(picture(number, 8 + number))
    (kites / "linked.png").symlink_to(tmp_path / "a" / "kite.png")
    (kites / "folder").symlink_to(tmp_path / "a")
    (kites / "gone.png").symlink_to(tmp_path / "nowhere.png")
    seen = [pictures_in(str(kites))]

    def changed() -> bool:
        seen.append(pictures_in(str(kites)))
        return seen[-1] != seen[-2]

    (tmp_path / "a" / "kite.png").write_bytes(picture(7, 20))
    assert changed()
    for name, leads in (("linked.png", "b/kite.png"), ("folder", "b")):
        (kites / name).unlink()
        (kites / name).symlink_to(tmp_path / leads)
        assert changed()
    for name in ("7", "kite.2024", "kite"):  # read by what they hold
        (kites / name).write_bytes(picture(7))
        assert changed()
    for name in ("notes.txt", "rows.json"):
        (kites / name).write_text("no picture")
        assert not changed()


def test_an_example_that_is_no_prompt_is_a_line_of_the_ledger(kites: Path, tmp_path: Path) -> None:
    rows = [row(number, side="test" if number < 5 else "train") for number in range(20)]
    rows[2]["answer"] = rows[9]["answer"] = "an <image>"

    def count(found: Any) -> list[tuple[int, int]]:
        for one in found:
            if "<image>" in one.reference:
                raise PromptError(f"{one.origin}: the completion contains <image>")
        return [(5, 2)] * len(found)

    made = run(jsonl(kites / "rows.jsonl", rows), builder=asking, count_tokens=count, max_length=50)
    adds_up(made)
    assert [(entry.line, entry.reason) for entry in made.ledger.dropped] == [(3, "unreadable"), (10, "unreadable")]
    assert made.ledger.dropped[0].detail.endswith("line 3: the completion contains <image>")
    assert made.lengths is not None
    assert (made.lengths.train.n, made.lengths.test.n) == (14, 4)
    write(made, tmp_path / "data")
    assert len(list((tmp_path / "data" / "images").iterdir())) == 18
    rows = [row(number, answer="an <image>") for number in range(9)]
    with pytest.raises(DataError, match=r"unreadable 9; the first of them: .*contains <image>"):
        run(jsonl(kites / "rows.jsonl", rows), builder=asking, count_tokens=count)


def test_a_base_that_reads_none_is_no_fault_of_a_row(kites: Path) -> None:
    with pytest.raises(DataError, match=r"shows a picture, and the base model reads none"):
        run(kites / "rows.jsonl", builder=asking, count_tokens=lambda found: prompts.count_tokens(None, found))


def test_pictures_and_choices_are_refused_before_the_work() -> None:
    chosen = [replace(example(f"q{n}?", (url(picture(n)),)), choices=("a kite", "a bird")) for n in range(9)]
    with pytest.raises(
        DataError, match=r"data builder 'tiny': made has pictures and choices, .* write the choices into"
    ):
        run(builder=lambda _: iter(chosen))
    with pytest.raises(DataError, match="evaluator 'kites': made has pictures and choices"):
        check_choices(chosen, "evaluator 'kites'")
    check_choices([replace(one, images=()) for one in chosen], "evaluator 'kites'")
