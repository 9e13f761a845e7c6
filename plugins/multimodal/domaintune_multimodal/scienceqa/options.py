"""The options of the ScienceQA builder and evaluator, as users write them in TOML."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Order: TypeAlias = Literal["answer-last", "answer-first", "answer-only"]
LAYOUT = "images/{split}/{id}/{image}"
"""Where ScienceQA keeps the picture of a problem, below the folder of problems.json."""
_PICTURE = {"doc": "where a picture lies in the folder of pictures; {split}, {id} and {image} are filled in"}
_PICTURES = {"doc": "problems with a picture: show it, or drop the problem"}


@dataclass(frozen=True, kw_only=True)
class ScienceOptions:
    """Options of the data builder, written `[data.options]`."""

    order: Order = field(
        default="answer-last",
        metadata={"doc": "what is learned: lecture, explanation, answer (LLaVA's best); the answer first; or it alone"},
    )
    val: Literal["test", "train", "drop"] = field(
        default="test",
        metadata={"doc": "what becomes of the validation split; the paper keeps it for choosing settings"},
    )
    splits: str = field(default="", metadata={"doc": "pid_splits.json; it overrules the column `split`"})
    pictures: Literal["show", "drop"] = field(default="show", metadata=_PICTURES)
    picture: str = field(default=LAYOUT, metadata=_PICTURE)


@dataclass(frozen=True, kw_only=True)
class ScienceGradingOptions:
    """Options of the evaluator, written `[eval.multimodal-scienceqa]`."""

    items: str = field(
        default="", metadata={"doc": "problems of its own: problems.json, JSONL or Parquet; empty: the test split"}
    )
    images: str = field(
        default="", metadata={"doc": "folder of the pictures of `items`; empty: the folder of the file"}
    )
    split: Literal["test", "val", "train", "all"] = field(
        default="test", metadata={"doc": "the split of `items` that is asked; rows that name no split belong to each"}
    )
    pictures: Literal["show", "drop"] = field(default="show", metadata=_PICTURES)
    picture: str = field(default=LAYOUT, metadata=_PICTURE)
