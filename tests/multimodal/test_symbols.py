"""Symbolic images from JSONL rows and from COCO's files: what is read, clipped, or left out and counted."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from domaintune import DataError, Example
from domaintune.data.context import Context
from domaintune.settings import DataSettings
from domaintune_multimodal.symbols import FIELDS, Box, SymbolicImage, Unusable, box_of, symbolic

DOG = {"category": "dog", "bbox": [0.21, 0.4, 0.668, 0.9]}
CAPTIONS = ["A dog sleeps.", "A brown dog on a sofa."]


def made(
    captions: Any = CAPTIONS, boxes: Any = (DOG,), cells: dict[str, str] | None = None
) -> tuple[SymbolicImage, Counter[str]]:
    flaws: Counter[str] = Counter()
    text = {"id": "7", "image": "7.jpg", "captions": json.dumps(captions), "boxes": json.dumps(list(boxes))}
    return symbolic(text | (cells or {}), flaws), flaws


def test_a_picture_is_told_by_its_captions_and_below_them_its_boxes() -> None:
    image, flaws = made()
    assert image.text() == "A dog sleeps.\nA brown dog on a sofa.\n\ndog: [0.21, 0.4, 0.668, 0.9]"
    assert image.text(boxes=False) == "A dog sleeps.\nA brown dog on a sofa."
    assert not flaws
    assert made(boxes=())[0].text() == image.text(boxes=False)


@pytest.mark.parametrize(
    ("bbox", "corners"),
    [
        ([0.12345, 0.2, 0.98765, 1], (0.123, 0.2, 0.988, 1.0)),
        ([-0.01, 0, 1.015, 1.0], (0.0, 0.0, 1.0, 1.0)),
        ([0, 0, 1, 1], (0.0, 0.0, 1.0, 1.0)),
    ],
)
def test_corners_are_rounded_and_moved_to_the_edge(bbox: list[float], corners: tuple[float, ...]) -> None:
    assert box_of({"category": "cat", "bbox": bbox}) == Box(category="cat", corners=corners)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "flaw"),
    [
        ({"category": "cat", "bbox": [0.5, 0.1, 0.5, 0.4]}, "no-area"),
        ({"category": "cat", "bbox": [0.5, 0.1, 0.4, 0.4]}, "no-area"),
        ({"category": "cat", "bbox": [0.1, 0.1, 0.10001, 0.4]}, "no-area"),
        ({"category": "cat", "bbox": [0.1, 0.1, 200, 0.4]}, "outside"),
        ({"category": "cat", "bbox": [1.01, 0.1, 1.02, 0.4]}, "no-area"),
        ({"category": "cat", "bbox": [float("nan"), 0.1, 0.4, 0.4]}, "no-number"),
        ({"category": "cat", "bbox": [float("inf"), 0.1, 0.4, 0.4]}, "no-number"),
        ({"category": "cat", "bbox": ["0", 0.1, 0.4, 0.4]}, "no-number"),
        ({"category": "cat", "bbox": [True, 0.1, 0.4, 0.4]}, "no-number"),
        ({"category": "cat", "bbox": [0.1, 0.4, 0.4]}, "length"),
        ({"category": "cat"}, "length"),
        ({"category": "", "bbox": [0.1, 0.1, 0.4, 0.4]}, "category"),
        ({"bbox": [0.1, 0.1, 0.4, 0.4]}, "category"),
        ([0.1, 0.1, 0.4, 0.4], "form"),
    ],
)
def test_a_box_that_cannot_be_is_left_out_and_counted(value: Any, flaw: str) -> None:
    image, flaws = made(boxes=[DOG, value])
    assert [box.category for box in image.boxes] == ["dog"]
    assert flaws == {flaw: 1}


@pytest.mark.parametrize(
    ("values", "reason", "words"),
    [
        ({"image": " "}, "no-image", "names no picture"),
        ({"captions": "[]"}, "no-captions", "7.jpg"),
        ({"captions": " \n "}, "no-captions", "7.jpg"),
        ({"boxes": "dog"}, "malformed-boxes", "no list"),
        ({"boxes": '{"a": 1}'}, "malformed-boxes", "no list"),
        ({"boxes": json.dumps([{"category": "dog", "bbox": [10, 20, 300, 400]}])}, "malformed-boxes", "from 0 to 1"),
    ],
)
def test_a_row_without_what_is_needed_says_why(values: dict[str, str], reason: str, words: str) -> None:
    with pytest.raises(Unusable, match=words) as why:
        made(cells=values)
    assert why.value.reason == reason


def test_captions_come_as_a_list_or_as_lines_and_equal_ones_once() -> None:
    assert made(cells={"captions": "A dog.\n\n A  cat.\nA dog."})[0].captions == ("A dog.", "A cat.")
    assert made(captions=["A dog.", 7, "A dog."])[0].captions == ("A dog.",)


def read(folder: Path, **files: Any) -> tuple[list[SymbolicImage], Counter[str], Context]:
    """Read sources as the builder does."""
    from domaintune_multimodal.coco import CocoReader

    for name, value in files.items():
        (folder / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")
    settings = DataSettings(sources=tuple(str(folder / f"{name}.json") for name in files))
    context, flaws, reader = Context("multimodal-llava", None, settings, seed=0), Counter[str](), CocoReader()
    images = [symbolic(row, flaws) for row in context.rows(*FIELDS, reader=reader)]
    flaws["strays"] = reader.strays
    return images, flaws, context


PICTURE = {"id": 7, "file_name": "7.jpg", "width": 640, "height": 480}
SAID = [{"image_id": 7, "id": 1, "caption": "A dog sleeps."}, {"image_id": 7, "id": 2, "caption": "A brown dog."}]
SEEN = {"image_id": 7, "category_id": 18, "bbox": [134.4, 192.0, 293.1, 240.0], "iscrowd": 0, "segmentation": [[1, 2]]}
DOGS = [{"id": 18, "name": "dog"}]


def test_captions_and_boxes_of_two_coco_files_are_joined_by_picture(tmp_path: Path) -> None:
    images, flaws, context = read(
        tmp_path,
        captions={"info": {}, "licenses": [{"id": 1}], "images": [PICTURE], "annotations": SAID},
        instances={"images": [PICTURE], "annotations": [SEEN], "categories": DOGS},
    )
    assert [(image.id, image.image) for image in images] == [("7", "7.jpg")]
    assert images[0].text() == "A dog sleeps.\nA brown dog.\n\ndog: [0.21, 0.4, 0.668, 0.9]"
    assert flaws == {"strays": 0}
    assert [str(origin) for origin in context.seen] == [f"{tmp_path}/captions.json, image 7"]


def test_one_merged_coco_file_holds_both(tmp_path: Path) -> None:
    images, _, _ = read(tmp_path, merged={"images": [PICTURE], "annotations": [*SAID, SEEN], "categories": DOGS})
    assert (len(images[0].captions), len(images[0].boxes)) == (2, 1)


def test_crowds_strays_and_boxes_without_a_size_are_counted(tmp_path: Path) -> None:
    flat = {"id": 8, "file_name": "8.jpg", "width": 0, "height": 480}
    notes = [
        *SAID,
        SEEN,
        SEEN | {"iscrowd": 1},
        SEEN | {"category_id": 99},
        SEEN | {"bbox": [0, 0, 5]},
        SEEN | {"bbox": [600, 0, 300, 100]},
        SEEN | {"bbox": [600, 0, None, 100]},
        SEEN | {"image_id": 1234},
        {"image_id": 8, "caption": "A cat."},
    ]
    images, flaws, _ = read(tmp_path, merged={"images": [PICTURE, flat], "annotations": notes, "categories": DOGS})
    assert [len(image.boxes) for image in images] == [1, 0]
    assert images[0].uncounted == {"dog"}
    assert flaws == {"crowd": 1, "category": 1, "length": 1, "outside": 1, "no-number": 1, "strays": 1}
    (image,), flaws, _ = read(
        tmp_path, flat={"images": [flat], "annotations": [SEEN | {"image_id": 8}, notes[-1]], "categories": DOGS}
    )
    assert (image.captions, image.boxes, flaws["size"]) == (("A cat.",), (), 1)


def test_a_picture_keeps_its_captions_when_its_only_box_is_of_an_unknown_category(tmp_path: Path) -> None:
    (image,), flaws, _ = read(
        tmp_path,
        coco={"images": [PICTURE], "annotations": [*SAID, SEEN | {"category_id": 99}], "categories": DOGS},
    )
    assert (len(image.captions), image.boxes) == (2, ())
    assert flaws == {"category": 1, "strays": 0}


HUGE = 10**400


@pytest.mark.parametrize(
    ("picture", "note", "categories", "flaw"),
    [
        ({}, {"image_id": [1]}, DOGS, "strays"),
        ({}, {"image_id": True}, DOGS, "strays"),
        ({}, {"category_id": [1]}, DOGS, "category"),
        ({}, {}, [{"id": [1], "name": "dog"}], "category"),
        ({}, {"bbox": [HUGE, 1, 1, 1]}, DOGS, "no-number"),
        ({"width": HUGE}, {}, DOGS, "size"),
        ({"height": "tall"}, {}, DOGS, "size"),
    ],
)
def test_what_cannot_be_in_a_coco_file_is_counted(
    tmp_path: Path, picture: Any, note: Any, categories: Any, flaw: str
) -> None:
    (image,), flaws, _ = read(
        tmp_path,
        coco={"images": [PICTURE | picture], "annotations": [*SAID, SEEN | note], "categories": categories},
    )
    assert (len(image.captions), image.boxes, flaws[flaw]) == (2, (), 1)


def test_a_number_as_a_text_is_the_same_picture(tmp_path: Path) -> None:
    said = [note | {"image_id": "7"} for note in SAID]
    (image,), flaws, _ = read(
        tmp_path,
        captions={"images": [PICTURE], "annotations": said},
        instances={
            "images": [PICTURE | {"id": "7"}],
            "annotations": [SEEN | {"category_id": "18"}],
            "categories": DOGS,
        },
    )
    assert (len(image.captions), len(image.boxes), flaws["strays"]) == (2, 1, 0)


def test_annotations_that_all_belong_elsewhere_are_an_error_that_names_both(tmp_path: Path) -> None:
    astray = [note | {"image_id": "b-7"} for note in SAID]
    with pytest.raises(
        DataError, match=r"none of 2 annotations .*image_id 'b-7', and the first picture has the id '7'"
    ):
        read(tmp_path, coco={"images": [PICTURE], "annotations": astray})


def test_numbers_and_lists_without_end_are_flaws_of_their_cell() -> None:
    image, flaws = made(boxes=[DOG, {"category": "cat", "bbox": [HUGE, 0.1, 0.4, 0.4]}])
    assert ([box.category for box in image.boxes], flaws) == (["dog"], {"no-number": 1})
    assert made(cells={"captions": "[" * 100_000})[0].captions
    with pytest.raises(Unusable, match="no list"):
        made(cells={"boxes": "[" * 100_000})


def test_a_limit_counts_pictures_and_not_annotations(tmp_path: Path) -> None:
    from domaintune_multimodal.coco import CocoReader

    pictures = [PICTURE | {"id": number, "file_name": f"{number}.jpg"} for number in range(5)]
    said = [{"image_id": number, "caption": f"Dog {number}."} for number in range(5) for _ in range(3)]
    file = tmp_path / "captions.json"
    file.write_text(json.dumps({"images": pictures, "annotations": said}), encoding="utf-8")
    context = Context("multimodal-llava", None, DataSettings(sources=(str(file),), limit=2), seed=0)
    rows = list(context.rows(*FIELDS, reader=CocoReader()))
    assert [row["image"] for row in rows] == ["0.jpg", "1.jpg"]
    assert context.read == 2


def test_coco_files_beside_others_and_broken_ones_are_refused(tmp_path: Path) -> None:
    rows = [{"id": "1", "image": "1.jpg", "captions": ["A dog."]}]
    with pytest.raises(DataError, match=r"is a COCO file and .*rows.json' is none"):
        read(tmp_path, coco={"images": [PICTURE], "annotations": SAID}, rows=rows)
    with pytest.raises(DataError, match="needs a list `images` and a list `annotations`"):
        read(tmp_path, coco={"images": [PICTURE], "annotations": {}})
    (tmp_path / "cut.json").write_text('{"images": [], "annotations": [', encoding="utf-8")
    with pytest.raises(DataError, match="no JSON document"):
        _read_cut(tmp_path)


def _read_cut(folder: Path) -> list[Example]:
    from domaintune_multimodal.coco import CocoReader

    context = Context("b", None, DataSettings(sources=(str(folder / "cut.json"),)), seed=0)
    return list(context.rows(*FIELDS, reader=CocoReader()))  # type: ignore[arg-type]


def test_rows_of_jsonl_take_other_names_for_their_columns(tmp_path: Path) -> None:
    images, _, _ = read(
        tmp_path,
        rows=[{"file_name": "1.jpg", "caption": "A dog.", "objects": [{"label": "dog", "box": [0, 0, 0.5, 1]}]}],
    )
    assert images[0].text() == "A dog.\n\ndog: [0.0, 0.0, 0.5, 1.0]"
    assert images[0].id == "1.jpg"
