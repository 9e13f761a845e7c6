"""WizardCoder's five heuristics and what is said around them, in this project's own words."""

from __future__ import annotations

import re
from collections.abc import Collection

from domaintune import words
from domaintune.synthesis import Operator, Recipe, Task
from domaintune_code.answers import blocks, code_of, functions, parsed
from domaintune_code.prompts import fenced

FRAME = """\
Here is a programming exercise. Turn it into one that is somewhat harder. One way to do so, which you may combine with \
others of your own:
{method}

The new exercise is solved in Python, says by itself all that a solver has to know (the name of the function and what it \
takes and returns, too), and has results that can be checked. Write the text of the new exercise and nothing else: no \
solution, no heading, no remark on what you changed.

[exercise]
{task}
[end of exercise]"""

OPERATORS = (
    Operator(
        name="constraint",
        method="Put one more demand or restriction on the solution, in about ten words.",
    ),
    Operator(
        name="specificity",
        method="Take a demand that is found in many exercises, and put a narrower one in its place that is seldom met.",
    ),
    Operator(
        name="reasoning",
        method="If one or two thoughts are enough to solve it, change it until several have to be had one after another.",
    ),
    Operator(
        name="misdirection",
        method="Show a short piece of Python that looks like a solution and has a mistake in it, present it as somebody's "
        "attempt, and do not say where the mistake is.",
    ),
    Operator(
        name="complexity",
        method="Ask for a solution whose running time or memory grows more slowly than that of the obvious one, and name "
        "the bound. Do so only where such a solution exists.",
        weight=0.25,
    ),
)
"""The last is drawn seldom, as in the paper: few exercises have a faster solution that is worth asking for."""

FEW = 8
"""Nobody says in fewer words what a program is to do."""
_CODE = re.compile(r"(?:async\s+)?(?:def|class)\s+\w|@\w")
_FENCED = re.compile(r"(```|~~~).*?(\1|\Z)", re.DOTALL)

LEAKS = (
    "[exercise]",
    "[end of exercise]",
    "given exercise",
    "original exercise",
    "new exercise",
    "harder exercise",
    "harder version",
    "given prompt",
    "given programming test question",
    "original question",
    "rewritten",
    "evolved",
    "i changed",
    "i have added",
    "#given",
    "#the given",
    "#rewritten",
    "#new",
)
"""Phrases of this frame and of those from which published sets were made."""

SOLVE = (
    "Solve this programming exercise in Python. Reply with the whole program in one Python code block, without examples "
    "of its use.\n\n{task}"
)

TESTS = """\
Write tests in Python for any solution of the exercise below.

[exercise]
{task}
[end of exercise]

The solution defines this; do not repeat it, and do not import it:

{heads}

Write five to ten `assert` statements, each on a line of its own, that compare a result with the value that the exercise \
demands. Work out every value by hand, and cover ordinary and unusual input. Reply with one Python code block."""


def recipe_of(names: Collection[str]) -> Recipe:
    """Return Evol-Instruct for programs with some of the five heuristics."""
    return Recipe(
        operators=tuple(operator for operator in OPERATORS if operator.name in names),
        frame=FRAME,
        leaks=LEAKS,
        answer=SOLVE,
        refuse=refusal,
        finish=finished,
    )


def refusal(task: Task) -> str | None:
    """Eliminate a task whose end is missing, or that is nothing but a program: the teacher has solved it."""
    if open_ended(task.text):
        return "cut-off"
    return "solved-instead" if _is_program(task.text) else None


def finished(task: Task, reply: str) -> Task | str:
    """Take the program out of an answer; one without any, or with a part of one, is eliminated."""
    solution = code_of(reply)
    if cut_off(reply):
        return "cut-off"
    if parsed(solution) is None or not functions_of(solution):
        return "no-program"
    return Task(
        text=task.text,
        origin=task.origin,
        answer=fenced(solution),
        lineage=task.lineage,
        parent=task.parent,
        meta={**task.meta, "solution": solution, "reply": reply},
    )


def open_ended(text: str) -> bool:
    """Tell whether the last code block of a text has no end."""
    found = list(blocks(text))
    return bool(found) and not found[-1].ended and bool(found[-1].text.strip())


def cut_off(reply: str) -> bool:
    """Tell whether a reply ends inside its program, as one does that has reached the longest length.

    The end of its last code block is missing; or it has no blocks, and more of the program stands behind what Python reads.
    """
    if found := list(blocks(reply)):
        # one that holds no function is the end of a block that began elsewhere
        return open_ended(reply) and (len(found) > 1 or bool(functions_of(code_of(found[0].text))))
    solution = code_of(reply)
    _before, there, rest = reply.rstrip().rpartition(solution.strip())
    if not solution.strip() or not there or not functions_of(solution):
        return False
    line = next((line for line in rest.split("\n")[1:] if line.strip()), "")
    return line[:1].isspace() or (_CODE.match(line) is not None and parsed(rest.strip("\n")) is None)


def functions_of(source: str) -> list[str]:
    """Return the functions and classes that a program defines; none where it is no program."""
    tree = parsed(source)
    return functions(tree) if tree is not None else []


def _is_program(text: str) -> bool:
    """Tell whether a text holds a program and hardly a word that asks for anything."""
    found = list(blocks(text))
    prose = _FENCED.sub(" ", text) if found else "" if functions_of(text) else text
    return len(words(prose)) < FEW and bool(functions_of(code_of(text)))
