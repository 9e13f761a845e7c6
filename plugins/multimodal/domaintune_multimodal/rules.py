"""The rules that every reply of a teacher must keep: it speaks as if it saw the picture, and says only what it knows.

    "The caption says that a dog sleeps."        rule-source        a picture has no caption
    "The dog is at [0.21, 0.4, 0.668, 0.9]."     rule-coordinates   places are told in words
    "It is unclear who owns the dog."            rule-unsure        a conversation asks what can be answered

The rules look at words, so that each can be read and tested. What may also stand in a picture passes: a box of donuts, a
caption on a poster, 0.5 mm. Where the captions of a picture speak of boxes themselves, fewer phrases count against a reply.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias

from domaintune import IMAGE, words
from domaintune_multimodal.counting import overcounted
from domaintune_multimodal.symbols import SymbolicImage

Kind: TypeAlias = Literal["conversation", "detail", "reasoning"]
KINDS: tuple[Kind, ...] = ("conversation", "detail", "reasoning")
Turn: TypeAlias = tuple[str, str]
"""A question and its answer; the question is empty where the reply is a description."""

ANSWER_WORDS = {"conversation": (1, 500), "detail": (20, 500), "reasoning": (20, 500)}
"""Fewest and most words of an answer."""
QUESTION_WORDS = (2, 40)
RUN = 6
"""So many words in a row of a caption in the question of a reasoning give the picture away."""
LATIN = 0.8
"""Share of Latin letters that a reply has at least, where the captions have it."""
SHOWN = 120
"""Characters of a reply that the ledger quotes."""

_PLACED = (
    r"(?!\s+(?:on|under|underneath|below|beneath|beside|above|at|along|across|over|printed|written|painted|next)\b)"
)
_SAYS = (
    r"(?:says?|said|stat(?:es?|ed)|mention(?:s|ed)?|describ(?:es?|ed|ing)|indicat(?:es?|ed|ing)|suggest(?:s|ed|ing)?|"
    r"not(?:es?|ed)|tells?|inform(?:s|ed)?|specif(?:y|ies|ied)|confirms?|refers?|implies|imply|provid(?:es?|ed)|"
    r"given|list(?:s|ed)?)"
)
_GIVEN = r"(?:provided|given|supplied|available|textual)"
_GIVEN_TEXT = (
    rf"(?:the|these|this|your)\s+{_GIVEN}\s+(?:\w+\s+)?(?:descriptions?|information|details|data|text|context|labels|input|"
    r"annotations?|metadata|list|sentences?|captions?)\b"
)
_BY = r"(?:according to|based (?:solely |only )?(?:on|upon)|judging (?:by|from)|from|using|given|as per|per|in|by)"
_SOURCES = [
    r"\bbounding[- ]?box(?:es)?\b|\bbboxe?s?\b",
    r"\bobject (?:detections?|detectors?|annotations?|instances)\b|\bdetected (?:objects?|persons?)\b|"
    r"\bobjects? detected\b",
    r"\bobject lists?\b|\bobjects? (?:listed|annotated)\b|\bthe annotators?\b",
    # captions as the teacher's source: several of them, or one that speaks
    r"\b(?:the|these|those|all|both|some|most|multiple|several|two|three|four|five|other|given|provided|image|your)"
    rf"\s+(?:of the\s+)?(?:\w+\s+)?(?<!closed )(?<!closed-)captions\b{_PLACED}(?!\s+of the (?:tv|television|"
    rf"comic|film|movie)\b)",
    rf"\bcaptions?\s+(?:also\s+|all\s+|that\s+(?:was|were)\s+)?{_SAYS}\b",
    rf"\b{_BY}\s+(?:the|this|that|these|one of the|a|each)\s+(?:\w+\s+)?captions?\b{_PLACED}",
    # those who spoke, and what they said
    r"\b(?:the|these|those|all|both|most|several|two|three|four|five)\s+(?:\w+\s+)?"
    r"(?:sentences|statements|lines)\s+(?:all\s+|also\s+)?(?:say|said|state|mention|agree|speak|tell us)\b",
    r"\b(?:several|some|many|most|few|all|two|three|four|five|different|the|other) (?:of the )?(?:people|persons|"
    r"observers|viewers|speakers)\s+(?:have|had)\s+(?:all\s+|also\s+)?(?:said|described|mentioned|stated|noted|written) "
    r"(?:that|it)\b",
    r"\b(?:i|we)(?: was| were| am| are| have been|['’]m|['’]ve been) (?:told|given|provided with)\b",
    rf"\b{_BY}\s+(?:the|this|these)\s+(?:texts?|lines|sentences|statements)\s*,",
    # descriptions, annotations, data
    rf"\bdescriptions?\s+(?:that\s+(?:was|were)\s+)?(?:{_SAYS}|agrees?|speaks?)\b{_PLACED}",
    rf"\b{_BY}\s+(?:the|this|that|these|your)\s+(?:\w+\s+)?descriptions?\b(?!\s+of\b){_PLACED}",
    rf"\b{_BY}\s+{_GIVEN_TEXT}",
    rf"\b{_BY}\s+(?:the|these|this)\s+(?:image\s+|object\s+)?(?:annotations?|metadata|text description)\b{_PLACED}",
    rf"\b(?:image|the|these|object)\s+annotations?\s+{_SAYS}\b",
    r"\b(?:description|captions?|information|text|details?|data)\s+(?:that\s+(?:is|are|was|"
    r"were)\s+)?(?:provided|given)\s+"
    r"(?:to me|by you|here|above|for this image|about the (?:image|picture|photo|scene))\b",
    r"\bsymbolic (?:image|representation)\b",
]
_READABLE_SOURCES = [  # unless it stands in the picture to be read
    rf"\b{_GIVEN_TEXT}",
    r"\blists? of (?:the )?(?:detected |annotated |given |provided )?objects\b",
    r"\b(?:image|picture|photo|first|second|third|fourth|fifth|last|one|each|another|provided|"
    r"given)(?:['’]s)?\s+caption\b" + _PLACED,
    r"\bnot (?:explicitly |clearly )?(?:mentioned|specified|stated|described)\b",
    r"\b(?:information|details?|descriptions?) (?:is|are|was|were) not (?:provided|given|available)\b",
]
_BOXES = [  # where the captions know of boxes, these may be things
    r"\b(?:the|these|those|its|each|their|whose)\s+(?:\w+\s+)?box(?:es)?\s+(?:overlaps?|overlapping|represents?|"
    r"representing|corresponds?|corresponding|spans?|extends?)\b",
    r"\b(?:the|these|those|its|each|their|whose)\s+(?:\w+\s+)?box(?:es)?\s+(?:indicat(?:es?|ing)|suggest(?:s|ing)?|"
    r"shows? that|tells?)\b[^.!?]*\b(?:close|closer|near|nearer|far|farther|apart|left|right|above|below|behind|beside|"
    r"sizes?|larger|smaller|taller|wider|middle|cent(?:er|re)|foreground|background|distance|position(?:s|ed)?|overlap)\b",
    r"\b(?:the|this|that|each|its|his|her)\s+(?:\w+\s+){0,2}\w+['’]s?\s+box\s+(?:is|lies|sits|starts|begins|ends|reaches)\s+"
    r"(?:at|on|in|to|near|above|below|larger|smaller|wider|taller|within|inside|further)\b",
    r"\bbox(?:es)?\s+(?:drawn\s+)?around\s+(?:the|each|him|her|them|it|this|that)\b|\bbox coordinates\b",
]
_UNITLESS = (
    r"(?!\s*(?:%|(?:percent|[mckµ]?m|ft|k?g|mg|[mcd]?l|m?s|k?w|v|inch(?:es)?|feet|(?:kilo|centi|milli)?(?:meter|"
    r"metre|gram)s?|"
    r"(?:mile|second|minute|hour|ounce|pound|liter|litre|point)s?)\b))"
)
_PERCENT = r"\d{1,3}(?:\.\d+)?\s?(?:%|percent\b)"
_OF_SIDE = r"[^.!?]{0,30}\b(?:width|height|image|picture|photo(?:graph)?|frame)\b"
_COORDINATES = [
    r"\b[xy][12]\b|\b[xy]\s*=\s*\d|(?<!\d)(?<!\d )\b[xy]\s*(?:of |is |: ?)?-?[01]?\.\d",
    r"[\[(]\s*-?\d*\.\d+(?:\s*[,;]\s*|\s+)-?\d*\.?\d+|\[\s*\d+\s*(?:,\s*\d+\s*){2,3}\]",
    r"\b(?:at|position|positions|point|pixel|corner|located|from|"
    r"to)\s+\(\s*\d{1,4}(?:\.\d+)?\s*,\s*\d{1,4}(?:\.\d+)?\s*\)",
    rf"\b{_PERCENT}\s*(?:and|to|-|–)\s*{_PERCENT}\s+(?:of|along|across|down)\s+(?:the|its)\b{_OF_SIDE}",
    rf"\b(?:at|from|to|about|around)\s+{_PERCENT}\s+(?:of|along|across|down)\s+(?:the|its)\b{_OF_SIDE}",
]
_READABLE_NUMBERS = [  # unless they stand in the picture to be read
    r"(?:\b(?:the|its|their|these|those|whose|with|given|provided|exact|box|bounding|by|have|has)|['’]s?)\s+coordinates\b|"
    r"\bcoordinates\s+(?:of|place|[\[(.\d])",
    r"\b[xyXY][- ]?(?:axis|coordinates?|value)\b",
    r"\[\s*\d+\s*,\s*\d+\s*\]",
    r"(?<![\d.$€£])\b[01]\.\d{3,}\b" + _UNITLESS,
    r"(?<![\d.$€£])\b0\.\d+\s*(?:,|;|to|and|by|-|–)\s*(?:and\s+)?[01]?\.\d+\b" + _UNITLESS,
    r"\b\d+\s*(?:px|pixels?)\b",
]
_REFUSALS = [
    r"\bas an? (?:ai|artificial intelligence|(?:large )?language model|text[- ](?:only|based))\b",
    r"\bi(?:['’]m| am) (?:(?:just|only) )?an? (?:text|ai\b|language model|assistant)",
    r"\bi(?:['’]m| am) (?:unable|not able) to\b|\bi (?:can(?:not|['’]t| not)|could(?: not|n['’]t)) "
    r"(?:actually |directly |really )?(?:see|view|access|open|look|process|help|assist|answer|provide|create|"
    r"generate|comply)\b(?!(?<=help)\s+(?:but\b|\w+ing\b))",
    r"\bi (?:do not|don['’]t) (?:actually )?(?:have (?:access|the ability|an image|the image|any image)|see "
    r"(?:an?|any|the) "
    r"(?:image|picture|photo))\b",
    r"\bno (?:image|picture|photo) (?:was|is|has been) (?:provided|attached|given|shared|included)\b",
    r"\b(?:i['’]m|i am) sorry\b,?\s+(?:but|i)\b|\bi apologi[sz]e\b|\bmy apologies\b",
    r"\b(?:please|could you) (?:provide|upload|attach|share)\b.{0,30}\b(?:image|picture|photo)\b",
]
_APART = r"(?!\b[^.!?]*\bapart\b)"
_ENDS = (
    r"(?=\s*(?:[^\w\s]|\Z|(?:as|at|based|for|from|how|if|in|on|that|to|what|when|where|whether|which|who|whom|whose|why|"
    r"yet|but|and|or|because|since|though|here)\b))"
)
"""What follows on "it is unknown" where nobody knows: not a noun, as in "it is unknown territory"."""
_UNSURE = [
    r"\b(?:it|that|this) (?:is|was)n['’]t (?:entirely |quite |completely )?(?:clear|certain|known|sure)\b" + _ENDS,
    r"\b(?:may|might|could) be\b[^.!?]{0,80}\b(?:or (?:perhaps|maybe|possibly)|presumably)\b",
    r"\b(?:i|we|one) (?:cannot|can not|can['’]t|could not|couldn['’]t) (?:really |possibly )?say\b",
    r"\bunclear\s+(?:whether|if|what|who|whom|whose|how|why|which|from|where|when|based)\b",
    r"\b(?:it|that|this)(?:['’]s| is| remains| was)\s+(?:unclear|uncertain|unknown|not (?:entirely |quite |"
    r"completely )?"
    rf"(?:clear|certain|known|sure))\b{_ENDS}",
    r"\b(?:cannot|can not|can['’]t|could not|couldn['’]t) (?:be )?(?:definitively |really |reliably |fully |"
    r"exactly )?"
    rf"(?:determin\w+|tell\b{_APART}|be told|be said|"
    r"say (?:for|whether|if|what|who|how|exactly|with|where|why|which)\b|"
    r"identif\w+|know\b|confirm\w*|infer\w*|ascertain\w*|be sure)",
    r"\b(?:not possible|impossible|hard|difficult|tough) to (?:definitively |accurately |exactly |really )?"
    rf"(?:determine|tell{_APART}|say|know(?!\s+(?:every|all\b|by heart\b))|identify|ascertain|"
    r"be sure|be certain|confirm)\b",
    r"\bnot (?:enough|sufficient) (?:information|detail)|\b(?:no|insufficient) (?:information|way (?:to (?:know|"
    r"tell)|of knowing))\b",
    r"\bi(?:['’]m| am) not (?:sure|certain)\b|\bi (?:do not|don['’]t) know\b|\bnot (?:specified|identifiable|"
    r"discernible)\b",
    r"\bwithout (?:more|further|additional) (?:information|context|details)\b",
]
_OPENING = [r"\A\W*(?:sure|certainly|of course|absolutely|okay|ok)\b\s*[,!.:]"]
_FRAME = [
    r"\A\W*here(?:['’]s| is| are)\b[^.\n]{0,80}\b(?:descriptions?|questions?|answers?|conversations?|response)\b",
    r"\b(?:let me know|feel free to ask)\b",
]


def _any(patterns: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)


SOURCES, BOXES, COORDINATES, REFUSALS = _any(_SOURCES), _any(_BOXES), _any(_COORDINATES), _any(_REFUSALS)
READABLE_SOURCES, READABLE_NUMBERS = _any(_READABLE_SOURCES), _any(_READABLE_NUMBERS)
UNSURE, FRAME, OPENING = _any(_UNSURE), _any(_FRAME), _any(_OPENING)
_READ = (
    r"(?:signs?|signboards?|boards?|billboards?|scoreboards?|chalkboards?|blackboards?|whiteboards?|noticeboards?|placards?|"
    r"displays?|screens?|monitors?|televisions?|tv|laptops?|phones?|charts?|graphs?|diagrams?|plots?|maps?|labels?|menus?|"
    r"posters?|plaques?|brochures?|leaflets?|books?|magazines?|newspapers?|comics?|memes?|pages?|walls?|scales?|gauges?|"
    r"meters?|thermometers?|timers?|clocks?|tickets?|receipts?)"
)
_BEARING = re.compile(  # "the display shows ...", "the odds on the board ...", "the chart's ..."
    rf"\b{_READ}\s+(?:that\s+)?(?:gives?|shows?|lists?|reads?|provides?|names?|has|have|holds?|says?|tells?|bears?|with|of)\b|"
    rf"\b(?:on|in)\s+(?:\w+\s+){{1,2}}{_READ}\b|\b{_READ}['’]s?\Z",
    re.IGNORECASE,
)
_BORNE = re.compile(rf"\b(?:on|in|of|at|from|by|near)\s+(?:\w+\s+){{1,2}}{_READ}\b", re.IGNORECASE)
_PLACING = re.compile(
    r"\b(?:edges?|width|height|left|right|top|bottom|corners?|located|positions?|regions?|at [01]?\.\d)\b",
    re.IGNORECASE,
)
_STOP = re.compile(r"[.!?](?:\s|\Z)")
_READABLE = (READABLE_SOURCES, READABLE_NUMBERS)
_KNOWN_BOXES = re.compile(r"\b(?:box(?:es|ed)?|crates?|packages?|cartons?|parcels?)\b", re.IGNORECASE)
_ENDED = re.compile(r"[.!?…。][\"'”’)\]*_]*\Z")
_OPEN = re.compile(
    r"(?:[,;:–—-]|\b(?:a|an|the|and|or|but|of|with|to|in|on|at|is|are|was|were|by|for|from|near|that|which|"
    r"while|as))\Z",
    re.IGNORECASE,
)
SHORT = 12
"""An answer of so few words may end without a full stop."""


class Fault(NamedTuple):
    """Why a reply is not used: the rule it breaks, as a ledger reason, and the words that show it."""

    rule: str
    quote: str


def broken(kind: Kind, turns: Sequence[Turn], image: SymbolicImage, *, counts: bool = True) -> Fault | None:
    """Return the first rule that the turns of a reply break; None where they keep all of them.

    With `counts`, saying that more of a thing are there than the boxes show is a fault.
    """
    whole = turns[0][1] if not turns[0][0] else ""
    if opening := OPENING.search(whole):
        return Fault("rule-frame", _quote(whole, opening.start()))
    for question, answer in turns:
        for text in filter(None, (question, answer)):
            if fault := _of_text(text, image):
                return fault
        if fault := _of_lengths(kind, question, answer) or _of_kind(kind, question, answer, image):
            return fault
    last = turns[-1][1]
    if _cut_off(last):
        return Fault("rule-cut-off", _quote(last, max(0, len(last) - SHOWN)))
    said = next((found for _, answer in turns if counts and (found := overcounted(answer, image))), None)
    return Fault("rule-count", said) if said else None


def _of_text(text: str, image: SymbolicImage) -> Fault | None:
    """Return what is wrong with a text whatever it is for."""
    if IMAGE in text:
        return Fault("rule-marker", IMAGE)
    captions = "\n".join(image.captions)
    for rule, pattern in _patterns(captions):
        found = (found for found in pattern.finditer(text) if pattern not in _READABLE or not _is_read(text, found))
        if first := next(found, None):
            return Fault(rule, _quote(text, first.start()))
    if _latin(captions) >= LATIN > _latin(text):
        return Fault("rule-language", _quote(text, 0))
    return None


def _patterns(captions: str) -> Iterator[tuple[str, re.Pattern[str]]]:
    yield "rule-refusal", REFUSALS
    yield "rule-source", SOURCES
    yield "rule-source", READABLE_SOURCES
    yield "rule-coordinates", COORDINATES
    yield "rule-coordinates", READABLE_NUMBERS
    if not _KNOWN_BOXES.search(captions):
        yield "rule-source", BOXES
    yield "rule-frame", FRAME


def _is_read(text: str, found: re.Match[str]) -> bool:
    """Tell whether words of a source, or numbers, stand on something in the picture that can be read, such as a sign."""
    stops = [stop.end() for stop in _STOP.finditer(text) if stop.end() <= found.start()]
    end = _STOP.search(text, found.end())
    before, after = text[max(stops, default=0) : found.start()], text[found.end() : end.start() if end else len(text)]
    if found.re is READABLE_NUMBERS and _PLACING.search(f"{before}{found[0]}{after}"):
        return False
    return bool(_BEARING.search(before.rstrip()) or _BORNE.search(after))


def _of_lengths(kind: Kind, question: str, answer: str) -> Fault | None:
    if not answer.strip():
        return Fault("rule-empty", question[:SHOWN])
    fewest, most = ANSWER_WORDS[kind]
    if not fewest <= (count := len(answer.split())) <= most:
        return Fault("rule-length", f"an answer of {count} words: {_quote(answer, 0)}")
    if question and not QUESTION_WORDS[0] <= (count := len(question.split())) <= QUESTION_WORDS[1]:
        return Fault("rule-length", f"a question of {count} words: {_quote(question, 0)}")
    return None


def _of_kind(kind: Kind, question: str, answer: str, image: SymbolicImage) -> Fault | None:
    """Return what is wrong for this type of reply alone."""
    if kind == "conversation" and (found := UNSURE.search(answer)):
        return Fault("rule-unsure", _quote(answer, found.start()))
    if kind == "reasoning" and (given := given_away(question, image)):
        return Fault("rule-gives-away", given)
    return None


def given_away(question: str, image: SymbolicImage) -> str:
    """Return the words in a row that a question shares with a caption, where they are too many; empty otherwise."""
    said = words(question)
    runs = {
        tuple(known[at : at + RUN]) for caption in image.captions for known in [words(caption)] for at in _places(known)
    }
    return next((" ".join(run) for at in _places(said) if (run := tuple(said[at : at + RUN])) in runs), "")


def _places(said: Sequence[str]) -> range:
    return range(len(said) - RUN + 1)


def _cut_off(answer: str) -> bool:
    """Tell whether a text ends in the middle: in a long sentence without its stop, or where a word must follow."""
    text = answer.rstrip()
    if _ENDED.search(text):
        return False
    return bool(_OPEN.search(text)) or len(text.split()) > SHORT


def _latin(text: str) -> float:
    letters = [letter for letter in text if letter.isalpha()]
    return sum(letter < "ɐ" for letter in letters) / len(letters) if letters else 1.0


def _quote(text: str, at: int) -> str:
    start = max(0, at - SHOWN // 3)
    return " ".join(text[start : start + SHOWN].split())
