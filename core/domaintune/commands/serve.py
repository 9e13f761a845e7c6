"""`domaintune serve`: every promoted adapter behind one OpenAI-compatible address."""

from __future__ import annotations

from typing import Annotated

import typer

from domaintune.commands.common import AsJson, ConfigFile, Overrides, answering, print_json

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="[NAME]…", help="Adapters, or versions of them; default: all that are promoted."),
]
Host = Annotated[str | None, typer.Option("--host", metavar="ADDRESS", help="Where to listen; others need a key.")]
Port = Annotated[int | None, typer.Option("--port", min=0, max=65535, help="Port; 0 takes a free one.")]
Base = Annotated[str | None, typer.Option("--base", metavar="MODEL", help="Serve this base model only.")]


@answering
def serve(  # noqa: PLR0913  (what to serve, where, and the common options)
    names: Names = None,
    host: Host = None,
    port: Port = None,
    base: Base = None,
    config: ConfigFile = None,
    override: Overrides = None,
    json: AsJson = False,
) -> None:
    """Serve adapters and their base models until Ctrl-C; what is promoted meanwhile is served a moment later."""
    from domaintune.home import quiet_libraries

    quiet_libraries()
    from domaintune.serving import start

    server = start.prepare(names or [], host=host, port=port, base=base, file=config, overrides=override or [])

    def ready() -> None:
        if json:
            print_json({"schema_version": 1, "address": server.address, "models": server.house.models})
        else:
            typer.echo(f"serving {', '.join(server.house.models)} at {server.address}")

    code = server.run(ready)
    if code:
        raise typer.Exit(code)
