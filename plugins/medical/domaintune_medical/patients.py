"""Inventing patients who can have what they complain of: no man with an ovarian cyst, no toddler with presbyopia.

The lists know common names, not all of medicine; what they do not know gets any sex, and an age from 20 to 79.
"""

from __future__ import annotations

import random
import re
from typing import Literal

Sex = Literal["woman", "man", ""]

_FEMALE = re.compile(
    r"\bfemale|\bperiods\b|ovar|endometri|vagin|pregnan|menstru|menopaus|uter[iou]"
    r"|cervi(?:x|citis|cal (?:canc|dys|disorder))|vulv"
    r"|eclamp|placenta|abortion|miscarr|post-?partum|amniotic|gestation|gravidar|hydatidiform|mittelschmerz"
    r"|pelvic inflammatory"
    r"|dysmenorrh|amenorrh|leukorrh|turner syndrome|fibroadenoma|fibrocystic"
    r"|breast (?:cancer|cyst|infection|pain|lump|tender)"
    r"|(?:lump|mass|pain|soreness) (?:or soreness )?of (?:the )?breast|mastitis|fallopian|labou?r pains"
    r"|卵巢|子宫|阴道|妊娠|怀孕|孕妇|不孕|宫外孕|月经|闭经|经期|经前|宫颈|绝经|外阴|产后|产褥|分娩|痛经|白带"
    r"|盆腔炎|输卵管|胎盘|流产|羊水|葡萄胎|子痫"
    r"|乳腺"
)
_MALE = re.compile(
    r"\bmale\b|prostat|testic|testis|testes|erectile|impoten|ejaculat|epididym|orchitis|penis|penile|scrot"
    r"|phimosis|balanitis|foreskin"
    r"|peyronie|priapism|hypospadias|cryptorchid|varicocele|hydrocele|spermatocele|gynecomast|gynaecomast"
    r"|corpus cavernosum"
    r"|klinefelter|urethral valves|前列腺|睾丸|隐睾|附睾|阴茎|阴囊|勃起|阳痿|早泄|射精|遗精|包皮|包茎|龟头|精索"
)
ADULT = (20, 79)
# Years of age, first and last, in which a thing is likely; where several fit, what they have in common.
_AGES: tuple[tuple[str, tuple[int, int]], ...] = (
    (
        r"teething|neonat|newborn|\binfants?\b|birth trauma|pyloric stenosis|congenital rubella|diaper"
        r"|omphalitis|urethral valves"
        r"|patau|edward(?:s|['’]s)? syndrome|vacterl|新生儿|婴儿|出牙|尿布",
        (0, 0),
    ),
    (r"bronchiolitis|intussusception|hirschsprung|pulling at ears|幼儿急疹|毛细支气管炎", (0, 2)),
    (r"cryptorchid|hypospadias|fetal alcohol|隐睾|尿道下裂", (1, 6)),
    (
        r"\bcroup|hand,? foot,? and mouth|herpangina|kawasaki|febrile (?:seizure|convulsion)|手足口|川崎病|热性惊厥",
        (1, 5),
    ),
    (
        r"scarlet fever|chickenpox|measles|mumps|whooping cough|bed-?wetting|lack of growth"
        r"|developmental disabilit|childhood|in children|猩红热|遗尿|小儿|儿童|水痘|麻疹|腮腺炎|百日咳",
        (3, 10),
    ),
    (
        r"juvenile|oppositional|conduct disorder|osteochondrosis|osgood|attention deficit|tourette|少年|多动症",
        (6, 16),
    ),
    (r"\bacne\b|pimples|痤疮|青春痘", (13, 35)),
    (r"phimosis|包茎|包皮过长", (4, 25)),
    (r"testicular torsion|睾丸扭转", (11, 25)),
    (r"testicular cancer|睾丸癌", (18, 45)),
    (r"ejaculat|early onset impotence|早泄|遗精|射精", (20, 50)),
    (r"erectile|impoten|peyronie|priapism|勃起|阳痿", (30, 70)),
    (
        r"pregnan|eclamp|placenta|abortion|miscarr|post-?partum|amniotic|gestation|gravidar|hydatidiform"
        r"|uterine (?:atony|contraction)"
        r"|infertil|labou?r pains|怀孕|孕妇|不孕|宫外孕|妊娠|产后|产褥|分娩|流产|胎盘|羊水|葡萄胎|子痫",
        (20, 42),
    ),
    (
        r"(?<!post)(?<!after )menstru|\bperiods\b|dysmenorrh|amenorrh|endometriosis|polycystic ovar"
        r"|mittelschmerz|ovarian torsion"
        r"|ovarian failure|pelvic inflammatory|mastitis|月经|闭经|痛经|经期|经前|子宫内膜异位|多囊卵巢|盆腔炎|乳腺炎",
        (16, 44),
    ),
    (r"(?:early|premature).{0,20}menopaus|ovarian failure|卵巢早衰", (30, 39)),
    (r"(?:after|post-?)\s?menopaus|atrophic vaginitis|vaginal atrophy|绝经后", (56, 79)),
    (r"hot fl(?:a|u)shes|(?<!after )\bmenopause\b|更年期|绝经(?!后)", (46, 56)),
    (
        r"presby|macular degeneration|cataract|alzheimer|\bdementia|lewy body|\bpick disease|parkinson"
        r"|polymyalgia rheumatica"
        r"|normal pressure hydrocephalus|temporal arteritis|giant cell arteritis|actinic keratosis"
        r"|osteoporosis|aortic aneurysm"
        r"|enlarged prostate|prostatic hyperplasia|prostate cancer|老年|老花|白内障|黄斑变性|阿尔茨海默|痴呆"
        r"|帕金森|前列腺增生|前列腺癌|骨质疏松",
        (58, 84),
    ),
    (
        r"(?<!heat )\bstroke|heart attack|myocardial infarct|transient isch|angina|coronary|卒中|中风|脑梗"
        r"|心肌梗|冠心病|心绞痛",
        (45, 79),
    ),
)
_EMERGENCY = re.compile(
    r"\bstroke\b|transient isch|heart attack|myocardial infarct|cardiac arrest"
    r"|ventricular (?:tachycardia|fibrillation)|meningitis"
    r"|encephalitis|anaphyla|sepsis|septic shock|(?:pulmonary|air|fat) embolism|arterial embolism|aortic dissection"
    r"|(?:subarachnoid|subdural|epidural|intracranial|intracerebral|gastrointestinal) (?:ha?em)|cerebral ha?emorrhage"
    r"|ectopic pregnancy|(?:testicular|ovarian) torsion|placental abruption|placenta previa|eclampsia"
    r"|ketoacidosis|hyperosmotic"
    r"|acute (?:angle.closure )?glaucoma|retinal (?:artery|detachment)|status epilepticus"
    r"|necroti[sz]ing fasciitis|gas gangrene"
    r"|epiglottitis|appendicitis|peritonitis|volvulus|acute pancreatitis|pneumothorax|carbon monoxide"
    r"|poisoning due|overdose"
    r"|cauda equina|respiratory distress|thyroid storm|adrenal crisis|acute abdomen|ischemia of the bowel"
    r"|suicid|loss of consciousness"
    r"|crushing chest pain|中风|卒中|脑出血|脑梗死|心肌梗|心梗|心脏骤停|脑膜炎|脑炎|过敏性休克|败血症|脓毒症"
    r"|肺栓塞|主动脉夹层|蛛网膜下腔出血|宫外孕"
    r"|异位妊娠|扭转|子痫|酮症酸中毒|急性青光眼|癫痫持续状态|阑尾炎|腹膜炎|急性胰腺炎|气胸|中毒|会厌炎|自杀"
    r"|轻生|意识丧失"
)


def sex(text: str) -> Sex:
    """Return whose complaint a text describes where only one sex can have it."""
    lowered = text.casefold()
    return "woman" if _FEMALE.search(lowered) else "man" if _MALE.search(lowered) else ""


def ages(*texts: str) -> tuple[int, int]:
    """Return the first and the last year of age that fit all that the texts name; an earlier text counts more."""
    first, last = 0, 200
    for text in texts:
        for pattern, (low, high) in _AGES:
            if max(first, low) <= min(last, high) and re.search(pattern, text.casefold()):
                first, last = max(first, low), min(last, high)
    return (first, last) if last < 200 else ADULT


def emergency(*texts: str) -> bool:
    """Return whether one of the texts names what cannot wait."""
    return any(_EMERGENCY.search(text.casefold()) for text in texts)


def person(name: str, complaint: str, rng: random.Random, *, chinese: bool, others: str = "") -> tuple[str, bool]:
    """Invent a patient whose age and sex fit: `a 52-year-old woman`, and whether it is a child.

    `others` are more symptoms of the condition: they decide on the sex where name and complaint leave it open.
    """
    fitting = sex(name) or sex(complaint) or sex(others) or rng.choice(("woman", "man"))
    age = rng.randint(*ages(name, complaint))
    girl = fitting == "woman"
    if age == 0:
        months = rng.randint(3, 11)
        if chinese:
            return f"一名{months}个月大的{'女婴' if girl else '男婴'}", True
        return f"{_article(months)} {months}-month-old {'girl' if girl else 'boy'}", True
    child = age < 18
    if chinese:
        return f"一名{age}岁{('女孩' if girl else '男孩') if child else '女性' if girl else '男性'}", child
    return f"{_article(age)} {age}-year-old {('girl' if girl else 'boy') if child else fitting}", child


def _article(number: int) -> str:
    return "an" if number in {8, 11, 18} or 80 <= number < 90 else "a"
