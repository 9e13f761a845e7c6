"""How a problem is asked: a question template around an expression that is itself reworded now and then (Goat).

    ask(["3 + 5"], numpy.random.default_rng(7))                        ->  ["Could you tell me what 3 + 5 is?"]
    ask(["31 * 7"], numpy.random.default_rng(7), bare=1, noise=False)  ->  ["31 * 7"]

Goat (Liu and Low 2023) asks 20 % of its problems as the bare expression, 13 % in four other short forms and the rest in
sentences. Its repository has no licence, so its sentences are not here: all of `TEMPLATES` are written for this project.
The shares of the short forms, and the four steps of noise with their chances, are those of its notebook.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

SHORT = {"{}": 0.20, "{} =": 0.06, "{}=": 0.03, "{}=?": 0.02, "What is {}?": 0.02}
"""The short forms with their shares; `TEMPLATES` share the rest equally."""

# Each must read well around `3 + 5`, `3+5`, `3 plus 5` and "the sum of 3 and 5", and say nothing that only one operation
# would bear out: no "add up", no "which number" (a division may answer with two), no plural.
_ORDERS = """
Compute {}. | Calculate {}. | Evaluate {}. | Work out {}. | Solve {}. | Find {}. | Determine {}. | Figure out {}.
Simplify {}. | Reckon {}. | Give the result of {}. | State the result of {}. | Write down what {} is.
Find out what {} is. | Find the value of {}. | Determine what {} equals. | Compute the following: {}.
Calculate this for me: {}. | Evaluate this: {}. | Work this out: {}. | Solve this one: {}. | Answer this: {}.
Establish the value of {}. | Name the result of {}. | Report the outcome of {}. | Return the value of {}.
Produce the answer to {}. | Supply the answer to {}. | Carry out this calculation: {}. | Perform this calculation: {}.
Tell me what {} is. | Tell me the value of {}. | Show me the result of {}. | Give me the answer to {}.
Give the exact value of {}. | Work {} out. | Figure {} out for me. | Write the answer to {}.
Take {} and give the result. | Look at {} and compute it. | Reduce {} to its result. | Finish this calculation: {}.
Complete the following: {} = | Fill in the result: {} = | Run the numbers: {}. | Do the math on {}. | Crunch this: {}.
Get me the answer to {}. | Obtain the result of {}. | Come up with the value of {}. | Arrive at the value of {}.
Derive the value of {}. | Identify the result of {}. | Specify the value of {}. | Provide the solution to {}.
Deliver the result of {}. | Quickly compute {}. | Carefully calculate {}. | Now evaluate {}. | Next, work out {}.
First, find {}. | Go ahead and solve {}. | Just calculate {}. | Simply state what {} equals.
Start from {} and write the result. | Say what {} is. | Let me know what {} equals. | Help me calculate {}.
Let us compute {}. | Try to work out {}. | Read {} and reply with its value.
"""
_QUESTIONS = """
What do you get for {}? | What does {} equal? | What would {} be? | How much is {}? | What is the value of {}?
What is the result of {}? | What is the answer to {}? | What does {} come to? | What does {} work out to?
What does {} evaluate to? | What will {} give? | What would {} come out as? | What could {} be equal to?
What results from {}? | What comes out of {}? | What comes out when you calculate {}?
What do you get when you compute {}? | What should {} come to? | What must {} be? | What is the outcome of {}?
What is {} equal to? | What is the solution to {}? | What is the correct answer to {}?
What is the right result for {}? | What is the final value of {}? | What would a calculator show for {}?
What would you write as the result of {}? | What would be the value of {}? | What goes after the equals sign in {} = ?
What belongs in the gap: {} = ...? | How much would {} be? | How much does {} make? | How much do you get for {}?
How would you evaluate {}? | How do you solve {}? | How might one work out {}? | To what does {} evaluate?
To how much does {} come? | And what is {}? | So what is {}? | Now, what is {}? | Then what is {}?
Well, how much is {}? | Okay, what does {} give us? | If I calculate {}, what do I get?
If you work out {}, what is the result? | If we evaluate {}, what comes out? | What does a calculator say to {}?
When {} is worked out, what do we have? | When you solve {}, what is the answer?
Once {} is computed, what is the result? | Given {}, what is the result? | With {} as the problem, what is the answer?
Faced with {}, what would you answer? | For {}, what is the result? | With {} to work out, what do you get?
Is there a quick answer to {}? | Who can tell me what {} is? | Which value does {} have?
Which result do you get for {}? | Which answer is correct for {}? | Which result belongs to {}?
"""
_POLITE = """
Please compute {}. | Please calculate {} for me. | Please find the value of {}. | Please work out {}.
Please tell me what {} is. | Please evaluate {}. | Please solve {}. | Please give me the result of {}.
Please answer: what is {}? | Please determine {}. | Could you compute {}? | Could you tell me what {} is?
Could you work out {} for me? | Could you please evaluate {}? | Could you find the result of {}?
Could you give me the value of {}? | Could you help me with {}? | Could you solve {}, please? | Can you calculate {}?
Can you tell me the answer to {}? | Can you work out what {} is? | Can you solve {} for me?
Can you please tell me how much {} is? | Can you find {}? | Can you do {}? | Can you give the result of {}?
Would you compute {}, please? | Would you mind calculating {}? | Would you tell me the result of {}?
Would you please compute {} for me? | Will you work out {} for me? | Will you tell me how much {} is?
Might you know what {} is? | I would like to know what {} is. | I would like you to calculate {}.
I would be glad to have the value of {}. | I would appreciate the result of {}. | I need to know what {} equals.
I need the answer to {}. | I need you to work out {}. | I want to know the value of {}.
I have to find {}; what is it? | I am looking for the result of {}. | I am trying to compute {}.
I am stuck on {}; what is the answer? | I forgot what {} is. Can you remind me? | I wonder what {} is.
I keep getting {} wrong. | May I ask what {} is? | May I have the result of {}? | Do you know what {} is?
Do you know the answer to {}? | Do me a favor and compute {}. | Kindly calculate {}.
Kindly let me have the value of {}. | Be so kind as to work out {}. | Any idea what {} is?
Any chance you could work out {}? | Help me out here: what is {}? | Help me find the value of {}, please.
It would help me to know what {} is. | Excuse me, what is {}? | Sorry, but how much is {}?
Hello, could you do {} for me? | Hi, what does {} come to? | Thanks in advance for the result of {}.
If you can, tell me what {} equals. | If possible, solve {}. | My question is: what is {}?
My homework says {}. What is the answer? | My calculator is broken. What is {}?
"""
_CLASSROOM = """
Question: what is {}? | Problem: {}. | Task: calculate {}. | Exercise: work out {}. | Quiz: how much is {}?
Test item: {} = ? | Homework: find {}. | Assignment: evaluate {}. | Warm-up: compute {}. | Next problem: {}
Next question: how much is {}? | Arithmetic: {}. | Mental arithmetic: {}. | Math problem: {} = ? | Calculation: {}
Today we compute {}. What is the result? | Class, what is {}? | Pupils, work out {}. | Students, please evaluate {}.
Who knows the answer to {}? | The teacher asks for {}. What do you answer?
On the board stands {}. What is the answer? | The worksheet says {}. Solve it. | Here is a problem for you: {}.
Here is an easy one: {}. | Here is your next exercise: {}. | Here is {}; find its value. | Try this one: {}.
Try your hand at {}. | Test yourself: what is {}? | Challenge: solve {}. | Show that you can compute {}.
Use arithmetic to find {}. | Apply what you have learned and solve {}. | Using the order of operations, evaluate {}.
Without a calculator, find {}. | Work step by step if you need to: {}. | On paper or in your head, compute {}.
Write the result of {} in digits. | In digits, what is {}? | In figures, how much is {}? | As a number, what is {}?
Give the value of {} in its simplest form. | Express {} by its result. | State the value of {} and nothing more.
Answer with the result only: {} | Reply with the value of {}. | Respond with the answer to {}.
Enter the result of {}. | Check your arithmetic: what is {}? | Let's practice: {}.
Let's see whether you can solve {}. | Let's find out what {} is. | Consider {}. What is the result?
Consider this calculation: {}. Complete it. | Suppose you have to compute {}. What is the answer?
Suppose someone asks you for {}. What do you say? | Imagine you are asked for {}. Answer.
Think about {}. What is the answer? | You are given {}. Calculate it. | You are asked to find {}. What is your answer?
You see {}. What is its value? | The problem is {}. What is the solution? | The task is to evaluate {}.
The goal is to find {}. | The calculation is {}. Do it.
"""
_TERSE = """
compute {} | calculate {} | evaluate {} | solve {} | work out {} please | find {} | {} please | {}, please. | {} is
{} is? | {} is what? | {} equals | {} equals what? | {}: answer? | {}: result? | {}, and the answer is?
{}, which is how much? | {}, what is the result? | {}, what does it equal? | {}, your answer? | {}: what is the answer?
{}: how much? | {}: compute. | {}; solve it. | {}. Result? | {}. What is it? | {}. Go. | {}? | {} ?? | Result of {}
Value of {}? | Answer to {}? | The result of {} is | The answer to {} is | The value of {}: | Solution of {}:
answer: {} = | result wanted: {} | need {} | quick, {} | quick question: {}? | what's {} | what's {}?
what's the answer to {} | how much is {} | what is the value of {} please | tell me {} | got an answer for {}?
so {} is what | and {}? | can you do {} for me | please do {} | give me {} | {}, thanks | what do i get for {}
any takers for {}? | help with {}
"""
TEMPLATES = tuple(
    re.split(r" \| |\n", "\n".join(group.strip() for group in (_ORDERS, _QUESTIONS, _POLITE, _CLASSROOM, _TERSE)))
)
"""Sentences with one `{}` for the expression."""

NOUNS = {
    "+": ("the sum of A and B",),
    "-": ("the difference of A and B", "the difference between A and B"),
    "*": ("the product of A and B",),
    "/": ("the quotient and remainder of A and B",),
}
WORDS = {"+": "plus", "-": "minus", "x": "times", "*": "multiplied by", "/": "divided by"}

Piece = tuple[str, str, str]
"""What stands before the first number, between the two, and after the second."""
Floats = np.ndarray[Any, np.dtype[np.float64]]


def ask(
    expressions: Sequence[str], draws: np.random.Generator, *, bare: float = SHORT["{}"], noise: bool = True
) -> list[str]:
    """Return a question for each of the expressions `A + B`, which all have the same operation.

    `bare` is the share of questions that are the expression and nothing else; the other forms keep their proportions.
    """
    if not expressions:
        return []
    sign = expressions[0].split(" ")[1]
    edges, pieces = _choices(sign, bare, noise)
    drawn = edges.searchsorted(draws.random(len(expressions)), side="right").tolist()
    between = f" {sign} "
    return [
        before + expression.replace(between, link) + after
        for expression, (before, link, after) in zip(expressions, map(pieces.__getitem__, drawn), strict=True)
    ]


def rewordings(sign: str) -> dict[str, float]:
    """Return the ways to write `A sign B` after the four steps of noise, with their chances.

    The steps are Goat's, in its order. Following them once for all outcomes leaves one draw a question.
    """
    ways = {f"A {sign} B": 1.0}
    for chance, step in NOISE:
        after: dict[str, float] = defaultdict(float)
        for text, share in ways.items():
            after[text] += share * (1 - chance)
            outcomes = step(text)
            for outcome in outcomes:
                after[outcome] += share * chance / len(outcomes)
        ways = {text: share for text, share in after.items() if share}
    return ways


@lru_cache(maxsize=32)
def _choices(sign: str, bare: float, noise: bool) -> tuple[Floats, list[Piece]]:
    """Return every template with every rewording in pieces, and where the share of each ends between 0 and 1."""
    pieces, shares = [], []
    for template, share in _shares(bare).items():
        head, tail = template.split("{}")
        for way, chance in (rewordings(sign) if noise else {f"A {sign} B": 1.0}).items():
            start, link = way.removesuffix("B").split("A")
            pieces.append((head + start, link, tail))
            shares.append(share * chance)
    edges = np.cumsum(shares)
    return edges / edges[-1], pieces  # a sum that rounding left below 1 would let a draw fall behind the last piece


def _shares(bare: float) -> dict[str, float]:
    """Return every template with its share."""
    if not 0 <= bare <= 1:
        raise ValueError(f"bare = {bare!r} must be a share between 0 and 1")
    rest = (1 - sum(SHORT.values())) / len(TEMPLATES)
    scale = (1 - bare) / (1 - SHORT["{}"])
    others = {template: share * scale for template, share in (SHORT | dict.fromkeys(TEMPLATES, rest)).items()}
    return {template: share for template, share in (others | {"{}": bare}).items() if share}


def _as_noun(text: str) -> tuple[str, ...]:
    return NOUNS[text.split(" ")[1]]


def _with_cross(text: str) -> tuple[str]:
    return (text.replace(" * ", " x "),)


def _in_words(text: str) -> tuple[str]:
    sign = text.split(" ")[1]
    return (text.replace(f" {sign} ", f" {WORDS[sign]} ") if sign in WORDS else text,)


def _closed_up(text: str) -> tuple[str]:
    """Take the spaces away, if there is a sign left to tell the numbers apart."""
    return (text.replace(" ", "") if re.search(r" [-+*/x] ", text) else text,)


NOISE: tuple[tuple[float, Callable[[str], tuple[str, ...]]], ...] = (
    (0.05, _as_noun),
    (0.5, _with_cross),
    (0.1, _in_words),
    (0.5, _closed_up),
)
"""The steps of noise with their chances, in order; a step returns the outcomes among which chance decides."""
