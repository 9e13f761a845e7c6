"""The shipped radiology sample: reproducible, balanced, varied, and never at odds with itself."""

from __future__ import annotations

import csv
import importlib.util
import random
import re
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

from domaintune_medical.samples import grammar
from domaintune_medical.samples.cases import ENTITIES, draw
from domaintune_medical.samples.grammar import Report, as_csv, reports
from domaintune_medical.samples.vocabulary import Entity

SHIPPED = Path(grammar.__file__).with_name("reports.csv")
ROWS = reports()
MORE = [*ROWS, *reports(800, seed=1)]  # what must hold for any seed
NORMAL_PHRASES = (
    "no acute",
    "normal",
    "no active",
    "no evidence",
    "negative",
    "clear",
    "unremarkable",
)

# What an impression may say, and the words of the findings that support it.
SUPPORT = {
    r"cardiomegaly|enlarged heart|enlargement of the cardiac": r"cardiomegaly|enlarge",
    r"vascular congestion": r"congest|engorged|prominent|cephalization",
    r"(?<!overt )edema": r"edema|interstitial|perihilar",
    r"tortuo": r"tortuo",
    r"atherosclero": r"atherosclero|calcifi",
    r"aneurysm": r"aneurysm|dilat|ectatic",
    r"mediastin": r"mediastin",
    r"adenopathy|hilar (mass|enlargement)": r"hilar|hila\b|hilum|mediastin",
    r"pulmonary arter": r"pulmonary arter",
    r"atelectasis|basilar opacit|collapse": r"atelectasis|opaci|densit|volume loss|effusion",
    r"pneumonia|consolidation|airspace|opacity in": r"consolidation|opaci|airspace|infiltrate|effusion|scar",
    r"aspiration": r"opacit",
    r"nodul": r"nodul",
    r"lobe mass|mass in": r"mass\b|masslike|opacity",
    r"cavit": r"cavit",
    r"miliary": r"miliary|tiny nodules|1 to 3 mm",
    r"hyperinflat|copd": r"hyperinflat|hyperexpan|hyperlucen|emphysem",
    r"(?<!subcutaneous )emphysem": r"emphysem",
    r"low lung volumes|hypoinflat": r"low|hypoinflat",
    r"interstitial (lung|opacities|fibrosis)|pulmonary fibrosis": r"interstitial|reticular",
    r"bronchiectasis": r"bronch",
    r"bronchial (wall )?thickening": r"bronchial",
    r"scar": r"scar|opacit|densit|atelectasis",
    r"granuloma": r"granuloma|calcified",
    r"calcified \w+ hilar": r"calcified",
    r"effusion": r"effusion",
    r"pneumothorax": r"pneumothorax",
    r"pleural thickening": r"pleural thickening",
    r"plaque": r"plaque",
    r"hernia": r"hernia",
    r"hemidiaphragm": r"hemidiaphragm",
    r"free (intraperitoneal )?air|pneumoperitoneum": r"free|lucency",
    r"cholecystectomy": r"clips",
    r"scoliosis": r"scoliosis",
    r"degenerative": r"degenerative|spondylosis",
    r"compression (fracture|deformity)": r"wedging|compression|loss of height",
    r"rib fracture|fracture of the": r"fracture",
    r"lytic": r"lytic",
    r"\bsclerotic": r"\bsclerotic",
    r"subcutaneous|chest wall": r"subcutaneous",
    r"fusion\b": r"fusion",
    r"axilla": r"axilla",
    r"sternotomy|cabg": r"sternotomy|cabg",
    r"valve": r"valve",
    r"lobectomy": r"lobectomy",
    r"pacemaker": r"pacemaker",
    r"\bicd\b": r"\bicd\b",
    r"picc": r"picc",
    r"\bport\b": r"\bport\b",
    r"(jugular|subclavian) (central line|line|catheter)": r"central|line|catheter",
    r"dialysis": r"dialysis",
    r"endotracheal|intubation": r"endotracheal",
    r"tracheostomy": r"tracheostomy",
    r"enteric": r"enteric|nasogastric",
    r"chest tube": r"chest tube",
}
CHANGES = {
    r"\b(stable|unchanged)\b": r"\b(stable|unchanged|similar)\b",
    r"\bnew\b": r"\bnew\b",
    r"\b(worsening|increasing)\b": r"\b(worsening|increasing|worse|increased)\b",
    r"\b(improving|decreasing)\b": r"\b(improving|decreasing|improved|decreased)\b",
}
LUNG_DISEASE = (
    r"opacit|consolidation|infiltrate|atelectasis|nodul|mass\b|edema|airspace|reticular|(?<!subcutaneous )emphysem"
    r"|interstitial|cavit|granuloma\b|scar|hyper|low lung|volumes are (mildly )?low|hypoinflat"
)
NORMAL_STATEMENT = (
    r"^(there (is|are) )?no\b|^negative|normal|\bwell (defined$|exp|inf|aer)|unremarkable|\bclear\b|sharp|preserved"
    r"|midline|good|not (enlarged|widened|engorged|blunted)|free of|adequately|symmetrically|central in"
    r"|(contours|diaphragms) are smooth|patent|(bones|structures|thorax|skeleton)[^.]* (intact|without acute)"
)
# What a normal statement claims, and the words that no abnormal sentence may then hold.
CONTRADICTIONS = {
    r"^(the |both )?(lungs|lung fields) (are|is) (?!otherwise)[^.]*(clear|free)|^clear lungs"
    r"|^no focal (lung|parenchymal|pulmonary) opacity|no (acute )?pulmonary infiltrate": LUNG_DISEASE,
    r"(remainder|rest) of the lungs|(remaining|elsewhere the) lungs|otherwise|no additional": (
        r"in both lungs|diffuse|miliary|bilateral perihilar|hyperlucency|reticular|interstitial"
    ),
    r"(no|negative for)\b.* consolidation": r"consolidation|airspace|infiltrate|bronchograms",
    r"(no|negative for)\b.* (infiltrate|airspace)": r"consolidation|airspace|infiltrate|opacit(y|ies)",
    r"(no|negative for)\b(?!.*sided).*(effusion|pleural fluid|pleural abnormality)"
    r"|costophrenic|pleural spaces": r"effusion|hydropneumothorax|blunt",
    r"(no|negative for)\b.*pneumothorax|pleural (spaces|abnormality)": r"pneumothorax",
    r"(no|negative for|without)\b.*edema": r"edema|kerley|perihilar airspace",
    r"\bheart (size )?(is|appears|and|are)|^normal heart|no cardi|cardiac|cardiomediastinal|heart,": (
        r"cardiomegaly|(heart|size|silhouette) is \w+ enlarged|enlargement of the (heart|cardiac)"
    ),
    r"mediastin(al|um)(?! shift)": r"widen|hernia|tortuo|aneurysm|dilatation|hilar (mass|full|enlarg)",
    r"\bhilar?\b": r"hilar (mass|full|enlarge|promin|aden)|hilum|pulmonary arter",
    r"vascular|vasculature|pulmonary vessels": r"congest|engorged|cephalization|hyperlucency|edema",
    r"lungs are well (expanded|inflated|aerated)|normally exp|symmetrically|adequately|lung volumes": (
        r"volumes|hypoinflat|hyperinflat|hyperexpan|volume loss|pneumothorax"
    ),
    r"^(?!.*acute).*(osseous|bony|skeletal|bones?|skeleton)\b": (
        r"fracture|lytic|\bsclerotic|scoliosis|degenerative|spondylosis|wedging|loss of height"
        r"|sternotomy|\bfusion"
    ),
    r"acute.*(fracture|osseous|bony|skeletal)|(bones|structures).*acute": (
        r"\bacute|lytic|\bsclerotic|wedging|compression (f|d)|loss of height"
    ),
    r"diaphragm (is|contour)|hemidiaphragms are|diaphragmatic": r"elevat|flatten|along both hemi",
    r"no free|upper abdomen": r"free (intraperitoneal )?air|lucency (beneath|under)",
    r"trachea|airway": r"endotracheal|tracheostomy",
    r"soft tissue|subcutaneous": r"subcutaneous|surgical clips.*axill",
}


def sentences(text: str) -> list[str]:
    """Split at full stops, semicolons and list numbers; a decimal point does not split."""
    parts = re.split(r"[.;](?!\d)", re.sub(r"(^|\s)\d+\.\s", ". ", text.lower()))
    return [part.strip() for part in parts if re.search("[a-z]", part)]


def kind(impression: str) -> str:
    """Return the class of a report by the words of its impression."""
    normal = [any(p in sentence for p in NORMAL_PHRASES) for sentence in sentences(impression)]
    return "normal" if all(normal) else "mixed" if any(normal) else "abnormal"


def named(impression: str) -> list[str]:
    """Return the sentences of an impression that name a finding."""
    return [s for s in sentences(impression) if not any(p in s for p in NORMAL_PHRASES)]


def affirmed(findings: str) -> list[str]:
    """Return the sentences of the findings that report something abnormal."""
    return [s for s in sentences(findings) if not re.search(NORMAL_STATEMENT, s)]


def contradictions(findings: str) -> list[tuple[str, str]]:
    """Return the pairs of sentences that cannot both be true."""
    normal = [s for s in sentences(findings) if re.search(NORMAL_STATEMENT, s)]
    return [
        (statement, sentence)
        for statement in normal
        for sentence in affirmed(findings)
        for claim, abnormal in CONTRADICTIONS.items()
        if re.search(claim, statement) and re.search(abnormal, sentence)
    ]


def trigrams(text: str) -> set[tuple[str, ...]]:
    """Return the three-word runs of each sentence."""
    words = [s.split() for s in sentences(text)]
    return {tuple(w[i : i + 3]) for w in words for i in range(max(1, len(w) - 2))}


@pytest.fixture(scope="module")
def shipped() -> list[Report]:
    """The rows of the shipped file."""
    with SHIPPED.open(encoding="utf-8", newline="") as lines:
        return [Report(**row) for row in csv.DictReader(lines)]


def test_the_same_seed_gives_the_same_rows() -> None:
    assert reports(50, seed=3) == reports(50, seed=3)
    assert reports(50, seed=3) != reports(50, seed=4)


def test_the_shipped_file_is_what_the_grammar_writes(shipped: list[Report]) -> None:
    assert shipped == ROWS
    assert SHIPPED.read_bytes() == as_csv(ROWS).encode()


def test_main_writes_the_file_beside_the_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grammar, "__file__", str(tmp_path / "grammar.py"))
    grammar.main()
    assert (tmp_path / "reports.csv").read_bytes() == SHIPPED.read_bytes()


def test_there_are_enough_rows_and_none_twice() -> None:
    assert len(ROWS) >= 400
    assert len({row.uid for row in ROWS}) == len(ROWS)
    assert len({row.findings for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_classes_have_their_shares(seed: int) -> None:
    rows = ROWS if seed == 0 else reports(200, seed)
    share = {name: n / len(rows) for name, n in Counter(kind(r.impression) for r in rows).items()}
    assert 0.25 <= share["normal"] <= 0.30
    assert 0.15 <= share["mixed"] <= 0.20
    assert share["abnormal"] >= 0.5


def test_one_normal_impression_is_the_commonest_of_many() -> None:
    normal = Counter(r.impression for r in ROWS if kind(r.impression) == "normal")
    (_, first), (_, second) = normal.most_common(2)
    assert len(normal) >= 12
    assert 0.27 <= first / normal.total() <= 0.40
    assert first > 3 * second


def test_texts_have_the_length_of_real_reports() -> None:
    findings = [len(row.findings.split()) for row in ROWS]
    impressions = [len(row.impression.split()) for row in ROWS]
    assert min(findings) >= 10
    assert 30 <= sum(findings) / len(findings) <= 45
    assert min(impressions) >= 2
    assert max(impressions) <= 30


def test_few_reports_are_nearly_the_same() -> None:
    grams = [trigrams(row.findings) for row in ROWS]
    near = {
        number
        for (i, a), (j, b) in combinations(enumerate(grams), 2)
        if len(a & b) >= 0.8 * len(a | b)
        for number in (i, j)
    }
    assert len(near) < 0.03 * len(ROWS)


def test_no_template_is_left_unfilled() -> None:
    for row in ROWS:
        text = " ".join((row.indication, row.comparison or "None.", row.findings, row.impression))
        assert not re.search(r"[\[\]{}|]|XXXX|  | [.,]|\.\.|,,|, \.|\ba [aeio]", text), row


def test_findings_never_contradict_themselves() -> None:
    assert not {row.findings: found for row in MORE if (found := contradictions(row.findings))}


@pytest.mark.parametrize(
    "findings",
    [
        "No pleural effusion. Small left pleural effusion.",
        "The lungs are clear. There is patchy opacity in the left lower lobe.",
        "Heart size is normal. There is mild cardiomegaly.",
    ],
)
def test_a_contradiction_would_be_seen(findings: str) -> None:
    assert contradictions(findings)


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_side_called_clear_has_no_disease(side: str) -> None:
    for row in ROWS:
        if re.search(rf"{side} lung is|no {side}-sided effusion", row.findings.lower()):
            sick = [s for s in affirmed(row.findings) if re.search(LUNG_DISEASE + "|effusion", s)]
            assert not [s for s in sick if re.search(rf"{side}\b(?! heart)|bilateral|both", s)], row


def unsupported(row: Report) -> list[str]:
    """Return what the impression says without support in the findings."""
    said = " ".join(affirmed(row.findings))
    told = " . ".join(re.split(r",? (?:which may represent|possibl)", s)[0] for s in named(row.impression))
    claims = [c for c, words in (SUPPORT | CHANGES).items() if re.search(c, told) and not re.search(words, said)]
    lobes = re.findall(r"\b(?:left|right)(?: (?:upper|middle|lower) lobe)?\b|lingula", told)
    sizes = re.findall(r"\d[\d.]* (?:cm|mm)", told)
    both = re.findall(r"bilateral|bibasilar|biapical", told)
    if re.search(r"bilateral|bibasilar|biapical|both|bases|multiple|diffuse|in the lung", said):
        both = []
    return claims + [detail for detail in lobes + sizes if detail not in said] + both


def test_impressions_say_nothing_that_the_findings_do_not_support() -> None:
    assert not {row.findings: found for row in MORE if (found := unsupported(row))}


def test_an_unsupported_side_would_be_seen() -> None:
    row = Report("", "", "", "There is consolidation in the right lower lobe.", "Left lower lobe pneumonia.")
    assert unsupported(row) == ["left lower lobe"]


def test_what_an_impression_rules_out_was_denied_in_the_findings() -> None:
    for row in ROWS:
        for noun in re.findall(r"no evidence of [\w ]*(pneumothorax|edema|effusion)", row.impression.lower()):
            normal = " ".join(set(sentences(row.findings)) - set(affirmed(row.findings)))
            assert re.search(rf"{noun}|pleural|costophrenic", normal), row
            assert not re.search(noun, " ".join(named(row.impression)).replace("without overt edema", "")), row


def test_most_impressions_reuse_the_words_of_their_findings() -> None:
    small = {"a", "an", "the", "of", "in", "with", "and", "is", "at", "to", "or", "for", "be", "may", "which"}

    def shared(row: Report) -> float:
        said = set(re.findall(r"\w+", row.findings.lower()))
        words = set(re.findall(r"[a-z]\w+", " ".join(named(row.impression)))) - small
        return len(words & said) / len(words)

    abnormal = [shared(row) for row in ROWS if kind(row.impression) != "normal"]
    assert sum(value >= 0.4 for value in abnormal) > 0.75 * len(abnormal)


def test_findings_alone_do_not_hold_the_impression() -> None:
    copied = [row for row in ROWS if row.impression.lower() in row.findings.lower()]
    assert len(copied) < 0.02 * len(ROWS)


def test_change_is_only_told_where_there_is_a_prior() -> None:
    for row in ROWS:
        if row.comparison.rstrip(".") in {"", "None", "None available"}:
            assert not re.search("|".join(CHANGES), f"{row.findings} {row.impression}".lower()), row


def test_there_are_many_entities_and_partners_exist() -> None:
    assert len(ENTITIES) >= 30
    assert {p for e in ENTITIES.values() for p in e.partners} <= set(ENTITIES)


@pytest.mark.parametrize("entity", ENTITIES.values(), ids=lambda entity: entity.name)
def test_an_entity_says_in_its_summary_only_what_it_found(entity: Entity) -> None:
    rng = random.Random(0)
    for _ in range(120):
        case = draw(entity, rng, prior=True)
        text, summary = case.text.lower(), case.summary.lower()
        known = [support for claim, support in SUPPORT.items() if re.search(claim, summary)]
        assert known, f"no row of SUPPORT speaks of {summary!r}"
        assert any(re.search(support, text) for support in known)
        for claim, support in CHANGES.items():
            assert not re.search(claim, summary) or re.search(support, text), summary
        for detail in re.findall(r"\b(?:left|right)\b|\b(?:mild|moderate|severe|large|small|trace|tiny)|\d+", summary):
            assert detail in text, (summary, text)


@pytest.mark.parametrize("entity", ENTITIES.values(), ids=lambda entity: entity.name)
def test_an_entity_never_sounds_like_a_normal_study(entity: Entity) -> None:
    text = " ".join((*entity.impressions, *entity.advice)).lower()
    assert not [phrase for phrase in NORMAL_PHRASES if phrase in text]
    assert len(entity.findings) * len(entity.impressions) >= 2


def test_the_preferred_side_is_taken_where_there_is_one() -> None:
    rng = random.Random(0)
    sided = [e for e in ENTITIES.values() if "side" in e.slots and "|" in e.slots["side"]]
    for entity in sided:
        for side in ("left", "right"):
            assert draw(entity, rng, side=side).side == side


def test_the_grammar_needs_no_package() -> None:
    assert importlib.util.find_spec("domaintune_medical.samples") is not None
    source = "".join(path.read_text(encoding="utf-8") for path in SHIPPED.parent.glob("*.py"))
    assert not re.search(r"^(import|from) (torch|transformers|datasets|numpy|pandas)", source, re.M)
