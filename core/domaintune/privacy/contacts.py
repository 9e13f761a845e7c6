"""How a person is reached or found: telephone, fax, mail, web and network addresses, streets and places."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from domaintune.privacy.namewords import CLINICAL, NOT_NAMES
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


# groups after a space only where no value, `93 mg/dL` or `120/80`, begins there
NOT_VALUE = (
    r"(?![\d/%+]|\.\d|-?[a-z]|,\d{3}"
    r"| (?:[mk]?g|mcg|ml|mmhg|mm|cm|bpm|weeks?|days?|years?|months?|hours?|y/?o|units?|%)\b)"
)
GROUPS = rf"(?:[.{HYPHEN}/]\(?\d{{1,8}}\)?|\)?[ \xa0]\(?\d{{2,8}}\)?{NOT_VALUE}|\)\d{{2,8}}){{0,6}}"
NORTH_AMERICAN = (
    rf"(?:\+?1[ .{HYPHEN}]?)?(?:\(\d{{3}}\)|\d{{3}})[ \xa0./{HYPHEN}]{{0,2}}\d{{3}}[ \xa0./{HYPHEN}]?\d{{4}}(?!\d)"
)
NUMBER = rf"(?:{NORTH_AMERICAN}|[(+]?\d{{1,15}}{GROUPS})"
EXTENSION = r"(?:,?\s?(?:ext\.?|x|extension)\s?\d{1,6})?"
REACHED = (
    r"(?:phone|telephone|tel|cell|cellphone|mobile|pager|beeper|fax|facsimile|ph(?=[.:#])|landline|whatsapp|hotline|call|text|ring"
    r"|dial|contact|callback|bleep|reach (?:me|us|him|her|them) (?:at|on))"
)
PHONES = (
    small(
        "PHONE",
        rf"(?<![\da-zA-Z_+])(?P<it>\+(?:{NORTH_AMERICAN}|\d{{1,15}}{GROUPS}){EXTENSION})(?![\da-zA-Z_])",
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
    small(
        "PHONE",
        r"\b(?:pager|pgr|beeper|bleep|ext|extn|extension)\b\.?(?:\s(?:number|no\.?|is))?\s?[:#]?\s?"
        r"(?P<it>\d{3,6})(?![\da-z_/%-]|\.\d| ?(?:mg|ml|mm|cm|units?|degrees?))",
        None,
        "pager",
        "pgr",
        "beeper",
        "bleep",
        "ext",
    ),
    Pattern("PHONE", re.compile(r"(?<=[ (,])(?P<it>x\d{5})(?![\da-zA-Z_/.%-])"), needs=("x",)),
    Pattern(
        "PHONE",
        re.compile(
            rf"(?<![\da-zA-Z_./{HYPHEN}])(?P<it>0(?:7\d{{3}}|1\d{{3}}) \d{{3}} ?\d{{3}}"
            rf"|02\d \d{{4}} \d{{4}})(?![\da-zA-Z_])"
        ),
    ),
    Pattern(
        "PHONE", re.compile(rf"{LEFT}(?P<it>(?:(?:00|\+)86[ -]?)?1[3-9]\d(?:\d{{8}}|[ -]\d{{4}}[ -]\d{{4}})){RIGHT}")
    ),
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

LOCAL_AT = small(
    "EMAIL",
    r"(?<![\da-zA-Z_.])(?P<it>[a-z0-9_-]{1,30}(?:\.[a-z0-9_-]{1,30}){1,3} at [a-z0-9-]{2,40}(?:\.[a-z0-9-]{2,40}){0,3}"
    r"\.(?:com|org|net|edu|gov|me|uk))(?![\da-zA-Z_])",
    None,
    " at ",
)
"""anna.lee at example.org"""

REST = r"[^\s<>\"'\[\]，。；、）]"
WEB_END = r"(?<![.,;:!?)，。；：])"
WEBS = (
    LOCAL_AT,
    small("URL", rf"(?<![\da-zA-Z_@.-])(?P<it>(?:t|fb|wa)\.me/{REST}{{1,200}}{WEB_END})", None, ".me/"),
    small("URL", rf"(?<![\da-zA-Z_@.-])(?P<it>(?:bit\.ly|goo\.gl)/{REST}{{1,200}}{WEB_END})", None, ".ly/", ".gl/"),
    small("ID", r"(?<![\w.@])(?P<it>@(?=[a-z.]{0,20}[\d_])[a-z][\w.]{2,28}[^\W_])", None, "@"),
    small("URL", rf"(?P<it>(?:https?|ftp)://{REST}{{1,2000}}{WEB_END})", None, "://"),
    small("URL", rf"(?<![\da-zA-Z_@.])(?P<it>www\.{REST}{{1,2000}}{WEB_END})", None, "www."),
    small(
        "URL",
        r"(?<![\da-zA-Z_@.-])(?P<it>[a-z0-9-]{2,63}(?:\.[a-z0-9-]{1,63}){0,4}\.(?:com|org|net|edu|gov|(?:co|org|ac|nhs)\.uk)"
        rf"(?:/{REST}{{0,2000}}{WEB_END})?)(?![\da-zA-Z_@-])",
        None,
        ".com", ".org", ".net", ".edu", ".gov", ".uk",
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
TOWN_WORD = r"(?:(?:St|Ft|Mt|ST)\.|[A-Z](?:[\w'’-]|\.(?=\w)){1,30})"
TOWN = rf"{TOWN_WORD}(?: (?:d['’])?{TOWN_WORD}){{0,2}}"
PLAIN_TOWN = (
    r"(?:(?:St|Ft|Mt)\. )?[A-Z][a-zé'’]{2,30}(?:-[A-Z][a-z]{2,30})?(?:(?: | d['’])[A-Z][a-z'’]{2,30}){0,2}(?![a-z'’])"
)
TOWN_STATE = rf"{TOWN}(?:,\s?|\s)(?:(?:{STATES}|{LONG_STATES})\b\.?(?:,?\s{ZIP})?)"
WAYS = (
    "Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Court|Ct|Place|Pl|Terrace|Parkway|Pkwy|Circle|Cir|Highway"
    "|Hwy|Square|Sq|Way|Trail|STREET|AVENUE|AVE|ROAD|RD|BOULEVARD|BLVD|LANE|DRIVE|PLACE|TERRACE|PARKWAY|PKWY|COURT|CIRCLE"
    "|HIGHWAY|HWY"
)
# `10 Per Dr. Smith` is no address
NOT_STREETS = frozenset(
    ["lead", "slice", "row", "detector", "view", "phase", "dose", "contrast", "head", "minute", "the"]
)
NOT_TOWNS = frozenset(f"{LONG_STATES}|{COUNTRIES}".casefold().split("|")) | {"icu", "spring", "summer", "winter"}
INSIDE = "Apt|Apartment|Suite|Ste|Unit|Room|Rm|Floor|APT|SUITE|UNIT"
BEGINS = "The|He|She|It|No|His|Her|They|This|There|We|In|On|Please|Patient|Pt"
WAY = rf"(?:(?:{WAYS})\b\.?|(?:Dr|DR)\b(?!\.?\s(?!(?:{TOWN}),\s?(?:{STATES})\b|(?:{INSIDE}|{BEGINS})\b)[A-Z])\.?)"
UNIT = rf"(?:,?\s(?:{INSIDE})\.?\s?#?\w{{1,6}}|,?\s#\w{{1,6}}|,?\s\d{{1,3}}(?:st|nd|rd|th)\s[Ff](?:loor|l\b))?"
LIVES = (
    r"(?:lives? at|living at|lived at|resid(?:es?|ed|ing) at|moved to|moving to|located at|home at|house at"
    r"|add(?:ress|r)\.?(?: is)?\s?:)"
)
SMALL_WAYS = (
    "street|st|avenue|ave|road|rd|boulevard|blvd|lane|ln|drive|dr|court|ct|place|pl|terrace|parkway|pkwy|circle|cir"
    "|highway|hwy|square|way|trail"
)

# a point ends an address, except after St. and the like where the address goes on
WRITTEN = (
    r"(?:[^\n;\[\].]|\.(?=\S)"
    r"|(?:(?<=[ ][NSEW])|(?<=[ ]St)|(?<=P\.O)|(?<=Ave)|(?<=Rd)|(?<=Dr)|(?<=Blvd)|(?<=Ln)|(?<=Apt)|(?<=Ct))"
    rf"\.(?=,|[ ](?:#|\d{{1,5}}[A-Z]?\b(?!/)|Box|(?:{INSIDE})\b|[A-Z][a-z]+[ ](?:{WAYS})\b|{TOWN},?[ ](?:{STATES})\b)))"
)


AFTER_ZIP = r"(?!(?<=[A-Za-z][ ]\d{5})(?<!ox[ ]\d{5})[^\d-])(?!(?<=[A-Za-z][ ]\d{5}-\d{4})\D)(?!  |\t)"


def _is_shouted_street(found: re.Match[str], text: str) -> bool:  # noqa: ARG001
    """`12 LEAD ST` and `64 SLICE CT` are no addresses."""
    words = {word.casefold() for word in re.findall("[A-Z]{3,}", found["it"])}
    return not words & (CLINICAL | NOT_NAMES | NOT_STREETS)


def _is_town(found: re.Match[str], text: str) -> bool:  # noqa: ARG001
    words = [word.casefold() for word in re.findall(r"[^\W\d_]{3,}", found["town"])]
    return bool(words) and words[0] not in NOT_TOWNS and not set(words) & (CLINICAL | NOT_NAMES)


STREETS = (
    Pattern(
        "ADDRESS",
        re.compile(
            r"(?<![\da-zA-Z_/.$-])(?<!\d:)(?P<it>\d{1,6}[A-Z]?\s(?:(?:N|S|E|W|NE|NW|SE|SW|North|South|East|West)\b\.?\s)?"
            rf"(?:(?:(?:St|Mt|Ft|[A-Z])\.\s)?[A-Z](?:[\w'’-]|\.(?=\w)){{1,30}}|\d{{1,3}}(?:st|nd|rd|th))(?:\s[A-Z][\w'’-]{{1,30}}){{0,2}}\s{WAY}(?![\da-zA-Z_]){UNIT}"
            rf"(?:,?\s(?:{TOWN_STATE}|(?<=,\s){TOWN}))?)"
        ),
    ),
    Pattern(
        "ADDRESS",
        re.compile(
            rf"(?<![\da-zA-Z_/.$:-])(?P<it>\d{{2,6}}\s(?:[NSEW]{{1,2}}\.?\s)?[A-Z]{{3,20}}(?:\s[A-Z]{{3,20}}){{0,2}}\s"
            rf"(?:ST|CT|LN|WAY|SQ|CIR|TRL|TER)\b\.?{UNIT}(?:,?\s{TOWN_STATE})?)(?=\s{{0,2}}(?:$|[,.;\n]|[a-z]))"
        ),
        _is_shouted_street,
    ),
    small(
        "ADDRESS",
        rf"\b{LIVES}\s?(?P<it>\d{{1,6}}[a-z]?\s(?:[nsew]{{1,2}}\.?\s)?[a-z0-9'’]{{2,20}}(?:\s[a-z'’]{{2,20}}){{0,2}}\s"
        rf"(?:{SMALL_WAYS})\b(?:\.(?!\s))?(?:,?\s(?:apt|unit|suite|#)\.?\s?#?\w{{1,6}})?)",
        None,
        " at",
        " to",
        "addr",
    ),
    Pattern(
        "ADDRESS",
        re.compile(rf"\b(?P<it>RR\s?#?\d{{1,3}},?\s[Bb]ox\s#?\d{{1,6}}(?:,?\s{TOWN_STATE})?)"),
        needs=("box",),
    ),
    Pattern(
        "ADDRESS", re.compile(rf"(?P<it>\b[Pp]\.?\s?[Oo]\.?\s[Bb]ox\s\d{{1,7}}(?:,?\s{TOWN_STATE})?)"), needs=("box",)
    ),
    Pattern("ADDRESS", re.compile(rf"\b(?P<it>{TOWN}(?:,\s?|\s)(?:{STATES}|{LONG_STATES}),?\s{ZIP})")),
    Pattern(
        "ADDRESS",
        re.compile(
            r"(?<![Mm]ail )(?<!MAIL )(?<!IP )(?<!ip )(?<![Ww]eb )(?<!WEB )(?<!MAC )\b(?:[Aa]ddress|ADDRESS|[Aa]ddr|ADDR)\.?"
            rf"(?:\sis)?\s?[:–-](?!\s?[Hh]omeless)\s?(?P<it>(?=[^\n;]{{0,40}}\d)(?:{AFTER_ZIP}{WRITTEN}){{4,100}}(?<![\s,]))"
        ),
        needs=("addr",),
    ),
    small("ZIP", rf"\b(?:zip|postal|post)(?:\s?code)?(?:\sis)?\s?[:#]?\s?(?P<it>{ZIP})", None, "zip", "post"),
    Pattern("ZIP", re.compile(rf"\b(?:{STATES})\s(?P<it>{ZIP})")),
    Pattern("ZIP", re.compile(r"(?<![\da-zA-Z_])(?P<it>[A-Z]{1,2}\d[A-Z\d]?\s\d[ABD-HJLNP-UW-Z]{2})(?![\da-zA-Z_])")),
)

PLACES = (
    Pattern(
        "ADDRESS",
        re.compile(rf"\b(?:City|CITY|Town)(?:/(?:State|Town))?\s?:\s?(?P<it>(?P<town>{PLAIN_TOWN}))"),
        _is_town,
        needs=("city", "town"),
    ),
    Pattern(
        "ADDRESS",
        re.compile(
            rf"\b(?:from|in|to|near)\s(?P<it>(?P<town>{PLAIN_TOWN}),\s?(?:(?!(?:MD|OR|OK|ME|HI|IN)(?!$|[.,;)\n]))(?:{STATES})|{LONG_STATES})\b)"
        ),
        _is_town,
        needs=("from", "in", "to", "near"),
    ),
    Pattern(
        "ADDRESS",
        re.compile(
            r"\b(?:travel(?:l?ed|l?ing|s)?|trip|flew|relocated|hospital|facility|born)\s(?:back\s)?(?:in|to|from)\s"
            rf"(?P<it>(?P<town>{PLAIN_TOWN}))"
        ),
        _is_town,
        needs=("travel", "trip", "flew", "relocated", "hospital", "facility", "born"),
    ),
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
            r"(?:家住|住在|住址|地址|现住|籍贯|住(?!院))(?:是|为|在|于)?[：:\s]{0,2}"
            r"(?P<it>[\u4e00-\u9fff]{1,10}?[省市县区][\u4e00-\u9fff]{0,16}?[县区镇乡市][\u4e00-\u9fff]{0,10}[村镇乡庄屯])"
        ),
        needs=("住", "地址", "籍贯"),
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
