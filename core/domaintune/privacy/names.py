"""Names of persons, found by what stands beside them: a title, a label, an introduction, a signature, a degree.

A common given name before another capital is one too. What is found is also found elsewhere in the same example, whole or
in part, unless it names a disease there. A given name alone, `Grace came along`, stays: telling it needs a model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from domaintune.privacy.namewords import (
    CLINICAL,
    COMMON,
    DOUBLE_ZH,
    EPONYMS,
    GIVEN,
    NOT_GIVEN_ZH,
    NOT_NAMES,
    SURNAMES_ZH,
)
from domaintune.privacy.spans import Span

LETTER = r"[^\W\d_\u3400-\u9fff]"
TOKEN = re.compile(rf"{LETTER}(?:{LETTER}|['’‘-](?={LETTER})){{0,30}}")
PARTICLES = frozenset(
    [
        "van",
        "der",
        "den",
        "de",
        "la",
        "le",
        "von",
        "bin",
        "ibn",
        "al",
        "el",
        "di",
        "da",
        "del",
        "della",
        "dos",
        "du",
        "ten",
        "ter",
    ]
)
MOST = 5
"""Words of a name."""
CLINICAL_END = re.compile(
    r"(?:itis|osis|emia|oma|pathy|ectomy|uria|algia|scopy|plasty|gram|graphy|cillin|statin|prazole|olol|pril|sartan)$"
)
DEGREE = (
    r"(?:M\.D\.|MD|R\.N\.|RN|NP|Ph\.?D\.?|D\.O\.|DO|PA-C|PA|FACS|LPN|CRNA|DDS|DPM|MBBS|FRCS|ARNP|LCSW|PharmD|DVM|CNM"
    r"|FACC|APRN)(?!\w)"
)

TITLE = re.compile(
    r"(?<!\w)(?:(?P<sure>Drs?|dr|Mr|Mrs|Ms|Prof|Professor|DR|MRS|PROF|M[RS](?=\.))\.?"
    r"|(?P<maybe>Doctor|Nurse|Miss|MISS|DOCTOR|doctor|nurse))[ \xa0]{1,2}"
)
FORM = re.compile(
    r"(?<!\w)(?P<label>(?:patient|pt|name|client|attending|surgeon|provider|physician|radiologist|pathologist|pcp|nok|author"
    r"|(?:co-?)?signed|attn|re|cc|to|from|emergency contact|next of kin|mother|father|spouse|wife|husband|son|daughter"
    r"|guardian|caregiver|assistant|anesthesiologist|consultant|technologist|technician|dictator|interpreter|witness"
    r"|(?:attending|referring|ordering|primary care|primary|consulting|treating|admitting|family|requesting)"
    r" (?:physician|doctor|provider|surgeon|md)"
    r"|(?:patient|pt|client|full|first|last|family|given|legal|doctor|physician|provider|insured|subscriber|mother|father"
    r"|maiden)(?:[’']?s)? (?:full )?name))(?:\s?[:=]| [–-])[ \t]{0,4}"
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
    ]
)
DIALOGUE = re.compile(r"(?:^|\n)[ \t]*(?:doctor|dr|clinician|physician|chat ?doctor|nurse|provider|therapist)\s?:")
INTRODUCTION = re.compile(
    r"\b(?:(?P<any>my (?:full |first |last )?name is|my name[’']s)"
    r"|(?:his|her|their|patient[’']?s|the|whose|son[’']?s|daughter[’']?s) name (?:is|was)|name[’']s"
    r"|(?:patient|man|woman|boy|girl|son|daughter|wife|husband|mother|father|friend|brother|sister|doctor|nurse|lady"
    r"|gentleman|physician|infant|baby|child|person|kid|lawyer|neighbou?r|guy)(?: who was| is)? (?:named|called)"
    r"|(?:he|she|who) (?:is|was) (?:named|called)|(?:he|she) goes by"
    r"|(?P<given>i am|i[’']m|this is|hi|hello|hey|it[’']s|thanks|thank you),?|dear)[ \xa0]"
)
SIGNATURE = re.compile(
    r"\b(?:regards|sincerely|yours truly|faithfully|best wishes|respectfully(?: yours)?|cheers"
    r"|(?P<line>thanks|thank you|take care|best)"
    r"|(?:dictated|signed|transcribed|authenticated|verified|reviewed|interpreted|reported|read|prepared|typed|approved)"
    r"(?: and (?:signed|verified|approved|reviewed))?(?: electronically)? by)"
    r"(?:\s?[,:]|\.)?(?P<gap>\s{1,4})(?:(?:drs?|mr|mrs|ms|prof)\.? )?"
)
BY_DEGREE = re.compile(rf"(?<=\w)(?:\.?,\s| ){DEGREE}")
DEGREES = re.compile(DEGREE)
EPONYM = re.compile(rf"(?:['’]s?)?[ -]{EPONYMS}\b")
GOES_ON = re.compile(r" ?(?!dob|born|d\.o\.b)[a-z]")
AFTER_NUMBER = tuple(f"{digit} " for digit in range(10))
BEFORE_SURNAME = re.compile(r"(?<![\w’'-])(?P<first>[A-Z][a-z]{1,11}) (?=[A-Z])")
COMMA = re.compile(r",\s?")
JOINT = re.compile(r",? and |, ")
POSSESSIVE = re.compile(r"['’]s$", re.IGNORECASE)
SHOUTED = re.compile(r" [A-Z]{2,}")
ENDED = re.compile(r"[ \t.,]{0,9}(?:$|\n|[A-Z])")


def _bare(word: str) -> str:
    return word.casefold().replace("’", "").replace("'", "")


def _plain(word: str) -> bool:
    """Whether a word is none that is known not to be a name."""
    bare = _bare(word)
    return bare not in NOT_NAMES and bare not in CLINICAL and not (len(bare) > 6 and CLINICAL_END.search(bare))


def _capital(word: str) -> bool:
    return word[0].isupper() or (word[0] in "dl" and word[1:2] in ("'", "’"))


def _follows(text: str, end: int) -> re.Match[str] | None:
    """Return the next word on the line, if one space or the point of an initial is all between."""
    return (
        TOKEN.match(text, end + 1)
        if text.startswith((" ", "\xa0"), end)
        else TOKEN.match(text, end + 2)
        if text.startswith(". ", end)
        else None
    )


def _may_be_name(text: str, token: re.Match[str]) -> bool:
    word = token[0]
    if not _capital(word):
        return False
    if len(word) == 1:
        return True
    if _plain(word):
        return True
    # `Will` is a name only before another one
    after = _follows(text, token.end()) if word.casefold() in COMMON else None
    if after is None or after[0] in PARTICLES:
        return after is not None
    return _capital(after[0]) and (len(after[0]) == 1 or _plain(after[0]))


def name_at(text: str, start: int, most: int = MOST) -> list[re.Match[str]]:
    """Return the words of the name that begins at `start`: capitals, initials and particles, one space apart."""
    taken: list[re.Match[str]] = []
    token = TOKEN.match(text, start)
    while token and len(taken) < most:
        if not (token[0].casefold() in PARTICLES or _may_be_name(text, token)):
            break
        taken.append(token)
        end = token.end() + (len(token[0]) == 1 and text.startswith(".", token.end()))
        token = TOKEN.match(text, end + 1) if text.startswith((" ", "\xa0"), end) else None
    while taken and (taken[-1][0] in PARTICLES or (len(taken) == 1 and len(taken[0][0]) == 1)):
        taken.pop()
    return taken


def _extent(words: list[re.Match[str]]) -> Span:
    """Return the span of a name, without the 's of a possessive."""
    end = words[-1].end() - (2 if POSSESSIVE.search(words[-1][0]) else 0)
    return Span(words[0].start(), end, "NAME")


def _is_eponym(text: str, end: int) -> bool:
    return EPONYM.match(text, end) is not None


def _with_first_name(text: str, words: list[re.Match[str]]) -> list[re.Match[str]]:
    """Take the first name too, where the last comes before it: `Smith, Anna`."""
    comma = COMMA.match(text, words[-1].end())
    more = name_at(text, comma.end(), 3) if comma else []
    if comma and not more and (lone := TOKEN.match(text, comma.end())) and lone[0].casefold() in COMMON & NOT_NAMES:
        more = [lone] if lone[0].istitle() and ENDED.match(text, lone.end()) else []  # `Hall, Will`
    return [*words, *more] if more and not DEGREES.match(text, more[0].start()) else words


def _titled(text: str, low: str) -> Iterator[Span]:  # noqa: ARG001 (all finders are called alike)
    for found in TITLE.finditer(text):
        title = found["sure"] or found["maybe"]
        words = name_at(text, found.end(), 4)
        if not words or (title in {"MR", "MS"} and not words[0][0].isupper()):
            continue
        shouted = words[0][0].isupper() and len(words[0][0]) > 1 and not title.isupper()
        if found["maybe"] and (shouted or len(words[0][0]) < 2 or _is_eponym(text, _extent(words).end)):
            continue
        yield _extent(_without_shouted(text, words))
        if title == "Drs":
            yield from _others(text, words[-1].end())


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
        yield _extent(words)
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
        if speaker and dialogue and found["label"] not in {"re", "to", "from", "cc"}:
            continue
        words = _with_first_name(text, words)
        lone = len(words) == 1 and words[0][0].casefold() not in GIVEN
        if speaker and (lone or GOES_ON.match(text, words[-1].end())):
            continue
        yield _extent(words)


def _introduced(text: str, low: str) -> Iterator[Span]:
    for found in INTRODUCTION.finditer(low):
        title = TITLE.match(text, found.end())
        start = title.end() if title else found.end()
        words = name_at(text, start, 4)
        token = TOKEN.match(text, start)
        if not words and found["any"] and token and _plain(token[0]) and len(token[0]) > 2:
            words = [token]  # many write their name small
        if not words or _is_eponym(text, words[-1].end()):
            continue
        if not (found["given"] and words[0][0].casefold() not in GIVEN):
            yield _extent(words)


def _signed(text: str, low: str) -> Iterator[Span]:
    for found in SIGNATURE.finditer(low):
        words = name_at(text, found.end())
        if not words:
            continue
        if len(words) == 1 or words[0][0].casefold() in PARTICLES:
            words = _with_first_name(text, words)
        if not found["line"] or ("\n" in found["gap"] and ENDED.match(text, words[-1].end())):
            yield _extent(words)


def _by_degree(text: str, low: str) -> Iterator[Span]:  # noqa: ARG001
    for found in BY_DEGREE.finditer(text):
        start = max(0, found.start() - 90, text.rfind("\n", 0, found.start()) + 1)
        kept: list[re.Match[str]] = []
        for token in reversed(list(TOKEN.finditer(text, start, found.start()))):
            joined = not kept or text[token.end() : kept[0].start()] in ((" ", ". ") if len(token[0]) == 1 else (" ",))
            if not joined or len(kept) == MOST or not (token[0] in PARTICLES or _may_be_name(text, token)):
                break
            kept.insert(0, token)
        while kept and len(kept[0][0]) == 1 and text[: kept[0].start()].endswith(AFTER_NUMBER):
            kept.pop(0)  # 98.6 F
        if len([token for token in kept if len(token[0]) > 1]) > 1:
            yield _extent(kept)


def _given(text: str, low: str) -> Iterator[Span]:  # noqa: ARG001
    for found in BEFORE_SURNAME.finditer(text):
        if found["first"].casefold() in GIVEN:
            words = name_at(text, found.start(), 4)
            if len([word for word in words if len(word[0]) > 1]) > 1 and not _is_eponym(text, words[-1].end()):
                yield _extent(words)


ZH = "\u4e00-\u9fff"
FAMILY_ZH = rf"(?:{DOUBLE_ZH}|[{SURNAMES_ZH}])"
TITLED_ZH = re.compile(
    rf"(?P<it>(?P<family>{FAMILY_ZH})(?P<given>[{ZH}]{{0,2}}?))(?=先生|女士|小姐|太太|医生|大夫|医师|主任|教授|护士|护师|院长|老师|阿姨|叔叔)"
)
LABELLED_ZH = re.compile(
    rf"(?:(?:姓名|联系人|主治医师|主治医生|经治医师|责任医师|报告医师|审核医师|医师|签名|签字|家属|监护人|陪护人)\s?[：:]\s?|(?:我叫|名叫|名字叫|名字是|姓名是|姓名为))(?P<it>{FAMILY_ZH}[{ZH}·]{{1,2}})"
)
PATIENT_ZH = re.compile(
    rf"(?:患者|病人)(?P<it>{FAMILY_ZH}(?!某|先生|女士|小姐)[{ZH}]{{1,2}})(?=[，,、（(\s]{{1,2}}(?:[男女]|\d{{1,3}}岁))"
)


def _chinese(text: str) -> Iterator[Span]:
    for found in TITLED_ZH.finditer(text):
        if found["given"] not in NOT_GIVEN_ZH and not (found["given"] and found["given"][0] in NOT_GIVEN_ZH):
            yield Span(found.start("it"), found.end("it"), "NAME")
    for form in (LABELLED_ZH, PATIENT_ZH):
        for found in form.finditer(text):
            yield Span(found.start("it"), found.end("it"), "NAME")


HAS_ZH = re.compile(f"[{ZH}]")


def introduced_names(text: str, low: str) -> Iterator[Span]:
    """Yield the names that something in the text introduces; `low` is the text in small letters."""
    for find in (_titled, _in_forms, _introduced, _signed, _by_degree, _given):
        yield from find(text, low)
    if HAS_ZH.search(text):
        yield from _chinese(text)


def parts(name: str) -> frozenset[str]:
    """Return what two forms of a name share: its words without case, initials and particles; a Chinese name as it is."""
    found = {word for token in TOKEN.findall(name) if len(word := _bare(token)) > 1 and word not in PARTICLES}
    return frozenset(found or {name.casefold()})


class KnownNames:
    """Finds the names again that were introduced somewhere in the texts of an example."""

    def __init__(self, names: Iterable[str]) -> None:
        found = sorted(set(names))
        self._chinese = [name for name in found if HAS_ZH.search(name) and len(name) > 1]
        self._words = {word for name in found if not HAS_ZH.search(name) for word in parts(name)}
        self._turned = {
            (_bare(last[-1]), _bare(first[0]))
            for name in found
            if ", " in name
            for last, first in [[TOKEN.findall(part) for part in name.split(", ", 1)]]
            if last and first
        }
        self._alone = {word for word in self._words if len(word) > 2 and word not in COMMON and _plain(word)}

    def spans(self, text: str) -> Iterator[Span]:
        """Yield where one of the names stands as a name: not in `Wilson disease` nor in `St. John's wort`."""
        for name in self._chinese:
            yield from (Span(found.start(), found.end(), "NAME") for found in re.finditer(re.escape(name), text))
        run: list[re.Match[str]] = []
        for token in TOKEN.finditer(text) if self._words else ():
            word = _bare(POSSESSIVE.sub("", token[0]))
            if run and not self._joined(text, run[-1], token):
                yield from self._run(text, run)
                run = []
            if (word in self._words and _capital(token[0])) or (run and len(word) == 1 and _capital(token[0])):
                run.append(token)
            elif run and word not in PARTICLES:
                yield from self._run(text, run)
                run = []
        yield from self._run(text, run)

    def _joined(self, text: str, one: re.Match[str], other: re.Match[str]) -> bool:
        between = text[one.end() : other.start()]
        initial = between == ". " and len(one[0]) == 1
        turned = between == ", " and (_bare(one[0]), _bare(other[0])) in self._turned
        return between in {" ", "\xa0"} or initial or turned

    def _run(self, text: str, run: list[re.Match[str]]) -> Iterator[Span]:
        while run and len(run[-1][0]) == 1:
            run = run[:-1]
        words = {_bare(POSSESSIVE.sub("", token[0])) for token in run}
        if not words & self._alone and len(words & self._words) < 2:
            return
        if not _is_eponym(text, run[-1].end()) and not text[: run[0].start()].endswith(("St. ", "St ")):
            yield _extent(run)
