"""The forms that a stranger's notes had and ours had not: what is found, and what looks alike and stays."""

from __future__ import annotations

from collections import Counter

import pytest

from domaintune.privacy.scrub import Scrubber


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SSN: xxx-xx-6307", "SSN: xxx-xx-[ID-1]"),
        ("SSN ending in 6307", "SSN ending in [ID-1]"),
        ("Hosp #: 6681372, PID: AY-045643", "Hosp #: [ID-1], PID: [ID-2]"),
        ("EMPI: A9290006; CRN 75858491", "EMPI: [ID-1]; CRN [ID-2]"),
        ("UR Number: 7364851, NHS No: 57455697", "UR Number: [ID-1], NHS No: [ID-2]"),
        ("Med. Rec. #: 480-75-25 and MRN-18255540", "Med. Rec. #: [ID-1] and MRN-[ID-2]"),
        ("MBI: 3B3X-B6K-TX32, HICN 9919-940-367", "MBI: [ID-1], HICN [ID-2]"),
        ("Health card no. W358833904", "Health card no. [ID-1]"),
        ("FIN: V327782769 CSN: A-9654213 HAR: A-6682183", "FIN: [ID-1] CSN: [ID-2] HAR: [ID-3]"),
        ("card ending V891356448", "card ending [ID-1]"),
        ("GMC No: 1964466, NMC PIN 90J7263K", "GMC No: [ID-1], NMC PIN [ID-2]"),
        ("DL T20148515; State license ME391337", "DL [ID-1]; State license [ID-2]"),
        ("Req #: R6242543 Requisition 18615703", "Req #: [ID-1] Requisition [ID-2]"),
        ("Lab No: 04-12271, Prior auth # PA8405974", "Lab No: [ID-1], Prior auth # [ID-2]"),
        ("Specimen #: S74:2659", "Specimen #: [ID-1]"),
        ("Study subject ABC-471-6100, Ticket INC0306930", "Study subject [ID-1], Ticket [ID-2]"),
        ("Donor ID: W2799 71 357077", "Donor ID: [ID-1]"),
        ("Model DDDR, serial 4301898", "Model DDDR, serial [ID-1]"),
        ("Asset tag: BME-60137, MAC 00:1A:09:e9:81:88", "Asset tag: [ID-1], MAC [ID-2]"),
        ("UDI: (01)04379246991303(17)141120(10)A9648(21)465889", "UDI: [ID-1]"),
        ("license plate OH KLF 8357", "license plate OH [ID-1]"),
        ("Plate #: 7CSJ692, tag # BFU0327", "Plate #: [ID-1], tag # [ID-2]"),
        ("vehicle reg PY52 GFL", "vehicle reg [ID-1]"),
        ("posts as @dr_427833", "posts as [ID-1]"),
        ("pager 32105; ext. 7943; beeper 1963", "pager [PHONE-1]; ext. [PHONE-2]; beeper [PHONE-3]"),
        ("call 555-0143 or 07740 601966", "call [PHONE-1] or [PHONE-2]"),
        ("Fax (+1 (151) 458-7124) 93 mg/dL", "Fax ([PHONE-1]) 93 mg/dL"),
        ("Phone: 212-555-0123 120/80", "Phone: [PHONE-1] 120/80"),
        ("Tel: +44 20 7996 1267 36+3 weeks", "Tel: [PHONE-1] 36+3 weeks"),
        ("mark.osei at mercyhealth.org", "[EMAIL-1]"),
        ("Portal: t.me/garcia24, st-lukes.nhs.uk", "Portal: [URL-1], [URL-2]"),
        ("admitted 06/Jun/1987, seen Nov '68", "admitted [DATE-1], seen [DATE-2]"),
        ("LMP 3/7, EDD 12/2, as of 9/17, d/c'd 9/21", "LMP [DATE-1], EDD [DATE-2], as of [DATE-3], d/c'd [DATE-4]"),
        ("CT 4/25 showed; follow up 10/19", "CT [DATE-1] showed; follow up [DATE-2]"),
        ("stay 3/14-3/17, on 7/13-7/15", "stay [DATE-1], on [DATE-2]"),
        ("printed on 2.7.08", "printed on [DATE-1]"),
        ("95M with HTN", "[AGE-1]M with HTN"),
        ("a 94 y F, now 92 y old", "a [AGE-1] y F, now [AGE-2] y old"),
        ("recently turned 98; her mother (96)", "recently turned [AGE-1]; her mother ([AGE-2])"),
        ("moved to 16268 MAGNOLIA ST.", "moved to [ADDRESS-1]"),
        ("lives at 7878 maple drive", "lives at [ADDRESS-1]"),
        ("resides at RR 6 Box 4879", "resides at [ADDRESS-1]"),
        ("City: Springfield", "City: [ADDRESS-1]"),
        ("in from Boise, ID, travelled to Fort Wayne", "in from [ADDRESS-1], travelled to [ADDRESS-2]"),
        ("St. Paul,MN 44472", "[ADDRESS-1]"),
        ("14388 Maple Dr.\nApt 47D", "[ADDRESS-1]"),
        ("Address: 12 Oak St, Dayton, OH 45402. BP 120/80.", "Address: [ADDRESS-1]. BP 120/80."),
        ("Address: 15231 Oak Lane, Boise. Pain 5/10", "Address: [ADDRESS-1]. Pain 5/10"),
    ],
)
def test_numbers_and_places(text: str, expected: str) -> None:
    assert Scrubber().scrub(text)[0] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("M. Venkataraman, RN, BSN", "[NAME-1], RN, BSN"),
        ("Seen by Venkataraman, MD", "Seen by [NAME-1], MD"),
        ("Patient Name\tSMITH, JOHN", "Patient Name\t[NAME-1]"),
        ("NAME      Anna Smith", "NAME      [NAME-1]"),
        ("| Patient | Smith, John |", "| Patient | [NAME-1] |"),
        ("**Patient:** John Smith", "**Patient:** [NAME-1]"),
        ("Patient name (last, first): Osei, Kofi", "Patient name (last, first): [NAME-1]"),
        ("Resident: Thuy Marsh; Scribe: J. Frost", "Resident: [NAME-1]; Scribe: [NAME-2]"),
        ("Collected by: Ana Torres\nCosigned by Paul Ng", "Collected by: [NAME-1]\nCosigned by [NAME-2]"),
        ("Guarantor: Omar Hall\nPOA: Lee, Anna", "Guarantor: [NAME-1]\nPOA: [NAME-2]"),
        ("Nurse: GREEN, MARIA, RN", "Nurse: [NAME-1], RN"),
        ("Dr.Okonkwo, Doctor A. Frost, Sgt. Mason", "Dr.[NAME-1], Doctor [NAME-2], Sgt. [NAME-3]"),
        ("Rev. Okonkwo and Sister Abdullahi", "Rev. [NAME-1] and Sister [NAME-2]"),
        ("her daughter Susan, his son (Omar)", "her daughter [NAME-1], his son ([NAME-2])"),
        ("discussed with daughter, Ana Torres,", "discussed with daughter, [NAME-1],"),
        ("Hi Carter,\nall is well", "Hi [NAME-1],\nall is well"),
        ("Dr. St. Clair came", "Dr. [NAME-1] came"),
        ("PATIENT: SMITH, WILL", "PATIENT: [NAME-1]"),
        ('Name: Linda "Skip" Johnson', "Name: [NAME-1]"),
        ("You can call me Xiomara.", "You can call me [NAME-1]."),
        ("Fever resolved.\n-- J. Rivera", "Fever resolved.\n-- [NAME-1]"),
        ("Kwame: It started last week.", "[NAME-1]: It started last week."),
        ("护士:毛志强 审核者:郝芳", "护士:[NAME-1] 审核者:[NAME-2]"),
        ("患者薛艳,因头痛，家属龙志强，我是邵建国", "患者[NAME-1],因头痛，家属[NAME-2]，我是[NAME-3]"),
        ("标本号:68838204 微信号:wx_abc1085", "标本号:[ID-1] 微信号:[ID-2]"),
        ("患者ID:P8248639 病理号:B2099-10373", "患者ID:[ID-1] 病理号:[ID-2]"),
        ("车牌号:沪A61033，车牌粤B·0N747", "车牌号:[ID-1]，车牌[ID-2]"),
        ("年龄 100", "年龄 [AGE-1]"),
        ("家住河北省保定市清苑区张登镇李庄村", "家住[ADDRESS-1]"),
    ],
)
def test_names_and_chinese_forms(text: str, expected: str) -> None:
    assert Scrubber().scrub(text)[0] == expected


@pytest.mark.parametrize(
    "text",
    [
        "Attending: Hospitalist service. Provider: Urgent Care. PCP: Unknown.",
        "History of Sister Mary Joseph nodule.",
        "NPO after 12:00 AM. Dr. [NAME-1] came; Type 2 Diabetes. Dr. [NAME-1] agrees.",
        "Address: homeless. BP 120/80, HR 90.",
        "12 LEAD ST changes, 64 SLICE CT, 3 MM ST depression.",
        "PHQ-9 (7/27), nodes 4/18, strength 4/5-5/5, pain 7/10-8/10, 1/2-3/4 tablet.",
        "febrile to 101F with chills, T 100 F with rigors",
        "Specimen: 138/84 mmHg, subject to 10 mg, tag line 5",
        "give her son Tylenol, gave daughter Motrin; mother (Breast Cancer), father (MI)",
        "Name | Dose | Route\nName      Frequency",
        "- Lisinopril\n- Chest Pain\n- Heart Rate",
        "Hi Doctor, hello Sir, Hi Team, Thanks, Bye!",
        "performed by Ultrasound, ordered by Cardiology",
        "Tylenol, DO NOT take. Radiologist, MD.",
        "She moved to Telemetry, pain in Abdomen.",
        "Patient: Augmentin, Detrol and Advil.",
        "患者:高烧，患者于昨日入院，患者黄疸，患者常头痛，我是高血压病人",
        "x1000 mL, ext. rotation 45 degrees, tag 5",
    ],
)
def test_what_looks_alike_stays(text: str) -> None:
    assert Scrubber().scrub(text) == (text, Counter())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dr. Allen ECOG 2, Dr. Allen NYHA II", "Dr. [NAME-1] ECOG 2, Dr. [NAME-1] NYHA II"),
        ("Pt: Smith, Anna G TMP-SMX 800/160", "Pt: [NAME-1] TMP-SMX 800/160"),
        ("since October. 36+3 weeks", "since [DATE-1]. 36+3 weeks"),
    ],
)
def test_an_identifier_ends_where_the_clinical_begins(text: str, expected: str) -> None:
    assert Scrubber().scrub(text)[0] == expected
