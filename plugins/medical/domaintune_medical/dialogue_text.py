"""What portals and politeness put around medical advice, found and taken away: it teaches a model nothing but to say it.

    Hello dear, thank you for asking on Chat Doctor. It is likely a sprain. Hope this helps. Regards, Dr. A. Marsh
    ->  It is likely a sprain.

ChatDoctor's dialogues come from portals, whose greetings and sign-offs leak into its answers. Three kinds are told
apart: `greeting` and `sign-off`, taken from a doctor's beginning and end, and `portal`, phrases of a portal about itself,
taken from patients too where they are a sentence. Whole phrases only: "Take care to drink enough" is advice. In doubt the
text stays: "Take care. Stop Ibuprofen." has no signature, and a name kept is better than an order lost.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from domaintune import clean_text

# No abbreviations: HCM is HealthcareMagic to a portal and a disease of the heart to a doctor.
PORTAL_NAMES = r"chat\s?doctor|health\s?care\s?magic|i\s?cliniq|24x7\s?doctor"
# Words that may follow a greeting or thanks without saying anything about the patient.
_FILLER = (
    rf"(?:{PORTAL_NAMES}|(?:www\.)?\w+\.com|to|on|at|in|with|through|via|us|me|the|your|you|this|these|that|such|a|an|and|so|our|my|for|"
    r"here|today|again|all|great|good|nice|valuable|detailed|interesting|important|health|medical|online|brief|"
    r"query|queries|question|questions|concern|concerns|message|problem|history|details|information|trust|patience|"
    r"interest|forum|portal|platform|site|website|service|services|team|family|community|asking|posting|"
    r"writing|contacting|consulting|choosing|using|sharing|reaching|out|trusting|being|visiting|coming|joining|"
    r"calling|sending|seeking|opinion|consultation|advice|providing|in\s+detail|is|was|very|much|doctor)"
)
_TITLE = r"(?:dr\b\.?|doctor\b|prof\b\.?)"
# No signature and no greeting has one of these for a name: "Regards, Stop Ibuprofen" is an order.
_NO_NAME = (
    r"(?:add|adjust|admit|always|apply|arrange|ask|attend|avoid|bathe|be|begin|book|breathe|bring|buy|call|cease|change|check|chew|"
    r"clean|come|complete|consider|consult|contact|continue|control|cover|cut|dial|discontinue|dissolve|do|don['’]?t|drink|"
    r"drop|eat|elevate|emergency|ensure|exclude|exercise|fast|finish|first|follow|gargle|get|give|go|have|hold|ice|if|immediately|"
    r"increase|inform|inhale|inject|insert|keep|leave|let|lie|limit|listen|look|lower|maintain|make|measure|mix|monitor|"
    r"move|must|need|never|next|no|not|note|observe|only|order|pause|perform|please|prepare|press|prevent|proceed|protect|put|raise|"
    r"reduce|refrain|remain|remember|remove|repeat|replace|report|reschedule|rest|restart|restrict|resume|return|rinse|rub|rule|run|"
    r"schedule|see|seek|send|shift|should|sit|skip|sleep|soak|speak|start|stay|stop|swallow|switch|take|tell|test|then|"
    r"to|transfer|treat|try|undergo|urgent|urgently|use|visit|wait|walk|warm|wash|watch|wear|withdraw|withhold|you|your|"
    r"daily|once|twice|thrice|tablets?|capsules?|water|fluids?|drugs?|medicines?|surgery|hospital|ambulance)\b"
)
# A name begins with a capital letter, or was taken out of the text before: ___, XXXX, [NAME-1].
_TAKEN_OUT = r"(?:_{3,}|(?-i:X{3,})|(?-i:\[[A-Z]+-\d+\]))"
_WORD = rf"(?:(?!{_NO_NAME})(?-i:[A-Z])[\w'’-]{{0,30}}(?![\w'’-]))"
_NAME = rf"(?:{_WORD}|{_TAKEN_OUT})"

GREETINGS = (
    rf"(?:hi|hello|hey|dear|greetings|namaste|good\s+(?:morning|afternoon|evening|day))"
    rf"(?:,?\s+(?:there|dear|sir|madam|ma'am|miss|mister|friend|patient|member|user|again|all|{_TITLE})){{0,3}}"
    rf"(?:(?:\s+{_NAME}){{1,2}}\.?\s*[,.!]+|\s*[,.!;:…-]+)",
    r"(?:hi|hello|hey)(?:\s+(?:there|dear))?(?=\s+(?:welcome|thank|thanks|i\s|i'm|i’m|your\s|this\s|it\s))",
    rf"(?:many\s+)?(?:thanks|thank\s+(?:you|u))(?:\s+(?:so\s+much|very\s+much|a\s+lot))?(?:\s+{_FILLER}\b){{1,12}}\s*[,.!;:…-]+",
    rf"(?:you\s+are\s+)?(?:most\s+|warm\s+)?welcome(?:\s+back)?(?:\s+{_FILLER}\b){{1,8}}\s*[,.!;:…-]+",
    r"it'?s\s+(?:a\s+)?(?:pleasure|good|nice)\s+to\s+(?:hear\s+from|meet|help|assist)\s+you(?:\s+(?:today|again))?\s*[,.!]+",
    rf"(?:i\s+am|i'?m|i’m|this\s+is|myself|my\s+name\s+is)\s+{_TITLE}\s+{_NAME}(?:\s+{_NAME}){{0,2}}"
    rf"(?:\s+(?:and|i|will|am|be|answering|your|query|question|to|help|you|here|today)\b){{0,10}}\s*[,.!]+",
    r"i\s+(?:have\s+)?(?:read|reviewed|(?:gone|went|been|go)\s+through|seen)(?:\s+and\s+understood)?\s+(?:all\s+)?(?:of\s+)?your\s+"
    r"(?:query|question|concerns?|message|post|history|complaints?|description)(?:\s+(?:carefully|in\s+detail|and\s+"
    r"(?:i\s+)?(?:can\s+)?understand\s+your\s+concerns?))?\s*[,.!]+",
    r"i\s+(?:can\s+|do\s+|fully\s+)?(?:understand|appreciate)\s+your\s+(?:concerns?|worry|worries|problem|query)\s*[,.!]+",
    r"(?:您好|你好|大家好)(?:，?(?:患者|朋友|亲))?[，,。.！!、：: ]*",
    r"(?:非常)?感谢(?:您|你)(?:的|对我们的)?(?:咨询|提问|信任|信赖|关注|来信)[，,。.！! ]*",
)
_VALEDICTION = (
    r"(?:(?:with|thanks|thank\s+you|and|best|kind|warm|warmest|&|my)\s+){0,4}"
    r"(?:regards?|sincerely|yours\s+(?:truly|sincerely|faithfully)|best\s+wishes)"
)
SIGN_OFFS = (
    r"(?:i\s+)?(?:do\s+)?(?:sincerely\s+)?hop(?:e|ing)\s+(?:that\s+)?(?:this|that|it|these|i|my|the|above|and|your)"
    r"(?:\s+(?:above|answer|answers|information|reply|advice|suggestion|suggestions|query|question|was|is|has|have|had))"
    r"{0,5}\s+(?:been\s+)?(?:will\s+|would\s+|may\s+|could\s+)?(?:be\s+)?"
    r"(?:helps?|helped|helpful|useful|answer(?:s|ed)?|clarif(?:y|ies|ied)|resolved?|solved?|satisf(?:y|ied|ies)|clear)"
    r"(?:\s+(?:you|your|to|for|the|all|query|queries|question|questions|concerns?|doubts?|out|well|and|somewhat)){0,6}",
    r"(?:please\s+|do\s+)*take\s+(?:good\s+)?care(?:\s+of\s+yourself)?(?:\s+(?:dear|now|please))?",
    r"get\s+well\s+soon",
    r"(?:i\s+)?wish(?:ing)?\s+you(?:\s+and\s+your\s+family)?(?:\s+(?:a|all|the|very|good|best|better|great|speedy|quick|"
    r"fast|early|healthy|happy|of|and|in|day|luck|health|recovery|life|future|ahead|wellness)){1,8}",
    r"(?:with\s+)?(?:all\s+the\s+best|best\s+(?:wishes|of\s+luck)|good\s+luck|cheers|good\s?bye|bye(?:\s+bye)?|god\s+bless"
    r"(?:\s+you)?|stay\s+(?:healthy|safe|well|blessed)|be\s+(?:well|healthy|happy)|have\s+a\s+(?:nice|good|great|healthy|lovely)"
    r"\s+(?:day|time|week|weekend|evening|life))",
    r"(?:many\s+)?(?:thanks|thank\s+(?:you|u))(?:\s+(?:so\s+much|very\s+much|a\s+lot|again|in\s+advance))?"
    rf"(?:\s+{_FILLER}\b){{0,12}}",
    r"(?:kindly\s+|please\s+|and\s+|do\s+)*(?:feel\s+free\s+to|don[’']?t\s+hesitate\s+to|do\s+not\s+hesitate\s+to|you\s+(?:can|may)\s+"
    r"(?:always\s+)?)\s*(?:contact|ask|write|revert|consult|reach|get\s+back|message|discuss)(?:\s+(?:out|back|to|me|us|again|"
    r"here|further|if|you|have|need|in|case|of|any|more|other|additional|query|queries|questions?|concerns?|doubts?|"
    r"anytime|clarifications?|help|with|for|your|problem|follow|up|followup|on|should|want))*",
    r"(?:and\s+|please\s+|kindly\s+|do\s+)*(?:let\s+me\s+know|ask\s+me|write\s+to\s+me|write\s+(?:me\s+)?back|get\s+back(?:\s+to\s+(?:me|us))?|"
    r"revert(?:\s+back)?(?:\s+to\s+(?:me|us))?)(?:,?\s+(?:if|in\s+case|for|with|should)\s+(?:(?:you|still|have|of|need|want|i|can|be|"
    r"there|are|is|any|further|more|other|additional)\s+){0,6}(?:assistance|help|questions?|quer(?:y|ies)|doubts?|concerns?|"
    r"clarifications?|assist|follow-?up)(?:\s+(?:you|further|better|questions?|with|me|us|here|again|anything|else)){0,4})?",
    r"(?:if|in\s+case)\s+(?:of\s+)?(?:you\s+(?:still\s+)?(?:have|need)\s+)?any\s+(?:(?:further|more|other|additional|follow\s?up)\s+){0,2}"
    r"(?:questions?|quer(?:y|ies)|doubts?|concerns?|help|clarifications?)(?:[\s,]+(?:please|kindly|then|do|you|can|feel|free|to|contact|"
    r"ask|write|revert|back|consult|let|me|us|know|i|will|would|be|happy|glad|help|at|any|time|don't|hesitate|here|again|discuss)"
    r"\b){0,14},?",
    r"i\s+(?:will|would|shall|am|['’]ll|'d)\s+(?:be\s+)?(?:\w+\s+)?(?:happy|glad|pleased)\s+to\s+(?:help|answer|assist|discuss)"
    r"(?:\s+(?:you|your|any|all|with|further|more|additional|questions?|queries|concerns?|out|again|here|anytime|always)){0,8}",
    _VALEDICTION,
    r"(?:最后)?祝(?:您|你|愿)?[^。！!；;，,、]{0,14}(?:康复|健康|愉快|顺利|平安|如意|好)"
    r"(?:[，,、](?:早日|身体|生活|工作|心情|万事|一切|阖家)[^。！!；;，,、]{0,6}(?:康复|健康|愉快|顺利|平安|如意|好)){0,3}",
    r"希望(?:我的|以上|这些)?(?:回答|解答|建议|回复|内容)?(?:能够?|可以)?(?:对(?:您|你)|帮到)(?:有所?|有一定的?)?(?:帮助|您|你)",
    r"(?:谢谢|感谢)(?:您|你|大家)?的?(?:咨询|提问|信任|支持|阅读)?",
)
# Each a whole sentence, but for the greeting that may stand before it.
_ARROW = r"(?:[-—–]+>|→)(?=\s*(?:https?://|(?-i:[A-Z])|$))(?:\s*https?://\S{1,200})?"
_STOP = r"(?:\s*[.!;:…-]+|,|(?=\n)|$|(?=\s+(?-i:[A-Z])))"
PORTAL = (
    rf"(?:welcome\s+(?:back\s+)?to|(?:thanks|thank\s+(?:you|u))\s+(?:so\s+much\s+)?for\s+(?:(?:{_FILLER})\s+){{1,7}}?)\s*"
    rf"(?:{PORTAL_NAMES})(?:\s+{_FILLER}\b){{0,6}}{_STOP}",
    r"for\s+(?:more|further|any)\s+(?:information|details|queries|doubts|clarifications?)[,\s]+(?:please\s+|kindly\s+)?consult\s+"
    rf"(?:[\w'’-]+\s+){{1,8}}online\s*(?:{_ARROW}|:?\s*https?://\S{{1,200}}|[.:]|$|(?=\n))",
    r"(?:please\s+|kindly\s+)?(?:revert\s+(?:back\s+)?(?:with|to)|consult)\s+(?:an?|the|your|our|us|me|with)\b"
    rf"(?:\s+[\w'’,-]+){{0,14}}\s+online\s*{_ARROW}",
    rf"(?:https?://)?(?:www\.)?(?:{PORTAL_NAMES})\.com(?:/\S{{0,200}})?(?=\s*[.!]?(?:\n|$))[.!]?",
    rf"(?:(?:i\s+am|this\s+is)\s+)?(?:{PORTAL_NAMES})\s*(?:[.!]+(?=\s|$)|$|(?=\n))",
)

_MANY_GREETINGS = re.compile("|".join(f"(?:{part})" for part in GREETINGS), re.IGNORECASE)
_ONE_SIGN_OFF = "(?:" + "|".join(f"(?:{part})" for part in SIGN_OFFS) + ")"
# After a comma or on the next line only what is surely no advice: degrees and fields of medicine.
_DEGREE = (
    r"(?:(?-i:MBBS|MBChB|MD|DO|MS|DM|DNB|MCh|DCH|DGO|DPM|DLO|DVL|DVD|DDV|DOMS|DTCD|FRCS|FRCP|MRCP|MRCS|MRCGP|MRCOG|FCPS|FACP|FACS|"
    r"FICS|FAAP|PhD|MPH|MSc|BSc|BDS|MDS|BHMS|BAMS|RN|NP|PharmD|(?:[A-Z][A-Za-z]{0,2}\.){2,5}[A-Z]?)"
    r"|(?:[a-z]{3,20}(?:ologist|iatrist|atrician|opath)|(?:general\s+|family\s+)?(?:surgeon|physician|practitioner)|consultant)\b)"
)
_WORDS = rf"(?:(?-i:[A-Z])\.|{_NAME})(?:(?:(?<=\.)[ \t]*|[ \t]+)(?:(?-i:[A-Z])\.|{_NAME})){{0,5}}"
_DEGREES = rf"(?:(?:[ \t]*[,(&-][ \t]*|[ \t]*\n\s*|[ \t]+|,\s*){_DEGREE}\)?){{0,8}}"
_TITLED = rf"\b{_TITLE}[ \t]*{_WORDS}{_DEGREES}"
# Across a full stop "Doctor" is a word like others ("Doctor Visit Needed."), and DR may be a drug's delayed release.
_SURELY_TITLED = rf"\b(?:(?:dr|prof)\.|(?-i:Dr|Prof)\b)[ \t]*{_WORDS}{_DEGREES}"
_PLACED = rf"{_TAKEN_OUT}(?:[ \t]+{_TAKEN_OUT}){{0,2}}{_DEGREES}"
_UNTITLED = rf"(?:(?-i:[A-Z])\.[ \t]?){{0,2}}{_WORD}(?:[ \t]+{_WORD}){{0,2}}{_DEGREES}"
_SIGNED = (
    rf"{_ONE_SIGN_OFF}(?:[\s,:–-]+(?:{_TITLED}|{_PLACED}|(?:{PORTAL_NAMES}))"
    rf"|[\s,;.!:–-]+(?:{_SURELY_TITLED}|{_PLACED}|(?:{PORTAL_NAMES})))?"
    rf"|{_VALEDICTION}(?:,\s*|[ \t]*\n\s*){_UNTITLED}"
    # One initial or two: "Regards. A. Marsh"; "B. P. Control" is blood pressure.
    rf"|{_VALEDICTION}[\s,.]+(?!(?:i\.?\s?[vmd]|b\.?\s?[pd]|p\.?\s?[or]|s\.?\s?c|o\.?\s?d|e\.?\s?[rd])\b)"
    rf"(?-i:[A-Z])\.[ \t]?(?:(?-i:[A-Z])\.[ \t]?)?{_WORD}"
)
_SIGN_OFF = re.compile(
    rf"\W*(?:and\s+)?(?:{_ONE_SIGN_OFF}[\s,;.!:–-]+(?:and\s+)?){{0,3}}(?:{_SIGNED})[\W_]*", re.IGNORECASE
)
_ALONE = re.compile(rf"\W*(?:{_SURELY_TITLED}|{PORTAL_NAMES})[\W_]*", re.IGNORECASE)
_ENDED = re.compile(r"(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)(?<!\bcf)(?<!\bviz)[.!?…。！？][)\"”’']*\s*\Z", re.IGNORECASE)
_PORTAL = re.compile("|".join(f"(?:{part})" for part in PORTAL), re.IGNORECASE)
_HINT = re.compile(rf"{PORTAL_NAMES}|online", re.IGNORECASE)
_NAMES_PORTAL = re.compile(PORTAL_NAMES, re.IGNORECASE)
_END = re.compile(r"[.!?…]+[)\"”’']*(?=\s|$)|[。！？]|\n")
# A title and initials end in points too: so many ends before the last one may belong to a signature.
_ENDS = 6
_LONGEST_CLOSING = 300
_BLANK = re.compile(r"\n{3,}")


def tidy(text: str) -> str:
    """Return a text in NFC, each line on its own and cleaned, at most one empty line between two."""
    lines = [clean_text(line) for line in re.split(r"\r\n|[\n\r\v\f\x85\u2028\u2029]", text)]
    return _BLANK.sub("\n\n", "\n".join(lines)).strip()


def doctors_words(text: str) -> tuple[str, Counter[str]]:
    """Return a doctor's turn without greetings, sign-offs and portal phrases, and how many of each were taken away."""
    rest, counts = patients_words(text)
    rest = _without_opening(rest, counts)
    rest = _without_closing(rest, counts)
    return (_capital(rest) if counts else rest), counts


def patients_words(text: str) -> tuple[str, Counter[str]]:
    """Return a patient's turn without portal phrases, and how many were taken away; a patient's greeting stays."""
    counts: Counter[str] = Counter()
    rest = tidy(text)
    if not _HINT.search(rest):  # most turns: a look is cheaper than the whole search
        return rest, counts

    def gone(match: re.Match[str]) -> str:
        if not _begins_sentence(rest, match.start()):
            return match[0]
        counts["portal"] += 1
        return " "

    cleaned = _PORTAL.sub(gone, rest)
    return (tidy(_squeezed(cleaned)) if counts else rest), counts


def _begins_sentence(text: str, place: int) -> bool:
    """Say whether a sentence begins at a place; a greeting before it does not count."""
    before = text[max(0, place - _LONGEST_CLOSING) : place].rstrip(" \t")
    if not before or before[-1] in ".!?…。！？\n":
        return True
    start = max((match.end() for match in _END.finditer(before)), default=0)
    return bool(_MANY_GREETINGS.fullmatch(before[start:].strip()))


def _without_opening(text: str, counts: Counter[str]) -> str:
    while match := _MANY_GREETINGS.match(text):
        if not match[0]:
            break
        counts["portal" if _NAMES_PORTAL.search(match[0]) else "greeting"] += 1
        text = text[match.end() :].lstrip(" \t\n,.;:!-–")
    return text


def _without_closing(text: str, counts: Counter[str]) -> str:
    """Take sentences from the end as long as they only say goodbye."""
    rest = text
    while rest:
        starts = _sentences(rest)
        start = next((start for start in starts if _says_goodbye(rest, start)), None)
        if start is not None:
            counts["portal" if _NAMES_PORTAL.search(rest, start) else "sign-off"] += 1
            text = rest = rest[:start].rstrip()  # with the smile or the arrow that came after it
        elif any(char.isalnum() for char in rest[starts[0] :]):
            break
        else:
            rest = rest[: starts[0]].rstrip()
    return text


def _says_goodbye(text: str, start: int) -> bool:
    if len(text) - start > _LONGEST_CLOSING:
        return False
    if _SIGN_OFF.fullmatch(text, start):
        return True
    # Alone, a name is an answer, and so it is after "Please ask:"; after a whole sentence it is a signature.
    return bool(start and _ENDED.search(text, max(0, start - 12), start) and _ALONE.fullmatch(text, start))


def _sentences(text: str) -> list[int]:
    """Return where the last sentences of a text may begin, the last first."""
    floor = max(0, len(text) - _LONGEST_CLOSING - 50)
    ends = [match.end() for match in _END.finditer(text, floor) if text[match.end() :].strip()]
    return [*reversed(ends[-_ENDS:]), *([] if floor or len(ends) > _ENDS else [0])] or [0]


def _squeezed(text: str) -> str:
    """Repair the spaces and stray punctuation that a removed phrase leaves behind."""
    return re.sub(r"(?m)^[ ,;:!.]+(?=\w)", "", re.sub(r"[ \t]{2,}", " ", text))


def _capital(text: str) -> str:
    first = text[:1]
    return first.upper() + text[1:] if unicodedata.category(first or " ") == "Ll" else text
