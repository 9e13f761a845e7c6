"""docs/admission.md says every refusal as the code does; run this file to write its tables anew."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from domaintune.adapters.admission import AdmissionError
from domaintune.adapters.contents import LIMITS, MOST_BYTES, MOST_FILES
from domaintune.adapters.refusals import REFUSALS

PAGE = Path(__file__).parents[3] / "docs" / "admission.md"
TABLES = re.compile(r"(?<=<!-- refusals -->\n).*?(?=<!-- end -->)", re.DOTALL)
FACT = re.compile(r"{(\w+)}")


def shown(reason: str) -> str:
    """Write the facts of a case as words; the hint at the nearest known name is left out."""
    return FACT.sub(lambda fact: "" if fact[1] == "nearest" else f"*{fact[1]}*", reason)


def tables() -> str:
    """Write the refusals, a table for each group."""
    parts = []
    for group in dict.fromkeys(refusal.group for refusal in REFUSALS.values()):
        rows = [
            f"| `{code}` | {shown(refusal.reason)} | {refusal.remedy} |"
            for code, refusal in REFUSALS.items()
            if refusal.group == group
        ]
        parts.append(
            "\n".join([f"### {group}\n", "| code | what is wrong | what to do |", "| --- | --- | --- |", *rows])
        )
    return "\n" + "\n\n".join(parts) + "\n\n"


def test_the_page_says_every_refusal() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert TABLES.search(page)[0] == tables(), f"{PAGE.name} is stale: run {Path(__file__).name} with python"


def test_the_page_names_every_file_that_may_be_there() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert not [name for name in LIMITS if f"`{name}`" not in page]
    assert f"at most {MOST_FILES} files, and {MOST_BYTES >> 20} MB" in page


def test_the_page_says_that_no_scan_excludes_a_backdoor() -> None:
    assert "No scan can exclude a backdoor" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_is_a_reason_and_a_remedy(code: str) -> None:
    refusal = REFUSALS[code]
    facts = dict.fromkeys(FACT.findall(refusal.reason), "x")
    sentence = str(AdmissionError(code, adapter="mine", **facts))
    assert sentence.startswith(f"adapter folder 'mine' is refused ({code}): ")
    assert sentence.endswith(refusal.remedy)
    assert "|" not in refusal.reason + refusal.remedy
    assert not refusal.remedy.endswith(".")


if __name__ == "__main__":
    PAGE.write_text(TABLES.sub(lambda _: tables(), PAGE.read_text(encoding="utf-8")), encoding="utf-8")
