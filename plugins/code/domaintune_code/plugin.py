"""What this package offers: tasks that evolve, problems over source code, and pass@k on three sets of problems."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from domaintune import Component, Domain, hookimpl
from domaintune_code import presets
from domaintune_code.eval_options import HumanEvalOptions, MbppOptions, ProblemsOptions
from domaintune_code.options import EvolveCodeOptions, OssOptions

if TYPE_CHECKING:
    from domaintune import BuildContext, Dropped, Example

    Builder = Callable[[BuildContext], Iterator[Example | Dropped]]


@hookimpl
def domaintune_domains() -> Iterator[Domain]:
    """Offer `domaintune build code`."""
    yield Domain(
        name="code",
        summary="Python functions from their description, every row proven by running its tests (WizardCoder)",
        data="code-evolve",
        evaluators=("code-problems",),
        presets={"quick": presets.QUICK, "gpu": presets.GPU, "paper": presets.PAPER},
    )


@hookimpl
def domaintune_data_builders() -> Iterator[Component[Builder]]:
    """Offer Evol-Instruct and OSS-Instruct for programs."""
    yield Component(
        name="code-evolve",
        summary="Programming tasks that a teacher makes harder round by round, with tests that were run (WizardCoder)",
        load=_evolve,
        options=EvolveCodeOptions,
    )
    yield Component(
        name="code-oss",
        summary="Programming tasks that a teacher makes up over snippets of freely licensed source code (Magicoder)",
        load=_oss,
        options=OssOptions,
    )


@hookimpl
def domaintune_evaluators() -> Iterator[Component[Any]]:
    """Offer pass@k on HumanEval, on MBPP and on problems of this project."""
    yield Component(
        name="code-humaneval",
        summary="pass@k on HumanEval or HumanEval+, read from a file or the hub",
        load=_humaneval,
        options=HumanEvalOptions,
    )
    yield Component(
        name="code-mbpp",
        summary="pass@k on MBPP or MBPP+, read from a file or the hub",
        load=_mbpp,
        options=MbppOptions,
    )
    yield Component(
        name="code-problems",
        summary="pass@k on problems with tests: those written for this project, or your own",
        load=_problems,
        options=ProblemsOptions,
    )


def _evolve() -> Builder:
    from domaintune_code.evolve import code_evolve

    return code_evolve


def _oss() -> Builder:
    from domaintune_code.oss import code_oss

    return code_oss


def _humaneval() -> Any:
    from domaintune_code.grading import HumanEval

    return HumanEval


def _mbpp() -> Any:
    from domaintune_code.grading import Mbpp

    return Mbpp


def _problems() -> Any:
    from domaintune_code.grading import OwnProblems

    return OwnProblems
