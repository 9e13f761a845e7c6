"""The composers that are exact: the weighted sum of updates, and its best approximation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from domaintune.composition import factors, merge
from domaintune.contracts import Member
from domaintune.defaults.composer_options import SvdOptions


class Exact:
    """The weighted sum of the updates itself."""

    def merge(self, members: Sequence[Member], folder: Path) -> None:
        """Write the sum; its rank is the sum of the ranks."""
        factors.write(folder, merge.exact(weighted(members)))


class Svd:
    """The best approximation of the weighted sum by updates of a rank."""

    def __init__(self, options: SvdOptions) -> None:
        self.options = options

    def merge(self, members: Sequence[Member], folder: Path) -> None:
        """Write the approximation."""
        factors.write(folder, merge.svd(weighted(members), self.options.rank))


def weighted(members: Sequence[Member]) -> list[tuple[factors.Update, float]]:
    """Read the members' updates; raises UsageError for what cannot be merged."""
    return [(factors.read(member.folder), member.weight) for member in members]
