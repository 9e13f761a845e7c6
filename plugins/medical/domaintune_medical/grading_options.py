"""The options of the graders of knowledge, written `[eval.medical-retrieval]` and `[eval.medical-grounded]`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from annotated_types import Gt

Positive = Annotated[int, Gt(0)]


@dataclass(frozen=True, kw_only=True)
class RetrievalOptions:
    """Options of the grader of retrievers."""

    questions: Positive = field(default=1, metadata={"doc": "questions a disease, each in one or two wordings"})
    symptoms: Positive = field(default=3, metadata={"doc": "symptoms that a question names"})
    most: Positive = field(
        default=5, metadata={"doc": "diseases that may have all of them, so that recall at this number can be 1"}
    )
    seed: int = field(default=0, metadata={"doc": "seed of the symptoms, the phrases and the wording"})


@dataclass(frozen=True, kw_only=True)
class GroundedOptions:
    """Options of the grader of answers by the diseases and medications they name."""

    echoes: bool = field(default=False, metadata={"doc": "count names too that stand in the question already"})
