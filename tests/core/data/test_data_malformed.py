"""Whatever a file holds, the outcome is a data set whose ledger adds up, or one sentence."""

from __future__ import annotations

import json
import random
import tracemalloc
from pathlib import Path

import pytest
from corpus import BAD_CSV_LINES, BAD_JSON_LINES, cases, csv_line, good
from data_support import adds_up, everything, run

from domaintune.data import TooMalformed, write
from domaintune.errors import DataError

CORPUS = cases()


def test_the_corpus_is_large() -> None:
    assert len(CORPUS) >= 200
    assert len({case.name for case in CORPUS}) == len(CORPUS)


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: f"{case.family}-{case.name[:30]}".replace("\0", "0"))
def test_malformed_input_gives_a_data_set_or_a_sentence(case, tmp_path: Path) -> None:
    path = tmp_path / case.name
    case.write(path)
    if case.good is None:
        with pytest.raises(DataError) as caught:
            run(path, max_malformed=0.9)
        message = str(caught.value)
        assert message.isprintable()
        assert len(message) < 4000
        return
    dataset = run(path, max_malformed=1.0)
    adds_up(dataset)
    assert case.good <= everything(dataset)
    write(dataset, tmp_path / "out")


# between rows without quotes, a stray quote that another stray quote closes is valid CSV: one record of many lines
CLOSES_ANOTHER = {"quote-comma", "quote-only", "two-quotes-open"}


@pytest.mark.parametrize("kind", ["csv", "plain.csv", "jsonl"])
def test_a_thousand_malformed_rows_among_four_thousand_good_ones_cost_no_good_row(kind: str, tmp_path: Path) -> None:
    rng = random.Random(3)
    bad = bad_lines(kind)
    lines = [(good_line(kind, i), True) for i in range(4000)]
    for i in range(1000):
        lines.insert(rng.randrange(len(lines) + 1), (bad[i % len(bad)], False))
    header = ["question,answer"] if "csv" in kind else []
    path = tmp_path / f"mixed.{kind}"
    text = "\n".join([*header, *(text for text, _ in lines)]) + "\n"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    dataset = run(path, max_malformed=1)
    adds_up(dataset)
    assert {good(i)["question"] for i in range(4000)} <= everything(dataset)
    expected = [number for number, (_, fine) in enumerate(lines, 1 + len(header)) if not fine]
    assert [entry.line for entry in dataset.ledger.dropped] == expected
    assert all(entry.detail and entry.reason == "malformed" for entry in dataset.ledger.dropped)


def good_line(kind: str, i: int) -> str:
    if kind == "jsonl":
        return json.dumps(good(i))
    return csv_line(i) if kind == "csv" else csv_line(i).replace('"', "")


def bad_lines(kind: str) -> list[str]:
    """Bad lines that stay one physical line, and whose fault is their own."""
    chosen = BAD_CSV_LINES if "csv" in kind else BAD_JSON_LINES
    skipped = CLOSES_ANOTHER if kind == "plain.csv" else {"bom-inside"}
    return [text for name, text in chosen.items() if "\n" not in text and len(text) < 10_000 and name not in skipped]


def test_a_line_of_100_megabytes_is_never_held_in_memory(tmp_path: Path) -> None:
    case = next(case for case in CORPUS if case.name == "long-line.jsonl")
    case.write(tmp_path / case.name)
    tracemalloc.start()
    dataset = run(tmp_path / case.name)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 30_000_000
    (entry,) = dataset.ledger.dropped
    assert (entry.line, entry.detail) == (21, "line longer than 1 MiB")


def test_too_many_malformed_rows_stop_the_build_and_say_where(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(good(i)) + "\n" for i in range(6)) + "broken\n" * 4)
    with pytest.raises(TooMalformed) as caught:
        run(path)
    message = str(caught.value)
    assert "4 of 10 rows are malformed (40.0%, data.max_malformed allows 10.0%)" in message
    assert all(f"line {n}" in message for n in (7, 8, 9))
    assert "line 10" not in message
    assert "--set data.max_malformed=0.41" in message
    assert caught.value.ledger.counts == {"malformed": 4, "stopped": 6}
    assert run(path, max_malformed=0.41).ledger.counts == {"malformed": 4}
