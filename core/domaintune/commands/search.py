"""`domaintune search`: look into the knowledge that a domain's models are given."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from domaintune.commands.common import AsJson, DomainName, Name, answering, print_json

Query = Annotated[str, typer.Argument(metavar="QUESTION", help="What to look for.")]
Count = Annotated[int, typer.Option("-k", min=1, max=1000, help="Passages to show.")]
Folder = Annotated[Path | None, typer.Option("--index", metavar="FOLDER", help="An index folder; default: the newest.")]


@answering
def search(
    domain: DomainName,
    query: Query,
    count: Count = 5,
    name: Name = None,
    folder: Folder = None,
    json: AsJson = False,
) -> None:
    """Show the passages that fit a question best, with their scores, origins and licences."""
    from domaintune.commands import knowledge
    from domaintune.console import note
    from domaintune.errors import UsageError

    query = query.encode("utf-8", "replace").decode()  # bytes that are no text
    if not query.strip():
        raise UsageError("the question is blank; write what to look for")
    found = knowledge.find(domain, name, folder)
    hits = list(found.search(query, count))
    if json:
        print_json(
            {"schema_version": 1, "index": str(found.folder), "retriever": found.about["retriever"], "query": query}
            | {"hits": knowledge.as_rows(hits)}
        )
    else:
        knowledge.show(hits)
        if not hits:
            note("nothing was found")
    note(f"{found.about['retriever']} among {found.about['passages']:,} passages of {found.folder}")
