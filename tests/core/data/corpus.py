"""Malformed inputs by family: each writes a file and names the questions of the good rows that must survive in it."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

Write = Callable[[Path], None]


@dataclass(frozen=True)
class Case:
    """An input: its file name, how it is written, and the good rows in it (None: an error is the right answer)."""

    family: str
    name: str
    write: Write
    good: frozenset[str] | None


def good(i: int) -> dict[str, str]:
    return {"question": f"q{i} k{i} m{i} z{i}", "answer": f"answer {i}"}


def csv_line(i: int) -> str:
    return f'"{good(i)["question"]}",answer {i}'


def _case(family: str, name: str, data: bytes | str, kept: range | None) -> Case:
    raw = data.encode() if isinstance(data, str) else data
    survivors = None if kept is None else frozenset(good(i)["question"] for i in kept)
    return Case(family, name, lambda path: path.write_bytes(raw) and None, survivors)


def _between(family: str, name: str, bad: bytes | str, csv: bool) -> Case:
    """Put a bad line between twenty good ones before and twenty after."""
    raw = bad.encode("utf-8", "surrogatepass") if isinstance(bad, str) else bad
    line = csv_line if csv else lambda i: json.dumps(good(i))
    before, after = ("".join(line(i) + "\n" for i in part).encode() for part in (range(20), range(20, 40)))
    header = b"question,answer\n" if csv else b""
    return _case(family, f"{name}{'.csv' if csv else '.jsonl'}", header + before + raw + b"\n" + after, range(40))


BAD_JSON_LINES = {
    "truncated": '{"question": "half a li',
    "no-brace": '"question": "x", "answer": "y"}',
    "single-quotes": "{'question': 'x', 'answer': 'y'}",
    "trailing-comma": '{"question": "x", "answer": "y",}',
    "two-values": '{"question": "x"} {"question": "y"}',
    "comment": '{"question": "x"} // note',
    "number": "42",
    "text": '"only a text"',
    "list": '["question", "answer"]',
    "null": "null",
    "nan": '{"question": "x", "answer": NaN}',
    "infinity": '{"question": "x", "answer": -Infinity}',
    "overflow": '{"question": "x", "answer": 1e999}',
    "duplicate": '{"question": "x", "question": "y", "answer": "z"}',
    "duplicate-inside": '{"question": "x", "answer": "y", "more": {"a": 1, "a": 2}}',
    "surrogate": '{"question": "x \\ud800", "answer": "y"}',
    "surrogate-key": '{"question": "x", "answer": "y", "\\udfff": 1, "\\udfff": 2}',
    "nul-escape": '{"question": "x\\u0000", "answer": "y"}',
    "nul": '{"question": "x\0", "answer": "y"}',
    "tab": '{"question": "x\ty", "answer": "y"}',
    "bad-escape": '{"question": "\\x41", "answer": "y"}',
    "half-escape": '{"question": "\\u12", "answer": "y"}',
    "big-int": '{"question": "x", "answer": ' + "9" * 5000 + "}",
    "minus-big-int": '{"question": "x", "answer": -' + "9" * 5000 + "}",
    "deep-list": '{"question": "x", "answer": ' + "[" * 5000 + "]" * 5000 + "}",
    "deep-object": '{"question": ' * 3000 + "1" + "}" * 3000,
    "deep-open": "[" * 100_000,
    "list-value": '{"question": ["x"], "answer": "y"}',
    "object-value": '{"question": {"a": 1}, "answer": "y"}',
    "ambiguous": '{"question ": "x", "QUESTION": "z", "answer": "y"}',
    "control": '\x01\x02{"question": "x", "answer": "y"}',
    "bom-inside": '\ufeff{"question": "x", "answer": "y"}',
    "raw-surrogate": '{"question": "\ud800", "answer": "y"}',
    "many-keys": "{" + ",".join(f'"k{i}": 1' for i in range(20_000)) + ', "k19999": 2}',
    "brackets": "}{",
    "word": "none",
    "html": "<html><body>404</body></html>",
}
BAD_BYTES = {
    "latin-1": "caf\xe9".encode("latin-1"),
    "cut-character": "€".encode()[:2],
    "overlong": b"\xc0\xaf",
    "lone-continuation": b"\x80\x81",
    "utf-16-inside": "{}".encode("utf-16"),
    "shift-jis": "日本語".encode("shift_jis"),
    "gzip-head": b"\x1f\x8b\x08\x00\x00\xff\xfe",
    "all-bytes": bytes(sorted(set(range(256)) - {10, 13})),
    "nuls": b"\0" * 100,
}
BAD_CSV_LINES = {
    "open-quote": '"never closed,answer',
    "open-second": 'x,"never closed',
    "after-quote": '"closed" but not,answer',
    "quote-pair": '"""",""x"" y',
    "three-quotes": '"""x,y',
    "one-field": "only one",
    "three-fields": "a,b,c",
    "many-fields": ",".join("abc" * 100),
    "nul": "x\0,y",
    "quoted-extra": '"a","b","c"',
    "quote-comma": '",",",',
    "quote-only": '"',
    "two-quotes-open": '"""',
    "backslash": '"x\\"y",z',
    "semicolons": "a;b",
    "tabs": "a\tb",
    "newline-open": '"a\nb\nc',
    "newline-extra": '"a b","c\nd",e',
    "json": '{"question": "x", "answer": "y", "z": 1}',
}


def _json_documents() -> Iterator[Case]:
    whole = json.dumps([good(i) for i in range(40)])
    for cut in range(1, len(whole) - 1, len(whole) // 40):
        yield _case("truncated document", f"cut{cut}.json", whole[:cut], None)
    nested = json.dumps({"version": 1, "rows": [good(i) for i in range(40)]})
    for cut in range(1, len(nested) - 1, len(nested) // 20):
        yield _case("truncated document", f"cutobject{cut}.json", nested[:cut], None)
    items = [json.dumps(good(i)) for i in range(40)]
    for name, bad in BAD_JSON_LINES.items():
        yield _case("document item", f"item-{name}.json", _item_document(items, bad), _survivors(bad))
    wrong = {
        "scalar": "3", "null": "null", "empty-list": "[]", "empty-object": "{}", "two-lists": '{"a":[{}],"b":[{}]}',
        "lines": '{"a":1}\n{"a":2}', "after": whole + "]", "text": '"x"', "numbers": "[1,2,3]", "deep": "[" * 200_000,
        "deep-object": '{"a":' * 100_000, "blank": " \n ", "bom-only": "\ufeff",
    }  # fmt: skip
    for name, text in wrong.items():
        yield _case("wrong document", f"wrong-{name}.json", text, None)
    yield _case("wrong document", "nested.json", nested, range(40))
    yield _case("wrong document", "latin.json", whole.replace("answer 3", "caf\xe9").encode("latin-1"), None)
    yield _case("wrong document", "utf16.json", whole.encode("utf-16"), range(40))


def _item_document(items: list[str], bad: str) -> bytes:
    return f"[{', '.join([*items[:20], bad, *items[20:]])}]".encode("utf-8", "surrogatepass")


def _survivors(bad: str) -> range | None:
    """Where the bad item ends is clear only when it is JSON of some kind."""
    try:
        json.loads(bad)
    except RecursionError:
        return None
    except ValueError as error:
        return range(40) if "digits" in str(error) else None
    return None if "\ud800" in bad else range(40)


def _encodings() -> Iterator[Case]:
    text = "question,answer\n" + "".join(csv_line(i) + "\n" for i in range(40))
    lines = "".join(json.dumps(good(i)) + "\n" for i in range(40))
    for name in ("utf-8-sig", "utf-16", "utf-32"):
        yield _case("encoding", f"{name}.csv", text.encode(name), range(40))
        yield _case("encoding", f"{name}.jsonl", lines.encode(name), range(40))
    yield _case("encoding", "utf-16-be.csv", b"\xfe\xff" + text.encode("utf-16-be"), range(40))
    for name in ("utf-16-le", "utf-16-be", "utf-32-le"):
        yield _case("encoding", f"no-bom-{name}.csv", text.encode(name), None)
        yield _case("encoding", f"no-bom-{name}.jsonl", lines.encode(name), None)
    yield _case("encoding", "odd-utf-16.csv", text.encode("utf-16") + b"\x41", range(40))
    for ending in ("\r\n", "\r"):
        yield _case("line ends", f"csv{len(ending)}.csv", text.replace("\n", ending), range(40))
        yield _case("line ends", f"lines{len(ending)}.jsonl", lines.replace("\n", ending), range(40))
    yield _case("line ends", "no-last.csv", text.rstrip("\n"), range(40))
    yield _case("line ends", "blank-lines.csv", text.replace("\n", "\n\n"), range(40))
    yield _case("line ends", "blank-lines.jsonl", lines.replace("\n", "\n \n"), range(40))


def _headers() -> Iterator[Case]:
    body = "".join(csv_line(i) + "\n" for i in range(40))
    bad = {
        "missing": "question,reply\n", "missing-all": "a,b\n", "twice": "question,question,answer\n",
        "alike": "question,Question,answer\n", "open": '"question,answer\n', "nul": "question\0,answer\n",
        "latin": "qu\xe9stion,answer\n", "blank": ",,\n", "long": "x" * (1 << 21) + "\n", "none": "",
        "surrogate": "\udcff,answer\n", "wide": ",".join(f"column{i}" for i in range(5000)) + "\n",
    }  # fmt: skip
    for name, header in bad.items():
        raw = header.encode("latin-1" if name == "latin" else "utf-8", "surrogatepass")
        yield _case("header", f"header-{name}.csv", raw + body.encode(), None)
    yield _case("header", "only.csv", "question,answer\n", None)
    yield _case("header", "bom.csv", "\ufeffQUESTION, Answer \n" + body, range(40))
    yield _case("header", "semicolon.csv", "question;answer\n" + body.replace(",", ";"), range(40))
    yield _case("missing columns", "missing.jsonl", '{"a": 1}\n' * 40, None)
    yield _case("missing columns", "half.jsonl", '{"question": "x"}\n' * 40, None)
    yield _case("missing columns", "missing.json", json.dumps([{"a": 1}] * 5), None)


def _binary() -> Iterator[Case]:
    noise = random.Random(7)
    for name in ("csv", "tsv", "json", "jsonl", "ndjson", "parquet"):
        for size in (1, 100, 100_000):
            yield _case("binary", f"noise{size}.{name}", noise.randbytes(size), None)
        yield _case("binary", f"magic.{name}", b"PAR1" + noise.randbytes(200) + b"PAR1", None)
        yield _case("empty", f"empty.{name}", b"", None)
        yield _case("empty", f"newline.{name}", b"\n\n", None)
    for name in ("x.gz", "x.csv.gz", "x.zip", "x.xlsx", "x", "x.txt", "x.CSVX"):
        yield _case("kind", name, b"question,answer\n", None)


def _places() -> Iterator[Case]:
    yield Case("place", "missing.csv", _write_nothing, None)
    yield Case("place", "folder.csv", lambda path: path.mkdir(), None)
    yield Case("place", "loop.csv", lambda path: path.symlink_to(path), None)
    yield Case("place", "dangling.jsonl", lambda path: path.symlink_to(path.with_name("nothing")), None)
    yield Case("place", "pipe.csv", os.mkfifo, None)
    yield Case("place", "pipe.jsonl", os.mkfifo, None)
    yield Case("place", "device.csv", lambda path: path.symlink_to("/dev/zero"), None)
    yield Case("place", "null.parquet", lambda path: path.symlink_to("/dev/null"), None)
    yield Case("place", "x" * 400 + ".csv", _write_nothing, None)
    yield Case("place", "nul\0name.csv", _write_nothing, None)
    yield Case("place", "under/a.csv/b.csv", _write_nothing, None)
    yield Case("size", "long-line.jsonl", _write_long_line, frozenset(good(i)["question"] for i in range(40)))
    yield Case("size", "huge.json", lambda path: _write_sparse(path, 600 << 20), None)


def _write_nothing(path: Path) -> None:
    """Leave the place without a file."""


def _write_long_line(path: Path) -> None:
    """One line of 100 MB between good ones."""
    with path.open("wb") as file:
        file.writelines(json.dumps(good(i)).encode() + b"\n" for i in range(20))
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(b"\n")
        file.writelines(json.dumps(good(i)).encode() + b"\n" for i in range(20, 40))


def _write_sparse(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.truncate(size)


def cases() -> list[Case]:
    """All malformed inputs."""
    lines = [_between("JSON line", name, bad, csv=False) for name, bad in BAD_JSON_LINES.items()]
    quoted = [_between("CSV line", name, bad, csv=True) for name, bad in BAD_CSV_LINES.items()]
    raw = [
        _between("bytes", name, b'{"question": "' + bad + b'"' if not csv else bad + b",x,", csv)
        for name, bad in BAD_BYTES.items()
        for csv in (False, True)
    ]
    return [*lines, *quoted, *raw, *_json_documents(), *_encodings(), *_headers(), *_binary(), *_places()]
