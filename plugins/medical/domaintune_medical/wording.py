"""How names of tables stand inside English sentences: capitals, articles and numbers.

Influenza -> influenza      Crohn disease -> Crohn disease      Folic Acid -> folic acid      Stroke -> a stroke
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_PEOPLE = (
    "Addison Alport Alzheimer Amsler Apgar Asperger Baker Barr Barre Barrett Bartholin Behcet Bell "
    "Borrelia Bowen Brugada "
    "Budd Buerger Burkitt Candida Chagas Charcot Chiari Christmas Chvostek Clostridium Coombs Crohn "
    "Creutzfeldt Cushing Dix Doppler "
    "Down Dravet Dupuytren Ebola Edward Edwards Ehlers Eisenmenger Epstein Escherichia Eustachian Ewing "
    "Fabry Foley Friedreich "
    "Friedrich Gaucher German Gilbert Glasgow Goodpasture Gram Graves Guillain Hallpike Hansen Hashimoto "
    "Helicobacter Henoch "
    "Hippel Hirschsprung Hodgkin Holter Horner Horton Huntington Jakob Japanese Kaposi Kawasaki "
    "Klinefelter Korsakoff Lassa "
    "Legg Legionella Legionnaires Lennox Lewy Lindau Lou Lyme Mallory Marburg Marfan Mantoux Meckel "
    "Mediterranean Meniere Ménière Mohs "
    "Moro Morton Mycobacterium Mycoplasma Nile Norwegian Osgood Paget Pap Parkinson Patau Perthes "
    "Peyronie Phalen Pick "
    "Plasmodium Pneumocystis Pompe Pott Prader Quervain Raynaud Reiter Rett Reye Rhesus Ringer Rinne "
    "Rocky Romberg Rorschach "
    "Salmonella Schirmer Schlatter Schonlein Sheehan Shigella Sjogren Sjögren Snellen Spanish "
    "Staphylococcus Stevens "
    "Streptococcus Tay Tietze Tinel Tourette Treponema Turner Waldenstrom Weber Wegener Wells Wernicke "
    "West Whipple Willebrand Wilms "
    "Wilson Wood Zenker Zika Zollinger"
)
_COMMON_OWNERS = (
    "athlete|swimmer|farmer|jumper|golfer|smoker|housemaid|painter|runner|traveller|traveler|miner|writer|singer|cat"
)
_OWNER = re.compile(rf"(?!(?:{_COMMON_OWNERS})['’]s)\w+['’]s$", re.IGNORECASE)
_PREFIX = re.compile(r"(?:Non|Anti|Post|Pre|Von|De|Van)(?=[ -][A-Z])")
_WORD = re.compile(r"[^\s()-]+")
_BRACKET = re.compile(r"\s*\([^()]*\)?")
_THINGS = (
    "abscess abrasion adenoma allergy aneurysm attack bite bunion burn calculus callus cold concussion "
    "contusion crisis cyst defect disc "
    "disk dislocation effusion embolus fibroadenoma fissure fistula fracture gallstone goiter goitre "
    "hemangioma haemangioma hematoma "
    "haematoma hernia infarct infarction infection injury leiomyoma lesion lipoma meningioma mole nodule "
    "obstruction overdose "
    "polyp pregnancy prostate reaction septum sprain stone stricture stroke stye tear thyroid tic tooth "
    "toe tumor tumour ulcer wound "
    "abortion miscarriage spur finger "
    # symptoms
    "ache back bruise bone cough ear eye face feeling grip headache heartbeat joint leg lump mass mouth "
    "neck nose nosebleed "
    "patch posture rash scalp stomach stream throat toothache tremor voice walk "
    # tests
    "analysis angiogram assay biopsy bronchoscopy colonoscopy count ct culture cystoscopy diary ecg "
    "echocardiogram eeg "
    "electrocardiogram electroencephalogram emg endoscopy evaluation exam examination gastroscopy "
    "laparoscopy mammogram measurement mri "
    "panel pcr procedure proctoscopy profile puncture questionnaire scan scraping screen screening "
    "sigmoidoscopy smear study swab tap test "
    "ultrasound urinalysis x-ray"
)
_PROPER = frozenset(_PEOPLE.split())
"""A name that is also a person's or a place's, or a genus of germs, keeps its capital in a sentence."""
_ONE = frozenset(_THINGS.split())
"""Things of which one has one: "a stroke", "a dry cough", "a chest X-ray", but "fever" and "itchy eyes"."""
_SINGULAR_S = re.compile(
    r"(?:ss|us|is|sis|ies(?<=rabies)|ies(?<=scabies)|diabetes|shingles|mumps|measles|herpes|rickets|ascites|graves|pus|tetanus)$"
)
_PLURAL = frozenset(("lice", "feet", "teeth", "metastases", "antibodies", "varices", "convulsions"))
_HEAD = re.compile(
    r" (?:of|at|on|in|to|due|from|after|before|when|during|for|that|which|with|without|around|over|under|near|"
    r"spreading|getting|not|affecting)\b|[,;]"
)
_SOUNDS_LIKE_A = re.compile(r"(?:u(?:[^aeiou\W][aeiou]|ni)(?<!ul)|eu|one\b)", re.IGNORECASE)
_SPELLED_WITH_AN = frozenset("AEFHILMNORSX")
_SAID_AS_A_WORD = frozenset(("SARS", "MERS", "NASH", "HELLP", "LASIK", "MIBG", "SIBO"))


def spoken(name: str) -> str:
    """Return a name as it stands inside an English sentence: `influenza`, but `Crohn disease` and `HbA1c`.

    Small become the capitals of the first word and, where all words have one (Folic Acid), of the others; not those of
    people and germs, of words with a later capital or a digit, of single letters (Vitamin D), or within brackets (brands).
    """
    words = [word for word in re.findall(r"\w+", _BRACKET.sub(" ", name)) if len(word) > 1 and word.isalpha()]
    headline = len(words) > 1 and all(word[0].isupper() or len(word) < 4 for word in words)
    depth, place = 0, 0
    made: list[str] = []
    for match in _WORD.finditer(name):
        between = name[place : match.start()]
        depth += between.count("(") - between.count(")")
        first = not made
        made += [between, match[0] if depth > 0 or not (first or headline) else _small(match[0], name[match.start() :])]
        place = match.end()
    return "".join(made) + name[place:]


def _small(word: str, rest: str) -> str:
    """Return a word without its capital, unless it needs it."""
    bare = word.strip(",;:.'’")
    if _PREFIX.match(rest):
        return word[0].lower() + word[1:]
    later = any(char.isupper() or char.isdigit() for char in bare[1:])
    if len(bare) < 2 or later or not bare[1].islower() or bare in _PROPER or _OWNER.match(bare):
        return word
    return word[0].lower() + word[1:]


def noun(name: str) -> str:
    """Return a name inside a sentence, with its article where it is one thing: `a stroke`, `an MRI of the head`."""
    said = spoken(name)
    head = _head(said)
    stands = re.match(r"(?:an?|the|no|his|her|my) |strep throat|feeling (?!of\b|that\b)", said)
    if head in _ONE and not stands:
        return f"{article(said)} {said}"
    return said


def article(said: str) -> str:
    """Return `a` or `an` by how the first word sounds."""
    first = re.split(r"[\s\-]", said, maxsplit=1)[0]
    if re.match(r"(?:8|11|18)(?!\d)|8\d(?!\d)", first):
        return "an"
    if re.match(r"[A-Z](?![a-z])", first) and first not in _SAID_AS_A_WORD:
        return "an" if first[0] in _SPELLED_WITH_AN and first not in {"RAST"} else "a"
    if first.startswith("Hb"):
        return "an"
    return "an" if first[:1].lower() in "aeiou" and not _SOUNDS_LIKE_A.match(first) else "a"


def plural(name: str) -> bool:
    """Return whether a name takes `are`: `gallstones`, but not `diabetes` or `sinusitis`."""
    head = _head(name)
    return head in _PLURAL or (head.endswith("s") and not _SINGULAR_S.search(head) and not head.endswith("'s"))


def listed(items: Sequence[str], *, chinese: bool, articles: bool = False, more: bool = False) -> str:
    """Write a list as a part of a sentence: `fever, chills and a cough`; `more` says that it goes on."""
    if chinese:
        return "、".join(items) + ("等" if more else "")
    *before, last = [noun(item) if articles else spoken(item) for item in items] or [""]
    text = f"{', '.join(before)} and {last}" if before else last
    return f"{text}, among others" if more else text


def _head(name: str) -> str:
    """Return the noun that a name is about, in lower case: `attack` of Heart attack, `pain` of Pain in the leg."""
    bare = _HEAD.split(_BRACKET.sub("", name).strip().lower(), maxsplit=1)[0]
    return bare.rsplit(" ", 1)[-1]
