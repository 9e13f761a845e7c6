"""Grading an answer to an arithmetic problem: read the result out of the text, then compare it (Goat, Table 3).

    result("397 * 44 = 397 * (40 + 4) = 15880 + 1588 = 17468")   ->  "17468"
    result("The sum of 3 and 5 is **8**.")                       ->  "8"
    result("The quotient is 1,234, with a remainder of 5.")      ->  "1234 R 5"

Base and tuned models are read by the same rules, and these forgive every way of writing a right result: a chatty base
model that is right counts as right, so that no gain is a gain in format alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import zip_longest
from pathlib import Path
from typing import Any

from domaintune import Example, Message, Origin, Score
from domaintune_arithmetic.bigbench_options import BigBenchOptions
from domaintune_arithmetic.cells import CELLS, NAMES, Cell, problems
from domaintune_arithmetic.cells import answer as solved
from domaintune_arithmetic.held_out import unordered

UNDEFINED = "undefined"

_THING = r"\b(?:answer|result|solution|value|outcome|total|sum|difference|product|quotient)\b"

_NEXT = re.compile(r"\n ?(?:(?:question|problem|exercise|instruction|human|user|q)\s*\d*:|###\s*[a-z])", re.IGNORECASE)
"""Where a model without chat training asks itself the next question."""

# What is the same result in other writing, brought to one; in order.
_SAME = tuple(
    (re.compile(pattern, re.IGNORECASE), plain)
    for pattern, plain in (
        (r"\\(?:text|mathrm|mathbf|textbf|mbox|mathit)\s*\{([^{}]*)\}", r"\1"),
        (r"\{,\}|\\[,;! ](?=\d{3})|[\u00a0\u2009\u202f](?=\d{3})", ","),
        (r"(?<=\d),(?=\d{3}(?!\d))", ""),  # 1,234,567
        (r"\\boxed\s*\{([^{}]*)\}|≈|\\approx\b", r" = \1 "),
        (r"[−–]", "-"),
        (r"×|·|⋅|\\times\b|\\cdot\b", "*"),
        (r"÷|\\div\b", "/"),
        (r"\\[()\[\],;! ]|\$|`|\*\*|__", ""),
        (r"(?<![\w)])\*(-?[\d.]+)\*(?![\w(])", r"\1"),
        (r"(?<=\d) plus (?=\d)", " + "),
        (r"(?<=\d) minus (?=\d)", " - "),
        (r"(?<=\d) (?:times|multiplied by) (?=\d)", " * "),
        (r"(?<=\d) divided by (?=\d)", " / "),
        (r"=\s*-\s+(?=\d)", "= -"),
        # 3, and the remainder is 2; 3r2
        (
            r"[\s,;.(]{0,4}\b(?:(?:and|with|leaving|has|the|its|a)\s+){0,4}(?:remainder|rem)\b[\s:=]*(?:(?:of|is)\s*)?(?=\d)",
            " R ",
        ),
        (r"(?<=\d)\s*R\.?\s*(?=\d)", " R "),
        (rf"(?<!\d)(-?\d++(?: R \d++)?+) is (?:the|your) (?=(?:\w+ )?{_THING})", r"the result is \1; "),
    )
)
_NO_WAY = r"(?:can ?not|can['’]t|impossible|not possible|not allowed|meaningless|no meaning|no answer|no solution)"
_BY_ZERO = r"\bdivi\w+\s(?:\S+\s){0,3}by\s(?:zero|0)\b"
_UNDEFINED = re.compile(
    r"\bundefined\b|\b(?:not|isn['’]t) defined\b|\bindeterminate\b"
    rf"|{_NO_WAY}[^.\n]{{0,80}}{_BY_ZERO}|{_BY_ZERO}[^.\n]{{0,80}}{_NO_WAY}",
    re.IGNORECASE,
)

_NUMBER = r"\d++(?:\.\d++)?+(?: R \d++)?+"
_RESULT = rf"(?P<sign>(?<![-\w)])[-+]|(?:minus|negative)\s)?(?P<number>{_NUMBER})(?!\s*[-+*/x]\s*[\d(])"
"""A number, with or without a remainder, that no further operation follows."""
_ALONE = re.compile(rf"{_RESULT}[ .!]*(?:\n|\Z)", re.IGNORECASE)
_FILLER = r"\s*:?\s*(?:(?:exactly|simply|just|then|therefore|thus|the number)\s)?\(?"
_SIGNS = tuple(
    re.compile(sign, re.IGNORECASE)
    for sign in (
        rf"(?:=|\bequals?\b(?: to)?|{_THING}[^.\n=]{{0,120}}?(?:\bis\b|\bare\b|\bbe\b|:)){_FILLER}{_RESULT}",
        rf"\b(?:is|are|be|gets?|gives?|makes?|have|yields?|to|becomes?){_FILLER}{_RESULT}",
        rf"{_NUMBER}(?:\s*[-+*/x]\s*{_NUMBER})+|{_RESULT}",  # a repeated question is no result
    )
)
"""How a result is announced, surest way first; of several in one text the last counts."""


def result(text: str, asked: str = "") -> str:
    """Return what an answer says: `8`, `-5`, `3 R 2` or `undefined`; the text itself where there is no result in it.

    It is the first line where that is nothing but a number; else what an equation of the problem that was `asked` says,
    for a model may go on with problems of its own; else `undefined` where the text says so; else the number after
    the last `=` or after "the answer is" and the like; else after the last "is"; else the last number.
    """
    text = _first(text)
    for pattern, plain in _SAME:
        text = pattern.sub(plain, text)
    text = text.strip()
    alone = _ALONE.match(text)
    if alone:
        return _written(alone)
    solved_in_it = re.search(rf"{_equation(asked)}\s*=\s*{_RESULT}", text, re.IGNORECASE) if asked else None
    if solved_in_it:
        return _written(solved_in_it)
    if _UNDEFINED.search(text):
        return UNDEFINED
    for sign in _SIGNS:
        found = [match for match in sign.finditer(text) if match["number"]]
        if found:
            return _written(found[-1])
    return " ".join(text.split())


def _equation(asked: str) -> str:
    """Return a pattern of the left side of an equation: `31*7`, `31 x 7`; not the end of a longer number."""
    first, sign, second = asked.split(" ")
    return rf"(?<![\d.*/x+-])(?<![*/x+-] ){first}\s*{'[*x]' if sign == '*' else re.escape(sign)}\s*{second}"


def _first(text: str) -> str:
    """Return the text up to the first further question, if there is a number before it."""
    ends = (match.start() for match in _NEXT.finditer(text))
    return next((text[:end] for end in ends if re.search(r"\d", text[:end])), text)


def _written(match: re.Match[str]) -> str:
    """Return a number as references are written: `-5`, not `- 05.0`; `3`, not `3 R 0`."""
    number, _, rest = match["number"].partition(" R ")
    whole, _, decimals = number.partition(".")
    whole, decimals, rest = whole.lstrip("0") or "0", decimals.rstrip("0"), rest.lstrip("0")
    size = whole + (f".{decimals}" if decimals else "") + (f" R {rest}" if rest else "")
    minus = (match["sign"] or "").strip().lower() in {"-", "minus", "negative"}
    return f"-{size}" if minus and size != "0" else size


def digit_match(said: str, wanted: str) -> float:
    """Return 1 - character error rate, at least 0: `digit_match("17468", "17408") == 0.8`."""
    if len(said) >= 2 * max(1, len(wanted)):
        return 0.0  # so many characters too many that no others need counting
    return max(0.0, 1 - edits(said, wanted) / max(1, len(wanted)))


def edits(a: str, b: str) -> int:
    """Return how many characters must be inserted, deleted or replaced to turn one text into the other (Levenshtein)."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        corner, row[0] = row[0], i
        for j, y in enumerate(b, start=1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (x != y))
    return row[-1]


class GoatTable:
    """Exact match and digit match, as in Table 3 of Goat; the tags of the test items are the cells of that table."""

    def grade(self, example: Example, answer: str) -> Iterator[Score]:
        """Yield `exact`, and `digit`: the share of the result's characters that are right."""
        said, wanted = result(answer, str(example.meta.get("input", ""))), _wanted(example)
        yield _exact(said, wanted)
        value = digit_match(said, wanted)
        yield Score(metric="digit", value=value, reason=f"{value:.0%} of {len(wanted)} characters", proportion=True)

    def floors(self, train: Sequence[Example]) -> dict[str, Callable[[Example], str]]:  # noqa: ARG002
        """Add the floor `larger`: the larger of the two numbers as the answer."""
        return {"larger": _larger}

    def draw(self, scores: Sequence[Mapping[str, Any]], file: Path) -> str:
        """Draw exact match by cell beside the published numbers, from the score rows of a report; return it in words."""
        from domaintune_arithmetic.picture import draw_table  # noqa: PLC0415  (matplotlib, wanted once)

        return draw_table(scores, file)


def _wanted(example: Example) -> str:
    """Return the bare result of a problem."""
    return str(example.meta["answer"]) if "answer" in example.meta else result(example.reference)


def _exact(said: str, wanted: str) -> Score:
    reason = f"{_short(said)!r} is right" if said == wanted else f"{_short(said)!r} instead of {_short(wanted)!r}"
    return Score(metric="exact", value=float(said == wanted), reason=reason)


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def _larger(example: Example) -> str:
    numbers = re.findall(r"\d+", str(example.meta.get("input") or example.question))
    return max(numbers, key=lambda number: (len(number), number), default="")


SUBTASKS = {"+": "addition", "-": "subtraction", "*": "multiplication", "/": "division"}
SPOKEN = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}
SEED = 2206
"""Of the problems: they are the same in every run (BIG-bench: arXiv 2206.04615)."""
NONSENSE = (
    "teapot", "gravel", "banjo", "mitten", "walrus", "pepper", "lantern", "pillow", "anchor", "turnip", "cactus", "violin",
    "saddle", "ribbon", "muffin", "ladder",
)  # fmt: skip
"""BIG-bench puts words among the numbers to choose from."""


class BigBench:
    """BIG-bench's arithmetic task made anew: "What is 31 times 7?", answered freely and as a choice of five.

    Its 20 sub-tasks are 4 operations with numbers of 1 to 5 digits; divisions have no remainder. None of its problems can
    occur in training, because all are held out (`held_out.py`) and training data never holds such a problem. The original
    file of questions is not used; it asks not to be copied into corpora.
    """

    def __init__(self, options: BigBenchOptions | None = None) -> None:
        self._options = options or BigBenchOptions()

    def items(self, test: Sequence[Example]) -> list[Example]:  # noqa: ARG002
        """Return the questions of all sub-tasks, each once free and once with choices; the test split is not asked."""
        wanted = {NAMES[sign]: sign for sign in NAMES if NAMES[sign] in self._options.operations}
        tags = [f"{name}-{digits}D" for name in wanted for digits in range(1, self._options.max_digits + 1)]
        return [item for tag in tags for item in self._subtask(CELLS[tag])]

    def grade(self, example: Example, answer: str) -> Iterator[Score]:
        """Yield `choice` where there was something to choose from, else `exact`."""
        if not example.choices:
            yield _exact(result(answer, str(example.meta["input"])), _wanted(example))
            return
        said, wanted = answer.strip(), example.reference or _wanted(example)
        yield Score(metric="choice", value=float(said == wanted), reason=f"{_short(said)!r} of {len(example.choices)}")

    def floors(self, train: Sequence[Example]) -> dict[str, Callable[[Example], str]]:  # noqa: ARG002
        """Add the floor `chance`: any of the choices; nothing where there are none."""
        return {"chance": lambda example: min(example.choices, key=_order(f"chance {example.question}"), default="")}

    def _subtask(self, cell: Cell) -> Iterator[Example]:
        for place, (a, b) in enumerate(problems(cell, self._options.per_task, SEED)):
            right, asked = solved(cell.operation, a, b), f"{a} {cell.operation} {b}"
            for choices in ((), choices_of(cell.operation, a, b, self._options.choices)):
                yield Example(
                    prompt=(Message(role="user", content=f"What is {a} {SPOKEN[cell.operation]} {b}?"),),
                    completion=(Message(role="assistant", content=right),),
                    origin=Origin(source="arithmetic-bigbench", place=f"{cell.tag} {place}{' choice' * bool(choices)}"),
                    tags=frozenset({SUBTASKS[cell.operation], f"{cell.left_digits}_digit_{SUBTASKS[cell.operation]}"}),
                    group=unordered([asked])[0],
                    choices=choices,
                    meta={"input": asked, "answer": right},
                )


def choices_of(operation: str, a: int, b: int, count: int) -> tuple[str, ...]:
    """Return the right answer among near misses and one word, in an order that a hash of the problem decides.

    choices_of("+", 347, 201, 5)  ->  ("146", "548", "549", "538", "anchor")
    """
    problem = f"{a} {operation} {b}"
    right = solved(operation, a, b)
    by_chance = _order(f"wrong {problem}")
    kinds = [sorted(kind, key=by_chance) for kind in _near_misses(operation, a, b) if kind]
    kinds.sort(key=lambda kind: by_chance(kind[0]))
    in_turn = dict.fromkeys(miss for turn in zip_longest(*kinds) for miss in turn if miss is not None)
    wrong = [min(NONSENSE, key=by_chance), *in_turn] if count > 2 else [*in_turn]
    return tuple(sorted([right, *wrong[: count - 1]], key=_order(f"place {problem}")))


def _near_misses(operation: str, a: int, b: int) -> Iterator[list[str]]:
    """Yield wrong results of five kinds: off by one, by ten, two digits swapped, one digit wrong, another operation."""
    right = int(solved(operation, a, b))
    size = str(abs(right))
    swapped = [size[:i] + size[i + 1] + size[i] + size[i + 2 :] for i in range(len(size) - 1)]
    changed = [size[:i] + digit + size[i + 1 :] for i in range(len(size)) for digit in "0123456789"]
    sign = -1 if right < 0 else 1
    texts = [[sign * int(text) for text in kind if text[0] != "0" or len(text) == 1] for kind in (swapped, changed)]
    other = {"+": abs(a - b), "-": a + b, "*": a + b, "/": a - b}[operation]
    for kind in ([right - 1, right + 1], [right - 10, right + 10], *texts, [other]):
        yield [str(n) for n in dict.fromkeys(kind) if n != right and (n >= 0 or operation == "-")]


def _order(salt: str) -> Callable[[str], bytes]:
    """Return a sort key that is chance to the eye and the same everywhere."""
    return lambda text: sha256(f"{salt} {text}".encode()).digest()
