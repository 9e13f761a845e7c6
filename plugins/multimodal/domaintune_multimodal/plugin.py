"""What this package offers: scenes that can be checked, LLaVA's instruction data, ScienceQA, and a LLaVA to train."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from domaintune import Component, Domain, hookimpl
from domaintune_multimodal import presets
from domaintune_multimodal.llava_options import LlavaBenchOptions, LlavaOptions
from domaintune_multimodal.model.options import AssembledOptions
from domaintune_multimodal.qa_options import PictureQaOptions
from domaintune_multimodal.scenes.options import SceneOptions
from domaintune_multimodal.scienceqa.options import ScienceGradingOptions, ScienceOptions

if TYPE_CHECKING:
    from domaintune import BaseMaker, BuildContext, Dropped, Example

    Builder = Callable[[BuildContext], Iterator[Example | Dropped]]


@hookimpl
def domaintune_domains() -> Iterator[Domain]:
    """Offer `domaintune build multimodal`, the two data sets of LLaVA, and data of one's own."""
    yield Domain(
        name="multimodal",
        summary="Questions about pictures: drawn scenes whose every answer can be checked (LLaVA)",
        data="multimodal-scenes",
        evaluators=("multimodal-scenes",),
        settings=presets.PICTURES,
        presets={"quick": presets.QUICK, "gpu": presets.GPU, "paper": presets.PAPER},
    )
    yield Domain(
        name="multimodal-llava",
        summary="Conversation, description and reasoning about photographs, from captions and boxes (LLaVA-Instruct)",
        data="multimodal-llava",
        evaluators=("multimodal-llava-bench",),
        settings=presets.PICTURES,
        presets={"gpu": presets.LLAVA_GPU, "paper": presets.LLAVA_PAPER},
    )
    yield Domain(
        name="multimodal-scienceqa",
        summary="School science with and without pictures: lecture, explanation, answer (ScienceQA)",
        data="multimodal-scienceqa",
        evaluators=("multimodal-scienceqa",),
        settings=presets.PICTURES,
        presets={"quick": presets.SCIENCE_QUICK, "gpu": presets.SCIENCE_GPU, "paper": presets.SCIENCE_PAPER},
    )
    yield Domain(
        name="multimodal-qa",
        summary="Your own pictures, questions and answers: a table, captions, or LLaVA's conversations",
        data="multimodal-qa",
        evaluators=("exact",),
        settings=presets.PICTURES,
        presets={"gpu": presets.LLAVA_GPU},
    )


@hookimpl
def domaintune_data_builders() -> Iterator[Component[Builder]]:
    """Offer scenes, LLaVA's three kinds of answers, ScienceQA, and pictures with questions of one's own."""
    yield Component(
        name="multimodal-scenes",
        summary="Drawn scenes with conversations, descriptions and reasoning by grammar; tested on unseen combinations",
        load=_scenes,
        options=SceneOptions,
    )
    yield Component(
        name="multimodal-llava",
        summary="Captions and boxes of pictures (COCO), and what a teacher writes about them: three kinds of answers",
        load=_llava,
        options=LlavaOptions,
    )
    yield Component(
        name="multimodal-scienceqa",
        summary="ScienceQA's problems.json: question, context, options; then lecture, explanation, answer",
        load=_science,
        options=ScienceOptions,
    )
    yield Component(
        name="multimodal-qa",
        summary="Rows of picture, question and answer, pictures with captions, or LLaVA's files of conversations",
        load=_picture_qa,
        options=PictureQaOptions,
    )


@hookimpl
def domaintune_evaluators() -> Iterator[Component[Any]]:
    """Offer exact match on scenes, LLaVA-Bench, and accuracy on ScienceQA."""
    yield Component(
        name="multimodal-scenes",
        summary="Exact match by kind of question about drawn scenes",
        load=_scene_grader,
    )
    yield Component(
        name="multimodal-llava-bench",
        summary="Relative score of LLaVA-Bench in both orders; asks a judge model (any teacher)",
        load=_bench,
        options=LlavaBenchOptions,
    )
    yield Component(
        name="multimodal-scienceqa",
        summary="Accuracy on ScienceQA by subject, context and grade",
        load=_science_grader,
        options=ScienceGradingOptions,
    )


@hookimpl
def domaintune_models() -> Iterator[Component[BaseMaker]]:
    """Offer a LLaVA that is put together here."""
    yield Component(
        name="multimodal-llava",
        summary="LLaVA of a vision tower, a projector and a language model; by default a small one, made in minutes",
        load=_assembled,
        options=AssembledOptions,
    )


def _scenes() -> Builder:
    from domaintune_multimodal.scenes.data import scenes

    return scenes


def _llava() -> Builder:
    from domaintune_multimodal.llava import multimodal_llava

    return multimodal_llava


def _science() -> Builder:
    from domaintune_multimodal.scienceqa.data import science

    return science


def _picture_qa() -> Builder:
    from domaintune_multimodal.qa import picture_qa

    return picture_qa


def _scene_grader() -> Any:
    from domaintune_multimodal.scenes.grading import SceneGrader

    return SceneGrader


def _bench() -> Any:
    from domaintune_multimodal.bench import LlavaBench

    return LlavaBench


def _science_grader() -> Any:
    from domaintune_multimodal.scienceqa.grading import ScienceGrader

    return ScienceGrader


def _assembled() -> Any:
    from domaintune_multimodal.model.maker import AssembledLlava

    return AssembledLlava
