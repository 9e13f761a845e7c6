"""Which problems are made, and how many of each kind: the table of Goat's notebook.

Every stratum is one kind of problem with numbers of given length, so that uniform draws within it come out uniform over
the number of digits. Chances of the notebook that decide what kind of problem is made (a factor times a power of ten with
p 0.1, no remainder with p 0.5) are strata of their own here: then each can be made without repeating itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

PARTS = {
    "addition": "+",
    "subtraction": "-",
    "multiplication-by-digit": "*",
    "multiplication": "*",
    "division-by-digit": "/",
    "division": "/",
}
"""The parts of the data with their operation."""
Kind = Literal["pair", "power", "exact", "rest", "long-exact", "long-rest", "by-zero", "of-zero"]

LONG_FACTORS = {**dict.fromkeys(range(2, 5), 4000), **dict.fromkeys(range(5, 8), 8000)}
LONG_FACTORS |= {**dict.fromkeys(range(8, 12), 12_000), **dict.fromkeys(range(12, 17), 16_000)}
"""Rows by length of the long factor of `n x 1 digit`."""
QUOTIENTS = {1: 4000, **LONG_FACTORS}
"""Rows by length of the quotient of `n / 1 digit`."""


@dataclass(frozen=True, kw_only=True)
class Stratum:
    """One kind of problem: the ranges of its two numbers (both ends belong to them), and how many rows it has.

    kinds: `pair` draws both numbers; `power` multiplies the second by 10 to 10^6; `exact` and `rest` draw a quotient and a
    divisor, without and with a remainder; `long-exact` and `long-rest` draw dividend and divisor; `by-zero` and `of-zero`
    put a 0 in the place of the second or the first.
    """

    part: str
    kind: Kind
    left: tuple[int, int]
    right: tuple[int, int]
    rows: int
    swap: bool = False

    @property
    def operation(self) -> str:
        """`+`, `-`, `*` or `/`."""
        return PARTS[self.part]

    @property
    def digits(self) -> tuple[int, int]:
        """The fewest and the most digits that the longer number may have."""
        ends = [len(str(self.left[0])), len(str(self.right[0]))], [len(str(self.left[1])), len(str(self.right[1]))]
        if self.kind in {"exact", "rest"}:  # the dividend is quotient times divisor
            return ends[0][0], sum(ends[1])
        return max(ends[0]), max(ends[1][0], ends[1][1] + (6 if self.kind == "power" else 0))

    @property
    def size(self) -> int:
        """The most digits of both numbers together."""
        return len(str(self.left[1])) + len(str(self.right[1]))

    @property
    def name(self) -> str:
        """A name that tells it from all others: `addition pair 3-15`."""
        return f"{self.part} {self.kind} {self.left[0]}-{self.left[1]} {self.right[0]}-{self.right[1]}"


def of_paper() -> list[Stratum]:
    """Return the strata of all parts: 1,746,300 rows."""
    sums = [*_sums("addition"), *_sums("subtraction")]
    return [*sums, *_by_digit(), *_long_products(), *_quotients(), *_long_quotients()]


def selected(
    parts: tuple[str, ...], digits: tuple[int, int], rows: Mapping[str, int], scale: float, hard: float = 0.0
) -> list[Stratum]:
    """Return the strata of the chosen parts whose longer number has so many digits in any case, with their rows scaled.

    `rows` gives a part another total, which its strata share in the paper's proportion, or, with `hard` above 0, in that
    proportion times the digits of both numbers to the power of `hard`.
    """
    least, most = digits
    fitting = [stratum for stratum in of_paper() if least <= stratum.digits[0] and stratum.digits[1] <= most]
    result: list[Stratum] = []
    for part in dict.fromkeys(parts):
        own = [stratum for stratum in fitting if stratum.part == part]
        wanted = rows.get(part, round(scale * sum(stratum.rows for stratum in own)))
        shares = _shared_out([round(stratum.rows * stratum.size**hard) for stratum in own], wanted)
        result += [replace(stratum, rows=share) for stratum, share in zip(own, shares, strict=True) if share]
    return result


def _range(digits: int) -> tuple[int, int]:
    """Return the numbers of so many digits; one digit includes 0."""
    return (10 ** (digits - 1) if digits > 1 else 0, 10**digits - 1)


def _sums(part: str) -> Iterator[Stratum]:
    """Yield 1,000 rows for each pair of lengths up to 15, and as many again in four passes over longer ones."""
    for i in range(1, 16):
        passes = 1 + sum(i >= start for start in (3, 6, 9, 12))
        for j in range(i, 16):
            yield Stratum(part=part, kind="pair", left=_range(i), right=_range(j), rows=1000 * passes, swap=i < j)


def _by_digit() -> Iterator[Stratum]:
    part = "multiplication-by-digit"
    for length, rows in LONG_FACTORS.items():
        tenth = rows // 10
        yield Stratum(part=part, kind="pair", left=_range(length), right=(2, 9), rows=rows - tenth, swap=True)
        yield Stratum(part=part, kind="power", left=_range(length), right=(2, 9), rows=tenth, swap=True)
    for factor in (0, 1, 10):
        for length in range(2, 16):
            yield Stratum(part=part, kind="pair", left=_range(length), right=(factor, factor), rows=500, swap=True)
    yield Stratum(part=part, kind="pair", left=(0, 9), right=(0, 9), rows=500)


def _long_products() -> Iterator[Stratum]:
    """Yield products of up to 12 digits, with more rows for longer and for equally long factors."""
    for i in range(2, 7):
        for j in range(i, 13 - i):
            passes = 1 + (i >= 4) + (i >= 5) + (i == j and i >= 3)
            yield Stratum(
                part="multiplication", kind="pair", left=_range(i), right=_range(j), rows=10_000 * passes, swap=i < j
            )


def _quotients() -> Iterator[Stratum]:
    part = "division-by-digit"
    for length, rows in QUOTIENTS.items():
        quotients = (max(1, _range(length)[0]), _range(length)[1])
        yield Stratum(part=part, kind="exact", left=quotients, right=(2, 9), rows=rows // 2)
        yield Stratum(part=part, kind="rest", left=quotients, right=(2, 9), rows=rows // 2)
    for length in range(1, 17):
        dividends = (max(1, _range(length)[0]), _range(length)[1])
        yield Stratum(part=part, kind="pair", left=dividends, right=(1, 1), rows=500)
        yield Stratum(part=part, kind="pair", left=dividends, right=(10, 10), rows=500)
        yield Stratum(part=part, kind="of-zero", left=(0, 0), right=dividends, rows=100)
    yield Stratum(part=part, kind="pair", left=(1, 9), right=(1, 9), rows=500)
    for length in range(1, 18):
        dividends = (max(1, _range(length)[0]), _range(length)[1])
        yield Stratum(part=part, kind="by-zero", left=dividends, right=(0, 0), rows=100)


def _long_quotients() -> Iterator[Stratum]:
    """Yield 10,000 rows where the quotient has 1 to 6 digits, and 1,000 of every shorter dividend."""
    for i in range(2, 7):
        for digits in range(2, i + 7):
            rows = 1000 + 10_000 * (digits > i)
            halves = {"long-exact": rows // 2, "long-rest": rows - rows // 2} if digits >= i else {"long-rest": rows}
            for kind, share in halves.items():
                yield Stratum(
                    part="division",
                    kind=kind,  # type: ignore[arg-type]
                    left=_range(digits),
                    right=_range(i),
                    rows=share,
                )


def _shared_out(sizes: list[int], total: int) -> list[int]:
    """Divide a total in proportion to the sizes; what is left over goes to the largest remainders."""
    whole = sum(sizes)
    if not whole:
        return [0] * len(sizes)
    shares = [total * size // whole for size in sizes]
    by_remainder = sorted(range(len(sizes)), key=lambda place: (-(total * sizes[place] % whole), place))
    for place in by_remainder[: total - sum(shares)]:
        shares[place] += 1
    return shares
