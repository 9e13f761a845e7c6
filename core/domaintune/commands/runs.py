"""`domaintune runs`: what has been built here."""

from __future__ import annotations

from domaintune.commands.common import AsJson, answering, print_json


@answering
def runs(json: AsJson = False) -> None:
    """List the run folders, newest last, with the stages each has finished."""
    import sys

    from domaintune.home import runs_folder
    from domaintune.runs import every

    found = every(runs_folder())
    if json:
        rows = [{"name": run.folder.name, "folder": str(run.folder), "stages": list(run.stages)} for run in found]
        print_json({"schema_version": 1, "runs": rows})
        return
    for run in found:
        sys.stdout.write(f"{run.folder.name:<36} {', '.join(run.stages)}\n")
    if not found:
        sys.stderr.write(f"no runs in {runs_folder()}; try: domaintune build medical --preset quick\n")
