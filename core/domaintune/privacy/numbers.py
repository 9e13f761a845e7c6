"""Numbers that stand for one person: record, account, insurance, licence, vehicle, device and any other, by their labels.

Without a label only numbers of a shape that nothing clinical has: 123-45-6789, sixteen digits in fours, nine digits.
"""

from __future__ import annotations

import re

from domaintune.privacy.contacts import HYPHEN, digit_count
from domaintune.privacy.spans import LEFT, RIGHT, Pattern, small

# letters and digits, some of them joined by signs; more groups after a space only if they are numbers without a unit
VALUE = (
    rf"(?P<it>(?![xX]{{3}}-)\(?[A-Za-z0-9][A-Za-z0-9)./{HYPHEN}]{{1,38}}[A-Za-z0-9]"
    r"(?: \d{2,4}(?![\da-zA-Z_%/]|\.\d| ?(?:mg|ml|mcg))){0,4})(?![A-Za-z0-9])"
)
COUNTED = r"(?:numbers?|nos?\b\.?|num\b\.?|nr\b\.?|#|id\b|identifier|identification(?:\snumber)?|code)"
SAID = r"\s?(?:is\s|was\s)?[:#=]?\s?"
SAID_NO = r"(?:\s?(?:numbers?|nos?\b\.?|#|id))?\s?[:#]?\s?"
STRONG = (
    r"(?:m\.?r\.?n\b-?|mr\s?#|med(?:ical)?\.?\srec(?:ord)?\b\.?|ssn\b|ss\s?#|social security|npi\b|dea\b"
    r"|udi\b|s/n\b|acct\b\.?|accession|dl\s?#|medicare"
    r"|medicaid|nhs\snumber|passport|driver[’']?s?\slicen[cs]e|billing account|bank account"
    r"|credit card|card ending(?: in)?|lic\.|imei\b|iban\b|vin\b|vehicle identification)"
)
WEAK = (
    r"(?:record|hospital|chart|patient|unit|member|policy|subscriber|group|health plan|plan|insurance|beneficiary|account"
    r"|invoice|licen[cs]e|certificate|registration|serial|device|lot|batch|implant|model|case|claim|encounter|visit|order"
    r"|specimen|study|sample|requisition|fingerprint|reference|ref|job|document|confirmation|voiceprint|photo|image"
    r"|employee|badge|ticket|tracking|file|referral|authorization|prescription|rx|identification|tax|student|biometric)"
)
# short or common words: only a number of five digits makes them a label
SHORT = (
    r"(?:pid|empi|crn|ur|nhs|mbi|hicn|health card|fin|csn|har|gmc|nmc pin|dl|state licen[cs]e|req|requisition|hosp\b\.?"
    r"|(?:lab|exam|prior auth|asset tag|ticket|transaction|donor|study subject|subject|specimen|serial|pump|visit|invoice)"
    r"|asset|barcode|(?:order|ref/serial|rxbin/id))"
)
RATIO = re.compile(r"\d{1,3}/\d{1,3}|\d+\.\d+")
ALONE = "(?:record|chart|policy|account|invoice|case|claim|encounter|serial|certificate|licen[cs]e|member|subscriber)"


def _has_three(found: re.Match[str], text: str) -> bool:  # noqa: ARG001 (a check's signature)
    return digit_count(found["it"]) >= 3


def _has_five(found: re.Match[str], text: str) -> bool:  # noqa: ARG001
    return digit_count(found["it"]) >= 5


def _is_no_ratio(found: re.Match[str], text: str) -> bool:
    """`Specimen: 138/84 mmHg` is no number of one."""
    return _has_five(found, text) and not RATIO.fullmatch(found["it"])


def _is_plate(found: re.Match[str], text: str) -> bool:
    return digit_count(found["it"]) >= 2 and text[found.start("it") : found.end("it")] == found["it"].upper()


def _is_vin(found: re.Match[str], text: str) -> bool:  # noqa: ARG001
    return 5 <= digit_count(found["it"]) <= 16


NUMBERS = (
    small("ID", rf"\b{STRONG}(?:\s?{COUNTED}){{0,2}}{SAID}{VALUE}", _has_three),
    small("ID", rf"\b{WEAK}s?(?:\s?{COUNTED}){{1,2}}{SAID}{VALUE}", _has_three),
    small("ID", rf"\b{ALONE}\s?:\s?{VALUE}", _has_five),
    small("ID", rf"(?<![a-z0-9/-]){SHORT}(?![a-z])(?:\s?{COUNTED}){{0,2}}{SAID}{VALUE}", _is_no_ratio),
    Pattern("ID", re.compile(rf"\b(?:implant serial|SN|ID|Id){SAID}{VALUE}"), _has_five),
    small("ID", rf"\b(?:specimen|accession|case){SAID_NO}(?P<it>[a-z]{{1,3}}\d\d:\d{{3,6}})\b", None, ":"),
    small("ID", r"\bdonor(?:\s?(?:id|no\.?|#))?\s?:?\s?(?P<it>[a-z]\d{4} \d\d \d{6})\b", None, "donor"),
    small("ID", r"\(01\)(?P<it>\d{13,15}(?:\(\d\d\)[a-z0-9]{1,20}){0,4})", None, "(01)"),
    small("ID", r"(?<![\da-z:])(?P<it>[0-9a-f]{2}(?::[0-9a-f]{2}){5})(?![\da-z:])", None, ":"),
    small("ID", r"(?<![\da-z_-])(?:x{3}-xx|\*{3}-\*\*)-(?P<it>\d{4})(?![\da-z_-])", None, "xx-", "*-"),
    small(
        "ID",
        r"\b(?:ssn|social|soc sec|social security(?: number)?)(?:,? ending(?: in)?|,? last (?:4|four)(?: digits)?)"
        r"(?: is| of|:)?\s(?P<it>\d{4})(?![\da-z_-])",
        None,
        "ssn",
        "soc",
    ),
    Pattern(
        "ID",
        re.compile(
            rf"\b(?:[Pp]late|PLATE|[Tt]ag(?=\s?(?:#|:|no|[A-Z]{{3}}\s?\d{{3}}))|TAG(?=\s?[#:]))"
            rf"\s?(?:numbers?|nos?\b\.?|#)?{SAID}(?:[A-Z]{{2}}\s(?=[A-Z0-9]{{3}}))?"
            rf"(?P<it>[A-Z0-9]{{1,4}}[ {HYPHEN}]?[A-Z0-9]{{2,4}}(?:[ {HYPHEN}][A-Z0-9]{{1,3}})?)\b"
        ),
        _is_plate,
        needs=("plate", "tag"),
    ),
    Pattern(
        "ID",
        re.compile(
            r"\b(?:(?:[Vv]ehicle |[Cc]ar |[Vv]an )?(?:[Rr]eg|[Rr]egistration|REG)\b\.?|[Vv]ehicle|[Cc]ar|[Vv]an)"
            r"(?:\s?(?:number|no\b\.?|#|mark))?(?:\sis)?\s?:?\s?(?P<it>[A-Z]{2}\d\d\s?[A-Z]{3})\b"
        ),
        needs=("reg", "vehicle", "car", "van"),
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
PLATE_ZH = "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
NUMBERS_ZH = (
    Pattern(
        "ID",
        re.compile(
            r"(?:病历|住院|门诊|医保|医保卡|病案|就诊卡|就诊|社保|社保卡|护照|银行卡|身份证|证件|档案|登记|检查|条码|样本|账|帐|卡"
            r"|标本|影像|病理|序列|申请单|床头卡|执业证|患者|社会保障)(?:号码?|编号|\s?ID|\s?id|码)?"
            r"(?:是|为)?[：:\s]{0,2}(?P<it>(?=[A-Za-z0-9-]{0,10}\d)[A-Za-z0-9][A-Za-z0-9-]{3,24})"
        ),
        _has_five,
    ),
    Pattern(
        "ID",
        re.compile(
            r"(?:微信号?|微信ID)(?:是|为)?[：:\s]{0,2}(?P<it>(?=[A-Za-z_-]{0,19}[\d_])[A-Za-z][A-Za-z0-9_-]{5,19})"
        ),
        needs=("微信",),
    ),
    Pattern("ID", re.compile(rf"(?P<it>{PLATE_ZH}[A-Z][·•]?(?=[A-Z0-9]{{0,5}}\d)[A-Z0-9]{{5,6}})(?![A-Za-z0-9])")),
)
