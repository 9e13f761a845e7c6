"""What this package offers: radiology reports, dialogues beside medical knowledge, and questions made from a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from domaintune import Component, Domain, hookimpl
from domaintune_medical import presets
from domaintune_medical.dialogue_options import DialogueOptions, QaOptions
from domaintune_medical.grading_options import GroundedOptions, RetrievalOptions
from domaintune_medical.knowledge_options import DiseaseOptions, KeywordOptions, WikipediaOptions
from domaintune_medical.options import ReportOptions, RougeOptions


@hookimpl
def domaintune_domains() -> Iterator[Domain]:
    """Offer `domaintune build medical`, `medical-dialogue` and `medical-qa`."""
    yield Domain(
        name="medical",
        summary="Chest X-ray reports: write the impression from the findings (Radiology-GPT)",
        data="medical-radiology",
        evaluators=("medical-rouge",),
        knowledge="medical-diseases",  # for `domaintune search`: an impression is written from the findings alone
        settings=presets.SCRUBBED,
        presets={"quick": presets.QUICK, "gpu": presets.GPU, "paper": presets.PAPER},
        safety=presets.SAFETY,
    )
    yield Domain(
        name="medical-dialogue",
        summary="Patients' questions with a disease database beside them, and visit notes (ChatDoctor)",
        data="medical-dialogue",
        evaluators=("medical-grounded", "medical-rouge", "medical-retrieval"),
        knowledge="medical-diseases",
        retriever="hybrid",
        settings=presets.SCRUBBED,
        presets={
            "quick": presets.DIALOGUE_QUICK, "gpu": presets.DIALOGUE_GPU, "paper": presets.DIALOGUE_PAPER,
        },
        safety=presets.SAFETY,
    )  # fmt: skip
    yield Domain(
        name="medical-qa",
        summary="Questions and answers made from a table of medical knowledge, English or Chinese (ChatGLM-Med)",
        data="medical-qa",
        evaluators=("medical-grounded", "medical-rouge", "medical-retrieval"),
        knowledge="medical-diseases",
        retriever="hybrid",
        settings=presets.SCRUBBED,
        presets={
            "quick": presets.DIALOGUE_QUICK,
            "quick-zh": presets.QA_CHINESE,
            "gpu": presets.DIALOGUE_GPU,
            "paper": presets.QA_PAPER,
        },
        safety=presets.SAFETY,
    )


@hookimpl
def domaintune_data_builders() -> Iterator[Component[Any]]:
    """Offer readers of reports, dialogues and knowledge tables, and two builders of knowledge."""
    yield Component(
        name="medical-radiology",
        summary="Findings and impression columns of any report file, filtered as in Radiology-GPT",
        load=_radiology,
        options=ReportOptions,
    )
    yield Component(
        name="medical-dialogue",
        summary="Dialogues of ChatDoctor, HealthCareMagic, iCliniq and MTS-Dialog files",
        load=_dialogues,
        options=DialogueOptions,
    )
    yield Component(
        name="medical-qa",
        summary="Questions and answers from the rows of a knowledge table, by templates or a teacher",
        load=_qa,
        options=QaOptions,
    )
    yield Component(
        name="medical-diseases",
        summary="Knowledge: a table of diseases with symptoms, tests and medications (ChatDoctor)",
        load=_diseases,
        options=DiseaseOptions,
    )
    yield Component(
        name="medical-wikipedia",
        summary="Knowledge: Wikipedia pages by title or search term, over the network or from a dump",
        load=_wikipedia,
        options=WikipediaOptions,
    )


@hookimpl
def domaintune_retrievers() -> Iterator[Component[Any]]:
    """Offer ChatDoctor's own way of finding passages."""
    yield Component(
        name="medical-keywords",
        summary="Keywords of the question counted in each passage (ChatDoctor)",
        load=_keywords,
        options=KeywordOptions,
    )


@hookimpl
def domaintune_evaluators() -> Iterator[Component[Any]]:
    """Offer overlap with the reference, what it names, and whether retrieval finds the right disease."""
    yield Component(
        name="medical-rouge",
        summary="ROUGE-1/2/L F1 against the reference (rouge-score)",
        load=_rouge,
        options=RougeOptions,
    )
    yield Component(
        name="medical-grounded",
        summary="Token F1, and whether the answer names the diseases and medications of the reference",
        load=_grounded,
        options=GroundedOptions,
    )
    yield Component(
        name="medical-retrieval",
        summary="Recall and MRR of the retrievers for symptoms that lead to a disease",
        load=_retrieval,
        options=RetrievalOptions,
    )


def _radiology() -> Any:
    from domaintune_medical.data import reports

    return reports


def _dialogues() -> Any:
    from domaintune_medical.dialogues import dialogues

    return dialogues


def _qa() -> Any:
    from domaintune_medical.qa import qa

    return qa


def _diseases() -> Any:
    from domaintune_medical.knowledge import diseases

    return diseases


def _wikipedia() -> Any:
    from domaintune_medical.wikipedia import wikipedia

    return wikipedia


def _keywords() -> Any:
    from domaintune_medical.chatdoctor import Keywords

    return Keywords


def _rouge() -> Any:
    from domaintune_medical.grading import Rouge

    return Rouge


def _grounded() -> Any:
    from domaintune_medical.grounded import Grounded

    return Grounded


def _retrieval() -> Any:
    from domaintune_medical.retrieval_grading import RetrievalGrader

    return RetrievalGrader
