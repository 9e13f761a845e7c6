"""Chinese names: behind a label, before a title, and where a patient or a relative is told of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from domaintune.privacy.namewords import DOUBLE_ZH, GIVEN_ZH, NOT_GIVEN_ZH, SURNAMES_ZH
from domaintune.privacy.spans import Span

ZH = "\u4e00-\u9fff"
FAMILY_ZH = rf"(?:{DOUBLE_ZH}|[{SURNAMES_ZH}])"
TITLED_ZH = re.compile(
    rf"(?P<it>(?P<family>{FAMILY_ZH})(?P<given>[{ZH}]{{0,2}}?))"
    r"(?=先生|女士|小姐|太太|医生|大夫|医师|主任|教授|护士|护师|院长|老师|阿姨|叔叔)"
)
LABELLED_ZH = re.compile(
    rf"(?:(?:姓 ?名|联系人|(?:审核|记录|检验|报告|操作|核对|送检)者"
    r"|送检医生|送检医师|住院医师|主管护士|责任护士|主治医师|主治医生|经治医师|责任医师|报告医师|审核医师|医师|签名|签字|家属"
    rf"|监护人|陪护人)\s?[：:]\s?|姓 ?名[ \t]{{1,4}}"
    rf"|(?:我叫|名叫|名字叫|名字是|姓名是|姓名为))(?P<it>{FAMILY_ZH}[{ZH}·]{{1,2}})"
)
PATIENT_ZH = re.compile(
    rf"(?:患者|病人)(?P<it>{FAMILY_ZH}(?!某|先生|女士|小姐)[{ZH}]{{1,2}})(?=[，,、（(\s]{{1,2}}(?:[男女]|\d{{1,3}}岁))"
)


TOLD_ZH = re.compile(
    rf"(?:(?:患者|病人)(?:\s?[：:]\s?)?|护士\s?[：:]\s?|家属|我是|其[子女妻夫母父]|(?:妻子|丈夫|儿子|女儿|母亲|父亲|配偶)(?:[：:叫])?)"
    rf"(?P<it>{FAMILY_ZH}(?:[{GIVEN_ZH}]{{2}}|[{GIVEN_ZH}](?:(?![{ZH}])|(?=会诊|代诉|陪同))))"
)
"""Where any word may stand: believed only with characters that are usual in given names."""


def chinese_names(text: str) -> Iterator[Span]:
    """Yield the Chinese names in a text."""
    for found in TITLED_ZH.finditer(text):
        if found["given"] not in NOT_GIVEN_ZH and not (found["given"] and found["given"][0] in NOT_GIVEN_ZH):
            yield Span(found.start("it"), found.end("it"), "NAME")
    for form in (LABELLED_ZH, PATIENT_ZH, TOLD_ZH):
        for found in form.finditer(text):
            yield Span(found.start("it"), found.end("it"), "NAME")
