"""The words of a chest radiograph report: normal statements by region, normal impressions, reasons.

Every text is a template: `[a|b]` is a choice (choices may nest) and `{side}` a fact about the case.
A normal statement names the topics it calls normal, so that it is never put beside a finding that
contradicts it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, kw_only=True)
class Entity:
    """One abnormality: how the findings describe it and how the impression sums it up.

    A findings template that starts with `one:` or `many:` is a noun phrase and is put into a
    sentence frame; every other one is a whole sentence. `slots` lists the facts to draw, `blocks`
    the normal topics that can no longer be stated, `changes` the ways it may differ from a prior.
    Entities of one `group` exclude each other, `partners` are those that often come with it.
    """

    name: str
    region: str
    findings: tuple[str, ...]
    impressions: tuple[str, ...]
    blocks: str = ""
    slots: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    changes: str = ""
    advice: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    partners: tuple[str, ...] = ()
    group: str = ""
    rank: int = 3  # 1 is told first in the impression, 5 last
    weight: int = 2
    acute: bool = False  # an impression may not call the study free of acute disease
    minor: bool = False  # may be left out of the impression
    joins: bool = False  # reads well after "with"


Statement = tuple[str, str]  # the topics it calls normal, and its template

FINE = "[normal|unremarkable|within normal limits]"
SEEN = "[is seen|is identified|is present|is demonstrated|is evident]"

# What the adjective before a finding, and the tail after it, say about the prior study.
CHANGES: Mapping[str, tuple[str, str]] = {
    "stable": ("[stable|stable|unchanged]", "[unchanged from|stable since|similar to] {prior}"),
    "new": ("new", "[new since|new from] {prior}"),
    "worse": ("[worsening|increasing]", "[increased from|worse since] {prior}"),
    "better": ("[improving|decreasing]", "[improved from|decreased from] {prior}"),
}
PRIOR = "[the prior study|the prior exam|the previous radiograph|the comparison study|the prior film]"

FRAMES: Mapping[str, tuple[str, ...]] = {
    "one": (
        "there is {x}{since}.",
        "there is {x}{since}.",
        "{x}{since}.",
        "{x} is [seen|noted|present|identified|demonstrated]{since}.",
    ),
    "many": (
        "there are {x}{since}.",
        "there are {x}{since}.",
        "{x}{since}.",
        "{x} are [seen|noted|present|identified|demonstrated]{since}.",
    ),
}

HEART: tuple[Statement, ...] = (
    ("heart", "[the |]heart size is [normal|within normal limits]."),
    ("heart", "[the |]heart is [normal in size|not enlarged|of normal size]."),
    ("heart", "[the |]heart is [normal in size and contour|normal in size and configuration]."),
    ("heart", "[the |]cardiac silhouette is [normal in size|not enlarged|within normal limits]."),
    ("heart", "normal heart size."),
    ("heart", f"[the |]cardiac contour is {FINE}."),
    ("heart", "heart size appears [normal|within normal limits]."),
    ("heart", "[no cardiomegaly|no cardiac enlargement|there is no cardiomegaly]."),
    (
        "heart vessels",
        "heart size and pulmonary [vascularity|vasculature] are [normal|within normal limits].",
    ),
    ("heart mediastinum", f"[the |]cardiomediastinal silhouette is {FINE}."),
    ("heart mediastinum", f"[the |]heart and mediastinum are {FINE}."),
    ("heart mediastinum", f"[the |]cardiac and mediastinal [contours|silhouettes] are {FINE}."),
    (
        "heart mediastinum",
        "heart size and mediastinal contours [are|appear] [normal|within normal limits].",
    ),
    ("heart mediastinum", "normal [cardiomediastinal contours|heart and mediastinum]."),
    ("heart mediastinum", "[the |]cardiomediastinal contours [are preserved|appear normal]."),
    ("heart mediastinum hila", f"[the |]heart, hila, and mediastinum are {FINE}."),
    (
        "heart mediastinum vessels",
        f"[the |]cardiomediastinal silhouette and pulmonary [vasculature|vessels] are {FINE}.",
    ),
)

MEDIASTINUM: tuple[Statement, ...] = (
    ("mediastinum", f"[the |]mediastinal contours are {FINE}."),
    ("mediastinum", f"[the |]mediastinum is {FINE}."),
    ("mediastinum", "[no mediastinal widening|the mediastinum is not widened]."),
    ("mediastinum", "normal mediastinal [contour|contours|silhouette]."),
    ("mediastinum", "[the |]superior mediastinum is [not widened|normal in width|unremarkable]."),
    ("mediastinum", "mediastinal contour [appears normal|is preserved|is within normal limits]."),
    ("mediastinum hila", f"[the |]hilar and mediastinal contours are {FINE}."),
    ("mediastinum trachea", "[the |]mediastinum is [midline and |]of normal width."),
)

VESSELS: tuple[Statement, ...] = (
    ("vessels", f"[the |]pulmonary vascularity is {FINE}."),
    ("vessels", f"[the |]pulmonary vasculature is {FINE}."),
    ("vessels", "[no|there is no] pulmonary vascular congestion."),
    ("vessels", "[the |]pulmonary vessels are [normal in caliber|not engorged|unremarkable]."),
    ("vessels", "normal pulmonary [vascularity|vasculature|vascular pattern]."),
    ("vessels edema", "[no|there is no] vascular congestion or [pulmonary |]edema."),
    ("vessels edema", "pulmonary vascularity is normal, without edema."),
)

HILA: tuple[Statement, ...] = (
    ("hila", f"[the |]hila are {FINE}."),
    ("hila", f"[the |]hilar contours are {FINE}."),
    ("hila", "[the |]hilar structures appear [normal|unremarkable]."),
    ("hila", "normal hilar contours."),
    ("hila", "[no|there is no] hilar [enlargement|prominence|fullness]."),
    ("hila", "[both hila are normal in size|the hila are not enlarged]."),
)

AIRWAY: tuple[Statement, ...] = (
    ("trachea", "[the |]trachea is midline."),
    ("trachea", "[the |]trachea is [central|midline in position|midline and patent]."),
    ("trachea", "[the |]tracheal air column is [midline|unremarkable]."),
    ("trachea", "midline trachea."),
    ("trachea", "[no|there is no] tracheal deviation."),
    ("trachea", "[the |]central airways are [patent|unremarkable]."),
    ("aorta", "[the |]thoracic aorta is [normal in caliber|normal in contour|unremarkable]."),
)

LUNGS: tuple[Statement, ...] = (
    ("clear opacity consolidation", "[the |both ]lungs are clear."),
    ("clear opacity consolidation", "[the |]lungs are clear bilaterally."),
    ("clear opacity consolidation", "[the |]lung fields are clear[| bilaterally]."),
    ("clear opacity consolidation", "clear lungs[| bilaterally]."),
    (
        "clear opacity consolidation volumes",
        "[the |both ]lungs are [clear and well expanded|well expanded and clear|well aerated "
        "and clear|well inflated and clear|clear and expanded].",
    ),
    (
        "clear opacity consolidation",
        "[the |both ]lungs are free of [focal airspace disease|focal consolidation|infiltrate].",
    ),
    ("clear opacity consolidation", "[the |]lungs are clear of [infiltrate|airspace disease]."),
    ("clear opacity consolidation", f"no focal [lung|parenchymal|pulmonary] opacity {SEEN}."),
    ("clear opacity consolidation", "no [acute |]pulmonary infiltrate[| is seen]."),
    ("clear opacity consolidation edema", "[the lungs are clear, without infiltrate or edema]."),
)

VOLUMES: tuple[Statement, ...] = (
    ("volumes", "[the |both ]lungs are [well expanded|well inflated|well aerated]."),
    ("volumes", "lung volumes are [normal|within normal limits|preserved]."),
    ("volumes", "normal lung volumes."),
    ("volumes", "[the |]lungs are [normally expanded|adequately inflated]."),
    ("volumes", "[good|normal|adequate] inspiratory effort."),
    ("volumes", "[the |]lungs are symmetrically [inflated|expanded|aerated]."),
    ("nodule", "[no|there is no] suspicious [pulmonary |lung |]nodule[| or mass]."),
)

# Said only after a focal finding in the lungs.
REST: tuple[Statement, ...] = (
    ("otherwise", "[the |]lungs are otherwise clear."),
    ("rest otherwise", "[the remainder of|the rest of] the lungs is clear."),
    ("rest otherwise", "[the |]remaining lungs are clear."),
    ("rest otherwise", "elsewhere the lungs are clear."),
    ("rest otherwise", "no additional [focal |]opacity[| is seen| is identified]."),
    ("otherwise", "otherwise clear lungs."),
    ("left", "[the |]left lung is clear."),
    ("left", "[the |]left lung is [well aerated|free of infiltrate|clear and well expanded]."),
    ("right", "[the |]right lung is clear."),
    ("right", "[the |]right lung is [well aerated|free of infiltrate|clear and well expanded]."),
)

PLEURA: tuple[Statement, ...] = (
    ("effusion", "[the |both ]costophrenic angles are [sharp|clear|preserved]."),
    ("effusion", "[the |]costophrenic sulci are [sharp|clear|not blunted]."),
    (
        "effusion pneumothorax",
        "[the |]pleural spaces are [clear|unremarkable|within normal limits].",
    ),
    ("effusion pneumothorax thickening", "[no|there is no] pleural abnormality."),
)

# Nouns for a list of things that are absent: "No focal consolidation, effusion, or pneumothorax."
ABSENT: Mapping[str, str] = {
    "consolidation": "[focal consolidation|focal consolidation|lobar consolidation|consolidation]",
    "opacity": "[focal airspace disease|focal airspace opacity|infiltrate|focal infiltrate]",
    "edema": "[pulmonary edema|overt edema|edema]",
    "effusion": "[pleural effusion|pleural effusion|effusion|pleural fluid]",
    "pneumothorax": "pneumothorax",
}
ABSENCES: tuple[str, ...] = (
    "no {x}.",
    "there is no {x}.",
    "no evidence of {x}.",
    "there is no evidence of {x}.",
    "negative for {x}.",
    f"no {{x}} {SEEN}.",
    "no [visible|definite] {x}.",
)

BONES: tuple[Statement, ...] = (
    ("bones fracture", f"[the |]osseous structures are [intact|{FINE}]."),
    ("bones fracture", "[the |]bony thorax is [intact|unremarkable]."),
    ("bones fracture", "[the |]visualized [bony|skeletal|osseous] structures are [intact|normal]."),
    ("bones fracture", "[bones are intact|the bones appear intact|the bones are unremarkable]."),
    ("bones soft fracture", "[the |]visualized bones and soft tissues are unremarkable."),
    ("bones fracture", "[the |]thoracic skeleton is [intact|unremarkable]."),
    ("fracture", "no acute [osseous|bony|skeletal] [abnormality|abnormality is seen|finding]."),
    ("fracture", "there is no acute [osseous|bony] abnormality."),
    ("fracture", "no acute [osseous|bony] abnormalities[| are seen]."),
    ("fracture", f"no [acute|displaced] [rib |]fracture[| {SEEN}]."),
    ("fracture", "[osseous structures|the bones] are without acute [abnormality|finding]."),
)

SOFT: tuple[Statement, ...] = (
    ("soft", "[the |]soft tissues are [normal|unremarkable|within normal limits]."),
    ("soft", "[the |]visualized soft tissues are [normal|unremarkable]."),
    ("soft", "chest wall soft tissues are [normal|unremarkable]."),
    ("soft", "overlying soft tissues are [normal|unremarkable]."),
    ("soft", "no soft tissue abnormality[| is seen]."),
    ("soft", "[no|there is no] subcutaneous [air|emphysema|gas]."),
)

ABDOMEN: tuple[Statement, ...] = (
    ("air", "[no|there is no] free air [under|beneath|below] the [diaphragm|hemidiaphragms]."),
    ("air", "[no|there is no] free intraperitoneal air."),
    ("air abdomen", "[the |]visualized upper abdomen is [normal|unremarkable]."),
    ("air abdomen", "upper abdomen is [normal|unremarkable|within normal limits]."),
    ("diaphragm", "[the |]hemidiaphragms are [well defined|smooth|normal in contour]."),
    ("diaphragm", "[the |]diaphragm is [normal in contour|unremarkable|well defined]."),
    ("diaphragm", "diaphragmatic contours are [smooth|preserved|normal]."),
)

OPENERS: tuple[str, ...] = (
    "PA and lateral views of the chest[| were obtained| are provided].",
    "Frontal and lateral views of the chest[| were obtained| are submitted].",
    "Two views of the chest[| were obtained| are reviewed].",
)

COMMONEST = "No acute cardiopulmonary abnormality."  # a third of all normal studies

# With an incidental finding in the report only these fit; without one, the whole list does.
NO_ACUTE: tuple[str, ...] = (
    "No acute cardiopulmonary process.",
    "No acute cardiopulmonary disease.",
    "No acute cardiopulmonary findings.",
    "No acute disease.",
    "No active disease.",
    "No acute findings.",
    "No acute abnormality.",
    "No acute pulmonary disease.",
    "No evidence of active disease.",
    "No evidence of acute cardiopulmonary disease.",
    "No active cardiopulmonary disease.",
    "Negative for acute cardiopulmonary disease.",
    "1. No acute cardiopulmonary process.",
    "No acute radiographic abnormality.",
)
NORMAL_STUDY: tuple[str, ...] = (
    *NO_ACUTE,
    "Normal chest radiograph.",
    "Normal chest x-ray.",
    "Normal two-view chest.",
    "Negative chest radiograph.",
    "Unremarkable chest radiograph.",
    "Clear lungs. No acute cardiopulmonary abnormality.",
    "Clear lungs. Normal heart size.",
    "1. Clear lungs. 2. No acute osseous abnormality.",
)

# What a mixed impression adds; the topics must have been called normal in the findings.
CLOSERS: tuple[str, ...] = (
    "[otherwise |]no acute cardiopulmonary abnormality",
    "[otherwise |]no acute cardiopulmonary abnormality",
    "no acute cardiopulmonary [process|disease|findings]",
    "no acute [pulmonary disease|disease|findings|abnormality]",
    "no evidence of [acute cardiopulmonary disease|active disease]",
    "no active [disease|cardiopulmonary disease]",
)
RULED_OUT: tuple[Statement, ...] = (
    ("pneumothorax", "no evidence of pneumothorax"),
    ("edema", "no evidence of pulmonary edema"),
    ("effusion", "no evidence of pleural effusion"),
    ("consolidation", "no evidence of [focal |]consolidation"),
    ("opacity", "no evidence of [focal |]airspace disease"),
    ("bones", "no acute osseous abnormality"),
)

# Lower case: a complaint, which may follow "58-year-old man with"; upper case: stands alone.
REASONS: tuple[str, ...] = (
    "chest pain",
    "cough",
    "shortness of breath",
    "dyspnea",
    "fever and cough",
    "cough for two weeks",
    "productive cough",
    "chest tightness",
    "atypical chest pain",
    "dizziness",
    "wheezing",
    "hypertension",
    "palpitations",
    "syncope",
    "upper abdominal pain",
    "Preoperative evaluation.",
    "Positive PPD.",
    "Pre-employment examination.",
    "Motor vehicle collision.",
    "Rule out pneumonia.",
)
NO_PRIOR: tuple[str, ...] = ("None.", "None.", "None", "None available.", "")
PRIORS: tuple[str, ...] = (
    "[Chest radiograph|Two-view chest radiograph|PA and lateral chest] from "
    "[one week|two weeks|one month|three months|six months|one year|two years] [prior|earlier].",
    "Prior chest radiograph[|s].",
    "[Portable chest|Chest radiograph] from [the previous day|two days earlier].",
)
