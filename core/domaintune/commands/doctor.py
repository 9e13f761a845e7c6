"""`domaintune doctor`: is this machine ready, and if not, what to do."""

from __future__ import annotations

from domaintune.commands.common import AsJson, answering, print_json


@answering
def doctor(json: AsJson = False) -> None:
    """Check Python, libraries, plugins, device, base model and disk; exit 1 when a build could not run."""
    import sys

    import typer

    from domaintune.health import examine
    from domaintune.home import quiet_libraries

    quiet_libraries()
    findings = examine()
    if json:
        print_json({"schema_version": 1, "findings": [finding.as_dict() for finding in findings]})
    else:
        for finding in findings:
            sys.stdout.write(f"{finding.state:<5} {finding.subject:<16} {finding.text}\n")
    if any(finding.state == "bad" for finding in findings):
        raise typer.Exit(1)
