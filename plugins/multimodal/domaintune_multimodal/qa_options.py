"""The options of the builder `multimodal-qa`, as users write them in `[data.options]`."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class PictureQaOptions:
    """Options of the builder `multimodal-qa`."""

    question: str = field(
        default="", metadata={"doc": "what is asked about pictures of rows without a question: Describe the picture."}
    )
    system: str = field(default="", metadata={"doc": "the system message of rows that have none; empty: no message"})
    text_only: bool = field(
        default=False, metadata={"doc": "keep a question and its answer that name no picture, as text alone"}
    )
