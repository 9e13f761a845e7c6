"""Making tasks out of tasks: Evol-Instruct (WizardLM, Xu et al. 2023), public to plugins.

A teacher rewrites every seed by an operator drawn for it, answers what survives elimination, and does so round by round:

    from domaintune.synthesis import GENERAL, EvolveOptions, Task, evolved

    def proverbs(context):
        seeds = (Task(text=row["task"], answer=row["answer"], origin=row.origin) for row in context.rows(*FIELDS))
        for item in evolved(context, seeds, GENERAL, context.options):
            yield item.example() if isinstance(item, Task) else item

A domain that evolves in ways of its own brings a `Recipe` with its operators. Names are imported on first use.
"""

from __future__ import annotations

from domaintune.lazy import on_demand

TYPE_CHECKING = False  # as in domaintune itself

if TYPE_CHECKING:
    from domaintune.synthesis.acceptance import Acceptance as Acceptance
    from domaintune.synthesis.driving import evolved as evolved
    from domaintune.synthesis.elimination import fault_of_reply as fault_of_reply
    from domaintune.synthesis.elimination import phrase_of as phrase_of
    from domaintune.synthesis.elimination import shown as shown
    from domaintune.synthesis.elimination import spoken as spoken
    from domaintune.synthesis.evolution import evolve as evolve
    from domaintune.synthesis.general import GENERAL as GENERAL
    from domaintune.synthesis.options import EvolveOptions as EvolveOptions
    from domaintune.synthesis.options import whole as whole
    from domaintune.synthesis.recipe import Operator as Operator
    from domaintune.synthesis.recipe import Recipe as Recipe
    from domaintune.synthesis.task import Step as Step
    from domaintune.synthesis.task import Task as Task

_HOME = {
    "Acceptance": "acceptance",
    "EvolveOptions": "options",
    "GENERAL": "general",
    "Operator": "recipe",
    "Recipe": "recipe",
    "Step": "task",
    "Task": "task",
    "evolve": "evolution",
    "evolved": "driving",
    "fault_of_reply": "elimination",
    "phrase_of": "elimination",
    "shown": "elimination",
    "spoken": "elimination",
    "whole": "options",
}

__all__ = [*sorted(_HOME)]  # noqa: PLE0604  (all strings, computed from the table above)

__getattr__ = on_demand(__name__, _HOME)
