"""The operators of WizardLM in our own words: five that make a task harder, and one that asks for another."""

from __future__ import annotations

from domaintune.synthesis.recipe import Operator, Recipe

FRAME = """\
The task below was given to an assistant. Write it anew so that a strong assistant finds it a bit harder, by this method:
{method}

The result stays reasonable: a person understands it at once, and somebody who knows the subject can do it. It stands on \
its own, so every table, formula, program or other input of the task is taken over whole. It is 10 to 20 words longer \
than the task, not more; an input that the method asks for is not counted. Write nothing else: no solution, no heading, \
no word about the method or about what was changed.

[task]
{task}
[end of task]"""

BREADTH_FRAME = """\
The task below was given to an assistant. Think of another one, which belongs to the same subject and is met less often. \
{method}

The result is about as long and about as hard as the task below, and stands on its own: a person understands it at once, \
and somebody who knows the subject can do it. Write nothing else: no solution, no heading, no word about how it was found.

[task]
{task}
[end of task]"""

OPERATORS = (
    Operator(
        name="constraint",
        method="Add one condition that the result has to meet and that changes how one goes about it.",
    ),
    Operator(
        name="deepen",
        method="Where it asks about a matter, let it ask further into it: for grounds, consequences, limits or "
        "exceptions that the present wording leaves aside.",
    ),
    Operator(
        name="concretise",
        method="Put something particular in the place of something general: a certain thing, person, amount, time or "
        "situation.",
    ),
    Operator(
        name="reasoning",
        method="If it can be done in one or two steps of thought, change it so that it takes several, each of which needs "
        "the one before.",
    ),
    Operator(
        name="input",
        method="Give it something to work on, or make what it has more intricate, and write that out in full: a few rows "
        'of a table, a formula, some lines of a program, or a record like {"room": "kitchen", "lamps": [60, 40]}.',
    ),
    Operator(
        name="breadth",
        method="Choose what somebody would ask who has spent years with the subject.",
        breadth=True,
    ),
)

LEAKS = (
    "[task]",
    "[end of task]",
    "new task:",
    "new prompt:",
    "task anew",
    "original task",
    "original prompt",
    "given prompt",
    "given instruction",
    "created prompt",
    "evolved task",
    "evolved prompt",
    "rewritten task",
    "rewritten prompt",
    "rewritten instruction",
    "rewritten version",
    "harder version",
    "new version of the task",
)
"""Also labels of other frames: a teacher may have learned them from published sets."""

GENERAL = Recipe(operators=OPERATORS, frame=FRAME, breadth_frame=BREADTH_FRAME, leaks=LEAKS)
"""Evol-Instruct for tasks of any kind: every operator is drawn as often as every other."""
