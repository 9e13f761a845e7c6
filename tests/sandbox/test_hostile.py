"""Programs that try to do harm: none does any, and each is told why it was stopped."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator

import pytest
from canaries import Canaries, canaries
from corpus_runs import misjudged, opened, run_cases, told
from hostile import FAMILIES, PROGRAMS, TWINS, Case, sample

from domaintune.sandbox import Sandbox

pytestmark = [
    pytest.mark.alone,  # the canaries watch the whole machine
    pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux, and so do its canaries"),
]


@pytest.fixture(scope="module")
def out() -> Iterator[Canaries]:
    with canaries() as found:
        yield found


@pytest.fixture(params=["T1", "T2"])
def box(request: pytest.FixtureRequest) -> Sandbox:
    return opened(request.param)


def contained(cases: tuple[Case, ...], box: Sandbox, out: Canaries) -> None:
    runs = list(run_cases(cases, box, out))
    assert not [case.title for case, result in runs if result.passed]
    assert not misjudged(runs)
    assert not out.harm(told(runs))


def test_the_corpus_has_five_hundred_programs_and_a_twin_for_every_family() -> None:
    assert len(PROGRAMS) >= 500
    assert len(FAMILIES) >= 32
    assert len({case.title for case in (*PROGRAMS, *TWINS)}) == len(PROGRAMS) + len(TWINS)
    for family in FAMILIES:
        assert [case for case in family.cases if case.benign], family.name


def test_harmless_twins_pass(box: Sandbox, out: Canaries) -> None:
    runs = list(run_cases(TWINS, box, out))
    assert not misjudged(runs)
    assert not out.harm()


def test_a_sample_of_every_family_is_contained(box: Sandbox, out: Canaries) -> None:
    small = sample() if box.tier == "T1" else tuple(case for case in sample() if case.name in FIRST)
    contained(small, box, out)


FIRST = {family.cases[0].name for family in FAMILIES}
"""In tier T2 the quick suite runs one program a family; the whole corpus is run by `make soak`."""


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_the_whole_corpus_is_contained(box: Sandbox, out: Canaries) -> None:
    contained(PROGRAMS, box, out)


def test_canaries_see_harm_that_is_done(out: Canaries) -> None:
    """Otherwise nothing above means anything."""
    file = out.folder / "quiet" / "file"
    before = file.stat()
    file.write_text("harm")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
        link.sendto(b"harm", str(out.words["DGRAM"]))
    found = " ".join(out.harm(f"it is {out.secret}"))
    assert "quiet changed" in found
    assert "the DGRAM listener was reached" in found
    assert "the secret was told" in found
    file.write_text("quiet\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    out.listeners["DGRAM"].recv(9)
    assert not out.harm()
