"""Good pictures come through with the right pixels, whatever else is in their files; limits hold."""

from __future__ import annotations

import io
import time
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from crafted import canvas, chunk, header, interlaced, png, raw, riff, split_png, split_webp, zeros
from crafted import pixels as data_of
from good_pictures import SIZE, exif, pictures, saved, scene
from hostile_pictures import behind_the_last_pixel
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageFile, ImageOps

from domaintune.errors import DataError
from domaintune.images import (
    LEAST_SIDE,
    MOST_PIXELS,
    MOST_SIDE,
    ImageError,
    Picture,
    blank,
    check,
    encode,
    pixels,
    read,
)
from domaintune.images.naming import picture_key, picture_size

GOOD = {name: (content, seen) for name, content, seen in pictures()}


def apart(one: Image.Image, other: Image.Image) -> int:
    """The largest difference of a channel of a pixel."""
    assert (one.mode, one.size) == (other.mode, other.size)
    return max(high for _, high in ImageChops.difference(one, other).getextrema())


@pytest.mark.parametrize("name", GOOD)
def test_a_good_picture_comes_through_as_it_is_seen(name: str) -> None:
    content, seen = GOOD[name]
    picture = check(content, f"kites/{name}")
    assert (picture.width, picture.height) == SIZE
    assert picture.content == content
    assert apart(pixels(picture), seen) <= 1
    assert read(picture.data_url) == picture


def test_an_interlaced_png_comes_through() -> None:
    assert apart(pixels(check(interlaced(scene()))), scene()) == 0
    odd = scene((9, 13))
    assert apart(pixels(check(interlaced(odd))), odd) == 0


def exif_in_webp(orientation: int) -> bytes:
    """As other writers do it: without the six bytes that EXIF has in a JPEG."""
    [plain] = split_webp(saved(scene(), "WEBP", lossless=True))
    return riff(canvas(*SIZE, 8), plain, (b"EXIF", exif(orientation).removeprefix(b"Exif\x00\x00")))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_applied(orientation: int) -> None:
    contents = {
        "PNG": saved(scene(), "PNG", exif=exif(orientation)),
        "JPEG": saved(scene(), "JPEG", exif=exif(orientation), quality=95, subsampling=0),
        "WEBP": exif_in_webp(orientation),
    }
    for kind, content in contents.items():
        picture = check(content)
        upright = ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGB")
        assert apart(pixels(picture), upright) == 0, kind
        assert (picture.width, picture.height) == upright.size == (SIZE if orientation < 5 else SIZE[::-1])


@pytest.mark.parametrize(
    "block",
    [b"", b"II*\x00", b"MM\x00*" + b"\xff" * 40, b"II*\x00\xff\xff\xff\xff", exif(1)[:20], exif(9), exif(0), b"no"],
)
def test_broken_camera_settings_turn_nothing(block: bytes) -> None:
    block = block.removeprefix(b"Exif\x00\x00")
    parts = split_png(saved(scene(), "PNG"))
    assert apart(pixels(check(png(parts[0], chunk(b"eXIf", block), *parts[1:-1]))), scene()) == 0


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_the_grey_that_is_transparent_is_white(depth: int) -> None:
    rows = (b"\x00" + bytes([0b00011011]) * depth) * 8  # pixels of several levels
    head = header(8, 8, depth, 0)
    content = png(head, chunk(b"tRNS", b"\x00\x00"), chunk(b"IDAT", zlib.compress(rows)))
    without = png(head, chunk(b"IDAT", zlib.compress(rows)))
    grey = Image.open(io.BytesIO(without)).convert("L")
    wanted = grey.point(lambda value: 255 if value == 0 else value).convert("RGB")
    assert apart(pixels(check(content)), wanted) == 0


@pytest.mark.parametrize("name", ["a.png", "A.PNG", "no ending", "v1.2", "messages[0].content[1].image_url", ""])
def test_an_ending_that_fits_or_is_none_is_allowed(name: str) -> None:
    assert check(GOOD["mode-RGB.png"][0], name).suffix == ".png"


def test_messages_name_the_file_and_what_to_do() -> None:
    with pytest.raises(ImageError, match=r"the picture 'kites/7.gif' is a GIF; save it as PNG, JPEG or WebP") as caught:
        check(saved(scene(), "GIF"), "kites/7.gif")
    assert caught.value.reason == "format"
    assert isinstance(caught.value, DataError)
    with pytest.raises(ImageError, match=r"4 channels \(CMYK\?\); convert it to RGB"):
        check(saved(scene().convert("CMYK"), "JPEG"), "x.jpg")
    with pytest.raises(ImageError) as caught:
        read("evil\n\x1b[31m" + "x" * 9000 + ".png")
    assert len(str(caught.value)) < 300
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("width", "height", "good"),
    [(8, 8, True), (7, 8, False), (20_000, 8, True), (20_001, 8, False), (8000, 5000, True), (8000, 5001, False)],
)
def test_the_limits_of_size(width: int, height: int, good: bool) -> None:
    content = saved(Image.new("1", (width, height)), "PNG")
    assert (LEAST_SIDE, MOST_SIDE, MOST_PIXELS) == (8, 20_000, 40_000_000)
    if good:
        assert check(content).width == width
    else:
        with pytest.raises(ImageError) as caught:
            check(content)
        assert caught.value.reason == "size"


def test_what_another_library_told_pillow_counts_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    [(kind, data)] = split_webp(saved(scene(), "WEBP"))
    bent = png(header(*SIZE), chunk(b"IDAT", zlib.compress(b"\x09" + raw(*SIZE)[1:])))  # no such filter
    for content in (riff((kind, data[: len(data) // 2])), bent):
        with pytest.raises(ImageError):
            check(content)
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True


def test_a_blank_picture_has_the_size_and_shows_nothing() -> None:
    picture = check(saved(scene(), "JPEG", exif=exif(6)))
    nothing = blank(picture)
    assert (nothing.width, nothing.height, nothing.format) == (SIZE[1], SIZE[0], "PNG")
    assert pixels(nothing).getcolors() == [(SIZE[0] * SIZE[1], (127, 127, 127))]
    assert check(nothing.content) == nothing


def test_encoding_keeps_the_pixels_and_nothing_else() -> None:
    image = scene()
    image.info = {"comment": "secret", "icc_profile": b"profile", "dpi": (72, 72), "exif": exif(6)}
    assert encode(image) == encode(scene())
    assert apart(pixels(encode(image)), scene()) == 0
    assert image.info["comment"] == "secret"
    assert {part[4:8] for part in split_png(encode(image).content)} == {b"IHDR", b"IDAT", b"IEND"}
    assert apart(pixels(encode(image.convert("L"))), image.convert("L").convert("RGB")) == 0
    with pytest.raises(ImageError, match="1 x 1"):
        encode(Image.new("RGB", (1, 1)))


def test_a_picture_that_nobody_checked_cannot_be_decoded() -> None:
    fake = Picture(content=png(header(*SIZE), data_of(3, 3)), format="PNG", width=40, height=24, sha256="")
    with pytest.raises(ImageError):
        pixels(fake)


def test_a_name_may_lead_inside_the_folder_only(tmp_path: Path) -> None:
    (tmp_path / "kites").mkdir()
    content = GOOD["mode-RGB.png"][0]
    (tmp_path / "kites" / "7.png").write_bytes(content)
    (tmp_path / "link.png").symlink_to(tmp_path / "kites" / "7.png")
    for name in ("kites/7.png", "./kites/7.png", "link.png", str(tmp_path / "kites" / "7.png")):
        assert read(name, tmp_path).content == content
    assert read(str(tmp_path / "kites" / ".." / "kites" / "7.png")).content == content  # a name that a user types
    for name, reason in (("../kites/7.png", "unsafe-path"), ("7\x00.png", "unsafe-path"), ("", "missing")):
        with pytest.raises(ImageError) as caught:
            read(name, tmp_path / "kites")
        assert caught.value.reason == reason


LIMITED = {"max_examples": 150, "deadline": None, "derandomize": True}


def within_limits(content: bytes) -> None:
    """Either a refusal, or a picture within the limits that can be decoded as what it says it is."""
    try:
        picture = check(content)
    except ImageError:
        return
    assert min(picture.width, picture.height) >= LEAST_SIDE
    assert picture.width * picture.height <= MOST_PIXELS
    assert pixels(picture).size == (picture.width, picture.height)


@settings(**LIMITED)
@given(st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF"]), st.binary(max_size=400))
def test_bytes_by_chance_are_refused_or_pictures(start: bytes, rest: bytes) -> None:
    within_limits(start + rest)


@st.composite
def mutations(draw: Any) -> bytes:
    content = bytearray(GOOD[draw(st.sampled_from(sorted(GOOD)))][0])
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, len(content) - 1))
        how = draw(st.sampled_from(["flip", "cut", "insert", "repeat"]))
        if how == "flip":
            content[place] = draw(st.integers(0, 255))
        elif how == "cut":
            del content[place : place + draw(st.integers(1, 40))]
        elif how == "insert":
            content[place:place] = draw(st.binary(min_size=1, max_size=20))
        else:
            content[place:place] = content[place : place + draw(st.integers(1, 200))]
        if not content:
            break
    return bytes(content)


@settings(**LIMITED)
@given(mutations())
def test_changed_pictures_are_refused_or_pictures(content: bytes) -> None:
    within_limits(content)


@settings(**LIMITED)
@given(st.sampled_from(sorted(name for name in GOOD if name.endswith("png"))), st.data())
def test_changed_png_chunks_with_right_sums_are_refused_or_pictures(name: str, data: Any) -> None:
    parts = split_png(GOOD[name][0])
    place = data.draw(st.integers(0, len(parts) - 1))
    body = bytearray(parts[place][8:-4])
    for _ in range(data.draw(st.integers(1, 3)) if body else 0):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    parts[place] = chunk(parts[place][4:8], bytes(body))
    within_limits(png(*parts, end=b""))


def test_unpacking_stops_where_the_size_is_reached() -> None:
    with pytest.raises(ImageError, match="unpacks to more than"):
        check(png(header(*SIZE), chunk(b"IDAT", zeros(64 << 20))))


def runs_of_fill() -> dict[str, bytes]:
    """JPEG files with megabytes of 0xFF: in a scan before a stuffed zero, before a marker, and between segments."""
    plain = saved(scene(), "JPEG")
    scan = plain.index(b"\xff\xda")
    data = scan + 2 + int.from_bytes(plain[scan + 2 : scan + 4], "big")
    run = b"\xff" * 5_000_000
    return {
        "stuffed": plain[: data + 4] + run + b"\x00" + plain[data + 4 :],
        "stuffed often": plain[: data + 4] + (b"\xff" * 999 + b"\x00") * 5_000 + plain[data + 4 :],
        "before the end": plain[:-2] + run + plain[-2:],
        "between": plain[:scan] + run + plain[scan:],
        "no end": plain[:data] + b"\x01" + run,
    }


@pytest.mark.parametrize("kind", runs_of_fill())
def test_runs_of_fill_bytes_take_time_in_proportion(kind: str) -> None:
    content = runs_of_fill()[kind]
    start = time.process_time()
    with suppress(ImageError):
        check(content, "kite.jpg")
    assert time.process_time() - start < 3  # by the square of their number it would be hours


def test_fill_bytes_before_a_marker_are_no_data() -> None:
    plain = saved(scene(), "JPEG")
    scan = plain.index(b"\xff\xda")
    filled = plain[:scan] + b"\xff" * 9 + plain[scan:-2] + b"\xff" * 7 + plain[-2:]
    assert apart(pixels(check(filled)), pixels(check(plain))) == 0
    length = 2 + int.from_bytes(plain[scan + 2 : scan + 4], "big")
    with pytest.raises(ImageError, match="a scan without data"):
        check(plain[: scan + length] + b"\xff" * 50 + plain[-2:])


@pytest.mark.parametrize("name", behind_the_last_pixel(b""))
def test_what_is_refused_behind_the_last_pixel_is_what_it_is_and_not_where(name: str) -> None:
    for harmless in (b"PK\x05\x06" + bytes(range(18)), b"PK\x03\x04", b"a kite < 3 and > 2 <htm <scripture> %PDF- 9"):
        content = behind_the_last_pixel(harmless + b"\x00" * (len(harmless) % 2))[name]
        assert (check(content).width, check(content).height) == SIZE


def test_a_long_name_takes_no_time() -> None:
    start = time.process_time()
    check(saved(scene(), "PNG"), "kite." + "a" * 4000 + "!")
    assert time.process_time() - start < 1


def test_a_file_is_known_by_its_bytes_whatever_it_is_called(tmp_path: Path) -> None:
    name = f"{'ab' * 32}.png"
    for number, folder in enumerate(("one", "two")):
        (tmp_path / folder / "images").mkdir(parents=True)
        (tmp_path / folder / "images" / name).write_bytes(saved(Image.new("RGB", (9, 9 + number)), "PNG"))
    one, two = (str(tmp_path / folder / "images" / name) for folder in ("one", "two"))
    assert len({picture_key(one), picture_key(two), "ab" * 32}) == 3
    assert picture_key(f"images/{name}") == "ab" * 32  # as in a data file: none is there to be read
    assert picture_key(name) != "ab" * 32
    assert (picture_size(one), picture_size(two)) == ((9, 9), (9, 10))
    Path(one).write_bytes(saved(Image.new("RGB", (30, 31)), "PNG"))
    assert picture_size(one) == (30, 31)
