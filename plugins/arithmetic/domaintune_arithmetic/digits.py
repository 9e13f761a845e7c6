"""The tokenizer decides: Goat's method works only where a number is one token a digit.

LLaMA, SmolLM2 and Mistral write 365 as 3, 6, 5. Where 365 is one token and 3651 two, columns of digits do not line up, and
the same data taught Bloom, OPT, GPT-J, GPT-NeoX and Pythia little (Liu and Low 2023, section 4.2).
"""

from __future__ import annotations

from domaintune import BuildContext, DataError

NUMBERS = ("7", "42", "100", "365", "2024", "90817", "314159", "1234567890", "9876543210123456")
"""Numbers of all lengths, with every digit."""


def check_tokenizer(context: BuildContext, *, refuse: bool) -> None:
    """Measure how the base model cuts numbers; where digits share tokens, refuse (DataError) or tell the user."""
    problem = complaint(
        {text: context.tokens(text) for number in NUMBERS for text in (number, f"1 + {number} = {number}")}
    )
    if problem and refuse:
        raise DataError(
            f"{problem}; choose a base model that writes a number as one token a digit (LLaMA, SmolLM2, Mistral), or "
            "go on regardless with --set data.options.tokenizer=warn"
        )
    if problem:
        context.note(f"{problem}: expect little")


def complaint(cut: dict[str, list[str] | None]) -> str | None:
    """Say what is wrong with how texts are cut, `{"365": ["36", "5"]}`; None where nothing is, or nothing is known."""
    known = {text: pieces for text, pieces in cut.items() if pieces is not None}
    wanted = sum(map(_digits, known))
    lost = wanted - sum(_digits("".join(pieces)) for pieces in known.values())
    if lost > 0:
        return f"the base model's tokenizer does not know digits: {lost} of {wanted} are lost in its tokens"
    shared = {text: sum(_digits(piece) for piece in pieces if _digits(piece) > 1) for text, pieces in known.items()}
    if not any(shared.values()):
        return None
    worst = max((text for text in shared if text.isdigit()), key=lambda text: shared[text], default=max(shared))
    return (
        f"the base model's tokenizer puts {100 * sum(shared.values()) / wanted:.0f} % of digits into tokens with others "
        f"({worst} is {' '.join(known[worst])}), and Goat's method needs one token a digit"
    )


def _digits(text: str) -> int:
    return sum(char in "0123456789" for char in text)
