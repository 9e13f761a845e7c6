"""The options of this package's parts, as users write them in TOML."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class ReportOptions:
    """Options of the data builder, written `[data.options]`."""

    min_findings_words: int = field(default=10, metadata={"doc": "shorter findings are dropped (Radiology-GPT: 10)"})
    min_impression_words: int = field(default=2, metadata={"doc": "shorter impressions are dropped (Radiology-GPT: 2)"})
    background: bool = field(default=False, metadata={"doc": "put indication and comparison before the findings"})


@dataclass(frozen=True, kw_only=True)
class RougeOptions:
    """Options of the grader, written `[eval.medical-rouge]`."""

    stemmer: bool = field(default=False, metadata={"doc": "compare word stems (Porter) instead of words"})
