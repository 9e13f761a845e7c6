"""OSS-Instruct: which files are read, under which licence, which lines are drawn, and what becomes of the reply."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from domaintune import DataError, Dropped, Example, Message, Origin, Sampling
from domaintune.data.context import Context
from domaintune.settings import DataSettings, SettingsError, validate
from domaintune_code import oss
from domaintune_code.licences import is_allowed, licence_of, licence_of_folder
from domaintune_code.options import PERMISSIVE, OssOptions
from domaintune_code.sources import Source, sources

MIT = "# SPDX-License-Identifier: MIT\n"
BODY = "def area(width, height):\n    total = width * height\n    return total\n"
SOLUTION = "def double(n):\n    return 2 * n"
REPLY = f"""[problem]
Write `double(n)`, which doubles a number.
[solution]
```python
{SOLUTION}
```
[tests]
```python
assert double(2) == 4
assert double(0) == 0
```
"""


class Says:
    """A teacher who gives the same replies in turn."""

    def __init__(self, *replies: str | None) -> None:
        self.replies, self.asked = replies, 0

    def answer(self, messages: Sequence[Message], sampling: Sampling) -> str | None:
        self.asked += 1
        return self.replies[(self.asked - 1) % len(self.replies)]


def build(folder: Path, teacher: Says, **options: Any) -> tuple[list[Example], list[Dropped]]:
    context = Context("code-oss", OssOptions(folder=str(folder), **options), DataSettings(), seed=0)
    context.teacher = lambda: teacher  # type: ignore[method-assign]
    return context.call(oss.code_oss)


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def found(folder: Path, **options: Any) -> tuple[dict[str, str], dict[str, str]]:
    """Return the licence of each file that is used, and the reason of each that is not."""
    context = Context("code-oss", None, DataSettings(), seed=0)
    used: dict[str, str] = {}
    dropped: dict[str, str] = {}
    for item in sources(context, OssOptions(folder=str(folder), **options)):
        if isinstance(item, Source):
            used[item.path] = item.licence
        else:
            dropped[item.origin.source] = item.reason
    return used, dropped


def test_a_snippet_becomes_a_proven_row_that_says_where_it_is_from(tmp_path: Path) -> None:
    teacher = Says(REPLY)
    (example,), dropped = build(write(tmp_path, {"pkg/shapes.py": MIT + BODY}), teacher, snippets=1)
    assert dropped == []
    assert example.question == "Write `double(n)`, which doubles a number."
    assert example.reference == f"```python\n{SOLUTION}\n```"
    assert example.meta["tests"] == "assert double(2) == 4\nassert double(0) == 0"
    assert (example.meta["verdict"], example.meta["licence"]) == ("passed", "MIT")
    assert example.origin.source == "pkg/shapes.py"
    assert example.origin.place.startswith("line")
    assert example.meta["lineage"]["operators"] == ["snippet"]
    assert example.meta["lineage"]["parent"] in MIT + BODY
    assert teacher.asked == 1


def test_the_same_seed_draws_the_same_lines_of_the_same_files(tmp_path: Path) -> None:
    files = {f"a{number}.py": f"{MIT}{BODY}x{number} = {number}\n" for number in range(8)}
    write(tmp_path, files)
    replies = [REPLY.replace("double(n)`", f"double(n)` in way {number}") for number in range(5)]
    first, again = (build(tmp_path, Says(*replies), snippets=5) for _ in range(2))
    assert first == again
    assert len({str(example.origin) for example in first[0]}) == 5
    for example in first[0]:
        parent = example.meta["lineage"]["parent"]
        assert 1 <= len(parent.split("\n")) <= 15
        assert parent in files[example.origin.source]


def test_a_small_folder_is_gone_through_again(tmp_path: Path) -> None:
    body = MIT + "".join(f"value_{number} = compute({number})\n" for number in range(30))
    replies = [REPLY.replace("a number", f"number {number}") for number in range(6)]
    examples, dropped = build(write(tmp_path, {"one.py": body}), Says(*replies), snippets=6, lines=3)
    assert (len(examples), dropped) == (6, [])
    assert len({example.origin for example in examples}) == 6


def test_files_that_are_not_somebodys_own_readable_python_are_left_out(tmp_path: Path) -> None:
    outside = tmp_path / "outside.py"
    outside.write_text(MIT + BODY)
    root = tmp_path / "root"
    write(
        root,
        {
            "good.py": MIT + BODY,
            "empty.py": "\n",
            "broken.py": MIT + "def f(:\n",
            "latin.py": MIT.encode() + b"x = '\xe9'\n",
            "zeros.py": MIT + "x = 1\x00\n",
            "huge.py": MIT + "x = 1\n" * 60_000,
            "made.py": MIT + "# This file was generated by a tool. DO NOT EDIT.\n" + BODY,
            "wide.py": MIT + f"x = [{'1, ' * 900}]\n",
            "test_good.py": MIT + BODY,
            "tests/helper.py": MIT + BODY,
            "third_party/x.py": MIT + BODY,
            "node_modules/y.py": MIT + BODY,
            ".hidden/z.py": MIT + BODY,
            "notes.txt": "no Python",
        },
    )
    (root / "link.py").symlink_to(outside)
    (root / "linked").symlink_to(tmp_path)
    os.mkfifo(root / "pipe.py")
    used, dropped = found(root)
    assert set(used) == {"good.py"}
    assert dropped == {
        "empty.py": "empty", "broken.py": "not-python", "latin.py": "binary", "zeros.py": "binary", "huge.py": "huge",
        "made.py": "generated", "wide.py": "generated", "test_good.py": "test-file", "tests/helper.py": "test-file",
        "third_party": "vendored", "node_modules": "vendored", "link.py": "symlink", "linked": "symlink",
        "pipe.py": "no-file",
    }  # fmt: skip
    assert {"test_good.py", "tests/helper.py"} <= set(found(root, test_files=True)[0])


HEADERS = {
    "MIT": "# Permission is hereby granted, free of charge, to any person obtaining a copy of this software",
    "Apache-2.0": '"""Tools.\n\nLicensed under the Apache License, Version 2.0 (the "License");\n"""',
    "BSD": "# Redistribution and use in source and binary forms, with or without\n# modification, are permitted",
    "ISC": "# Permission to use, copy, modify, and/or distribute this software for any purpose with or without\n"
    "# fee is hereby granted, provided that the above copyright notice",
    "PSF-2.0": "# Licensed to PSF under a Contributor Agreement.",
    "Unlicense": "# This is free and unencumbered software released into the public domain.",
    "CC0-1.0": "# https://creativecommons.org/publicdomain/zero/1.0/",
    "GPL": "# under the terms of the GNU General Public License as published by",
    "LGPL": "# under the terms of the GNU Lesser General Public License",
    "AGPL": "# the GNU Affero General Public License for more details",
    "MPL": "# This Source Code Form is subject to the terms of the Mozilla Public License",
    "Proprietary": "# Copyright Example Ltd. Proprietary and confidential.",
    "": "# Copyright Example Ltd. All rights reserved.",
}


@pytest.mark.parametrize("licence", HEADERS)
def test_licences_are_known_by_their_words(licence: str) -> None:
    assert licence_of(f"#!/usr/bin/env python\n{HEADERS[licence]}\nimport os\n") == licence
    assert is_allowed(licence, PERMISSIVE) == (licence in PERMISSIVE)


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("mit", True),
        ("BSD-3-Clause", True),
        ("0BSD", True),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("MIT OR GPL-2.0-only", True),
        ("GPL-2.0-only OR MIT", True),
        ("MIT AND GPL-2.0-only", False),
        ("(MIT OR GPL-3.0) AND Apache-2.0", True),
        ("(MIT OR GPL-3.0) AND LGPL-3.0", False),
        ("GPL-3.0-or-later", False),
        ("GPL-2.0 WITH Classpath-exception-2.0", False),
        ("LicenseRef-Own", False),
        ("MIT OR", False),
        ("(MIT", False),
        ("MIT)", False),
        ("MIT MIT", False),
        ("", False),
        ("(" * 10_000, False),
    ],
)
def test_spdx_expressions_are_read(expression: str, allowed: bool) -> None:
    assert is_allowed(expression, PERMISSIVE) == allowed


def test_a_header_comes_before_the_licence_of_the_folder(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "LICENSE": "MIT License\n\nPermission is hereby granted, free of charge, to any person obtaining a copy",
            "plain.py": BODY,
            "copyleft.py": "# SPDX-License-Identifier: GPL-3.0-only\n" + BODY,
            "both.py": "# SPDX-License-Identifier: MIT\n# parts under the GNU General Public License\n" + BODY,
            "variable.py": '__license__ = "LGPL"\n' + BODY,
            "inner/COPYING": "GNU GENERAL PUBLIC LICENSE\nVersion 3 ... GNU Affero General Public License ... MIT",
            "inner/code.py": BODY,
            "own/LICENSE.txt": "You may look at this.",
            "own/code.py": BODY,
            "dual/LICENSE-MIT": "The MIT License",
            "dual/LICENSE-APACHE": "Apache License\nVersion 2.0, January 2004",
            "dual/code.py": BODY,
        },
    )
    used, dropped = found(tmp_path)
    assert used == {"plain.py": "MIT", "both.py": "MIT", "dual/code.py": "Apache-2.0 AND MIT"}
    assert dropped == {
        "copyleft.py": "licence-not-allowed",
        "variable.py": "licence-not-allowed",
        "inner/code.py": "licence-not-allowed",
        "own/code.py": "licence-unknown",
    }
    assert found(tmp_path, licences=("GPL-3.0-only",))[0] == {"copyleft.py": "GPL-3.0-only"}
    assert licence_of_folder(tmp_path / "inner", tmp_path) == "GPL"


def test_a_file_without_any_licence_is_not_used(tmp_path: Path) -> None:
    examples, dropped = build(write(tmp_path, {"a.py": BODY}), Says(REPLY))
    assert (examples, [item.reason for item in dropped]) == ([], ["licence-unknown"])


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (None, "declined"),
        ("", "empty"),
        ("I am sorry, I cannot help with that.", "apology"),
        ("[problem]\nWrite something nice.\n[solution]\nIt is easy.", "unreadable"),
        (REPLY.replace("a number", "a number as in the code above"), "leaked-frame"),
        (REPLY.replace("== 4", "== 5"), "tests-failed"),
        (REPLY.replace("double(2) == 4", "double").replace("assert double(0) == 0", ""), "vacuous-tests"),
    ],
)
def test_replies_worth_nothing_have_a_reason(tmp_path: Path, reply: str | None, reason: str) -> None:
    examples, dropped = build(write(tmp_path, {"a.py": MIT + BODY}), Says(reply), snippets=1)
    assert (examples, [item.reason for item in dropped]) == ([], [reason])
    assert dropped[0].origin.place.startswith("line")


def test_a_problem_that_comes_twice_is_kept_once(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a.py": MIT + BODY, "b.py": MIT + BODY + "y = area(2, 3)\n"})
    examples, dropped = build(folder, Says(REPLY), snippets=2, lines=1)
    assert (len(examples), [item.reason for item in dropped]) == (1, ["repeated"])


@pytest.mark.parametrize(
    "reply",
    [
        REPLY,
        REPLY.replace("[problem]", "### Problem").replace("[solution]", "### Solution").replace("[tests]", "### Tests"),
        REPLY.replace("[problem]", "**Problem:**")
        .replace("[solution]", "**Solution:**")
        .replace("[tests]", "**Tests:**"),
        REPLY.replace("[problem]\n", "Problem: ").replace("[solution]", "Solution:").replace("[tests]", "Test cases:"),
        REPLY.replace("[problem]\n", "").replace("[solution]\n", "").replace("[tests]\n", ""),
        f"Of course!\n\n{REPLY}",
    ],
)
def test_replies_are_read_in_many_forms(reply: str) -> None:
    parts = oss.parse(reply)
    assert parts is not None
    assert parts.problem == "Write `double(n)`, which doubles a number."
    assert parts.solution == SOLUTION
    assert parts.tests == "assert double(2) == 4\nassert double(0) == 0"


def test_tests_that_are_missing_are_asked_for(tmp_path: Path) -> None:
    reply, tests = REPLY.partition("[tests]")[0], "```python\nassert double(3) == 6\n```"
    folder = write(tmp_path, {"a.py": MIT + BODY})
    (example,), _ = build(folder, Says(reply, tests), snippets=1)
    assert example.meta["tests"] == "assert double(3) == 6"
    _, dropped = build(folder, Says(reply), snippets=1, tests="none")
    assert [item.reason for item in dropped] == ["no-tests"]


def test_rows_of_a_data_set_are_sources_too(tmp_path: Path) -> None:
    rows = [
        {"content": BODY, "path": "a.py", "licenses": ["MIT", "BSD-3-Clause"]},
        {"content": BODY, "path": "b.py", "licenses": ["GPL-3.0"]},
        {"content": BODY, "path": "c.py", "licenses": []},
    ]
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    context = Context("code-oss", OssOptions(), DataSettings(sources=(str(file),)), seed=0)
    context.teacher = lambda: Says(REPLY)  # type: ignore[method-assign]
    (example,), dropped = context.call(oss.code_oss)
    assert example.meta["licence"] == "MIT AND BSD-3-Clause"
    assert Counter(item.reason for item in dropped) == {"licence-not-allowed": 1, "licence-unknown": 1}


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"data\.options\.folder=FOLDER"):
        Context("code-oss", OssOptions(), DataSettings(), seed=0).call(oss.code_oss)
    with pytest.raises(DataError, match="no such folder"):
        build(tmp_path / "none", Says(REPLY))
    with pytest.raises(DataError, match=r"no \.py file"):
        build(tmp_path, Says(REPLY))
    write(tmp_path, {"a.py": MIT + BODY})
    with pytest.raises(DataError, match="asks a teacher, and none is named"):
        Context("code-oss", OssOptions(folder=str(tmp_path)), DataSettings(), seed=0).call(oss.code_oss)


def test_the_limits_of_a_snippet_are_kept() -> None:
    source = Source(
        lines=tuple(f"x{n} = f({n})" for n in range(100)), licence="MIT", origin=Origin(source="a"), path="a"
    )
    context = Context("code-oss", None, DataSettings(), seed=1)
    known: set[str] = set()

    def drawn() -> Iterator[oss.Snippet]:
        for _ in range(300):
            snippet = oss._snippet(context.rng, source, 15, known)
            if snippet is not None:
                yield snippet

    lengths = Counter(snippet.last - snippet.first + 1 for snippet in drawn())
    assert set(lengths) == set(range(1, 16))


@pytest.mark.parametrize("wrong", [{"snippets": 0}, {"lines": 0}, {"licences": []}, {"temperature": -1}])
def test_options_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        validate(OssOptions, wrong, "data.options")


def rows_of(folder: Path, rows: Sequence[Mapping[str, Any]], teacher: Says, **options: Any) -> Any:
    file = folder / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    context = Context("code-oss", OssOptions(**options), DataSettings(sources=(str(file),)), seed=0)
    context.teacher = lambda: teacher  # type: ignore[method-assign]
    return context.call(oss.code_oss)


def test_no_more_rows_are_asked_about_than_snippets_are_wanted(tmp_path: Path) -> None:
    teacher = Says(REPLY, None)
    rows = [{"content": f"{BODY}x{number} = area({number}, 1)\n", "license": "MIT"} for number in range(10)]
    examples, dropped = rows_of(tmp_path, rows, teacher, snippets=2)
    assert teacher.asked == 2
    assert len(examples) == 1
    assert Counter(item.reason for item in dropped) == {"not-drawn": 8, "declined": 1}


def test_what_is_over_the_limit_is_not_paid_for(tmp_path: Path) -> None:
    folder = write(tmp_path, {f"a{n}.py": f"{MIT}{BODY}x{n} = area({n}, 1)\ny = area(x{n}, 2)\n" for n in range(6)})
    write(folder, {"third_party/x.py": MIT})
    for limit, asked in ((1, 0), (3, 2), (8, 7)):
        teacher = Says(*(REPLY.replace("a number", f"number {n}") for n in range(9)))
        context = Context("code-oss", OssOptions(folder=str(folder), snippets=40), DataSettings(limit=limit), seed=0)
        context.teacher = lambda teacher=teacher: teacher  # type: ignore[misc,method-assign]
        examples, dropped = context.call(oss.code_oss)
        assert teacher.asked == asked
        assert len(examples) + len(dropped) == limit


class Noting(Says):
    """Remembers the requests, each with its seed."""

    def __init__(self) -> None:
        super().__init__(None)
        self.requests: set[tuple[str, int]] = set()

    def answer(self, messages: Sequence[Message], sampling: Sampling) -> str | None:
        self.requests.add((messages[0]["content"], sampling.seed))
        return super().answer(messages, sampling)


def test_a_file_or_a_snippet_more_or_less_changes_no_other_request(tmp_path: Path) -> None:
    files = {f"a{n}.py": f"{MIT}{BODY}x{n} = area({n}, 1)\ny{n} = area(x{n}, 2)\n" for n in range(9)}
    write(tmp_path, files)
    asked = []
    for snippets in (9, 5):
        teacher = Noting()
        build(tmp_path, teacher, snippets=snippets, lines=6)
        asked.append(teacher.requests)
    assert asked[1] < asked[0]
    (tmp_path / "a0.py").unlink()
    teacher = Noting()
    build(tmp_path, teacher, snippets=8, lines=6)
    assert teacher.requests < asked[0]


def test_no_tests_are_paid_for_where_nothing_is_run(tmp_path: Path) -> None:
    teacher = Says(REPLY.partition("[tests]")[0])
    build(write(tmp_path, {"a.py": MIT + BODY}), teacher, snippets=1, proof="off")
    assert teacher.asked == 1


@pytest.mark.parametrize(
    ("problem", "leaks"),
    [
        ("a number in the given lines of text", False),
        ("what the given code stands for; decode the given code above all", True),
        ("what stands in a barcode below ground", False),
        ("a number; these Lines of text are counted", True),
    ],
)
def test_only_whole_phrases_of_the_frame_have_leaked(tmp_path: Path, problem: str, leaks: bool) -> None:
    folder = write(tmp_path, {"a.py": MIT + BODY})
    _, dropped = build(folder, Says(REPLY.replace("a number", problem)), snippets=1)
    assert [item.reason for item in dropped] == ["leaked-frame"] * leaks


def test_a_phrase_of_the_lines_themselves_has_not_leaked(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a.py": MIT + "print('Count These Lines')\n"})
    examples, _ = build(folder, Says(REPLY.replace("a number", "these lines")), snippets=1, lines=2)
    assert len(examples) == 1


def test_thoughts_are_cut_and_replies_without_their_end_are_not_read(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a.py": MIT + BODY})
    examples, _ = build(folder, Says(f"<think>\n[problem]\nNo.\n</think>\n{REPLY}"), snippets=1)
    assert [example.question for example in examples] == ["Write `double(n)`, which doubles a number."]
    cut = REPLY[: REPLY.index("    return 2")] + "    two = 2\n    return n *"
    assert [item.reason for item in build(folder, Says(cut), snippets=1)[1]] == ["unreadable"]


@pytest.mark.parametrize(
    ("header", "allowed"),
    [
        ("# Not licensed under the MIT License.", False),
        ("# this parser accepts the MIT License header of other files", False),
        ("URL = 'https://opensource.org/licenses/mit'", False),
        ("LICENSES = ['licensed under the MIT License']", False),
        ("# Licensed under the Business Source License 1.1; from 2030 the Apache License, Version 2.0", False),
        ("# Licensed under the Elastic License 2.0, parts under the Apache License 2.0", False),
        ("# Server Side Public License; the client is under the Apache License, Version 2.0", False),
        ("# Commons Clause; licensed under the Apache License 2.0", False),
        ("# PolyForm Noncommercial; older versions under the MIT License", False),
        ("# SPDX-License-Identifier: BSD-Protection", False),
        ("# SPDX-License-Identifier: BSD-3-Clause-No-Nuclear-License", False),
        ("# Copyright 2020 Somebody\n#\n# MIT License", True),
        ("# Copyright 2020 Somebody, MIT license", True),
        ("# License: MIT", True),
        ("# License :: OSI Approved :: MIT License", True),
        ("# This file is MIT licensed.", True),
        ('"""Tools.\n\nReleased under the\nApache License, Version 2.0.\n"""', True),
        ("# Use of this source code is governed by a BSD-style license", True),
        ("# https://opensource.org/licenses/MIT", True),
        ("__license__ = 'MIT'", True),
        ("# SPDX-License-Identifier: BSD-2-Clause-Patent", True),
    ],
)
def test_only_a_header_that_gives_leave_is_believed(header: str, allowed: bool) -> None:
    assert is_allowed(licence_of(f"{header}\nimport os\n"), PERMISSIVE) == allowed


@pytest.mark.parametrize(
    ("files", "allowed"),
    [
        ({"LICENSE": "MIT License"}, True),
        ({"LICENSE": "MIT License", "LICENSE.GPL": "GNU GENERAL PUBLIC LICENSE"}, False),
        ({"LICENSE": "MIT License", "LICENSE.COMMERCIAL": "Ask us."}, False),
        ({"LICENSE.MIT": "MIT License", "COPYING.GPL": "GNU GENERAL PUBLIC LICENSE"}, False),
        ({"LICENSE": "MIT License", "licence.py": "x = 1", "license.html": "GNU"}, True),
        ({"LICENSE": "Business Source License 1.1\nChange License: Apache License, Version 2.0"}, False),
        ({"LICENSE": f"Apache License, Version 2.0\n{'x ' * 4000}\n“Commons Clause” License Condition v1.0"}, False),
    ],
)
def test_every_licence_file_of_a_folder_counts(tmp_path: Path, files: dict[str, str], allowed: bool) -> None:
    write(tmp_path, files)
    assert is_allowed(licence_of_folder(tmp_path, tmp_path), PERMISSIVE) == allowed
