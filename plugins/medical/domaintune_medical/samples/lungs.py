"""Abnormalities of the lungs."""

from __future__ import annotations

from .vocabulary import Entity

LOBES = (
    "right upper lobe|right middle lobe|right lower lobe|right lower lobe|left upper lobe|"
    "left lower lobe|left lower lobe|lingula"
)
NODULE_LOBES = "right upper lobe|right middle lobe|right lower lobe|left upper lobe|left lower lobe"
FOCAL = "clear opacity {sides}"
DIFFUSE = "clear opacity left right otherwise"
INFECTION = ("cough and fever", "fever", "productive cough", "cough", "shortness of breath")
CANCER = ("weight loss", "chronic cough", "hemoptysis", "smoking history", "lung nodule on CT")
SMOKER = ("COPD", "shortness of breath", "smoking history", "dyspnea on exertion", "wheezing")
FOLLOW_UP = (
    "follow-up radiographs in [4 to 6|6 to 8] weeks are recommended to document resolution",
    "recommend follow-up to resolution",
    "radiographic follow-up after treatment is recommended",
)
CT = (
    "CT of the chest is recommended",
    "recommend chest CT for further evaluation",
    "further evaluation with chest CT is recommended",
    "comparison with any outside studies or chest CT is recommended",
)

LUNG_ENTITIES: tuple[Entity, ...] = (
    Entity(
        name="bibasilar atelectasis",
        region="lungs",
        blocks=FOCAL + " left right",
        slots={"degree": "mild|minimal|", "kind": "streaky|linear|bandlike|patchy|platelike"},
        changes="stable|new|worse|better",
        findings=(
            "many: {degree} {kind} [bibasilar opacities|opacities at both lung bases|opacities in the lung bases]",
            "many: {kind} opacities at [both lung bases|the lung bases], [most |]compatible with atelectasis",
            "one: {change} {degree} bibasilar [|subsegmental |dependent ]atelectasis",
            "many: {kind} bibasilar densities, likely atelectasis",
        ),
        impressions=(
            "{change} {degree} bibasilar atelectasis",
            "{degree} bibasilar [subsegmental |]atelectasis",
            "{kind} bibasilar opacities, [likely|most compatible with] atelectasis",
            "{degree} bibasilar atelectasis [or scarring|versus scarring]",
        ),
        why=("shortness of breath", "Postoperative day two.", "cough", "hypoxia"),
        partners=(
            "low volumes",
            "bilateral effusions",
            "elevated hemidiaphragm",
            "sternotomy",
            "enteric tube",
        ),
        group="base",
        rank=4,
        weight=6,
        joins=True,
    ),
    Entity(
        name="basilar atelectasis",
        region="lungs",
        blocks=FOCAL,
        slots={"side": "left|right", "kind": "streaky|linear|bandlike|patchy"},
        changes="stable|new|worse|better",
        findings=(
            "one: {kind} opacity at the {side} lung base",
            "one: {kind} {side} basilar opacity, [most |]compatible with atelectasis",
            "one: {change} {side} basilar [|linear |subsegmental ]atelectasis",
            "one: {change} {kind} opacity at the {side} base, likely atelectasis",
        ),
        impressions=(
            "{change} {side} basilar atelectasis",
            "{change} {side} basilar [subsegmental |]atelectasis",
            "{kind} {side} basilar opacity, [likely|favored to represent] atelectasis",
            "{side} basilar opacity, atelectasis [versus|or] scarring",
        ),
        why=("shortness of breath", "chest pain", "cough", "Postoperative fever."),
        partners=("elevated hemidiaphragm", "small effusion", "acute rib fracture", "low volumes"),
        group="base",
        rank=4,
        weight=5,
        joins=True,
    ),
    Entity(
        name="lobar collapse",
        region="lungs",
        blocks="clear opacity consolidation otherwise volumes trachea diaphragm vessels hila mediastinum {side}",
        slots={"lobe": "right upper lobe|right middle lobe|left upper lobe|left lower lobe"},
        changes="new|better|stable",
        findings=(
            "one: {change} volume loss in the {lobe}, {collapse}",
            "one: dense opacification of the {lobe} with volume loss",
            "one: {change} atelectasis of the {lobe}, {collapse}",
        ),
        impressions=(
            "{change} {lobe} collapse",
            "{lobe} atelectasis with volume loss",
            "{change} {lobe} [collapse|atelectasis], [possible mucus plug|obstructing lesion not excluded]",
        ),
        advice=("recommend CT to exclude a central obstructing lesion", "CT is recommended"),
        why=("hypoxia", "cough", "respiratory distress"),
        partners=("endotracheal tube", "emphysema", "small effusion"),
        group="base",
        rank=2,
        acute=True,
    ),
    Entity(
        name="consolidation",
        region="lungs",
        blocks=FOCAL + " consolidation diaphragm",
        slots={"lobe": LOBES},
        changes="new|worse|better",
        findings=(
            "one: [focal |dense |patchy |]consolidation in the {lobe}[| {sign}]",
            "one: {change} [patchy |focal |]airspace opacity in the {lobe}[| {sign}]",
            "one: {lobar} [airspace disease|consolidation|infiltrate] with air bronchograms",
            "one: {change} {lobar} consolidation",
            "many: [patchy|hazy|confluent] airspace opacities in the {lobe}",
        ),
        impressions=(
            "{change} {lobar} pneumonia",
            "{change} {lobar} pneumonia",
            "{change} {lobar} consolidation, [compatible with|concerning for] pneumonia",
            "{lobar} airspace disease, [likely|suspicious for] pneumonia",
            "findings [compatible with|concerning for] {lobar} pneumonia",
        ),
        advice=FOLLOW_UP,
        why=INFECTION,
        partners=("small effusion", "small effusion", "emphysema", "PICC"),
        group="base",
        rank=2,
        acute=True,
        weight=14,
    ),
    Entity(
        name="multifocal pneumonia",
        region="lungs",
        blocks=DIFFUSE + " consolidation",
        slots={
            "where": "both lungs|the right upper and left lower lobes|both lower lobes|"
            "the right middle and right lower lobes|the left upper and right lower lobes"
        },
        changes="new|worse|better",
        findings=(
            "many: {change} multifocal airspace opacities in {where}",
            "many: [patchy |]multifocal [airspace opacities|infiltrates] in {where}",
            "many: {change} patchy areas of consolidation in {where}",
        ),
        impressions=(
            "{change} multifocal pneumonia",
            "{change} multifocal airspace opacities, [concerning for|compatible with] pneumonia",
            "{change} airspace disease in {where}, likely multifocal pneumonia",
        ),
        advice=FOLLOW_UP,
        why=INFECTION,
        partners=("bilateral effusions", "endotracheal tube", "PICC", "central line"),
        group="base",
        rank=2,
        acute=True,
        weight=5,
    ),
    Entity(
        name="hazy opacity",
        region="lungs",
        blocks=FOCAL + " consolidation",
        slots={
            "zone": "left mid lung|right mid lung|left upper lung|right upper lung|"
            "right perihilar region|left perihilar region|right lung base|left lung base"
        },
        changes="new|worse|better|stable",
        findings=(
            "one: {change} [hazy|ill-defined|vague] opacity in the {zone}",
            "one: [a |]subtle [hazy|ill-defined] opacity in the {zone}",
            "one: focal airspace opacity in the {zone}",
        ),
        impressions=(
            "{change} [hazy |]opacity in the {zone}, which may represent [pneumonia|early "
            "pneumonia or atelectasis|infection]",
            "{change} opacity in the {zone}, [atelectasis versus pneumonia|concerning for developing pneumonia]",
            "{change} airspace opacity in the {zone}, infection not excluded",
        ),
        advice=FOLLOW_UP,
        why=INFECTION,
        partners=("hyperinflation", "low volumes", "small effusion"),
        group="base",
        rank=2,
        acute=True,
        weight=6,
    ),
    Entity(
        name="aspiration",
        region="lungs",
        blocks=DIFFUSE + " consolidation",
        slots={"worse": "right|left"},
        changes="new|worse|better",
        findings=(
            "many: {change} [patchy |]bilateral lower lobe opacities, {worse} greater than {lesser}",
            "many: [patchy|streaky] opacities in both lower lobes, {worse} worse than {lesser}",
            "many: patchy bibasilar airspace opacities, {worse} greater than {lesser}",
        ),
        impressions=(
            "{change} bibasilar opacities, [which may represent aspiration|aspiration versus atelectasis]",
            "bilateral lower lobe opacities, {worse} greater than {lesser}, concerning for aspiration",
            "{change} patchy bibasilar opacities, [atelectasis or aspiration|suspicious for aspiration pneumonia]",
        ),
        why=("Aspiration.", "dysphagia", "altered mental status", "fever"),
        partners=("enteric tube", "hiatal hernia", "tracheostomy", "endotracheal tube"),
        group="base",
        rank=2,
        acute=True,
        weight=3,
    ),
    Entity(
        name="nodule",
        region="lungs",
        blocks=FOCAL + " nodule",
        slots={"lobe": NODULE_LOBES, "mm": "6|7|8|9|10|11|12|14|16"},
        changes="stable|new",
        findings=(
            "one: a {mm} mm [nodule|noncalcified nodule|nodular opacity] in the {lobe}",
            "one: a {change} {mm} mm [|rounded |well-circumscribed |noncalcified ]nodule in the {lobe}",
            "one: a [|subtle |well-defined ]{lobe} nodule measuring [approximately |]{mm} mm",
        ),
        impressions=(
            "{change} {mm} mm {lobe} [pulmonary |]nodule",
            "{change} {mm} mm nodule in the {lobe}",
            "{change} {lobe} nodule measuring {mm} mm",
        ),
        advice=CT,
        why=CANCER,
        partners=("emphysema", "hyperinflation", "calcified nodes"),
        group="nodule",
        rank=2,
        acute=True,
        weight=8,
    ),
    Entity(
        name="mass",
        region="lungs",
        blocks=FOCAL + " nodule consolidation hila",
        slots={"lobe": NODULE_LOBES, "cm": "3.1|3.4|3.8|4.2|4.5|5.0|5.6|6.2"},
        changes="stable|new",
        findings=(
            "one: a {change} {cm} cm [spiculated |lobulated |]mass in the {lobe}",
            "one: a [rounded|masslike|lobulated] opacity in the {lobe} measuring {cm} cm",
            "one: a {lobe} mass measuring [approximately |]{cm} cm",
        ),
        impressions=(
            "{change} {cm} cm {lobe} mass, [concerning for|suspicious for] [primary lung |]malignancy",
            "{change} {lobe} mass, [suspicious for|concerning for] neoplasm",
            "{cm} cm mass in the {lobe}",
        ),
        advice=CT,
        why=CANCER,
        partners=("emphysema", "small effusion", "hilar mass", "elevated hemidiaphragm"),
        group="nodule",
        rank=1,
        acute=True,
        weight=6,
    ),
    Entity(
        name="metastases",
        region="lungs",
        blocks=DIFFUSE + " nodule",
        slots={"lobe": NODULE_LOBES, "mm": "12|14|15|18|22|25"},
        changes="new|worse|stable",
        findings=(
            "many: multiple {change} bilateral pulmonary nodules, the largest measuring {mm} mm in the {lobe}",
            "many: [numerous|multiple] rounded nodules of varying size in both lungs",
            "many: {change} [scattered |]bilateral pulmonary nodules, measuring up to {mm} mm",
        ),
        impressions=(
            "multiple {change} bilateral pulmonary nodules, [concerning for|compatible with] metastatic disease",
            "{change} bilateral pulmonary nodules, [suspicious for|consistent with] metastases",
        ),
        advice=CT,
        why=("colon cancer", "renal cell carcinoma", "melanoma", "weight loss"),
        partners=("port", "small effusion", "lytic lesion"),
        group="nodule",
        rank=1,
        acute=True,
        weight=3,
    ),
    Entity(
        name="cavitary lesion",
        region="lungs",
        blocks=FOCAL + " nodule consolidation",
        slots={
            "lobe": "right upper lobe|left upper lobe|right lower lobe",
            "cm": "2.2|2.6|3.0|3.5|4.1",
        },
        changes="new|stable|worse",
        findings=(
            "one: a {cm} cm [thick-walled |]cavitary lesion in the {lobe}",
            "one: a {change} {cm} cm cavitary [lesion|opacity] in the {lobe}[| with an air-fluid level]",
            "one: a {lobe} cavity with [a thick wall|an irregular wall], measuring {cm} cm",
        ),
        impressions=(
            "{change} cavitary lesion in the {lobe}, [concerning for tuberculosis|infection versus malignancy]",
            "{cm} cm {lobe} cavitary lesion, which may represent [abscess or "
            "malignancy|tuberculosis or fungal infection]",
            "{change} {cm} cm {lobe} cavitary lesion",
        ),
        advice=CT,
        why=("hemoptysis", "night sweats", "fever and weight loss", "Positive PPD."),
        partners=("hilar adenopathy", "small effusion", "emphysema"),
        group="nodule",
        rank=1,
        acute=True,
        weight=3,
    ),
    Entity(
        name="miliary pattern",
        region="lungs",
        blocks=DIFFUSE + " nodule",
        findings=(
            "innumerable tiny nodules are [scattered|distributed] throughout both lungs[| in a miliary pattern].",
            "many: [diffuse|innumerable] 1 to 3 mm nodules [throughout both lungs|in both lungs]",
            "one: a diffuse miliary nodular pattern in both lungs",
        ),
        impressions=(
            "miliary nodular pattern, [concerning for miliary tuberculosis|infection versus metastatic disease]",
            "diffuse miliary nodules, which may represent [tuberculosis|fungal infection|tuberculosis or metastases]",
        ),
        advice=("correlation with sputum cultures and chest CT is recommended", *CT),
        why=("fever and weight loss", "night sweats", "HIV", "immunosuppression"),
        partners=("hilar adenopathy",),
        group="nodule",
        rank=1,
        acute=True,
    ),
)
