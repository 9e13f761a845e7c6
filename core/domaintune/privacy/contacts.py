"""How a person is reached or found: telephone, fax, mail, web and network addresses, streets and places."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from domaintune.privacy.spans import LEFT, RIGHT, Pattern, Span, small

LETTER = r"[^\W_\u3400-\u9fff]"
HYPHEN = r"\-\u2010\u2011\u2012\u2013\u2014"


def digit_count(text: str) -> int:
    """Count the digits of a text."""
    return sum(char.isdigit() for char in text)


def _is_phone(found: re.Match[str], text: str) -> bool:  # noqa: ARG001 (a check's signature)
    return 7 <= digit_count(found["it"]) <= 15


def _is_international(found: re.Match[str], text: str) -> bool:  # noqa: ARG001
    return 8 <= digit_count(found["it"]) <= 15


def _is_ip(found: re.Match[str], text: str) -> bool:  # noqa: ARG001
    try:
        ipaddress.ip_address(found["address"])
    except ValueError:
        return False
    return True


NUMBER = rf"[\d(+][\d \xa0().{HYPHEN}/]{{4,20}}\d"
EXTENSION = r"(?:,?\s?(?:ext\.?|x|extension)\s?\d{1,6})?"
REACHED = (
    r"(?:phone|telephone|tel|cell|cellphone|mobile|pager|beeper|fax|facsimile|ph(?=[.:#])|landline|whatsapp|hotline|call|text|ring"
    r"|dial|contact|reach (?:me|us|him|her|them) (?:at|on))"
)
PHONES = (
    small(
        "PHONE",
        rf"(?<![\da-zA-Z_+])(?P<it>\+\d[\d \xa0().{HYPHEN}]{{6,18}}\d{EXTENSION})(?![\da-zA-Z_])",
        _is_international,
        "+",
    ),
    small(
        "PHONE",
        rf"(?<![\da-zA-Z_./+{HYPHEN}])(?P<it>(?:1[ .{HYPHEN}])?(?:\([1-9]\d\d\)[ \xa0]?|[1-9]\d\d[ \xa0./{HYPHEN}])"
        rf"\d{{3}}[ \xa0.{HYPHEN}]\d{{4}}{EXTENSION})(?![\da-zA-Z_{HYPHEN}])",
    ),
    Pattern(
        "PHONE", re.compile(rf"(?<![\da-zA-Z_./{HYPHEN}])(?P<it>555[{HYPHEN}]\d{{4}})(?![\da-zA-Z_])"), needs=("555",)
    ),
    small(
        "PHONE",
        rf"\b{REACHED}\b\.?(?:\s(?:number|no\.?|#))?(?:\s(?:is|was|at|on))?\s?[:#]?\s?(?P<it>{NUMBER}{EXTENSION})(?![\da-zA-Z_])",
        _is_phone,
    ),
    Pattern("PHONE", re.compile(rf"\bF:\s?(?P<it>{NUMBER}{EXTENSION})(?![\da-zA-Z_])"), _is_phone, needs=("f:",)),
    Pattern("PHONE", re.compile(rf"{LEFT}(?P<it>1[3-9]\d(?:\d{{8}}|[ -]\d{{4}}[ -]\d{{4}})){RIGHT}")),
    Pattern("PHONE", re.compile(rf"{LEFT}(?P<it>(?:0\d{{2,3}}[ -]?|[(（]0\d{{2,3}}[)）]\s?)\d{{7,8}}){RIGHT}")),
    Pattern(
        "PHONE",
        re.compile(
            r"(?:电话|手机|手机号|号码|传真|微信|qq)(?:号码?)?(?:是|为)?[：:\s]{0,2}(?P<it>[\d(+][\d \-()]{4,18}\d)"
        ),
        small=True,
        needs=("电话", "手机", "号码", "传真", "微信", "qq"),
    ),
)

EMAILS = (
    small(
        "EMAIL",
        rf"(?<!{LETTER})(?<![.+%-])(?P<it>(?:{LETTER}|[._%+-]){{1,64}}(?:@|\s?[\[(]at[\])]\s?)"
        rf"{LETTER}(?:{LETTER}|-){{0,62}}(?:(?:\.|\s?[\[(]dot[\])]\s?){LETTER}(?:{LETTER}|-){{0,62}}){{1,8}})",
        None,
        "@",
        "[at]",
        "(at)",
    ),
    small(
        "EMAIL",
        r"(?<![\da-zA-Z_.])(?P<it>[\w.-]{1,64} at (?:gmail|yahoo|hotmail|outlook|aol|icloud|msn)\s?(?:dot |\.)com)\b",
        None,
        " at gmail", " at yahoo", " at hotmail", " at outlook", " at aol", " at icloud", " at msn",
    ),
)  # fmt: skip

REST = r"[^\s<>\"'\[\]，。；、）]"
WEB_END = r"(?<![.,;:!?)，。；：])"
WEBS = (
    small("URL", rf"(?P<it>(?:https?|ftp)://{REST}{{1,2000}}{WEB_END})", None, "://"),
    small("URL", rf"(?<![\da-zA-Z_@.])(?P<it>www\.{REST}{{1,2000}}{WEB_END})", None, "www."),
    small(
        "URL",
        r"(?<![\da-zA-Z_@.-])(?P<it>[a-z0-9-]{2,63}(?:\.[a-z0-9-]{1,63}){0,4}\.(?:com|org|net|edu|gov)"
        rf"(?:/{REST}{{0,2000}}{WEB_END})?)(?![\da-zA-Z_@-])",
        None,
        ".com", ".org", ".net", ".edu", ".gov",
    ),
)  # fmt: skip

IPS = (
    Pattern(
        "IP",
        re.compile(r"(?<![\da-zA-Z_.])(?P<it>(?P<address>(?:\d{1,3}\.){3}\d{1,3})(?::\d{1,5})?)(?!\w|\.\d)"),
        _is_ip,
    ),
    small(
        "IP", r"(?<![\da-zA-Z_:])(?P<it>(?P<address>(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}))(?![\da-zA-Z_:])", _is_ip, ":"
    ),
    small(
        "IP",
        r"(?<![\da-zA-Z_:])(?P<it>(?P<address>[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}))(?![\da-zA-Z_:])",
        _is_ip,
        "::",
    ),
)

STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|PA|RI"
    "|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC|PR"
)
LONG_STATES = (
    "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois|Indiana"
    "|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri|Montana|Nebraska"
    "|Nevada|New Hampshire|New Jersey|New Mexico|New York|North Carolina|North Dakota|Ohio|Oklahoma|Oregon|Pennsylvania"
    "|Rhode Island|South Carolina|South Dakota|Tennessee|Texas|Utah|Vermont|Virginia|Washington|West Virginia|Wisconsin"
    "|Wyoming"
)
COUNTRIES = (
    "India|China|Canada|Mexico|England|Scotland|Wales|Ireland|Germany|France|Italy|Spain|Japan|Korea|Australia|Pakistan"
    "|Nepal|Bangladesh|Africa|Europe|Asia|America|Brazil|Russia|Egypt|Nigeria|Kenya|Iran|Iraq|Israel|Turkey|Greece|Poland"
)
ZIP = r"\d{5}(?:-\d{4})?(?![\da-zA-Z_])"
TOWN = r"[A-Z][\w.'’-]{1,30}(?: [A-Z][\w.'’-]{1,30}){0,2}"
TOWN_STATE = rf"{TOWN}(?:,\s?|\s)(?:(?:{STATES}|{LONG_STATES})\b\.?(?:,?\s{ZIP})?)"
WAYS = (
    "Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Court|Ct|Place|Pl|Terrace|Parkway|Pkwy|Circle|Cir|Highway"
    "|Hwy|Square|Sq|Way|Trail|STREET|AVENUE|AVE|ROAD|RD|BOULEVARD|BLVD|LANE|DRIVE|PLACE|TERRACE|PARKWAY|CIRCLE|HIGHWAY"
)
# `10 Per Dr. Smith` is no address
WAY = rf"(?:(?:{WAYS})\b\.?|(?:Dr|DR)\b(?!\.?\s(?!(?:{TOWN}),\s?(?:{STATES})\b)[A-Z])\.?)"
UNIT = r"(?:,?\s(?:Apt|Apartment|Suite|Ste|Unit|Room|Rm|Floor|APT|SUITE|UNIT)\.?\s?#?\w{1,6}|,?\s#\w{1,6})?"
STREETS = (
    Pattern(
        "ADDRESS",
        re.compile(
            r"(?<![\da-zA-Z_/.$-])(?P<it>\d{1,6}[A-Z]?\s(?:(?:N|S|E|W|NE|NW|SE|SW|North|South|East|West)\b\.?\s)?"
            rf"(?:[A-Z][\w'’.-]{{1,30}}|\d{{1,3}}(?:st|nd|rd|th))(?:\s[A-Z][\w'’-]{{1,30}}){{0,2}}\s{WAY}(?![\da-zA-Z_]){UNIT}"
            rf"(?:,?\s(?:{TOWN_STATE}|(?<=,\s){TOWN}))?)"
        ),
    ),
    Pattern(
        "ADDRESS", re.compile(rf"(?P<it>\b[Pp]\.?\s?[Oo]\.?\s[Bb]ox\s\d{{1,7}}(?:,?\s{TOWN_STATE})?)"), needs=("box",)
    ),
    Pattern("ADDRESS", re.compile(rf"\b(?P<it>{TOWN},?\s(?:{STATES}|{LONG_STATES}),?\s{ZIP})")),
    small("ADDRESS", r"\baddress(?:\sis)?\s?[:–-]\s?(?P<it>(?=[^\n;]{0,40}\d)[^\n;\[\]]{4,100}\b)", None, "address"),
    small("ZIP", rf"\b(?:zip|postal|post)(?:\s?code)?(?:\sis)?\s?[:#]?\s?(?P<it>{ZIP})", None, "zip", "post"),
    Pattern("ZIP", re.compile(rf"\b(?:{STATES})\s(?P<it>{ZIP})")),
    Pattern("ZIP", re.compile(r"(?<![\da-zA-Z_])(?P<it>[A-Z]{1,2}\d[A-Z\d]?\s\d[ABD-HJLNP-UW-Z]{2})(?![\da-zA-Z_])")),
)

PLACES = (
    Pattern(
        "ADDRESS",
        re.compile(
            r"\b(?:lives?|lived|living|resid(?:es?|ed|ing)|resident|grew up)\s(?:in|of|near)\s"
            rf"(?P<it>(?!(?:the|{LONG_STATES}|{COUNTRIES})\b)(?:St\. )?[A-Z][a-z'’-]{{2,30}}"
            r"(?: [A-Z][a-z'’-]{2,30}){0,2})"
        ),
        needs=("live", "living", "resid", "grew up"),
    ),
    Pattern(
        "ADDRESS",
        re.compile(
            r"(?:住址|地址|现住|居住地|户籍)(?:是|为|在)?[：:\s]{0,2}"
            r"(?P<it>(?=[^\s，。；,;]{0,60}[路街号区市村县镇弄室道])[^\s，。；,;\[\]]{3,60})"
        ),
        needs=("住址", "地址", "现住", "居住地", "户籍"),
    ),
)
"""Those without a number."""

ROAD_ZH = re.compile(r"(?:路|街|大道|巷|弄|胡同)\d{1,5}(?:号楼|号|弄)(?:\d{1,5}(?:号楼|栋|单元|室|号)){0,4}")
BEFORE_ROAD = re.compile(r"[\u4e00-\u9fff]{1,20}$")


def roads_zh(text: str) -> Iterator[Span]:
    """Yield Chinese addresses, 北京市海淀区中关村路5号: from the number back to where the place begins."""
    for found in ROAD_ZH.finditer(text):
        before = BEFORE_ROAD.search(text, max(0, found.start() - 20), found.start())
        if before:
            head = re.split("[住在于址到去]", before[0])[-1]
            yield Span(found.start() - len(head), found.end(), "ADDRESS")
