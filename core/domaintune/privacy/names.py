"""Names of persons, found by what stands beside them: a title, a label, an introduction, a signature, a degree.

A common given name before another capital is one too. What is found is also found elsewhere in the same example, whole or
in part, unless it names a disease there. A given name alone, `Grace came along`, stays: telling it needs a model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from domaintune.privacy.nameforms import (
    DEGREE,
    ENDED,
    MOST,
    PARTICLES,
    POSSESSIVE,
    TOKEN,
    bare,
    extent,
    is_eponym,
    looks_given,
    may_be_name,
    name_at,
    plain,
    with_first_name,
)
from domaintune.privacy.names_zh import chinese_names
from domaintune.privacy.namewords import GIVEN
from domaintune.privacy.spans import Span

TITLE = re.compile(
    r"(?<!\w)(?:(?P<sure>Drs?|dr|Mr|Mrs|Ms|Prof|Professor|DR|MRS|PROF|M[RS](?=\.))\.?"
    r"|(?P<maybe>Doctor|Nurse|Miss|MISS|DOCTOR|doctor|nurse|Sister)|(?P<rank>(?:Sgt|Rev|Capt|Cpl|Pvt|Hon)\.|Rev|Sgt|Rabbi|Pastor))"
    r"(?:[ \xa0]{1,2}|(?<=\.)(?=[^\W\d_a-z](?:[^\W\d_A-Z]|['’.])))"
)
ROLES = (
    "patient|pt|name|client|attending|surgeon|provider|physician|radiologist|pathologist|pcp|nok|author|(?:co-?|e-)?signed"
    "|attn|re|cc|to|from|emergency contact|next of kin|mother|father|spouse|wife|husband|son|daughter|partner"
    "|sister|brother|guardian|caregiver|assistant|anesthesiologist|consultant|technologist|technician|dictator|interpreter|witness"
    "|(?:attending|referring|ordering|primary care|primary|consulting|treating|admitting|family|requesting|authorizing)"
    " (?:physician|doctor|provider|surgeon|md)"
    "|(?:patient|pt|client|full|first|last|family|given|legal|doctor|physician|provider|insured|subscriber|mother|father"
    "|maiden|contact|nurse)(?:[’']?s)? (?:full )?name|name of (?:the )?(?:patient|client)"
    "|(?:triage|primary|charge|discharge) (?:rn|nurse)|nurse|rn|resident|fellow|scribe|contact person|subscriber|guarantor"
    "|policy ?holder|insured|responsible party|poa|hcp|health ?care proxy|proxy|signature|cardiologist|oncologist"
    "|neurologist|psychiatrist|pediatrician|dentist|pharmacist|therapist|social worker|case manager|midwife|prescriber"
    "|examiner"
)
BY = (
    "dictated|signed|transcribed|authenticated|verified|reviewed|interpreted|reported|read|prepared|typed|approved|co-?signed"
    "|cosigned|witnessed|scribed|entered|recorded|collected|drawn|performed|administered|obtained|ordered|requested|called"
)
FORM = re.compile(
    rf"(?<!\w)(?P<label>{ROLES}|(?:{BY}) by)(?:\s?\((?:last|first|full|print|given|family|surname)[^)\n]{{0,20}}\))?"
    r"(?:\*{0,2}\s?[:=]\*{0,2}| [–-])[ \t]{0,8}"
)
CELL = re.compile(
    r"(?:^|[\n|\t]|[.;:] |  )[ \t]{0,8}\*{0,2}(?P<label>name|(?:patient|pt|client)(?P<sure>(?:[’']?s)? name)?"
    r"|provider|attending|nurse|physician|surgeon|name of patient)\*{0,2}(?: ?\|[ \t]{0,8}|\t[ \t]{0,8}| {2,20})\*{0,2}"
)
# what is on duty, not who
SERVICE = re.compile(
    r"[ ](?:service|team|clinic|care|group|hospital|hospitalist|department|dept|unit|center|centre|medicine|associates"
    r"|on call|coverage|pending|unknown|practice|pharmacy|office)\b",
    re.IGNORECASE,
)
SPEAKERS = frozenset(
    [
        "patient",
        "pt",
        "client",
        "mother",
        "father",
        "wife",
        "husband",
        "son",
        "daughter",
        "spouse",
        "guardian",
        "caregiver",
        "re",
        "to",
        "from",
        "cc",
        "doctor",
        "nurse",
        "rn",
        "resident",
        "fellow",
        "partner",
        "sister",
        "brother",
        "hcp",
        "proxy",
        "therapist",
        "called by",
        "obtained by",
        "performed by",
        "ordered by",
        "requested by",
    ]
)
DIALOGUE = re.compile(r"(?:^|\n)[ \t]*(?:doctor|dr|clinician|physician|chat ?doctor|nurse|provider|therapist)\s?:")
INTRODUCTION = re.compile(
    r"\b(?:(?P<any>my (?:full |first |last )?name is|my name[’']s)"
    r"|(?:his|her|their|patient[’']?s|the|whose|son[’']?s|daughter[’']?s) name (?:is|was)|name[’']s"
    r"|(?:patient|man|woman|boy|girl|son|daughter|wife|husband|mother|father|friend|brother|sister|doctor|nurse|lady"
    r"|gentleman|physician|infant|baby|child|person|kid|lawyer|neighbou?r|guy)(?: who was| is)? (?:named|called)"
    r"|introduced (?:herself|himself|themselves|myself) as"
    r"|(?:he|she|who) (?:is|was) (?:named|called)|(?:he|she) goes by"
    r"|(?P<given>i am|i[’']m|this is|hi|hello|hey|it[’']s|thanks|thank you|good (?:morning|afternoon|evening|day)"
    r"|call me|goes by|the patient|pleasure of seeing|opportunity to see|referring),?|dear)[ \xa0]"
)
GREETINGS = frozenset(["hi", "hello", "hey", "good morning", "good afternoon", "good evening", "good day"])
NOT_GREETED = re.compile(
    r"(?:do[ck]|dr|chat|health|team|folks|guys|friend|colleague|members?$|ladies|gentlemen|bye|everybody|docs?$|expert|thnx|tnx"
    r"|ma[m']|sirs?$|sirmadam|user|welcome|namaste|greet|miss|iam$|day$)"
)
SIGNATURE = re.compile(
    r"\b(?:regards|sincerely|yours truly|faithfully|best wishes|respectfully(?: yours)?|cheers"
    r"|(?P<line>thanks|thank you|take care|best|warmly)"
    rf"|(?P<by>{BY})(?: and (?:signed|verified|approved|reviewed))?(?: electronically)? by)"
    r"(?:\s?[,:]|\.)?(?P<gap>\s{1,4})(?:(?:drs?|mr|mrs|ms|prof)\.? )?"
)
SURE_DEGREE = re.compile(r"(?:M\.D\.|MD|R\.N\.|RN|PA-C|PharmD|CRNA|LPN|LCSW|NP)$")
STARTS = ("\n", ".", ":", ";", "by", "with", "Dr", "from")
DONE = frozenset(
    ["collected", "drawn", "performed", "administered", "obtained", "ordered", "requested", "called", "recorded"]
)
SIGN_OFF = re.compile(r"(?m)^(?:-{1,2} ?|[~–—] ?|/s/ ?)(?=[^\W\d_a-z])")
OFF = re.compile(rf"\.?(?:,? {DEGREE})?[ \t]{{0,4}}(?:\n|$)")
WITH_DEGREE = re.compile(rf",? {DEGREE}")
KIN = re.compile(
    r"\b(?:daughter|son|wife|husband|sister|brother|mother|father|partner|spouse|girlfriend|boyfriend|fianc[eé]e?|cousin|niece"
    r"|nephew|aunt|uncle|grandson|granddaughter|grandmother|grandfather|friend|neighbou?r|roommate|stepfather|stepmother)"
    r"(?:(?P<near> )|, | \(|: )(?=[^\W\d_a-z])"
)
SPEAKER = re.compile(
    r"(?m)^\[?(?P<name>[^\W\d_a-z][^\W\d_]{1,14}(?:-[^\W\d_]{2,10})?(?: [^\W\d_a-z][^\W\d_]{1,14}){0,2})"
    r"(?: \((?:patient|mother|father|wife|husband|daughter|son|nurse|doctor)\))?\]?:"
)
BY_DEGREE = re.compile(rf"(?<=\w)(?:\.?,\s| ){DEGREE}")
GOES_ON = re.compile(r" ?(?!dob|born|d\.o\.b)[a-z]")
AFTER_NUMBER = tuple(f"{digit} " for digit in range(10))
BEFORE_SURNAME = re.compile(
    r"(?<![\w’'-])(?P<first>[A-Z][^\W\d_]{1,12}(?:-[^\W\d_]{2,10})?)"
    r" (?:\"[^\"\n]{1,15}\" )?(?=[^\W\d_a-z]|(?:de|da|del|van|von|di|la|el|al|bin) )"
)
JOINT = re.compile(r",? and |, ")
SHOUTED = re.compile(r" [A-Z]{2,}")


def _titled(text: str, low: str) -> Iterator[Span]:  # noqa: ARG001 (all finders are called alike)
    for found in TITLE.finditer(text):
        title = found["sure"] or found["maybe"] or found["rank"]
        words = name_at(text, found.end(), 4)
        if not words or (title in {"MR", "MS"} and not words[0][0].isupper()):
            continue
        shouted = words[0][0].isupper() and len(words[0][0]) > 1 and not title.isupper()
        if found["maybe"] and (shouted or _is_letter(text, words) or is_eponym(text, extent(words).end)):
            continue
        yield extent(_without_shouted(text, words))
        if title == "Drs":
            yield from _others(text, words[-1].end())


def _is_letter(text: str, words: list[re.Match[str]]) -> bool:
    """Whether the first word is a letter that is no initial: `Doctor A`, not `Doctor A. Frost`."""
    initial = text.startswith(".", words[0].end()) and any(len(word[0]) > 1 for word in words)
    return len(words[0][0]) == 1 and not initial


def _without_shouted(text: str, words: list[re.Match[str]]) -> list[re.Match[str]]:
    """In a text of capitals every word looks like a name: keep the first, unless the name plainly ends after these."""
    long = [word for word in words if len(word[0]) > 1 and word[0].casefold() not in PARTICLES]
    if len(long) > 1 and all(word[0].isupper() for word in long):
        return words[: words.index(long[0]) + 1] if len(long) > 2 or SHOUTED.match(text, words[-1].end()) else words
    return words


def _others(text: str, start: int) -> Iterator[Span]:
    """Yield the further names after `Drs. Smith`: `, Jones and Lee`."""
    for _ in range(4):
        joint = JOINT.match(text, start)
        words = name_at(text, joint.end(), 3) if joint else []
        if not words:
            return
        yield extent(words)
        start = words[-1].end()


def _in_forms(text: str, low: str) -> Iterator[Span]:
    dialogue: bool | None = None
    for found in FORM.finditer(low):
        words = name_at(text, found.end())
        if not words:
            continue
        speaker = found["label"] in SPEAKERS
        if dialogue is None:
            dialogue = DIALOGUE.search(low) is not None
        first, words = words, with_first_name(text, words)
        known = (len(words) > len(first) and bare(words[len(first)][0]) in GIVEN) or WITH_DEGREE.match(
            text, words[-1].end()
        )
        if speaker and dialogue and not known and found["label"] not in {"re", "to", "from", "cc"}:
            continue
        if SERVICE.match(text, words[-1].end()):
            continue
        lone = len(words) == 1 and words[0][0].casefold() not in GIVEN
        if speaker and (lone or GOES_ON.match(text, words[-1].end())):
            continue
        yield extent(words)


def _in_cells(text: str, low: str) -> Iterator[Span]:
    """Yield what stands behind a label without a colon: in a table, after a tab or a gap."""
    for found in CELL.finditer(low):
        words = name_at(text, found.end())
        whole = with_first_name(text, words) if words else []
        turned = len(whole) > len(words)
        if whole and (turned or looks_given(whole, 2 if found["sure"] else MOST + 1)):
            yield extent(whole)


def _introduced(text: str, low: str) -> Iterator[Span]:
    for found in INTRODUCTION.finditer(low):
        title = TITLE.match(text, found.end())
        start = title.end() if title else found.end()
        words = name_at(text, start, 4)
        token = TOKEN.match(text, start)
        if not words and found["any"] and token and plain(token[0]) and len(token[0]) > 2:
            words = [token]  # many write their name small
        if not words or is_eponym(text, words[-1].end()):
            continue
        if not found["given"] or looks_given(words, MOST + 1) or _is_greeted(text, found, words):
            yield extent(words)


def _is_greeted(text: str, found: re.Match[str], words: list[re.Match[str]]) -> bool:
    """Whether a greeting ends after the name: `Hi Carter,` but not `Hi Doc, ...` nor `Hello, Fever`."""
    greets = found["given"] in GREETINGS and len(words) < 3 and not any(word[0].isupper() for word in words)
    alone = not text[: found.start()].rstrip(" >").endswith(tuple("abcdefghijklmnopqrstuvwxyz,"))
    ends = text[words[-1].end() : words[-1].end() + 1] in {",", "!", ":"}
    return greets and alone and ends and not any(NOT_GREETED.match(bare(word[0])) for word in words)


def _signed(text: str, low: str) -> Iterator[Span]:
    for found in SIGNATURE.finditer(low):
        words = name_at(text, found.end())
        if not words:
            continue
        if found["by"] and (is_eponym(text, words[-1].end()) or SERVICE.match(text, words[-1].end())):
            continue
        if found["by"] in DONE and not (looks_given(words) or _is_initialled(text, words)):
            continue
        if len(words) == 1 or words[0][0].casefold() in PARTICLES:
            words = with_first_name(text, words)
        if not found["line"] or ("\n" in found["gap"] and ENDED.match(text, words[-1].end())):
            yield extent(words)


def _is_initialled(text: str, words: list[re.Match[str]]) -> bool:
    """Whether it is `J. Walker`."""
    return len(words) > 1 and not _is_letter(text, words) and len(words[0][0]) == 1


def _signed_off(text: str, low: str) -> Iterator[Span]:  # noqa: ARG001
    """Yield names on a line of their own behind a dash, ~ or /s/; a list of medicines looks alike."""
    for found in SIGN_OFF.finditer(text):
        words = name_at(text, found.end())
        sure = "/s/" in found[0] and words
        if (sure or looks_given(words, MOST + 1) or _is_initialled(text, words)) and OFF.match(text, words[-1].end()):
            yield extent(words)


def _of_kin(text: str, low: str) -> Iterator[Span]:  # noqa: ARG001
    """Yield `her daughter Susan`, `his son (Omar)` and `his wife, Mary Hall,`: a given name, or two capitals."""
    for found in KIN.finditer(text):
        words = name_at(text, found.end(), 4)
        if (
            not words
            or is_eponym(text, words[-1].end())
            or any(word[0].isupper() and len(word[0]) > 1 for word in words)
        ):
            continue
        if looks_given(words, 2 if found["near"] else MOST + 1) and not POSSESSIVE.search(words[-1][0]):
            yield extent(words)


def _speakers(text: str, low: str) -> Iterator[Span]:  # noqa: ARG001
    for found in SPEAKER.finditer(text):
        words = name_at(text, found.start("name"), 3)
        if looks_given(words, MOST + 1) and words[-1].end() == found.end("name"):
            yield extent(words)


def _by_degree(text: str, low: str) -> Iterator[Span]:  # noqa: ARG001
    for found in BY_DEGREE.finditer(text):
        start = max(0, found.start() - 90, text.rfind("\n", 0, found.start()) + 1)
        kept: list[re.Match[str]] = []
        for token in reversed(list(TOKEN.finditer(text, start, found.start()))):
            joined = not kept or text[token.end() : kept[0].start()] in ((" ", ". ") if len(token[0]) == 1 else (" ",))
            if not joined or len(kept) == MOST or not (token[0] in PARTICLES or may_be_name(text, token)):
                break
            kept.insert(0, token)
        while kept and len(kept[0][0]) == 1 and text[: kept[0].start()].endswith(AFTER_NUMBER):
            kept.pop(0)  # 98.6 F
        long = [token for token in kept if len(token[0]) > 1]
        initialled = long and kept[0] is not long[0] and text.startswith(".", kept[0].end())
        if len(long) > 1 or (initialled and long[0][0].istitle()) or (long and _is_alone(text, found, long[0])):
            yield extent(kept)


def _is_alone(text: str, found: re.Match[str], word: re.Match[str]) -> bool:
    """Whether a surname stands alone before its degree: `Walker, MD`. PA and DO may be other words there."""
    sure = "," in found[0] and SURE_DEGREE.search(found[0]) is not None
    return sure and len(word[0]) > 3 and not word[0].isupper() and _starts(text, word)


def _starts(text: str, word: re.Match[str]) -> bool:
    return text[: word.start()].rstrip(" *|").endswith(STARTS) or word.start() == 0


def _given(text: str, low: str) -> Iterator[Span]:  # noqa: ARG001
    for found in BEFORE_SURNAME.finditer(text):
        if found["first"].casefold() in GIVEN and not found["first"].isupper():
            words = name_at(text, found.start())
            if len([word for word in words if len(word[0]) > 1]) > 1 and not is_eponym(text, words[-1].end()):
                yield extent(words)


HAS_ZH = re.compile("[\u4e00-\u9fff]")


FINDERS = (
    _titled, _in_forms, _in_cells, _introduced, _signed, _signed_off, _of_kin, _speakers, _by_degree, _given,
)  # fmt: skip


def introduced_names(text: str, low: str) -> Iterator[Span]:
    """Yield the names that something in the text introduces; `low` is the text in small letters."""
    for find in FINDERS:
        yield from find(text, low)
    if HAS_ZH.search(text):
        yield from chinese_names(text)
