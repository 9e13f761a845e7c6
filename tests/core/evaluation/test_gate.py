from __future__ import annotations

import pytest
from made import NORMAL, example, report_of, reports

from domaintune.errors import SettingsError
from domaintune.evaluation import gates

TEST = [*reports(40), example("rare one", "rare answer", "rare")]
PERFECT = [item.reference for item in TEST]
BETTER = report_of(PERFECT, [NORMAL] * 41, TEST).as_dict()
WORSE = report_of([NORMAL] * 41, PERFECT, TEST).as_dict()


def test_gates_that_are_met_say_nothing():
    assert gates(BETTER, {}) == []
    assert gates(BETTER, {"exact": "better", "recall@abnormal": "better", "exact@normal": "no evidence"}) == []


def test_a_gate_not_met_says_what_was_found():
    (sentence,) = gates(WORSE, {"exact@abnormal": "better"})
    assert sentence == (
        "exact@abnormal must be 'better', but is 'worse': made-words, tuned - base -100.0 [-100.0, -100.0]"
    )
    assert len(gates(WORSE, {"exact": "no evidence", "recall": "better"})) == 2
    assert gates(WORSE, {"exact": "worse"}) == []


def test_no_evidence_is_not_better():
    (sentence,) = gates(BETTER, {"exact@normal": "better"})
    assert "but is 'no evidence'" in sentence


def test_a_tag_with_too_few_items_is_not_met():
    assert gates(BETTER, {"exact@rare": "better"}) == [
        "exact@rare must be 'better', but only 1 test item tagged 'rare'; 5 are needed"
    ]


@pytest.mark.parametrize(
    ("gate", "verdict", "hint"),
    [
        ("exakt", "better", "no metric 'exakt' (did you mean 'exact'?); metrics: exact, recall"),
        ("exact@abnormall", "better", "no tag 'abnormall' (did you mean 'abnormal'?)"),
        ("exact", "beter", "no verdict 'beter' (did you mean 'better'?)"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(gate, verdict, hint):
    with pytest.raises(SettingsError) as caught:
        gates(BETTER, {gate: verdict})
    assert hint in str(caught.value)
