"""The composers that peft has, done by peft."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from domaintune.composition import factors, peft_merge
from domaintune.contracts import Member
from domaintune.defaults.composers import weighted


class ByPeft:
    """One of the merges of peft's `add_weighted_adapter`."""

    def __init__(self, kind: str, options: Any = None) -> None:
        self.kind = kind
        self.options = {} if options is None else dataclasses.asdict(options)

    def merge(self, members: Sequence[Member], folder: Path) -> None:
        """Write what peft makes of the members."""
        options = dict(self.options)
        rank = options.pop("rank", None)
        given = {"svd_rank": rank} if rank else {}
        factors.write(folder, peft_merge.merge(self.kind, weighted(members), **options, **given))
