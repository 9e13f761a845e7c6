"""The plugin keeps its promises, and grades as it says."""

from __future__ import annotations

import pytest

from domaintune.testing import check_plugin, run_builder
from domaintune_chess.plugin import OpeningOptions, named, openings

DRAGON = {"moves": "e4 c5 Nf3 d6 d4 cxd4 Nxd4 Nf6 Nc3 g6", "name": "Sicilian Defence: Dragon Variation"}


def test_the_plugin_keeps_its_promises() -> None:
    """Names, options, presets, light imports, equal data for equal seeds: all that users may expect."""
    check_plugin("chess", "domaintune_chess.plugin")


@pytest.mark.parametrize(
    ("answer", "value"),
    [("Sicilian Defence", 1.0), ("It is the sicilian defence, I think.", 1.0), ("French Defence", 0.0), ("", 0.0)],
)
def test_an_answer_that_holds_the_name_is_right(answer: str, value: float) -> None:
    """The truth table of the grader."""
    ((example,), _) = run_builder(openings, [DRAGON], OpeningOptions())
    assert named(example, answer).value == value


def test_the_variation_is_asked_for_where_the_user_wants_it() -> None:
    """A golden row, as it is by default and with the option."""
    ((plain,), _) = run_builder(openings, [DRAGON], OpeningOptions())
    ((full,), _) = run_builder(openings, [DRAGON], OpeningOptions(variation=True))
    assert plain.question == "Moves: e4 c5 Nf3 d6 d4 cxd4 Nxd4 Nf6 Nc3 g6"
    assert (plain.reference, full.reference) == ("Sicilian Defence", "Sicilian Defence: Dragon Variation")


def test_the_same_moves_in_another_order_are_relatives() -> None:
    """A transposition must not be tested on where its twin was trained on."""
    rows = [{"moves": "d4 d5 Nf3 Nf6 Bf4", "name": "London"}, {"moves": "d4 Nf6 Nf3 d5 Bf4", "name": "London"}]
    one, other = run_builder(openings, rows, OpeningOptions())[0]
    assert one.group == other.group
