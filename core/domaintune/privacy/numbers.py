"""Numbers that stand for one person: record, account, insurance, licence, vehicle, device and any other, by their labels.

Without a label only numbers of a shape that nothing clinical has: 123-45-6789, sixteen digits in fours, nine digits.
"""

from __future__ import annotations

import re

from domaintune.privacy.contacts import HYPHEN, digit_count
from domaintune.privacy.spans import LEFT, RIGHT, Pattern, small

# letters and digits, some of them joined by signs; more groups after a space only if they are numbers without a unit
VALUE = (
    rf"(?P<it>\(?[A-Za-z0-9][A-Za-z0-9)./{HYPHEN}]{{1,38}}[A-Za-z0-9]"
    r"(?: \d{2,4}(?![\da-zA-Z_%/]|\.\d| ?(?:mg|ml|mcg))){0,4})(?![A-Za-z0-9])"
)
COUNTED = r"(?:numbers?|nos?\b\.?|num\b\.?|nr\b\.?|#|id\b|identifier|identification(?:\snumber)?|code)"
SAID = r"\s?(?:is\s|was\s)?[:#=]?\s?"
STRONG = (
    r"(?:m\.?r\.?n\b|mr\s?#|med(?:ical)?\.?\srec(?:ord)?\b|ssn\b|ss\s?#|social security|npi\b|dea\b|udi\b|s/n\b|acct\b\.?"
    r"|accession|dl\s?#|medicare|medicaid|nhs\snumber|passport|driver[’']?s?\slicen[cs]e|billing account|bank account"
    r"|credit card|card ending in|lic\.|imei\b|iban\b|vin\b|vehicle identification)"
)
WEAK = (
    r"(?:record|hospital|chart|patient|unit|member|policy|subscriber|group|health plan|plan|insurance|beneficiary|account"
    r"|invoice|licen[cs]e|certificate|registration|serial|device|lot|batch|implant|model|case|claim|encounter|visit|order"
    r"|specimen|study|sample|requisition|fingerprint|reference|ref|job|document|confirmation|voiceprint|photo|image"
    r"|employee|badge|ticket|tracking|file|referral|authorization|prescription|rx|identification|tax|student|biometric)"
)
ALONE = "(?:record|chart|policy|account|invoice|case|claim|encounter|serial|certificate|licen[cs]e|member|subscriber)"


def _has_three(found: re.Match[str], text: str) -> bool:  # noqa: ARG001 (a check's signature)
    return digit_count(found["it"]) >= 3


def _has_five(found: re.Match[str], text: str) -> bool:  # noqa: ARG001
    return digit_count(found["it"]) >= 5


def _is_plate(found: re.Match[str], text: str) -> bool:
    return digit_count(found["it"]) >= 2 and text[found.start("it") : found.end("it")] == found["it"].upper()


def _is_vin(found: re.Match[str], text: str) -> bool:  # noqa: ARG001
    return 5 <= digit_count(found["it"]) <= 16


NUMBERS = (
    small("ID", rf"\b{STRONG}(?:\s?{COUNTED}){{0,2}}{SAID}{VALUE}", _has_three),
    small("ID", rf"\b{WEAK}s?(?:\s?{COUNTED}){{1,2}}{SAID}{VALUE}", _has_three),
    small("ID", rf"\b{ALONE}\s?:\s?{VALUE}", _has_five),
    Pattern("ID", re.compile(rf"\b(?:implant serial|SN|ID|Id){SAID}{VALUE}"), _has_five),
    Pattern(
        "ID",
        re.compile(
            rf"\bplate\s?(?:numbers?|nos?\b\.?|#)?{SAID}"
            rf"(?P<it>[A-Z0-9]{{1,4}}[ {HYPHEN}]?[A-Z0-9]{{2,4}}(?:[ {HYPHEN}][A-Z0-9]{{1,3}})?)\b"
        ),
        _is_plate,
        needs=("plate",),
    ),
    Pattern("ID", re.compile(r"\b(?P<it>[A-HJ-NPR-Z0-9]{17})\b"), _is_vin),
    Pattern(
        "ID",
        re.compile(rf"(?<![\da-zA-Z_{HYPHEN}])(?P<it>\d{{3}}[ {HYPHEN}]\d\d[ {HYPHEN}]\d{{4}})(?![\da-zA-Z_{HYPHEN}])"),
    ),
    Pattern(
        "ID", re.compile(rf"(?<![\da-zA-Z_{HYPHEN}])(?P<it>\d{{4}}(?:[ {HYPHEN}]\d{{4}}){{3}})(?![\da-zA-Z_{HYPHEN}])")
    ),
    Pattern("ID", re.compile(rf"{LEFT}(?<![.,])(?P<it>\d{{9,}}[Xx]?){RIGHT}(?![.,]\d)")),
)
NUMBERS_ZH = (
    Pattern(
        "ID",
        re.compile(
            r"(?:病历|住院|门诊|医保|医保卡|病案|就诊卡|就诊|社保|社保卡|护照|银行卡|身份证|证件|档案|登记|检查|条码|样本|账|帐|卡)号?码?"
            r"(?:是|为)?[：:\s]{0,2}(?P<it>(?=[A-Za-z0-9-]{0,10}\d)[A-Za-z0-9][A-Za-z0-9-]{3,24})"
        ),
        _has_five,
    ),
)
