"""What a model learns to write: the result in one line where that can be learned, else the steps (Goat, section 3).

    3 + 5      ->  3 + 5 = 8
    397 * 44   ->  397 * 44 = 397 * (40 + 4) = 397 * 40 + 397 * 4 = 15880 + 1588 = 17468
    8914 / 64  ->  8914 - 64 * 100 = 8914 - 6400 = 2514
                   2514 - 64 * 30 = 2514 - 1920 = 594
                   594 - 64 * 9 = 594 - 576 = 18
                   Therefore, 8914 / 64 = 139 R 18

Addition, subtraction and products or quotients by one digit are learnable without steps; products and quotients of long
numbers are not (Liu and Low 2023).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Worked: TypeAlias = tuple[str, str, str]
"""A problem as it is written, what the model shall answer, and the bare result."""
_ZEROS = ["0" * count for count in range(39, -1, -1)]
_VALUES = {f"{digit}{zeros}": int(f"{digit}{zeros}") for digit in range(1, 10) for zeros in _ZEROS}


def added(a: int, b: int) -> Worked:
    """Add in one line."""
    expression, answer = f"{a} + {b}", f"{a + b}"
    return expression, f"{expression} = {answer}", answer


def subtracted(a: int, b: int) -> Worked:
    """Subtract in one line; the result may be negative."""
    expression, answer = f"{a} - {b}", f"{a - b}"
    return expression, f"{expression} = {answer}", answer


def multiplied(a: int, b: int) -> Worked:
    """Multiply by place values: larger factor first, split, expand, partial products, running sums of two terms."""
    first, second = str(a), str(b)
    expression, answer = f"{first} * {second}", str(a * b)
    if len(first.rstrip("0")) < 2 or len(second.rstrip("0")) < 2:
        return expression, f"{expression} = {answer}", answer
    big, text, places = (a, first, _place_values(second)) if a >= b else (b, second, _place_values(first))
    factor = f"{text} * "
    turned = "" if a >= b else f"{second} * {first} = "
    terms = [big * _VALUES[place] for place in places]
    products = list(map(str, terms))
    total, rest = terms[0], " + ".join(products)
    target = f"{expression} = {turned}{factor}({' + '.join(places)}) = {factor}{f' + {factor}'.join(places)} = {rest}"
    rest = rest[len(products[0]) :]
    for term, product in zip(terms[1:], products[1:], strict=True):
        total += term
        rest = rest[3 + len(product) :]  # " + " and the product that is in the total now
        target += f" = {total}{rest}"
    return expression, target, answer


def divided(a: int, b: int) -> Worked:
    """Divide in one line: `Q R r`, `Q` where it comes out even, `is undefined` by zero."""
    expression = f"{a} / {b}"
    if b == 0:
        return expression, f"{expression} is undefined", "undefined"
    answer = quotient(a, b)
    return expression, f"{expression} = {answer}", answer


def long_divided(a: int, b: int) -> Worked:
    """Divide by subtracting a multiple of the divisor for each digit of the quotient that is not 0."""
    if a <= b:
        return divided(a, b)
    answer, left, text = quotient(a, b), a, ""
    for place in _place_values(str(a // b)):
        product = b * _VALUES[place]
        rest = left - product
        text += f"{left} - {b} * {place} = {left} - {product} = {rest}\n"
        left = rest
    expression = f"{a} / {b}"
    return expression, f"{text}Therefore, {expression} = {answer}", answer


def quotient(a: int, b: int) -> str:
    """Return quotient and remainder as they are written: `139 R 18`, or `139`."""
    whole, rest = divmod(a, b)
    return f"{whole} R {rest}" if rest else f"{whole}"


WORK: dict[str, Callable[[int, int], Worked]] = {
    "addition": added,
    "subtraction": subtracted,
    "multiplication-by-digit": multiplied,
    "multiplication": multiplied,
    "division-by-digit": divided,
    "division": long_divided,
}
"""How the problems of each part are worked."""


def _place_values(digits: str) -> list[str]:
    """Return "4070" as ["4000", "70"]."""
    return [digit + zeros for digit, zeros in zip(digits, _ZEROS[-len(digits) :], strict=True) if digit != "0"]
