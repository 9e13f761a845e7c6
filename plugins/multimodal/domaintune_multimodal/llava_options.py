"""The options of the builder `multimodal-llava` and of its evaluator."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Annotated, Any

from annotated_types import Ge, Gt, Le, Lt

Whole = Annotated[int, Gt(0)]
Weight = Annotated[float, Ge(0), Lt(math.inf)]
Temperature = Annotated[float, Ge(0), Lt(math.inf)]
Share = Annotated[float, Gt(0), Le(1)]


@dataclass(frozen=True, kw_only=True)
class LlavaOptions:
    """Options of the builder that asks a teacher about pictures, written `[data.options]`."""

    conversation: Weight = field(default=58.0, metadata={"doc": "share of conversations (LLaVA: 58)"})
    detail: Weight = field(default=23.0, metadata={"doc": "share of detailed descriptions (LLaVA: 23)"})
    reasoning: Weight = field(default=77.0, metadata={"doc": "share of questions that take reasoning (LLaVA: 77)"})
    each: bool = field(default=False, metadata={"doc": "ask for every type with a share above 0 of every picture"})
    boxes: bool = field(default=False, metadata={"doc": "show the boxes for conversations too"})
    counts: bool = field(default=True, metadata={"doc": "drop replies that count more of a thing than the boxes show"})
    pictures: bool = field(
        default=True,
        metadata={"doc": "rows name their pictures; false: rows of text, to be joined to pictures elsewhere"},
    )
    max_new_tokens: Whole = field(default=1024, metadata={"doc": "longest reply of the teacher"})
    temperature: Temperature = field(default=0.7, metadata={"doc": "sampling temperature of replies"})
    top_p: Share = field(default=1.0, metadata={"doc": "nucleus sampling of replies"})

    def __post_init__(self) -> None:
        """Refuse what could make nothing."""
        if not max(self.conversation, self.detail, self.reasoning):
            raise ValueError("conversation, detail and reasoning are all 0; give one of them a share")


@dataclass(frozen=True, kw_only=True)
class LlavaBenchOptions:
    """Options of `multimodal-llava-bench`, written `[eval.multimodal-llava-bench]`."""

    judge: str = field(default="", metadata={"doc": "the teacher that judges, such as teacher-openai; needed"})
    judge_options: dict[str, Any] = field(default_factory=dict, metadata={"doc": "options of that teacher"})
    items: str = field(
        default="",
        metadata={"doc": "JSONL file with questions, references, captions and boxes; none: the plugin's fifteen"},
    )
    answers: str = field(default="", metadata={"doc": "references by question_id, of LLaVA-Bench's own files"})
    contexts: str = field(default="", metadata={"doc": "captions and boxes by image, of LLaVA-Bench's own files"})
    images: str = field(default="", metadata={"doc": "folder of the pictures; none: the folder of `items`"})
    swap: bool = field(default=True, metadata={"doc": "ask again with the order of the answers swapped"})
    temperature: Temperature = field(default=0.2, metadata={"doc": "sampling temperature of the judge (LLaVA: 0.2)"})
    max_new_tokens: Whole = field(default=512, metadata={"doc": "longest verdict of the judge"})
