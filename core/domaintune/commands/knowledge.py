"""What the commands about knowledge do behind the door: find an index, search it, measure who finds best."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from domaintune import evaluation, runs
from domaintune.console import harmless, out
from domaintune.contracts import Hit
from domaintune.errors import DataError, UsageError
from domaintune.evaluation import Grader, searching
from domaintune.home import quiet_libraries, runs_folder
from domaintune.plan import Plan
from domaintune.plugins import catalog
from domaintune.retrieval.knowledge import ABOUT, Knowledge, open_index, read_about
from domaintune.retrieval.passages import as_dict, name_of
from domaintune.runs import Run

SHOWN = 320
"""Letters of a passage on the screen."""


def find(domain: str, name: str | None, folder: Path | None) -> Knowledge:
    """Open an index: that of a folder, of a run by name, or the newest of the domain; raises UsageError."""
    quiet_libraries()
    catalog().domain(domain)
    return open_index(folder or _newest(domain, name), catalog())


def _newest(domain: str, name: str | None) -> Path:
    root = runs_folder()
    if name is not None:
        place = runs.place(root, domain, name, "").file("index")
        if not (place / ABOUT).is_file():
            raise UsageError(f"there is no index in {place}; make it: domaintune index {domain} --name {name}")
        return place
    found = [path.parent for path in root.glob("*/index/" + ABOUT) if not path.parents[1].is_symlink()]
    ours = [place for place in found if _domain_of(place) == domain]
    if not ours:
        raise UsageError(f"no knowledge of {domain!r} is indexed in {root}; first: domaintune index {domain}")
    return max(ours, key=lambda place: (place / ABOUT).stat().st_mtime)


def _domain_of(folder: Path) -> str | None:
    """Return whose index this is; one that cannot be read (a later version's) is nobody's."""
    try:
        return str(read_about(folder).get("domain"))
    except DataError:
        return None


def show(hits: list[Hit]) -> None:
    """Print what was found: score, title, origin, licence, and how it begins."""
    for place, hit in enumerate(hits, 1):
        passage = hit.passage
        text = " ".join(passage.text.split())
        shown = text if len(text) <= SHOWN else text[:SHOWN].rpartition(" ")[0] + " …"
        title = " ".join(name_of(passage).split())
        whence = f"{passage.origin}; licence: {passage.license or 'not stated'}"
        out().print(harmless(f"{place:>2}  {hit.score:.4f}  {title}"), style="bold", markup=False)
        out().print(harmless(f"    {whence}"), style="dim", markup=False, soft_wrap=True)
        out().print(harmless(f"    {shown}"), markup=False, soft_wrap=True)


def as_rows(hits: list[Hit]) -> list[dict[str, Any]]:
    """Return hits as plain values."""
    return [{"score": hit.score, **as_dict(hit.passage)} for hit in hits]


def measuring(plan: Plan) -> list[Grader]:
    """Return the evaluators that measure retrieval; UsageError where there are none."""
    graders = [evaluation.open_grader(part, plan.settings.eval.graders.get(part.name, {})) for part in plan.evaluators]
    found = [grader for grader in graders if grader.retrievers]
    if not found:
        raise UsageError(
            f"no evaluator of {plan.domain.name!r} measures retrieval; name one with --set eval.evaluators=NAME"
        )
    return found


def measured(plan: Plan, graders: Sequence[Grader], run: Run) -> dict[str, Any]:
    """Return a report of retrievers over the index of a run."""
    knowledge = open_index(run.file("index"), plan.catalog)
    with TemporaryDirectory(dir=run.folder, prefix=".compared-") as work:
        return searching.measure(plan, graders, knowledge, Path(work)).as_dict()
