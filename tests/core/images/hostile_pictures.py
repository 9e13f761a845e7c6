"""Broken and hostile pictures, made by code: files, links and names; each is to be refused for one of the reasons given.

`plant(folder)` writes the files and returns the names that rows would give, by what they are.
"""

from __future__ import annotations

import base64
import io
import os
import random
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from crafted import (
    canvas,
    chunk,
    header,
    interlaced,
    lossless,
    pixels,
    png,
    raw,
    riff,
    segment,
    split_png,
    split_webp,
    with_frame,
    with_segments,
    zeros,
)
from good_pictures import SIZE, half_clear, saved, scene
from PIL import Image

MiB = 1 << 20
Made = Iterator[tuple[str, bytes, str]]
"""Name, bytes, and the reasons that fit, with `|` between them."""


def plant(folder: Path) -> dict[str, str]:
    """Write everything below `folder / "pictures"`; returns the names as rows give them, with the reasons that fit."""
    inside = folder / "pictures"
    inside.mkdir(parents=True)
    found: dict[str, str] = {}
    for family in (
        truncated,
        misnamed,
        strangers,
        animated,
        modes,
        sizes,
        bombs,
        disordered,
        polyglots,
        noise,
        jpegs,
        webps,
    ):
        for name, content, reasons in family():
            path = f"{family.__name__}-{name}"
            assert path not in found, path
            (inside / path).write_bytes(content)
            found[path] = reasons
    return found | _special(inside, folder) | dict(_names(folder)) | dict(urls())


def _originals() -> dict[str, bytes]:
    image = scene()
    return {
        "rgb.png": saved(image, "PNG"),
        "grey.png": saved(image.convert("L"), "PNG"),
        "palette.png": saved(image.convert("P"), "PNG"),
        "interlaced.png": interlaced(image),
        "plain.jpg": saved(image, "JPEG"),
        "progressive.jpg": saved(image, "JPEG", progressive=True),
        "grey.jpg": saved(image.convert("L"), "JPEG"),
        "lossy.webp": saved(image, "WEBP"),
        "lossless.webp": saved(image, "WEBP", lossless=True),
        "clear.webp": saved(half_clear(), "WEBP"),
    }


def truncated() -> Made:
    """Files that end before their time."""
    for name, content in _originals().items():
        for cut in (2, 5, 11, 20, 30, len(content) // 3, len(content) // 2, len(content) - 12, len(content) - 1):
            yield f"{cut}-{name}", content[:cut], "truncated|format"
    for name in ("x.png", "x.jpg", "x.webp"):
        yield f"empty-{name}", b"", "truncated"


def misnamed() -> Made:
    """Good pictures under a name of another kind."""
    for name, content in list(_originals().items())[::4]:
        for ending in ("png", "jpg", "jpeg", "webp", "gif", "exe", "html", "PNG", "txt"):
            kind = name.rpartition(".")[2]
            if {"jpeg": "jpg"}.get(ending.lower(), ending.lower()) != kind:
                yield f"{kind}.{ending}", content, "extension"


def strangers() -> Made:
    """Other formats, under their own names and under good ones."""
    image = scene()
    frames = [image, image.rotate(90), image.rotate(180)]
    found = {
        "gif": saved(image, "GIF"),
        "animated.gif": saved(image, "GIF", save_all=True, append_images=frames),
        "bmp": saved(image, "BMP"),
        "tiff": saved(image, "TIFF"),
        "pages.tiff": saved(image, "TIFF", save_all=True, append_images=frames),
        "ico": saved(image.resize((16, 16)), "ICO"),
        "ppm": saved(image, "PPM"),
        "tga": saved(image, "TGA"),
        "pdf": saved(image, "PDF"),
        "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 40 24\n",
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "xml.svg": b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><svg>&b;</svg>',
        "html": b"<!doctype html><html><script>alert(1)</script></html>",
        "zip": _zip(),
        "gz": b"\x1f\x8b\x08\x00" + bytes(30),
        "psd": b"8BPS\x00\x01" + bytes(30),
        "jp2": b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(30),
        "jxl": b"\xff\x0a" + bytes(30),
        "avif": b"\x00\x00\x00\x1cftypavif" + bytes(40),
        "heic": b"\x00\x00\x00\x1cftypheic" + bytes(40),
        "exe": b"MZ" + bytes(60),
        "elf": b"\x7fELF" + bytes(60),
        "pickle": b"\x80\x04cos\nsystem\n(S'id'\ntR.",
        "json": b'{"image": "x"}',
        "text": b"this is no picture\n",
    }
    for name, content in found.items():
        yield name, content, "format"
        yield f"{name}.png", content, "format"
    yield "gif.jpg", found["gif"], "format"
    yield "svg.webp", found["svg"], "format"


def animated() -> Made:
    """Pictures with more than one frame."""
    image = scene()
    more = {"save_all": True, "append_images": [image.rotate(90), image.rotate(180)]}
    yield "several.png", saved(image, "PNG", **more), "animated"
    yield "several.webp", saved(image, "WEBP", **more), "animated"
    yield "lossless.webp", saved(image, "WEBP", lossless=True, **more), "animated"
    yield "mpo.jpg", saved(image, "MPO", **more), "animated"
    control = chunk(b"acTL", b"\x00\x00\x00\x01\x00\x00\x00\x00")
    parts = split_png(saved(image, "PNG"))
    yield "one-frame.png", png(parts[0], control, *parts[1:-1]), "animated"
    yield "frames.png", png(parts[0], *parts[1:-1], chunk(b"fdAT", b"\x00\x00\x00\x01" + bytes(20))), "animated"
    flagged = [canvas(*SIZE, 2), *split_webp(saved(image, "WEBP"))]
    yield "flag.webp", riff(*flagged), "animated"
    yield "chunk.webp", riff(canvas(*SIZE), (b"ANIM", bytes(6)), *flagged[1:]), "animated"


def modes() -> Made:
    """Colours that are not read."""
    image = scene()
    yield "cmyk.jpg", saved(image.convert("CMYK"), "JPEG"), "mode"
    yield "cmyk-progressive.jpg", saved(image.convert("CMYK"), "JPEG", progressive=True), "mode"
    yield "cmyk.jpeg", saved(image.convert("CMYK"), "JPEG", quality=20), "mode"
    yield "grey16.png", saved(Image.new("I;16", SIZE, 900), "PNG"), "mode"
    yield "rgb16.png", png(header(*SIZE, 16, 2), pixels(*SIZE, 6)), "mode"
    yield "rgba16.png", png(header(*SIZE, 16, 6), pixels(*SIZE, 8)), "mode"
    plain = saved(image, "JPEG")
    yield "twelve-bits.jpg", with_frame(plain, bits=12), "mode"
    for marker in (0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCF):
        yield f"frame-{marker:x}.jpg", with_frame(plain, marker=marker), "mode"


def sizes() -> Made:
    """Too small, too large, or of no size at all; the large ones are headers only."""
    for kind, ending in (("PNG", "png"), ("JPEG", "jpg"), ("WEBP", "webp")):
        for size in ((1, 1), (7, 100), (100, 7), (1, 4000)):
            yield f"{size[0]}x{size[1]}.{ending}", saved(Image.new("RGB", size), kind), "size"
    for width, height in (
        (30000, 30000),
        (65535, 65535),
        (20001, 8),
        (2**31 - 1, 2**31 - 1),
        (8, 5_000_000),
        (0, 0),
        (0, 9),
    ):
        yield f"{width}x{height}.png", png(header(width, height), pixels(40, 24)), "size"
    yield "negative.png", png(header(2**32 - 1, 40), pixels(40, 24)), "size"
    yield "30000-whole.png", png(header(30000, 30000, 1, 0), chunk(b"IDAT", zeros(64 * MiB))), "size"
    plain, progressive = saved(scene(), "JPEG"), saved(scene(), "JPEG", progressive=True)
    for content, name in ((plain, "plain"), (progressive, "progressive")):
        for width, height in ((30000, 30000), (65535, 65535), (0, 24), (40, 0), (0, 0), (20001, 24), (6400, 6400)):
            yield f"{name}-{width}x{height}.jpg", with_frame(content, width=width, height=height), "size"
    for width, height in ((16383, 16383), (16384, 3000), (1, 1), (7, 900)):
        yield f"lossless-{width}x{height}.webp", riff(lossless(width, height)), "size"
    for width, height in ((30000, 30000), (2**24, 2**24), (20001, 8), (40, 5)):
        yield f"canvas-{width}x{height}.webp", riff(canvas(width, height), *split_webp(saved(scene(), "WEBP"))), "size"


def bombs() -> Made:
    """Small files that unpack to large ones, and large ones."""
    head, body = header(*SIZE), pixels(*SIZE)
    yield "pixels.png", png(head, chunk(b"IDAT", zeros(64 * MiB))), "bytes"
    yield "pixels-by-one.png", png(head, chunk(b"IDAT", zlib.compress(raw(*SIZE) + b"\x00"))), "bytes"
    yield "pixels-twice.png", png(head, body, body), "trailing"
    packed = zeros(64 * MiB)
    for name, bomb in (
        ("text", chunk(b"zTXt", b"Comment\x00\x00" + packed)),
        ("unicode", chunk(b"iTXt", b"Comment\x00\x01\x00\x00\x00" + packed)),
        ("profile", chunk(b"iCCP", b"profile\x00\x00" + packed)),
        ("long", chunk(b"tEXt", b"Comment\x00" + b"a" * (3 * MiB))),
        ("unpacked", chunk(b"iTXt", b"Comment\x00\x00\x00\x00\x00" + b"a" * (3 * MiB))),
        ("exif", chunk(b"eXIf", b"II*\x00" + b"a" * (3 * MiB))),
    ):
        yield f"{name}.png", png(head, bomb, body), "bytes"
        yield f"{name}-late.png", png(head, body, bomb), "bytes"
    many = chunk(b"zTXt", b"C\x00\x00" + zlib.compress(b"a" * 900_000, 9))
    yield "several.png", png(head, many, many, many, body), "bytes"
    yield "chunks.png", png(head, chunk(b"tEXt", b"C\x00a") * 20_001, body), "format"
    plain = saved(scene(), "JPEG")
    application = [segment(0xE1, b"Exif\x00\x00" + b"a" * 60_000)] * 40
    yield "exif.jpg", with_segments(plain, application), "bytes"
    yield "comments.jpg", with_segments(plain, [segment(0xFE, b"a")] * 20_001), "format"
    progressive = saved(scene(), "JPEG", progressive=True)
    scan = progressive.index(b"\xff\xda")
    end = progressive.index(b"\xff\xc4", scan)
    yield "scans.jpg", progressive[:end] + progressive[scan:end] * 101 + progressive[end:], "format"
    still = [canvas(*SIZE, 0x20), (b"ICCP", b"a" * (3 * MiB)), *split_webp(saved(scene(), "WEBP"))]
    yield "profile.webp", riff(*still), "bytes"
    yield "chunks.webp", riff(*still[:1], *[(b"JUNK", b"")] * 101), "format"
    yield "heavy.png", png(head, chunk(b"tEXt", b"a" * 20 * MiB), body), "bytes"


def disordered() -> Made:
    """PNG files whose chunks are damaged, missing, or in a wrong place."""
    parts = split_png(saved(scene(), "PNG"))
    head, body, end = parts[0], parts[1:-1], parts[-1]
    for place, part in enumerate(parts):
        bent = [*parts[:place], part[:-1] + bytes([part[-1] ^ 1]), *parts[place + 1 :]]
        yield f"sum-{place}.png", png(*bent, end=b""), "truncated"
    text = chunk(b"tEXt", b"C\x00a")
    palette = chunk(b"PLTE", bytes(range(30)))
    half = len(zlib.compress(raw(*SIZE))) // 2
    data = zlib.compress(raw(*SIZE))
    first, second = chunk(b"IDAT", data[:half]), chunk(b"IDAT", data[half:])
    flat = header(*SIZE)
    found = {
        "headless": png(*body),
        "late-header": png(*body, head),
        "text-first": png(text, head, *body),
        "two-headers": png(head, head, *body),
        "no-pixels": png(head),
        "empty-pixels": png(head, chunk(b"IDAT", b"")),
        "no-end": png(head, *body, end=b""),
        "end-first": png(end, head, *body),
        "gap": png(flat, first, text, second),
        "swapped": png(flat, second, first),
        "half": png(flat, first),
        "late-palette": png(flat, first, second, palette),
        "late-clear": png(flat, first, second, chunk(b"tRNS", bytes(6))),
        "no-palette": png(header(*SIZE, 8, 3), pixels(*SIZE, 1)),
        "odd-palette": png(header(*SIZE, 8, 3), chunk(b"PLTE", bytes(31)), pixels(*SIZE, 1)),
        "long-palette": png(header(*SIZE, 8, 3), chunk(b"PLTE", bytes(771)), pixels(*SIZE, 1)),
        "strange": png(head, chunk(b"EVIL", b"x"), *body),
        "no-name": png(head, chunk(b"\x00\x01\x02\x03", b"x"), *body),
        "long-header": SIGNED + chunk(b"IHDR", bytes(14)) + b"".join(parts[1:]),
        "colour": png(header(*SIZE, 8, 5), *body),
        "depth": png(header(*SIZE, 3, 2), *body),
        "packing": png(header(*SIZE, 8, 2, 1, 0, 0), *body),
        "interlace": png(header(*SIZE, 8, 2, 0, 0, 2), *body),
        "long-chunk": png(head, b"\xff\xff\xff\xff" + body[0][4:]),
        "filter": png(flat, chunk(b"IDAT", zlib.compress(b"\x09" + raw(*SIZE)[1:]))),
        "checksum": png(flat, chunk(b"IDAT", data[:-1] + bytes([data[-1] ^ 1]))),
        "not-packed": png(flat, chunk(b"IDAT", raw(*SIZE))),
        "few-rows": png(flat, pixels(SIZE[0], SIZE[1] - 1)),
        "many-rows": png(flat, pixels(SIZE[0], SIZE[1] + 1)),
        "behind-pixels": png(flat, chunk(b"IDAT", data + b"hidden")),
    }
    for name, content in found.items():
        yield f"{name}.png", content, "format|truncated|trailing|bytes"


SIGNED = png(end=b"")


def _zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("run.py", "import os")
    return file.getvalue()


def polyglots() -> Made:
    """Pictures that are another file too."""
    others = {
        "zip": _zip(),
        "pdf": b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF",
        "html": b"<html><script>alert(1)</script></html>",
        "js": b"/*x*/alert(1)//",
        "php": b"<?php system($_GET['c']); ?>",
        "zeros": bytes(100),
        "newline": b"\n",
    }
    image = scene()
    plain = {"png": saved(image, "PNG"), "jpg": saved(image, "JPEG"), "webp": saved(image, "WEBP")}
    for ending, content in plain.items():
        for name, other in (others | {"itself": content}).items():
            yield f"after-{name}.{ending}", content + other, "trailing"
            if name != "itself":
                yield f"before-{name}.{ending}", other + content, "format"
    head, *body = split_png(plain["png"])[:-1]
    for name in ("zip", "pdf", "html", "php"):
        other = others[name]
        yield f"text-{name}.png", png(head, chunk(b"tEXt", b"C\x00" + other), *body), "format"
        yield f"packed-{name}.png", png(head, chunk(b"zTXt", b"C\x00\x00" + zlib.compress(other)), *body), "format"
        yield f"private-{name}.png", png(head, *body, chunk(b"prVt", other)), "format"
        yield f"comment-{name}.jpg", with_segments(plain["jpg"], [segment(0xFE, other)]), "format"
        yield f"application-{name}.jpg", with_segments(plain["jpg"], [segment(0xED, other)]), "format"
        still = [canvas(*SIZE, 4), *split_webp(plain["webp"]), (b"XMP ", other)]
        yield f"metadata-{name}.webp", riff(*still), "format"
        for ending, hidden in behind_the_last_pixel(other).items():
            yield f"pixels-{name}-{ending}", hidden, "format"
    for bent in _ends_of_zip():
        yield f"end-{len(bent)}.jpg", behind_the_last_pixel(bent)["plain.jpg"], "format"


def behind_the_last_pixel(other: bytes) -> dict[str, bytes]:
    """Pictures that every decoder reads, with another file where it reads no more: within the scan, the chunk, the rows."""
    image = scene()
    [(kind, lossy)] = split_webp(saved(image, "WEBP"))
    [(_, packed)] = split_webp(saved(image, "WEBP", lossless=True))
    loose = zlib.compressobj(0)  # nothing is packed: the bytes stand in the file as they are
    rows = bytearray(raw(*SIZE))
    rows[1 : 1 + len(other)] = other  # in the first row: 120 bytes, and what follows is a filter, which may be 0 to 4
    return {
        "plain.jpg": saved(image, "JPEG")[:-2] + other.replace(b"\xff", b"\xff\x00") + b"\xff\xd9",
        "progressive.jpg": saved(image, "JPEG", progressive=True)[:-2] + other + b"\xff\xd9",
        "lossy.webp": riff((kind, lossy + other)),
        "lossless.webp": riff((b"VP8L", packed + other)),
        "alpha.webp": riff(canvas(*SIZE), (kind, lossy + other + bytes(500))),
    } | (
        {"loose.png": png(header(*SIZE), chunk(b"IDAT", loose.compress(bytes(rows)) + loose.flush()))}
        if len(other) <= 3 * SIZE[0]
        else {}
    )


def _ends_of_zip() -> Iterator[bytes]:
    """ZIP files that tools still open: with a comment, with more behind them, with places counted from elsewhere."""
    whole = _zip()
    end = whole.index(b"PK\x05\x06")
    yield whole[:-2] + b"\x05\x00a kit"
    yield whole + bytes(60_000)
    yield bytes(7) + whole
    yield whole[: end + 16] + b"\xfe\xfe\xfe\xfe" + whole[end + 20 :]  # with a wrong place: the size tells it
    yield whole[:end] + b"PK\x06\x07" + bytes(16) + whole[end:]
    yield b"PK\x05\x06" + bytes(18)


def noise() -> Made:
    """Bytes by chance, bare or behind the first bytes of a picture."""
    chance = random.Random(7)
    starts = {"png": SIGNED, "jpg": b"\xff\xd8\xff", "webp": b"RIFF\x00\x10\x00\x00WEBPVP8 "}
    for ending, start in starts.items():
        for size in (1, 30, 1000, 100_000):
            yield f"bare-{size}.{ending}", b"n" + chance.randbytes(size), "format"
            yield (
                f"behind-{size}.{ending}",
                start + chance.randbytes(size),
                "format|truncated|trailing|mode|size|animated",
            )


def jpegs() -> Made:
    """JPEG files whose segments are damaged, missing, or in a wrong place."""
    plain = saved(scene(), "JPEG")
    scan, frame = plain.index(b"\xff\xda"), plain.index(b"\xff\xc0")
    table = plain.index(b"\xff\xc4")
    length = 2 + int.from_bytes(plain[scan + 2 : scan + 4], "big")
    found = {
        "no-frame": plain[:frame] + plain[frame + 19 :],
        "two-frames": plain[:scan] + plain[frame : frame + 19] + plain[scan:],
        "no-scan": plain[:scan] + b"\xff\xd9",
        "no-data": plain[: scan + length] + b"\xff\xd9",
        "scan-first": plain[:2] + plain[scan:],
        "no-tables": plain[: plain.index(b"\xff\xdb")] + plain[frame : frame + 19] + plain[scan:],
        "no-marker": plain[:2] + b"\x00\x00" + plain[2:],
        "restart": plain[:2] + b"\xff\xd0" + plain[2:],
        "start-again": plain[:2] + plain,
        "no-length": plain[:2] + b"\xff\xe0\x00\x00" + plain[2:],
        "long": plain[:2] + b"\xff\xe0\xff\xff" + plain[2:],
        "short-frame": plain[: frame + 3] + b"\x08" + plain[frame + 4 :],
        "reserved": plain[:2] + segment(0xF3, b"abc") + plain[2:],
        "height-later": plain[:scan] + segment(0xDC, b"\x00\x18") + plain[scan:],
        "bad-table": plain[: table + 4] + b"\x77" + b"\xff" * 16 + plain[table + 21 :],
        "only-start": b"\xff\xd8\xff",
        "only-markers": b"\xff\xd8\xff\xd9",
    }
    for name, content in found.items():
        yield f"{name}.jpg", content, "format|truncated|animated|mode"


def webps() -> Made:
    """WebP files whose chunks are damaged, missing, or in a wrong place."""
    [(kind, data)] = split_webp(saved(scene(), "WEBP"))
    [(_, packed)] = split_webp(saved(scene(), "WEBP", lossless=True))
    whole = riff((kind, data))
    found = {
        "short-size": riff((kind, data), size=len(whole) - 20),
        "long-size": riff((kind, data), size=len(whole)),
        "endless": riff((kind, data), size=2**32 - 1),
        "nothing": riff(),
        "twice": riff((kind, data), (kind, data)),
        "both": riff(canvas(*SIZE), (kind, data), (b"VP8L", packed)),
        "only-canvas": riff(canvas(*SIZE)),
        "other-canvas": riff(canvas(41, 24), (kind, data)),
        "late-canvas": riff((kind, data), canvas(*SIZE)),
        "short-canvas": riff((b"VP8X", bytes(4)), (kind, data)),
        "no-canvas": riff((kind, data), (b"EXIF", b"")),
        "unknown": riff(canvas(*SIZE), (b"EVIL", b"x"), (kind, data)),
        "no-key-frame": riff((kind, bytes([data[0] | 1]) + data[1:])),
        "no-start": riff((kind, data[:3] + b"\x00\x00\x00" + data[6:])),
        "cut": riff((kind, data[:40])),
        "cut-late": riff((kind, data[: len(data) // 2])),
        "cut-lossless": riff((b"VP8L", packed[:30])),
        "lossless-start": riff((b"VP8L", b"\x00" + packed[1:])),
        "lossless-junk": riff(lossless(*SIZE, b"\xff" * 100)),
        "tiny": riff((kind, data[:6])),
        "tiny-lossless": riff((b"VP8L", packed[:3])),
    }
    for name, content in found.items():
        yield f"{name}.webp", content, "format|truncated|trailing"


FAMILIES = (
    truncated, misnamed, strangers, animated, modes, sizes, bombs, disordered, polyglots, noise, jpegs, webps,
)  # fmt: skip


def _special(inside: Path, outside: Path) -> dict[str, str]:
    """Things in a folder that are no files of it."""
    (outside / "secret.png").write_bytes(saved(scene(), "PNG"))
    (outside / "more").mkdir()
    (outside / "more" / "kite.png").write_bytes(saved(scene(), "PNG"))
    (inside / "folder.png").mkdir()
    os.mkfifo(inside / "pipe.png")
    (inside / "outside.png").symlink_to(outside / "secret.png")
    (inside / "passwords.png").symlink_to("/etc/passwd")
    (inside / "up").symlink_to(outside / "more")
    (inside / "loop.png").symlink_to(inside / "loop.png")
    (inside / "dangling.png").symlink_to(inside / "nowhere.png")
    (inside / "endless.png").symlink_to("/dev/zero")
    with (inside / "sparse.png").open("wb") as file:
        file.truncate(40_000_000_000)
    return {
        "folder.png": "missing",
        "pipe.png": "missing",
        "outside.png": "unsafe-path",
        "passwords.png": "unsafe-path",
        "up/kite.png": "unsafe-path",
        "loop.png": "missing|unsafe-path",
        "dangling.png": "missing",
        "endless.png": "unsafe-path",
        "sparse.png": "bytes",
    }


def _names(outside: Path) -> Iterator[tuple[str, str]]:
    """Names that lead nowhere, or where they must not."""
    for name in ("nowhere.png", " ", "a" * 300 + ".png", "a/" * 3000 + "b.png", "no/such/folder.png", "tab\t.png"):
        yield name, "missing"
    for name in (
        "../secret.png",
        "../../../../../../etc/passwd",
        "x/../../secret.png",
        "..\\secret.png",
        "/etc/passwd",
    ):
        yield name, "unsafe-path|missing"
    for name in (
        "..",
        ".",
        "./",
        "/dev/zero",
        "/proc/self/mem",
        str(outside / "secret.png"),
        f"{outside}//more/kite.png",
    ):
        yield name, "unsafe-path"
    for start in (
        "http://",
        "https://",
        "ftp://",
        "file://",
        "FILE:///",
        "s3://",
        "javascript:",
        "gopher://127.0.0.1/",
    ):
        yield f"{start}localhost/kite.png", "url"
    yield "file:/etc/passwd", "url"


def urls() -> Iterator[tuple[str, str]]:
    """`data:` URLs."""
    good = base64.b64encode(saved(scene(), "PNG")).decode()
    packed = base64.b64encode(png(header(*SIZE), chunk(b"IDAT", zeros(8 * MiB)))).decode()
    yield "data:", "data-url"
    yield "data:image/png", "data-url"
    yield "data:image/png,abc", "data-url"
    yield "data:image/png;base64,", "truncated"
    yield "data:image/png;base64,???", "data-url"
    yield f"data:image/png;base64,{good[:-3]}", "data-url"
    yield f"data:image/png;base64,{good[:100]}", "truncated"
    yield f"data:image/png;base64, {good}", "data-url"
    yield f"data:image/png;charset=utf-8;base64,{good}", "data-url"
    yield f"data:image/jpeg;base64,{good}", "extension"
    yield f"DATA:IMAGE/WEBP;BASE64,{good}", "extension"
    yield f"data:image/gif;base64,{good}", "data-url"
    yield f"data:text/html;base64,{good}", "data-url"
    yield f"data:;base64,{good}", "data-url"
    yield "data:image/svg+xml;base64,PHN2Zz48L3N2Zz4=", "data-url"
    yield "data:image/png;base64,PHN2Zz48L3N2Zz4=", "format"
    yield f"data:image/png;base64,{packed}", "bytes"
