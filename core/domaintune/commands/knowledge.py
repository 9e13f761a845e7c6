"""What the commands about knowledge do behind the door: find an index, search it, measure who finds best."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from domaintune import evaluation, runs
from domaintune.console import harmless, out
from domaintune.contracts import Hit
from domaintune.errors import UsageError
from domaintune.evaluation import searching
from domaintune.home import quiet_libraries, runs_folder
from domaintune.plan import Plan
from domaintune.plugins import catalog
from domaintune.retrieval.knowledge import ABOUT, Knowledge, open_index, read_about
from domaintune.retrieval.passages import as_dict
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
    ours = [place for place in found if read_about(place)["domain"] == domain]
    if not ours:
        raise UsageError(f"no knowledge of {domain!r} is indexed in {root}; first: domaintune index {domain}")
    return max(ours, key=lambda place: (place / ABOUT).stat().st_mtime)


def show(hits: list[Hit]) -> None:
    """Print what was found: score, title, origin, licence, and how it begins."""
    for place, hit in enumerate(hits, 1):
        passage = hit.passage
        text = " ".join(passage.text.split())
        shown = text if len(text) <= SHOWN else text[:SHOWN].rpartition(" ")[0] + " …"
        whence = f"{passage.origin}; licence: {passage.license or 'not stated'}"
        out().print(
            harmless(f"{place:>2}  {hit.score:.4f}  {passage.title or passage.origin}"), style="bold", markup=False
        )
        out().print(harmless(f"    {whence}"), style="dim", markup=False, soft_wrap=True)
        out().print(harmless(f"    {shown}"), markup=False, soft_wrap=True)


def as_rows(hits: list[Hit]) -> list[dict[str, Any]]:
    """Return hits as plain values."""
    return [{"score": hit.score, **as_dict(hit.passage)} for hit in hits]


def measured(plan: Plan, run: Run) -> dict[str, Any]:
    """Return a report of the domain's evaluators that measure retrieval, over the index of a run."""
    graders = [evaluation.open_grader(part, plan.settings.eval.graders.get(part.name, {})) for part in plan.evaluators]
    measuring = [grader for grader in graders if grader.retrievers]
    if not measuring:
        raise UsageError(
            f"no evaluator of {plan.domain.name!r} measures retrieval; name one with --set eval.evaluators=NAME"
        )
    work = run.file(".compared")
    try:
        return searching.measure(plan, measuring, open_index(run.file("index"), plan.catalog), work).as_dict()
    finally:
        shutil.rmtree(work, ignore_errors=True)
