"""`domaintune chat`: a conversation in the terminal, through the engine that serves."""

from __future__ import annotations

from typing import Annotated

import typer

from domaintune.commands.common import Overrides, answering

Who = Annotated[
    str,
    typer.Argument(
        metavar="DOMAIN", help="An adapter (medical, medical@3, medical:0.7+code:0.3), base, or a package folder."
    ),
]
Compare = Annotated[bool, typer.Option("--compare", help="Ask the base model too, in the same batch.")]
MaxTokens = Annotated[int, typer.Option("--max-tokens", min=1, help="Tokens an answer may have.")]
Temperature = Annotated[float, typer.Option("--temperature", min=0.0, max=2.0, help="0 is greedy decoding.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of what is drawn where the temperature is not 0.")]
Base = Annotated[
    str | None,
    typer.Option("--base", metavar="MODEL", help="Hub id, folder or 'starter'; default: as it was made for."),
]
System = Annotated[str | None, typer.Option("--system", metavar="TEXT", help="What the model is told before all else.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document a question on stdout.")]


@answering
def chat(  # noqa: PLR0913  (who is asked, and how answers are drawn and shown)
    who: Who,
    compare: Compare = False,
    max_tokens: MaxTokens = 256,
    temperature: Temperature = 0.0,
    seed: Seed = 0,
    base: Base = None,
    system: System = None,
    override: Overrides = None,
    json: Json = False,
) -> None:
    """Talk to an adapter: /image FILE shows a picture, /reset forgets, /quit or Ctrl-D leaves, Ctrl-C stops an answer."""
    from domaintune import chat as room
    from domaintune.contracts import Sampling
    from domaintune.home import quiet_libraries
    from domaintune.settings import resolve

    quiet_libraries()
    sampling = Sampling(max_new_tokens=max_tokens, temperature=temperature, seed=seed)
    talk = room.Talk(sampling=sampling, system=system, compare=compare, as_json=json)
    code = talk.run(who, base, resolve(None, overrides=override or []).model)
    if code:
        raise typer.Exit(code)
