"""Dates that are more than a year, and ages over 89: what the safe harbor rule of HIPAA names under (C).

Years alone, weekdays, times of day and durations stay. A number with a stroke is a date only where it has a year or
stands after a word like `on` or `since`, as 1/2 is more often a tablet.
"""

from __future__ import annotations

import re

from domaintune.privacy.spans import Pattern, small

NAMES = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)(?![^\W\d_])"
)
YEAR = r"(?:18[89]|19\d|20\d)\d"
ONES = "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth"
TEENS = r"(?:ten|eleven|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen)th|twelfth|twentieth|thirtieth"
NTH = rf"(?:(?:twenty|thirty)[ -](?:{ONES})|{TEENS}|{ONES})"
GAP = "[ \xa0]?"
# A number before one of these is a dose or a count, whatever stands before it.
UNIT = (
    r"(?![/.+-]?\d|-[a-z]"
    r"| ?(?:mg|mcg|ml|units?\b|tab|pill|caps|drops|puffs?|doses?|mm\b|cm\b|kg|lbs?\b|inch|percent|days?\b"
    r"|weeks?\b|months?\b|hours?|years?|times|x\b|strength|pain|murmur|vision|scale|cycles?|of the|teaspoon|cup|%))"
)
TO = r"(?:\s?[–-]\s?\d\d?/\d\d?)?"
"""Where a range goes on: 3/14-3/17."""
ALSO_WORDS = {"may", "march", "mar", "dec", "sep", "jan", "oct", "nov", "jun", "jul", "aug", "apr", "feb"}
BEGINS = re.compile(r"(?:^|\n|\b(?:an?|this|pt|patient|is|old)\s|[.;:]\s)$", re.IGNORECASE)
SURE = re.compile(rf"{YEAR}|\d(?:st|nd|rd|th)|/", re.IGNORECASE)


def _is_no_temperature(found: re.Match[str], text: str) -> bool:
    """`101F with chills` is an age only where a sentence or `a` goes before."""
    return BEGINS.search(text, max(0, found.start() - 9), found.start()) is not None


def _day_and_month(one: int, other: int) -> bool:
    return (1 <= one <= 12 and 1 <= other <= 31) or (1 <= other <= 12 and 1 <= one <= 31)


CUE = re.compile(
    r"(?:\bon|date|dob|born|seen|since|admitted|discharged|collected|received|reported|printed|taken|service|operation"
    r"|birth|arr|visit|until|by|edd|lmp)\W{1,3}$",
    re.IGNORECASE,
)


def _after_cue(found: re.Match[str], text: str) -> bool:
    start = found.start("it")
    return CUE.search(text, max(0, start - 14), start) is not None


def _is_range(found: re.Match[str], text: str) -> bool:  # noqa: ARG001 (a check's signature)
    """7/10-8/10 is a scale, 1/2-3/4 a dose."""
    days = int(found["one_day"]), int(found["other_day"])
    return days[0] != days[1] and max(days) > 12


def _is_date(found: re.Match[str], text: str) -> bool:
    one, other = found["one"], found["other"]
    maybe_section = found["sep"] == "." and len(found["year"]) == 2 and len(one) < 2
    section_number = maybe_section and found["year"][0] != "0" and not _after_cue(found, text)
    return _day_and_month(int(one), int(other)) and not section_number


def _is_short_date(found: re.Match[str], text: str) -> bool:  # noqa: ARG001
    return _day_and_month(int(found["one"]), int(found["other"]))


def _is_after_word(found: re.Match[str], text: str) -> bool:
    return _is_short_date(found, text) and ("/" in found["it"] or max(int(found["one"]), int(found["other"])) > 12)


def _is_month(found: re.Match[str], text: str) -> bool:
    """A small `may` is a verb and a small `mar` nothing, unless a year or `4th` stands beside them."""
    small_word = found["month"] in ALSO_WORDS and not _is_capital(found, text)
    day = found.groupdict().get("day")
    if day and (int(day) > 31 or (len(found["month"]) > 4 and found["it"].startswith(f"{found['month']}."))):
        return False  # `in October. 36 weeks`
    return not small_word or SURE.search(found["it"]) is not None or (bool(day) and _after_cue(found, text))


def _is_capital(found: re.Match[str], text: str) -> bool:
    return text[found.start("month")].isupper()


NUMERIC = (
    Pattern(
        "DATE",
        re.compile(
            r"(?<![\da-zA-Z_/.-])(?P<it>(?P<one>\d\d?)(?P<sep>[/.–-])(?P<other>\d\d?)(?P=sep)"
            rf"(?P<year>{YEAR}|\d\d)){UNIT}(?![^\W_])"
        ),
        _is_date,
    ),
    Pattern(
        "DATE",
        re.compile(
            rf"(?<![\da-zA-Z_/.-])(?P<it>{YEAR}(?P<sep>[/.-])(?P<one>\d\d?)(?P=sep)(?P<other>\d\d?)"
            r"(?:[Tt ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:?\d\d)?)?)(?!\d)"
        ),
        _is_short_date,
    ),
    Pattern(
        "DATE",
        re.compile(rf"(?<![\da-zA-Z_.-])(?P<it>{YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?![\da-zA-Z_.-]?\d)"),
    ),
    Pattern("DATE", re.compile(rf"(?<![\da-zA-Z_/.-])(?P<it>(?:0?[1-9]|1[0-2])[/-]{YEAR})(?![\da-zA-Z_/-])")),
    Pattern("DATE", re.compile(rf"(?<![\da-zA-Z_/.-])(?P<it>{YEAR}-(?:0[1-9]|1[0-2]))(?![\da-zA-Z_/-])")),
    small(
        "DATE",
        r"\b(?:on|since|dated?|until|till|seen|admitted|discharged|started|starting|effective|d\.?o\.?[bs]\.?|born)"
        rf"[:\s]\s?(?:on\s)?(?P<it>(?P<one>\d\d?)[/-](?P<other>\d\d?){TO}){UNIT}(?![\da-zA-Z_/])",
        _is_after_word,
    ),
    small(
        "DATE",
        r"\b(?:lmp|edd|edc|as of|last dose|d/?c['’]?d|dos|appt|surgery on|dated|due date)"
        rf"(?:\son)?[:\s]\s?(?P<it>(?P<one>\d\d?)[/-](?P<other>\d\d?){TO}){UNIT}(?![\da-zA-Z_/])",
        _is_after_word,
    ),
    small(
        "DATE",
        r"\b(?:follow[ -]?up|f/u|cultures?(?: from)?|ct|mri|x-?ray|echo|ultrasound|visit|appointment|chemo|surgery|labs)"
        rf"(?:\son|\sof)?[:\s]\s?(?P<it>(?P<one>\d\d?)[/-](?P<other>1[3-9]|2\d|3[01]){TO}){UNIT}(?![\da-zA-Z_/])",
        _is_short_date,
    ),
    Pattern(
        "DATE",
        re.compile(
            r"(?<![\da-zA-Z_/.-])(?P<it>(?:0?[1-9]|1[0-2])/(?P<one_day>[12]\d|3[01]|0?[1-9])\s?[–-]\s?"
            rf"(?:0?[1-9]|1[0-2])/(?P<other_day>[12]\d|3[01]|0?[1-9])){UNIT}(?![^\W_]|/)"
        ),
        _is_range,
    ),
    small(
        "DATE",
        r"\b(?:from|by|after|before|through|thru|to|the|week of)\s"
        rf"(?P<it>(?P<one>\d\d?)/(?P<other>1[3-9]|2\d|3[01])){UNIT}(?![\da-zA-Z_/])",
        _is_short_date,
    ),
    Pattern(
        "DATE",
        re.compile(
            r"(?m)^[ \t]*(?P<it>(?:0?[1-9]|1[0-2])[/-](?:0?[1-9]|[12]\d|3[01]))"
            r"(?=\s?(?::|-\s)|[ ](?:[01]\d|2[0-3]):?[0-5]\d\b)"
        ),
    ),
)
NAMED = (
    small(
        "DATE",
        rf"(?<![\da-z_/.-])(?P<it>\d\d?(?P<sep>[/.]){MONTH}(?P=sep)(?:{YEAR}|\d\d))(?![^\W_])",
        None,
        *NAMES,
    ),
    small("DATE", rf"\b(?P<it>{MONTH}\.?[ ]?['’]\d\d)(?![^\W_])", _is_capital, *NAMES),
    small(
        "DATE",
        rf"\b(?P<it>{MONTH}\.?,?{GAP}(?:the )?(?P<day>\d\d?)(?:st|nd|rd|th)?"
        rf"(?:,?{GAP}(?:of )?{YEAR}\b)?){UNIT}(?![^\W_]|/\d)",
        _is_month,
        *NAMES,
    ),
    small(
        "DATE",
        rf"(?<![\da-zA-Z_/.-])(?P<it>(?:the )?\d\d?(?:st|nd|rd|th)?[ \xa0-]{{0,2}}(?:(?:day )?of )?{MONTH}"
        rf"(?:\.?[ \xa0,’'-]{{0,2}}{YEAR}|[ \xa0’'-]{{0,2}}\d\d(?![^\W_]|[-./]\d|-\w"
        r"| ?(?:mg|mcg|ml|%|gauge|units?|fr\b|days?|weeks?)))?)(?![^\W_])",
        _is_month,
        *NAMES,
    ),
    small("DATE", rf"\b(?P<it>{MONTH}\.?,?\s?(?:of\s)?{YEAR})\b", None, *NAMES),
    small("DATE", rf"\b(?P<it>{MONTH} (?:the )?{NTH}(?:,? {YEAR})?)\b", _is_capital, *NAMES),
    small("DATE", rf"\b(?P<it>{NTH} of {MONTH}(?:,? {YEAR})?)\b", None, *NAMES),
    small(
        "DATE",
        r"\b(?:in|since|last|this|next|early|late|mid|until|till|by|during|through|throughout"
        r"|from|between|past|before|after|of|on|and|or|to|around|about|was|again)"
        rf"[\s-](?P<it>{MONTH})(?!-\w)",
        _is_capital,
        *NAMES,
    ),
)

DIGIT_ZH, NUMBER_ZH = "[〇零○一二三四五六七八九]", "[一二三四五六七八九十]"
DATES_ZH = (
    Pattern("DATE", re.compile(r"(?<!\d)(?P<it>(?:\d{4}\s?年\s?)?\d\d?\s?月\s?\d\d?\s?[日号])"), needs=("月",)),
    Pattern("DATE", re.compile(r"(?<!\d)(?P<it>\d{4}\s?年\s?\d\d?\s?月)(?!\d|\s?\d\d?\s?[日号])"), needs=("月",)),
    Pattern(
        "DATE",
        re.compile(rf"(?P<it>(?:{DIGIT_ZH}{{4}}年)?{NUMBER_ZH}{{1,2}}月{NUMBER_ZH}{{1,3}}[日号])"),
        needs=("月",),
    ),
    Pattern("DATE", re.compile(rf"(?P<it>{DIGIT_ZH}{{4}}年{NUMBER_ZH}{{1,2}}月)"), needs=("月",)),
)

AGE_GOES_ON = (
    r"(?:with\b|w/|who\b|p/?w\b|presents|presented|presenting|s/p|c/o|h/o|admitted|here\b|PMH|hx\b|found\b|from\b)"
)
OLD = r"(?:9\d|1[0-4]\d)"
COUNT = "(?:one|two|three|four|five|six|seven|eight|nine)"
KIN = (
    "(?:mother|father|wife|husband|spouse|partner|sister|brother|aunt|uncle|grandmother|grandfather|grandma|grandpa|mom|dad"
    "|cousin|caregiver)"
)
AGES = (
    small(
        "AGE",
        rf"(?<![\da-z_./-])(?P<it>{OLD})(?=[ -]?(?:y|yrs?)\.?[ -](?:old|[fm]|female|male|woman|man|lady)(?![\w/]))",
    ),
    small(
        "AGE",
        rf"\bturn(?:ed|s|ing)\s(?P<it>{OLD})(?![\da-z_/%-]|\.\d|\s?(?:%|degrees|mg|ml|times|days|weeks))",
        None,
        "turn",
    ),
    small("AGE", rf"\b{KIN}(?: \(|, )(?:aged? )?(?P<it>{OLD})(?=[),]|\s?y)", None),
    Pattern(
        "AGE",
        re.compile(rf"(?<![\da-zA-Z_./$-])(?P<it>{OLD})(?=\s?[FM]\s{AGE_GOES_ON})"),
        _is_no_temperature,
    ),
    Pattern("AGE", re.compile(rf"(?<![\da-zA-Z_./$-])(?P<it>{OLD})(?=M\s{AGE_GOES_ON})")),
    small(
        "AGE",
        rf"(?<![\da-zA-Z_./-])(?P<it>{OLD})(?=[\s-]?(?:years?|yrs?)[\s-]?(?:old|of[\s-]age)|[\s-]?(?:yo|y/o|y\.o\.?)(?![\da-zA-Z_]))",
    ),
    small(
        "AGE",
        rf"\b(?:age|aged|age\s?/\s?sex|age is|age was|age of)[:\s]\s?(?P<it>{OLD})"
        r"(?![\da-zA-Z_%]|[./-]\d|\s?(?:%|days|weeks|months|hours))",
        None,
        "age",
    ),
)
SPELLED_AGES = (
    small(
        "AGE",
        rf"\b(?P<it>ninety(?:[\s-]{COUNT})?|(?:a|one)[\s-]hundred(?:(?:[\s-]and)?[\s-]{COUNT})?)"
        r"(?=[\s-]years?[\s-](?:old|of age))",
        None,
        "ninety",
        "hundred",
    ),
    Pattern(
        "AGE",
        re.compile(r"年龄(?:是|为)?[：:\s]{0,2}(?P<it>9\d|1[0-4]\d)(?![\d.%])"),
        needs=("年龄",),
    ),
    Pattern(
        "AGE",
        re.compile(
            r"(?<![\d.])(?P<it>9\d|1[0-4]\d|九十[一二三四五六七八九]?|一百[零〇一二三四五六七八九]{0,2})(?=\s?周?岁)"
        ),
        needs=("岁",),
    ),
)
