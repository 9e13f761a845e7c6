"""report.html: one page without script, on which nothing that a model wrote is more than text."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from made import NORMAL, example, report_of, reports
from picture_items import Sighted, evaluated, pictured_run, planned
from PIL import Image

from domaintune import files, images
from domaintune.adapters import package
from domaintune.contracts import IMAGE
from domaintune.evaluation import contact_sheet, markdown, stage
from domaintune.evaluation.page import page
from domaintune.runs import Run

__all__ = ["pictured_run"]
HOSTILE = (
    """</style><script>alert(1)</script><img src=x onerror='a()'>"><a href="javascript:alert(1)">'{{ 7 * 7 }}&amp;"""
)
VOID = {"meta", "img", "rect", "br", "link", "input"}
TEST = reports(40)


class Page(HTMLParser):
    """What a browser would find: tags in order with their attributes, and the text; tags must be closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.within: list[str] = []
        self.feed(html)
        self.close()
        assert self.within == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.within.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.within.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.within and self.within[-1] != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def images(self) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == "img"]


def harmless(found: Page) -> None:
    """No script, no handler, nothing from elsewhere."""
    assert not {tag for tag, _ in found.tags} & {"script", "a", "iframe", "object", "embed", "link", "form", "base"}
    for _, attributes in found.tags:
        assert not [name for name in attributes if name.startswith("on") or name in {"href", "style", "srcset"}]
        assert str(attributes.get("src", "data:image/")).startswith("data:image/")
    assert ("meta", "default-src 'none'; img-src data:; style-src 'unsafe-inline'") in [
        (tag, attributes.get("content")) for tag, attributes in found.tags
    ]


def hostile(value: Any) -> Any:
    """The same document with something hostile behind every text, names among them."""
    if isinstance(value, dict):
        return {key: hostile(item) for key, item in value.items()}
    if isinstance(value, list):
        return [hostile(item) for item in value]
    return value + HOSTILE if isinstance(value, str) else value


def test_a_report_without_pictures_is_a_page(tmp_path: Path) -> None:
    document = report_of([item.reference for item in TEST], [NORMAL] * 40, TEST).as_dict()
    found = Page(page(document, tmp_path, safety="Not for clinical use."))
    harmless(found)
    for words in (
        "The tuned model is better than the base model: exact, recall.", "made-1", "starter", "Not for clinical use.",
        "temperature 0.0", "seed 7", "all, 40 items", "100.0 [91.2, 100.0]", "abnormal, 20 items", "floor:nearest",
        "constant: always one common training answer", "Samples", document["samples"][0]["reference"],
    ):  # fmt: skip
        assert words in found.text, words
    assert "blind" not in found.text
    assert page(document, tmp_path) == page(document, tmp_path)


def test_what_is_not_shown_is_said_in_words(tmp_path: Path) -> None:
    said = [item.reference for item in TEST]
    document = report_of([NORMAL] * 40, said, TEST).as_dict()
    text = Page(page(document, tmp_path)).text
    assert "The tuned model is worse than the base model: exact, recall." in text
    assert "The tuned model is not shown to differ from the best floor (constant)" in text
    assert "Beware" in text
    assert document["warnings"][0] in text


def test_nothing_hostile_is_more_than_text(tmp_path: Path) -> None:
    plain = report_of(["a"] * 40, [NORMAL] * 40, TEST).as_dict()
    document = {**hostile(plain), "graders": {"made-words" + HOSTILE: {}}, "n": {"all": 40}}
    document["comparisons"] = [
        row | {"verdict": "no evidence", "tag": f"all{HOSTILE}", "a": f"tuned{HOSTILE}"}
        for row in document["comparisons"]
    ]
    document["samples"] = [
        {**row, "tags": [HOSTILE], f"base{HOSTILE}": "\x00\x1b[31m\u202eevil\ud800"} for row in document["samples"]
    ]
    (tmp_path / "x.png").write_bytes(b"\x89PNG")
    document["pictures"] = [{"evaluator": "made-words" + HOSTILE, "file": "evaluation/x.png", "text": HOSTILE}]
    html = page(document, tmp_path, safety=HOSTILE)
    found = Page(html)
    harmless(found)
    assert found.text.count("<script>alert(1)</script>") > 20
    assert found.text.count("{{ 7 * 7 }}") > 20
    assert not set("\x00\x1b\u202e") & set(html)
    html.encode("utf-8")
    assert [attributes["alt"] for attributes in found.images()] == [HOSTILE]


def test_the_samples_of_a_run_show_their_pictures(run: Run, tiny: Path) -> None:
    report = evaluated(planned(tiny, Sighted()), run)
    stage.publish(run)
    assert run.file("report.html").read_text() == run.file("evaluation/report.html").read_text()
    found = Page(run.file("report.html").read_text())
    harmless(found)
    pictured = [sample for sample in report["samples"] if "images" in sample]
    shown = found.images()
    assert len(shown) == len(pictured) == 5
    for sample, attributes in zip(pictured, shown, strict=True):
        own = images.read(str(run.file(sample["images"][0])))
        seen = images.read(str(attributes["src"]))
        assert images.pixels(seen).tobytes() == images.pixels(own).tobytes()
        assert attributes["alt"] == sample["prompt"]
        assert attributes["class"] == "small"
        assert int(attributes["width"] or 0) % own.width == 0
    text = found.text
    assert "The tuned model is better than itself with blank pictures: right." in text
    assert "blind: the same questions with blank pictures" in text
    assert "tuned+blind right 0.0" in text
    assert "image-rendering: pixelated" in run.file("report.html").read_text()


def test_the_card_shows_the_pictures_of_the_samples_that_lie_beside_it(
    run: Run,
    tiny: Path,
    tmp_path: Path,
) -> None:
    report = evaluated(planned(tiny, Sighted()), run)
    text = markdown(report)
    assert "![The pictures of the samples below, by number.](samples.png)" in text
    assert "| 5 | What colour is it, " in text
    package.copy_pictures(report, run.folder, tmp_path)
    assert (tmp_path / "samples.png").read_bytes() == run.file("evaluation/samples.png").read_bytes()
    assert "samples.png" not in markdown(report_of(["a"] * 40, ["b"] * 40, TEST).as_dict())


def one(image: str, question: str = "What is it?") -> dict[str, Any]:
    document = report_of(["a"] * 40, ["b"] * 40, TEST).as_dict()
    return {**document, "samples": [{**document["samples"][0], "prompt": question}]} | {"shown": [(image,)]}


def photograph(path: Path, side: int = 1200) -> Path:
    """A picture that cannot be compressed, with what a camera writes into it."""
    made = Image.effect_noise((side, side // 2), 90).convert("RGB")
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    made.save(path, exif=exif)
    return path


def test_a_large_photograph_is_shown_smaller_and_without_what_the_camera_wrote(tmp_path: Path) -> None:
    document = one(str(photograph(tmp_path / "photo.jpg")))
    (shown,) = Page(page(document, tmp_path, document["shown"])).images()
    content = base64.b64decode(str(shown["src"]).partition(",")[2])
    assert str(shown["src"]).startswith("data:image/jpeg;")
    assert Image.open(io.BytesIO(content)).size == (768, 384)
    assert "class" not in shown
    assert b"taken at home" not in content
    assert len(content) < 500_000


def test_a_picture_that_is_gone_costs_a_sentence(tmp_path: Path) -> None:
    document = one(str(tmp_path / "gone.png"))
    found = Page(page(document, tmp_path, document["shown"]))
    assert found.images() == []
    assert "This picture cannot be shown: " in found.text


def test_markers_are_left_out_and_those_of_several_pictures_numbered(tmp_path: Path) -> None:
    url = images.encode(Image.new("RGB", (16, 16))).data_url
    document = one(url, f"{IMAGE}\nWhat is it?")
    (shown,) = Page(page(document, tmp_path, [(url,)])).images()
    assert shown["alt"] == "What is it?"
    document = one(url, f"{IMAGE} or {IMAGE}?")
    two = Page(page(document, tmp_path, [(url, url)])).images()
    assert [shown["alt"] for shown in two] == ["[picture 1] or [picture 2]?"] * 2


def test_a_very_long_answer_is_cut(tmp_path: Path) -> None:
    document = report_of(["x" * 10_000] * 40, ["b"] * 40, TEST).as_dict()
    text = page(document, tmp_path)
    assert "x" * 6_000 in text
    assert "x" * 6_001 not in text
    assert "(4000 more characters)" in text


@pytest.mark.parametrize("tags", [6, 7])
def test_many_tags_are_folded(tmp_path: Path, tags: int) -> None:
    test = [example(f"task {tag} {i}", f"task {tag} is {i}", f"task {tag}") for tag in range(tags) for i in range(6)]
    found = Page(page(report_of(["?"] * len(test), ["?"] * len(test), test).as_dict(), tmp_path))
    (folded,) = [attributes for tag, attributes in found.tags if tag == "details"]
    assert ("open" in folded) == (tags == 6)


def test_a_sheet_shows_six_pictures_with_numbers_and_a_table_says_what_was_said(tmp_path: Path) -> None:
    folder = tmp_path / "data/images"
    folder.mkdir(parents=True)
    Image.new("RGB", (48, 24), "red").save(folder / "red.png")
    sample = {
        "prompt": f"{IMAGE}\nWhich colour?",
        "reference": "red",
        "base": "![x](http://e.x/y.png) | <b>",
        "tuned": "red",
    }
    there = {**sample, "images": ["data/images/red.png"]}
    samples = [sample, *[there] * 7]
    made = contact_sheet.sheet(samples, tmp_path)
    assert made is not None
    assert made.size == (8 + 6 * 200, 22 + 192 + 8)
    assert made.getpixel((8 + 10, 22 + 10)) == (255, 0, 0)
    assert made.getpixel((8 + 10, 22 + 150)) == (255, 255, 255)
    assert made.crop((8, 0, 200, 22)).getcolors() != [(192 * 22, (255, 255, 255))]
    lines = contact_sheet.table(samples).splitlines()
    assert len(lines) == 2 + 6
    assert lines[2] == r"| 1 | Which colour? | red | !\[x\](http:&#8203;//e.x/y.png) \| \<b\> | red |"
    assert contact_sheet.sheet([sample], tmp_path) is None
    (folder / "red.png").unlink()
    assert contact_sheet.sheet(samples, tmp_path) is not None


def test_what_others_wrote_makes_no_link_on_the_card() -> None:
    """Neither in brackets nor by a bare address, which some pages turn into one."""
    said = "HTTPS://e.x, www.e.x, a@e.x and [here](http://e.x)"
    shown = "HTTPS:&#8203;//e.x, www&#8203;.e.x, a@&#8203;e.x and \\[here\\](http:&#8203;//e.x)"
    sample = {"prompt": said, "reference": "r", "base": "b", "tuned": "t", "images": ["data/images/a.png"]}
    assert f"| 1 | {shown} | r | b | t |" in contact_sheet.table([sample])
    report = {"graders": {}, "scores": [], "comparisons": [], "warnings": [said]}
    assert f"- {shown}" in markdown(report)


def test_names_of_pictures_outside_the_run_stay_out_of_the_report(run: Run, tiny: Path, tmp_path: Path) -> None:
    from domaintune.evaluation import sampled
    from domaintune.evaluation.report import Report

    report = evaluated(planned(tiny, Sighted()), run)
    bare = [{key: value for key, value in sample.items() if key != "images"} for sample in report["samples"]]
    held = replace(Report.from_dict(report), samples=bare)
    names = [
        (str(run.file("data/images/a.png")), "data:image/png;base64,AA"),
        *[(str(tmp_path / "b.png"),)] * (len(bare) - 1),
    ]
    named = sampled.named(held, names, run.folder)
    assert named.samples[0]["images"] == ["data/images/a.png"]
    assert not any("images" in sample for sample in named.samples[1:])
    assert files.read_json(run.file("evaluation/report.json")) == report
