"""Says whether a worked answer is right: it reads the text and recomputes it, and knows nothing of how it was made.

    wrong("397 * 20", "397 * 20 = 7940", "7940")   # None: nothing is wrong

Every number of the text is read with `int` and compared with what the numbers before it give, or it is letter for letter
a number that was read before. What stands between the numbers must be what the form demands, and a number is plain
digits: no space, sign or zero more. The form:

- the expression is `A op B`: one of + - * /, single spaces, two numbers that are 0 or do not begin with 0.
- One line, `A op B = result`: a sum, a difference, a product of which a factor is 0 or has one digit other than 0, a
  division by one digit, by the dividend itself (`1`), or by more than the dividend (`0 R A`; `0` where A is 0). Quotient
  and remainder must give the dividend again, the remainder being below the divisor and not written when it is 0.
  Division by 0 is the line `A / 0 is undefined`.
- Every other product: the expression; the greater factor first, unless it was; the smaller factor split in its place
  values, highest first, none of them 0; a product for each; these worked out; then sums in which the first two numbers
  have become one, until one number is left.
- Every other division: a line for each digit of the quotient except 0, highest first, `left - B * part = left - product
  = new left`, beginning with what the line before left and taking away as much as fits; then the line
  `Therefore, A / B = result`, of which the quotient is the sum of the parts.
- The last result is the answer, and it is what Python's integers give for the expression.

Division by 10 may be written either way, because Goat's recipe counts 10 among the one-digit divisors as well as among
those of two digits.

A right row takes about a microsecond, with steps about five. Only a refused one is looked at again, slowly and by other
means, to say at which line it is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_EXPRESSION = re.compile(r"(0|[1-9][0-9]*) ([-+*/]) (0|[1-9][0-9]*)", re.ASCII)


class _Places(dict[str, int]):
    """The values of digits with zeros behind them, by their text: reading such a number and knowing that it is one."""

    def __missing__(self, text: str) -> int:
        """Read a longer number of this kind; nothing else has a value."""
        value = int(text)
        if str(value) != text or text.rstrip("0") not in set("123456789"):
            raise ValueError
        return value


_PLACES = _Places({f"{digit}{'0' * zeros}": digit * 10**zeros for zeros in range(20) for digit in range(1, 10)})

Lines = list[list[str]]
"""A target in parts: its lines, and what stands between the equals signs of each."""


def wrong(expression: str, target: str, answer: str) -> str | None:
    """Say what is wrong with a worked answer, or return None when everything is right.

    >>> wrong("12 + 30", "12 + 30 = 42", "42")
    >>> wrong("12 + 30", "12 + 30 = 43", "43")
    "line 1, side 2: '43' stands where '42' belongs"
    """
    try:
        first, sign, second = expression.split(" ")
        if sign == "/":
            right = _division(expression, first, second, target, answer)
        elif sign == "*" and len(first.rstrip("0")) > 1 and len(second.rstrip("0")) > 1:
            right = _product(expression, first, second, target, answer)
        else:  # a target equal to the text around `answer` holds it, so that reading the answer reads the target
            a, b, result = int(first), int(second), int(answer)
            right = (
                f"{expression} = {answer}" == target == f"{a} {sign} {b} = {result}"
                and result == (a + b if sign == "+" else a - b if sign == "-" else a * b)
                and sign in ("+", "-", "*")
                and a >= 0 <= b
            )
    except (ValueError, IndexError):  # a number, a side or a word is missing, or is one too many
        right = False
    return None if right else _explain(expression, target, answer)


def count_wrong(rows: Iterable[tuple[str, str, str]], keep: int = 5) -> tuple[int, int, list[str]]:
    """Check rows (expression, target, answer); returns how many there are, how many are wrong, and the first problems."""
    count, problems, bad = 0, [], 0
    for count, (expression, target, answer) in enumerate(rows, 1):
        if (problem := wrong(expression, target, answer)) is not None:
            bad += 1
            if bad <= keep:
                problems.append(f"row {count}, {expression!r}: {problem}")
    return count, bad, problems


def _product(expression: str, first: str, second: str, target: str, answer: str) -> bool:
    """Recompute a multiplication with steps."""
    a, b = int(first), int(second)
    if f"{a} * {b}" != expression or a < 0 or b < 0:
        return False
    if a < b:
        a, b = b, a
        start, commuted, split, expanded, *sums = target.split(" = ")
        factor = f"{second} * "
        if commuted != factor + first:
            return False
    else:
        start, split, expanded, *sums = target.split(" = ")
        factor = f"{first} * "
    rest = sums[0]
    parts, products = split[len(factor) + 1 : -1].split(" + "), rest.split(" + ")
    if split != f"{factor}({' + '.join(parts)})" or expanded != factor + f" + {factor}".join(parts):
        return False
    if not len(parts) == len(products) == len(sums):
        return False

    whole, total, digits, size = 0, 0, "", len(expression)
    for part_text, product_text, side in zip(parts, products, sums):  # noqa: B905  (`strict=` takes 0.2 microseconds)
        part, product = _PLACES[part_text], int(product_text)
        head, _, tail = side.partition(" + ")
        whole += part
        total += product
        rest = rest[len(product_text) + 3 :]
        # the first number is the sum of the products so far, and the others follow; each place is lower than the last
        if product != a * part or int(head) != total or tail != rest or len(part_text) >= size:
            return False
        size = len(part_text)
        digits += product_text + head
    return (
        whole == b
        and total == a * b
        and start == expression
        and side == answer
        and digits.isdigit()
        and " 0" not in target  # nor does a number begin with 0
        and target.isascii()
    )


def _division(expression: str, first: str, second: str, target: str, answer: str) -> bool:
    """Recompute a division."""
    a, b = int(first), int(second)
    if not b:
        return f"{expression} is {answer}" == target == f"{a} / 0 is undefined" and a >= 0
    quotient_text, _, remainder_text = answer.partition(" R ")
    quotient = int(quotient_text)
    if remainder_text:
        remainder = int(remainder_text)
        right = quotient * b + remainder == a and 0 < remainder < b and quotient >= 0
        written = f"{a} / {b} = {quotient} R {remainder}"
    else:
        remainder = 0
        right = quotient * b == a and quotient >= 0 < b
        written = f"{a} / {b} = {quotient}"
    if not right or written != f"{expression} = {answer}":
        return False
    if b < 10 or a <= b or (b == 10 and "\n" not in target):
        return target == written
    end = f"Therefore, {written}"
    return target.endswith(end) and _steps(first, second, a, b, target[: -len(end)]) == (quotient, remainder)


def _steps(first: str, second: str, left: int, b: int, text: str) -> tuple[int, int] | None:
    """Recompute the lines of a long division; returns the quotient and what is left, or None if a line is wrong."""
    words = text.replace("\n", " ").split(" ")
    left_text, rebuilt, digits, quotient, size = first, "", "", 0, len(first) + 1
    for part_text, product_text, rest_text in zip(words[4::11], words[8::11], words[10::11]):  # noqa: B905  (as above)
        part, product, rest = _PLACES[part_text], int(product_text), int(rest_text)
        # each place is lower than the last: with the right sum, these are the digits of the quotient
        if product != b * part or rest != left - product or len(part_text) >= size:
            return None
        rebuilt += f"{left_text} - {second} * {part_text} = {left_text} - {product_text} = {rest_text}\n"
        digits += product_text + rest_text
        quotient += part
        left, left_text, size = rest, rest_text, len(part_text)
    if rebuilt != text or not digits.isdigit() or text.count(" 0") != (left_text == "0") or not text.isascii():
        return None  # no number but the last begins with 0
    return quotient, left


def _explain(expression: str, target: str, answer: str) -> str:
    """Say where a refused target differs from the right one, which is made here: slower, and by other means."""
    if not (found := _EXPRESSION.fullmatch(expression)):
        return f"the expression {expression!r} is not two plain numbers with + - * or / between them"
    try:
        lines, result = _right(int(found[1]), found[2], int(found[3]), steps="\n" in target)
    except ValueError:
        return "the expression has a number too long to be read"
    given = target.split("\n")
    for number, (line, sides) in enumerate(zip(given, lines, strict=False), 1):
        if line != " = ".join(sides):
            return f"line {number}, " + _explain_line(line.split(" = "), sides)
    if len(given) > len(lines):
        return f"line {len(lines) + 1}: {given[len(lines)]!r} is one too many"
    if len(given) < len(lines):
        return f"line {len(given) + 1}: {' = '.join(lines[len(given)])!r} is missing"
    if answer != result:
        return f"the answer {answer!r} is not {result!r}"
    return "the recomputation refuses what was expected; please report this row"


def _explain_line(given: list[str], right: list[str]) -> str:
    """Name the first side of a line that is not as it must be."""
    for number, (side, other) in enumerate(zip(given, right, strict=False), 1):
        if side != other:
            return f"side {number}: {_with_value(side)} stands where {_with_value(other)} belongs"
    if len(given) > len(right):
        return f"side {len(right) + 1}: {given[len(right)]!r} is one too many"
    return f"side {len(given) + 1}: {right[len(given)]!r} is missing"


def _with_value(side: str) -> str:
    """Quote a side, with what it comes to where that is not plain."""
    try:
        value = str(_value(side))
    except ValueError:
        return repr(side)
    return repr(side) if value == side else f"{side!r} (= {value})"


def _value(side: str) -> int:
    """Work out sums, differences and products, of which the last may be one with a sum in brackets."""
    if side.endswith(")") and " * (" in side:
        factor, _, inner = side[:-1].partition(" * (")
        return _value(factor) * _value(inner)
    for sign in (" + ", " - ", " * "):
        before, found, after = side.rpartition(sign)
        if found:
            a, b = _value(before), _value(after)
            return a + b if sign == " + " else a - b if sign == " - " else a * b
    return int(side)


def _right(a: int, sign: str, b: int, *, steps: bool) -> tuple[Lines, str]:
    """Return the right target in parts and the answer; `steps` decides where either form is right."""
    expression = f"{a} {sign} {b}"
    if sign == "/" and b == 0:
        return [[f"{expression} is undefined"]], "undefined"
    if sign == "/":
        quotient, remainder = divmod(a, b)
        result = f"{quotient} R {remainder}" if remainder else f"{quotient}"
        if b < 10 or a <= b or (b == 10 and not steps):
            return [[expression, result]], result
        return [*_right_steps(a, b), [f"Therefore, {expression}", result]], result
    result = str(a + b if sign == "+" else a - b if sign == "-" else a * b)
    if sign != "*" or min(len(str(a).rstrip("0")), len(str(b).rstrip("0"))) < 2:
        return [[expression, result]], result
    great, small = max(a, b), min(a, b)
    parts = _place_values(small)
    left = [great * part for part in parts]
    sides = [
        *([expression] if a >= b else [expression, f"{b} * {a}"]),
        f"{great} * ({' + '.join(map(str, parts))})",
        " + ".join(f"{great} * {part}" for part in parts),
        " + ".join(map(str, left)),
    ]
    while len(left) > 1:
        left = [left[0] + left[1], *left[2:]]
        sides.append(" + ".join(map(str, left)))
    return [sides], result


def _right_steps(left: int, divisor: int) -> Lines:
    """Return the lines of a long division."""
    lines = []
    for part in _place_values(left // divisor):
        rest = left - divisor * part
        lines.append([f"{left} - {divisor} * {part}", f"{left} - {divisor * part}", f"{rest}"])
        left = rest
    return lines


def _place_values(number: int) -> list[int]:
    """Split 4070 into 4000 and 70."""
    digits = str(number)
    return [int(digit) * 10 ** (len(digits) - place) for place, digit in enumerate(digits, 1) if digit != "0"]
