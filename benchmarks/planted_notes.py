"""Notes with planted identifiers, written from the 18 kinds of the HIPAA safe harbor rule (45 CFR 164.514(b)(2)).

All persons, places and numbers are made up. What is planted is known, so a scrubber can be measured: an identifier must
be gone, and what is clinical must still be there. The forms were written before the patterns that look for them.
"""

from __future__ import annotations

# ruff: noqa: E501, SIM905 (tables of forms, one a line)
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

# fmt: off
Draw: TypeAlias = Callable[[random.Random], str]

FIRST = (
    "James Mary Robert Patricia Linda Michael Elizabeth David Barbara Susan Karen Thomas Nancy Daniel Betty Grace Will "
    "Priya Rahul Wei Mei Fatima Omar Ahmed Yuki Hiroshi Olga Dmitri Sofía José Zoë Anaïs Björn Siobhán Kwame Amara Chloe"
).split()
LAST = (
    "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Wilson Anderson Thompson "
    "Young Walker Hall Baker Rivera Campbell Mitchell Carter Nguyen Patel Kumar Singh Okafor Kowalski Novák Müller "
    "O'Brien McDonald Fitzgerald Yamamoto Petrov Haddad Osei Lindqvist Smith-Jones Al-Sayed DeLuca"
).split()
PARTICLES = ("van der Berg", "de la Cruz", "von Hagen", "de Souza")
STREETS = "Maple Oak Washington Lincoln Cedar Elmwood Riverside Sunset Highland Jackson Kingsley Orchard Birchwood".split()
WAYS = (
    "Street", "St", "St.", "Avenue", "Ave", "Ave.", "Road", "Rd", "Rd.", "Boulevard", "Blvd", "Lane", "Ln", "Drive", "Dr",
    "Court", "Ct", "Place", "Way", "Terrace", "Parkway", "Circle",
)
CITIES = (
    "Springfield", "Riverton", "Fairview", "Greenville", "Cedar Rapids", "Bloomington", "Salem", "Port Hadley",
    "St. Albans", "Lake Forest", "Brookhaven",
)
STATES = "IL NY CA TX OH PA FL WA MA GA NC MI".split()
LONG_STATES = ("Illinois", "New York", "California", "Texas", "Ohio", "Pennsylvania", "North Carolina")
MONTHS = "January February March April May June July August September October November December".split()
SHORT = "Jan Feb Mar Apr May Jun Jul Aug Sep Sept Oct Nov Dec".split()
LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
SURNAMES_ZH = "王李张刘陈杨赵黄周吴徐孙马胡朱郭何罗高林欧阳"
GIVEN_ZH = ("伟", "芳", "秀英", "敏", "静", "建国", "丽华", "志强", "晓明", "桂兰", "文博", "雨桐")

KEEP = (
    "MR angiography", "MRI", "multiple sclerosis (MS)", "MS", "Parkinson's disease", "Crohn's disease", "St. John's wort",
    "Foley catheter", "Alzheimer's disease", "Hodgkin lymphoma", "Graves' disease", "Down syndrome", "Bell's palsy",
    "Cushing syndrome", "Wilson disease", "Hashimoto thyroiditis", "Addison's disease", "Brown-Séquard syndrome",
    "Barrett's esophagus", "Murphy sign", "Babinski", "Glasgow Coma Scale 15", "Swan-Ganz catheter", "Jackson-Pratt drain",
    "C5-6", "L4/5", "L4-L5", "T12", "C3-C4", "1/2 tablet", "5/325 mg", "800/160 mg", "120/80", "138/84 mmHg", "5/5 strength",
    "2/6 systolic murmur", "4/10 pain", "20/40 vision", "gestational age 32 2/7 weeks", "ECOG 1-2", "24/7", "at 8:30 a.m.",
    "14:05", "hemoglobin 11.2", "WBC 7.8", "sodium 138", "creatinine 1.2 mg/dL", "glucose 104", "INR 2.3", "pH 7.38",
    "ICD-10 E11.9", "I10", "M54.5", "J45.909", "CPT 99213", "10-12 hours", "3-5 days", "every 4-6 hours", "2 x 3 x 4 cm",
    "1.2 x 0.8 cm", "7.5 mg", "0.25 mcg", "1,000 units", "2.5 million", "62-year-old", "45 yo", "aged 58", "89-year-old",
    "3-year-old", "since 2015", "in 2019", "1998", "six months ago", "two weeks", "last Tuesday", "Monday", "T2N0M0",
    "stage IIIB", "HER2-positive", "p53", "CA-125", "HbA1c 7.1%", "98.6 F", "SpO2 96%", "BMI 27.4", "12-lead ECG", "A&O x3",
    "may increase", "may take 2 tablets", "march in place", "Gram-negative", "Doctor", "Tylenol", "lisinopril 10 mg",
    "metformin 500 mg twice daily", "aspirin 81 mg", "Vitamin B12", "CD4 count 450", "FEV1/FVC 0.68", "16/32 count",
    "HPV 16/18", "COVID-19", "H1N1", "S1", "G2P1", "1-2 drinks a week", "30 pack-years", "heart rate 72", "50/50",
    "10/12/2 regimen", "ejection fraction 55-60%", "5-FU", "18-gauge needle", "0.9% saline", "Ringer's lactate", "Mohs surgery",
    "Mr. is no name", "Will need follow-up", "Rose bengal staining", "Grade 3/4", "Kellgren-Lawrence grade 2", "Apgar 8/9",
    "Whipple procedure", "Patient", "Hope this helps", "Schedule II", "Ward 3", "room air", "Type 2 diabetes", "q.i.d.",
    "1-800 IU", "25-hydroxyvitamin D 18", "platelets 250,000", "Factor V Leiden", "von Willebrand disease", "QTc 440",
)
KEEP_ZH = (
    "2型糖尿病", "高血压", "120/80 mmHg", "58岁", "每日3次", "5月龄", "3个月", "500毫克", "冠心病", "周一", "2019年", "帕金森病", "血糖7.8",
    "每次1-2片", "C5-6椎间盘", "医生", "患者", "李斯特菌", "张力性头痛", "黄疸", "白血病", "高热", "马蹄内翻足", "38.5度", "三月龄",
)


@dataclass(frozen=True)
class Planted:
    """An identifier in a note: its kind and the text that must be gone."""

    kind: str
    text: str


@dataclass(frozen=True)
class Note:
    """A text, what identifies a person in it, and what is clinical in it."""

    text: str
    planted: tuple[Planted, ...]
    kept: tuple[str, ...]
    bare: str
    """The text without the identifiers."""


def mark(kind: str, text: str) -> str:
    return f"«{kind}|{text}»"


def digits(rng: random.Random, count: int) -> str:
    return str(rng.randint(1, 9)) + "".join(str(rng.randint(0, 9)) for _ in range(count - 1))


def code(rng: random.Random, shape: str) -> str:
    """Fill a shape: A is a letter, 0 a digit."""
    return "".join(rng.choice(LETTERS) if c == "A" else str(rng.randint(1, 9)) if c == "0" else c for c in shape)


def labelled(kind: str, labels: tuple[str, ...], shapes: tuple[str, ...]) -> Draw:
    """A label and a number after it."""

    def draw(rng: random.Random) -> str:
        return rng.choice(labels) + mark(kind, code(rng, rng.choice(shapes)))

    return draw


def last_name(rng: random.Random) -> str:
    return rng.choice(PARTICLES) if rng.random() < 0.08 else rng.choice(LAST)


def full_name(rng: random.Random) -> str:
    first, last = rng.choice(FIRST), last_name(rng)
    middle = rng.choice(("", "", "", f" {rng.choice(LETTERS)}.", f" {rng.choice(LETTERS)}", f" {rng.choice(FIRST)}"))
    form = rng.random()
    if form < 0.12:
        return f"{last}, {first}"
    if form < 0.2:
        return f"{first}{middle} {last}".upper()
    return f"{first}{middle} {last}"


def name_titled(rng: random.Random) -> str:
    title = rng.choice(("Dr. ", "Dr ", "Mr. ", "Mrs. ", "Ms. ", "Prof. ", "Miss ", "Doctor ", "Mr ", "Mrs ", "Nurse ", "DR. "))
    name = rng.choice((last_name(rng), last_name(rng), f"{rng.choice(FIRST)} {rng.choice(LAST)}"))
    return title + mark("name titled", name.upper() if title == "DR. " else name)


def name_degree(rng: random.Random) -> str:
    return mark("name titled", f"{rng.choice(FIRST)} {rng.choice(LAST)}") + rng.choice((", MD", ", M.D.", ", RN", " RN", ", NP", ", PhD", ", DO"))


def name_labelled(rng: random.Random) -> str:
    label = rng.choice((
        "Patient: ", "Patient Name: ", "Name: ", "Pt name: ", "Pt: ", "PATIENT: ", "Patient name - ", "Attending: ",
        "Referring physician: ", "Surgeon: ", "Emergency contact: ", "Next of kin: ", "Mother: ", "Attending physician: ", "Provider: ",
    ))
    return label + mark("name labelled", full_name(rng))


def name_introduced(rng: random.Random) -> str:
    name = f"{rng.choice(FIRST)} {rng.choice(LAST)}"
    return rng.choice((
        "my name is ", "My name is ", "this is Dr. ", "I am Dr. ", "I'm Dr. ", "her name is ", "a patient named ", "my daughter named ",
        "he is called ", "His name is ",
    )) + mark("name introduced", name)


def name_signed(rng: random.Random) -> str:
    return rng.choice((
        "Regards, ", "Best regards,\n", "Sincerely,\n", "Dictated by: ", "Dictated by ", "Electronically signed by ", "Signed: ", "Yours sincerely, ",
        "Reviewed by ", "Kind regards, ", "Transcribed by ", "Thanks,\n", "Warm regards,\n", "Electronically signed by: ",
    )) + mark("name signed", rng.choice((full_name(rng), f"{rng.choice(FIRST)} {rng.choice(LAST)}")))


def name_bare(rng: random.Random) -> str:
    return mark("name bare", rng.choice((rng.choice(FIRST), f"{rng.choice(FIRST)} {rng.choice(LAST)}")))


def date(rng: random.Random) -> str:
    day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(1931, 2025)
    long, short, two = MONTHS[month - 1], rng.choice([s for s in SHORT if MONTHS[month - 1].startswith(s)]), year % 100
    ending = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd"}.get(day, "th")
    return mark("date", rng.choice((
        f"{month}/{day}/{year}", f"{month:02}/{day:02}/{year}", f"{month}/{day}/{two:02}", f"{year}-{month:02}-{day:02}", f"{month}-{day}-{year}",
        f"{day}.{month}.{year}", f"{day:02}.{month:02}.{two:02}", f"{year}/{month:02}/{day:02}", f"{long} {day}, {year}", f"{long} {day}{ending}, {year}",
        f"{day} {long} {year}", f"{short} {day}, {year}", f"{short}. {day}, {year}", f"{day}-{short}-{year}", f"{day} {short} {two:02}",
        f"{long} {day}", f"{long} {day}{ending}", f"the {day}{ending} of {long}", f"{day}{ending} {long} {year}", f"{long} {year}", f"{month:02}/{year}",
        f"{day}/{month}/{year}", f"{day:02}{short.upper()[:3]}{year}", f"{long.upper()} {day}, {year}", f"{year}{month:02}{day:02}", f"{long} of {year}",
        f"{year}-{month:02}-{day:02}T08:15:00",
    )))


def date_short(rng: random.Random) -> str:
    return rng.choice(("on ", "since ", "seen on ", "dated ", "Date: ", "until ")) + mark("date", f"{rng.randint(1, 12)}/{rng.randint(13, 28)}")


def birth(rng: random.Random) -> str:
    return rng.choice(("DOB: ", "D.O.B. ", "Date of birth: ", "born on ", "born ", "DOB ", "Birth date: ", "dob ")) + date(rng)


def phone_number(rng: random.Random) -> str:
    a, b, c = digits(rng, 3), digits(rng, 3), digits(rng, 4)
    return rng.choice((
        f"({a}) {b}-{c}", f"{a}-{b}-{c}", f"{a}.{b}.{c}", f"{a} {b} {c}", f"+1 {a} {b} {c}", f"+1-{a}-{b}-{c}", f"1-{a}-{b}-{c}", f"({a}){b}-{c}",
        f"{a}-{b}-{c} ext. {digits(rng, 3)}", f"{a}-{b}-{c} x{digits(rng, 4)}", f"+44 20 {digits(rng, 4)} {c}", f"+49 {a} {digits(rng, 7)}",
        f"+91 {digits(rng, 5)} {digits(rng, 5)}", f"+1{a}{b}{c}", f"{a}/{b}-{c}", f"{a}–{b}–{c}",
    ))


def phone(rng: random.Random) -> str:
    if rng.random() < 0.25:
        bare = rng.choice((digits(rng, 10), f"{digits(rng, 3)}-{digits(rng, 4)}", f"555-{digits(rng, 4)}"))
        return rng.choice(("Phone: ", "Tel: ", "call ", "Cell: ", "Tel. ", "phone number is ", "pager ", "mobile: ")) + mark("phone", bare)
    return rng.choice(("Phone: ", "Tel: ", "", "call ", "Cell: ", "reach me at ", "Home phone: ", "Ph. ", "Contact ")) + mark("phone", phone_number(rng))


def fax(rng: random.Random) -> str:
    return rng.choice(("Fax: ", "FAX ", "fax ", "Fax No. ", "F: ", "fax number ")) + mark("fax", phone_number(rng))


def email(rng: random.Random) -> str:
    first, last = rng.choice(FIRST[:20]).lower(), rng.choice(LAST[:20]).lower()
    domain = rng.choice(("example.com", "mail.example.org", "st-mary-hospital.example.net", "example.co.uk", "uni-klinik.example.de"))
    return mark("email", rng.choice((
        f"{first}.{last}@{domain}", f"{first}{digits(rng, 2)}@{domain}", f"{first[0]}_{last}+clinic@{domain}", f"{last.upper()}@{domain.upper()}",
        f"{first} [at] example [dot] com", f"{first}.{last}(at){domain}", f"{first}-{last}@{domain}",
    )))


def url(rng: random.Random) -> str:
    return mark("url", rng.choice((
        f"https://portal.example.org/patients/{digits(rng, 6)}", f"http://www.example.com/~{rng.choice(FIRST[:20]).lower()}", f"www.example.org/results?id={digits(rng, 5)}",
        f"https://example.com/a/{code(rng, 'A0A0')}#x", "HTTPS://RECORDS.EXAMPLE.COM/me", f"ftp://files.example.net/{digits(rng, 4)}.pdf",
        f"facebook.com/{rng.choice(FIRST[:20]).lower()}.{digits(rng, 3)}", f"portal.example.com/u/{digits(rng, 5)}",
    )))


def ip(rng: random.Random) -> str:
    four = ".".join(str(rng.randint(1, 254)) for _ in range(4))
    six = ":".join(f"{rng.randint(0x1000, 0xFFFF):x}" for _ in range(8))
    return mark("ip", rng.choice((four, f"{four}:8080", six, f"2001:db8::{rng.randint(0x10, 0xFFFF):x}", "fe80::1ff:fe23:4567:890a")))


def street(rng: random.Random) -> str:
    number = rng.choice((digits(rng, 2), digits(rng, 3), digits(rng, 4), digits(rng, 3) + "B"))
    head = rng.choice(("", "", "N. ", "West ", "SE "))
    unit = rng.choice(("", "", f", Apt {digits(rng, 1)}{rng.choice('ABCD')}", f" Apt. {digits(rng, 2)}", f", Suite {digits(rng, 3)}", f" #{digits(rng, 2)}", f", Unit {digits(rng, 1)}"))
    middle = rng.choice((rng.choice(STREETS), f"{rng.randint(2, 99)}th", f"{rng.choice(STREETS)} {rng.choice(('Hill', 'Park', 'Creek'))}"))
    place = rng.choice(("", "", f", {rng.choice(CITIES)}, {rng.choice(STATES)} {digits(rng, 5)}", f"\n{rng.choice(CITIES)}, {rng.choice(STATES)} {digits(rng, 5)}-{digits(rng, 4)}", f", {rng.choice(CITIES)}, {rng.choice(LONG_STATES)} {digits(rng, 5)}", f", {rng.choice(CITIES)}"))
    if rng.random() < 0.12:
        return mark("address", f"{rng.choice(('P.O. Box', 'PO Box', 'P. O. Box'))} {digits(rng, 4)}")
    return mark("address", f"{number} {head}{middle} {rng.choice(WAYS)}{unit}{place}")


def place(rng: random.Random) -> str:
    return mark("zip", rng.choice((
        f"{rng.choice(CITIES)}, {rng.choice(STATES)} {digits(rng, 5)}", f"{rng.choice(CITIES)} {rng.choice(STATES)} {digits(rng, 5)}-{digits(rng, 4)}",
        f"{rng.choice(CITIES)}, {rng.choice(LONG_STATES)} {digits(rng, 5)}",
    )))


def zip_alone(rng: random.Random) -> str:
    return rng.choice(("ZIP: ", "zip code ", "Zip Code: ", "ZIP code is ", "postal code ")) + mark("zip", rng.choice((digits(rng, 5), f"{digits(rng, 5)}-{digits(rng, 4)}")))


def age(rng: random.Random) -> str:
    years = rng.choice((90, 91, 92, 93, 94, 95, 96, 97, 99, 100, 101, 103, 106))
    word = rng.choice(("ninety-two", "ninety one", "Ninety-five", "one hundred"))
    return rng.choice((
        mark("age", str(years)) + rng.choice(("-year-old", " year old", " years old", " yo", " y/o", "-yr-old", " y.o.", " years of age", "yo", "-years-old")),
        rng.choice(("Age: ", "aged ", "age ", "at the age of ", "Age/Sex: ")) + mark("age", str(years)),
        mark("age", word) + rng.choice(("-year-old", " years old", " year old")),
    ))


def vehicle(rng: random.Random) -> str:
    return rng.choice((
        rng.choice(("VIN ", "VIN: ", "vehicle identification number ")) + mark("vehicle", code(rng, "0AAAA00A0AA000000")),
        rng.choice(("license plate ", "License plate: ", "plate number ", "licence plate no. ", "plate # ")) + mark("vehicle", code(rng, rng.choice(("AAA-0000", "0AAA000", "AAA 000", "AA-000-AA")))),
    ))


MRN = labelled("record", (
    "MRN: ", "MRN ", "MRN# ", "Medical record number: ", "MR#: ", "Med Rec #", "Record No. ", "Hospital number: ", "Chart #: ", "Medical Record #", "mrn: ",
    "Patient ID: ", "Unit No: ", "MRN:", "Patient identifier ", "medical record number is ", "Chart number ",
), ("0000000", "00000000", "00-00-00", "000000", "A000000", "00000", "AA-0000000", "000-00-000", "E000000000"))
SSN = labelled("ssn", ("SSN: ", "SSN ", "Social Security number ", "social security # ", "SS#: ", "Social Security No. ", "", "ssn is "), ("000-00-0000", "000 00 0000", "000-00-0000"))
PLAN = labelled("health plan", (
    "Insurance ID: ", "Member ID: ", "Policy number ", "Policy #: ", "Medicare number: ", "Medicaid ID ", "Subscriber ID: ", "Group number: ", "Health plan ID ", "Beneficiary number ",
    "Insurance No. ", "member number ", "Medicare # ", "NHS number: ", "policy no: ",
), ("AAA000000000", "000000000", "0AA0-AA0-AA00", "A00000000", "AAA-00000-0", "000 000 0000", "W000000000"))
ACCOUNT = labelled("account", (
    "Account number: ", "Acct #: ", "Account No. ", "Acct: ", "account # ", "Billing account ", "Bank account ", "Credit card ", "Account: ", "invoice number ", "Acct No ", "card ending in ",
), ("00000000", "0000-0000-0000-0000", "0000 0000 0000 0000", "A0000000", "000000000000", "00-000000"))
LICENCE = labelled("licence", (
    "License number: ", "License #", "Lic. No. ", "DEA: ", "DEA number ", "NPI: ", "NPI ", "Driver's license ", "Driver's license number: ", "DEA# ", "medical license no. ", "Certificate number ", "passport number ", "Passport no: ", "DL# ",
), ("AA0000000", "0000000000", "A0000000", "A000-0000-0000", "MD000000"))
DEVICE = labelled("device", (
    "Serial number: ", "serial no. ", "S/N: ", "Serial #", "SN ", "device ID ", "Pacemaker serial number ", "UDI: ", "Lot number ", "Lot #: ", "implant serial ", "Device serial number: ", "serial number ",
), ("AAA000000A", "000000000", "AA-000000", "PJN000000A", "(01)00000000000000", "A00-0000-00"))
OTHER = labelled("other number", (
    "Accession number: ", "Accession #", "Case number: ", "Claim number ", "Claim #: ", "Encounter ID: ", "Visit number: ", "Order number ", "Specimen ID: ", "Study ID ", "Requisition # ",
    "Fingerprint ID: ", "Reference number ", "Job number: ", "Document ID ", "Confirmation code ", "Accession: ", "voiceprint ID ", "Photo ID: ", "employee ID ",
), ("0000000", "A00-00000", "AA000000", "00-AA-00000", "0000000000", "S00-0000"))


def name_zh(rng: random.Random) -> tuple[str, str]:
    family = rng.choice(SURNAMES_ZH[:-2]) if rng.random() < 0.93 else "欧阳"
    return family, family + rng.choice(GIVEN_ZH)


def titled_zh(rng: random.Random) -> str:
    family, full = name_zh(rng)
    if rng.random() < 0.4:
        return rng.choice(("姓名：", "患者姓名：", "我叫", "联系人：", "姓名:", "主治医师：", "签名：")) + mark("name zh", full)
    return mark("name zh", rng.choice((family, full))) + rng.choice(("先生", "女士", "医生", "大夫", "主任", "教授", "护士"))


def phone_zh(rng: random.Random) -> str:
    number = "1" + rng.choice("3578") + digits(rng, 9)
    form = rng.choice((number, f"{number[:3]}-{number[3:7]}-{number[7:]}", f"{number[:3]} {number[3:7]} {number[7:]}", f"+86 {number}", f"010-{digits(rng, 8)}", f"(021){digits(rng, 8)}"))
    return rng.choice(("手机号：", "电话：", "联系电话", "请拨打", "手机")) + mark("phone zh", form)


def id_zh(rng: random.Random) -> str:
    if rng.random() < 0.6:
        day = f"{rng.randint(1940, 2010)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"
        return rng.choice(("身份证号：", "身份证", "证件号码：", "")) + mark("id zh", digits(rng, 6) + day + digits(rng, 3) + rng.choice("0123456789X"))
    return rng.choice(("病历号：", "住院号：", "门诊号", "医保卡号：", "病案号：", "就诊卡号:")) + mark("id zh", rng.choice((digits(rng, 7), digits(rng, 10), code(rng, "A0000000"))))


def date_zh(rng: random.Random) -> str:
    year, month, day = rng.randint(1940, 2025), rng.randint(1, 12), rng.randint(1, 28)
    return mark("date zh", rng.choice((f"{year}年{month}月{day}日", f"{month}月{day}日", f"{year}年{month}月", f"{year}-{month:02}-{day:02}", f"{month}月{day}号", f"{year}.{month:02}.{day:02}", f"{year} 年 {month} 月 {day} 日")))


def address_zh(rng: random.Random) -> str:
    road = rng.choice(("人民", "中山", "建设", "解放", "长江", "和平"))
    return rng.choice(("住址：", "家庭住址：", "地址：", "现住")) + mark("address zh", rng.choice((
        f"{road}路{rng.randint(1, 999)}号", f"北京市海淀区{road}路{rng.randint(1, 99)}号{rng.randint(1, 20)}号楼{rng.randint(101, 999)}室", f"上海市{road}东路{rng.randint(1, 999)}弄{rng.randint(1, 99)}号",
        f"广东省广州市{road}大道{rng.randint(1, 999)}号",
    )))


def keep(rng: random.Random) -> str:
    return mark("keep", rng.choice(KEEP))


def keep_zh(rng: random.Random) -> str:
    return mark("keep", rng.choice(KEEP_ZH))


def age_zh(rng: random.Random) -> str:
    return mark("age", rng.choice(("92", "95", "101", "九十三"))) + rng.choice(("岁", " 岁"))


SLOTS: dict[str, Draw] = {
    "titled": name_titled, "degree": name_degree, "labelled": name_labelled, "introduced": name_introduced, "signed": name_signed, "bare": name_bare,
    "date": date, "short": date_short, "birth": birth, "phone": phone, "fax": fax, "email": email, "url": url, "ip": ip, "street": street, "place": place,
    "zip": zip_alone, "age": age, "vehicle": vehicle, "mrn": MRN, "ssn": SSN, "plan": PLAN, "account": ACCOUNT, "licence": LICENCE, "device": DEVICE, "other": OTHER,
    "zh_name": titled_zh, "zh_phone": phone_zh, "zh_id": id_zh, "zh_date": date_zh, "zh_address": address_zh, "zh_age": age_zh, "k": keep, "kz": keep_zh,
}

TEMPLATES = (
    "DISCHARGE SUMMARY\n{labelled}\n{mrn}\n{birth}\nAdmitted: {date}\nDischarged: {date}\n\nThis {age} woman was admitted with {k}. {titled} saw her; {k}, {k}.\n"
    "Medications: {k}; {k}.\nFollow up with {titled} on {date}. {phone}.\n{signed}",
    "RADIOLOGY REPORT\n{labelled}    {birth}    {other}\nExam date: {date}\nIndication: {k}, {k}.\nFindings: {k}; {k}. Compared with {date}.\nImpression: {k}.\n{signed}\n{degree}",
    "Patient: Hi doctor, {introduced}. I have {k} and I take {k}. You can {phone} or write to {email}.\nDoctor: Hello, thank you. {k}? See me {short}.\n"
    "Patient: Yes, {k}. I saw {titled} about it.\nDoctor: {k}.",
    "Dear {titled},\n\nThank you for referring {titled}, {age}, of {street}. The history is of {k} and {k}. On examination {k}, {k}.\n\n{signed}\n{fax}",
    "Hi, {introduced} from {place}. Since {date} I have had {k}. My doctor said {k}. Is it {k}? My number: {phone}. Thanks",
    "{labelled}; {ssn}; {plan}; {account}\nProblem list: {k}, {k}, {k}. Plan: {k}.\n{licence}",
    "Operative note. {labelled}. Procedure {date}. The {k} was done. Implant: {device}. Complications: {k}. EBL 50 mL. {k}. {signed}",
    "ER note {date}: {k} after collision; {vehicle}. {k}, {k}. Contact: {labelled}, {phone}. {plan}.",
    "Telehealth session from {ip}, portal {url}. {introduced}. {k}; {k}. Rx: {k}. {licence}. {zip}.",
    "PROGRESS NOTE - {date}\nS: {k}. Reports {k}. {bare} came along.\nO: {k}, {k}, {k}.\nA/P: {k}; {k}. Discussed with {titled}.\n{degree}",
    "Social history: lives at {street} with his wife. {zip}. Employer reference: {other}. {k}. Denies {k}. {age} father with {k}.",
    "Lab report\n{other}\n{mrn}\nCollected: {date}\n{k}\n{k}\n{k}\n{k}\nReported to {titled} ({phone}; {fax}).",
    "INSURANCE LETTER\n{street}\n{date}\nRe: {labelled}\n{plan}\n{account}\nTo whom it may concern: {k} is needed for {k}. {email}\n{signed}",
    "Doctor: What brings you in?\nPatient: My {k} is worse since {date}.\nDoctor: And the medication?\nPatient: {titled} gave me {k}, {k}.\nDoctor: {k}. Call {phone}.\nPatient: Okay.",
    "Device clinic: pacemaker check {date}. {device}; {device}. Battery fine. {k}. {k}. {mrn}. {titled} informed.",
    "{birth}. {ssn}. {licence}. {vehicle}. Fit to drive: {k}; vision {k}. Examined {short} by {titled}.",
    "Nursing: {short}, {k}. Given {k}. {k}. {degree}",
    "my mother, {age}, takes {k}; {k}. she fell {short} and now {k}. {titled} says {k}. please answer {email}",
    "PATHOLOGY\n{other}\nReceived {date}. Specimen: {k}. Diagnosis: {k}, {k}.\nPathologist: {degree}",
    "Consent signed {date}. Images at {url}. Uploaded from {ip}. {other}. {k}. {k}.",
    "Pharmacy call: {phone}. Refill of {k} for {titled}, {birth}, {plan}. {k}.",
    "IMMUNIZATION\n{labelled} {birth}\n{device} given {date}. {k}. {zip}",
    "{zh_name}，{zh_age}，因{kz}于{zh_date}入院。{zh_id}。{zh_phone}。{zh_address}。诊断：{kz}、{kz}。",
    "问：医生您好，{zh_name}说我有{kz}，{zh_date}开始{kz}，怎么办？{zh_phone}\n答：您好，考虑{kz}，{kz}。",
    "出院小结\n{zh_name}\n{zh_id}\n{zh_id}\n入院日期：{zh_date}\n主诉：{kz}，{kz}。\n邮箱：{email}\n{zh_name}",
)
NAMES = ("name titled", "name labelled", "name introduced", "name signed", "name bare", "name zh")
SLOT, MARKED = re.compile(r"\{(\w+)\}"), re.compile(r"«([^|»]*)\|([^»]*)»")
YEAR = re.compile(r"(?:19|20)\d\d")


def note(rng: random.Random) -> Note:
    """Make one note."""
    marked = SLOT.sub(lambda found: SLOTS[found[1]](rng), rng.choice(TEMPLATES))
    pairs = MARKED.findall(marked)
    return Note(
        text=MARKED.sub(r"\2", marked),
        planted=tuple(Planted(kind, text) for kind, text in pairs if kind != "keep"),
        kept=tuple(text for kind, text in pairs if kind == "keep"),
        bare=MARKED.sub(lambda found: found[2] if found[1] == "keep" else "#", marked),
    )


def notes(count: int, seed: int = 0) -> list[Note]:
    """Make notes, the same ones from the same seed."""
    rng = random.Random(seed)
    return [note(rng) for _ in range(count)]


def traces(planted: Planted) -> list[str]:
    """Return the pieces of an identifier none of which may be left: itself, long numbers, and each part of a name."""
    pieces = {planted.text}
    if planted.kind in NAMES:
        pieces |= {part for part in re.findall(r"[^\W\d_]{3,}", planted.text) if part not in {"van", "der", "von"}}
    else:
        pieces |= {run for run in re.findall(r"\d{4,}", planted.text) if not YEAR.fullmatch(run)}
    return sorted(pieces)


def left(where: Note, scrubbed: str, planted: Planted) -> list[str]:
    """Return the traces of an identifier that are still in the scrubbed note, and not there without it."""
    return [piece for piece in traces(planted) if _count(piece, scrubbed) > _count(piece, where.bare)]


def lost(where: Note, scrubbed: str) -> list[str]:
    """Return the clinical terms of a note that are no longer in it."""
    return [term for term in where.kept if scrubbed.count(term) < sum(other == term for other in where.kept)]


def _count(piece: str, text: str) -> int:
    return len(re.findall(f"(?<!{_more(piece[0])}){re.escape(piece)}(?!{_more(piece[-1])})", text))


def _more(edge: str) -> str:
    """Return what must not stand beside the edge of a piece: a digit beside a digit, a letter beside a letter."""
    return r"\d" if edge.isdigit() else r"[A-Za-z]" if edge.isalpha() and edge < "\u2e80" else "[^\\s\\S]"
