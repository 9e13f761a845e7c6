"""The command line: a table of verbs; only the chosen one is imported."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # as in typing, which takes longer to import than --help to run
if TYPE_CHECKING:
    import typer

COMMANDS = {
    "build": ("build:build", "Build a domain expert: data, knowledge, training, evaluation, package."),
    "data": ("data:data", "Look at a domain's examples, and what became of every row."),
    "index": ("index:index", "Make a domain's knowledge searchable."),
    "search": ("search:search", "Look into a domain's knowledge."),
    "train": ("build:train", "Train a domain's adapter."),
    "eval": ("build:evaluate", "Measure an adapter against the base model and the floors."),
    "grade": ("grade:grade", "Run a grader on given answers, without a model."),
    "serve": ("serve:serve", "Serve adapters behind one OpenAI-compatible address."),
    "chat": ("chat:chat", "Talk to an adapter in the terminal."),
    "adapters": ("adapters:adapters", "Keep versions of adapters: promote, roll back, share."),
    "compose": ("compose:compose", "Make one adapter of several."),
    "plugins": ("plugins:plugins", "List what is installed, and what could not be loaded."),
    "config": ("config:config", "Show the settings of a domain, resolved."),
    "new": ("new:new", "Write a plugin package to start from."),
    "runs": ("runs:runs", "List the run folders."),
    "doctor": ("doctor:doctor", "Check this machine and this installation."),
}


def main() -> None:
    """Run the command line; no traceback for a reader that has gone or a Ctrl-C, however early."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a file name need not be valid text
    try:
        _run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:  # as in `domaintune runs | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more on its way out
        sys.exit(1)
    except KeyboardInterrupt:  # before or after a command, which answers for itself
        sys.stderr.write("interrupted\n")
        sys.exit(130)


def _run(arguments: list[str]) -> None:
    """Answer what needs no parsing without importing a parser, and leave the rest to Typer."""
    if arguments in ([], ["--help"], ["-h"]):
        sys.stdout.write(help_text())
    elif arguments == ["--version"]:
        from domaintune import __version__

        sys.stdout.write(f"domaintune {__version__}\n")
    elif arguments in (["plugins"], ["plugins", "--json"]):
        from domaintune.commands import offers

        offers.show(as_json="--json" in arguments)
    else:
        app([arguments[0]] if arguments[0] in COMMANDS else list(COMMANDS))(prog_name="domaintune")


def app(names: list[str] | None = None) -> typer.Typer:
    """Return the Typer application with some of the verbs, or all of them."""
    import typer

    made = typer.Typer(
        help="Turn a general language model into a domain expert.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=names is None or len(names) > 1,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    made.callback()(lambda: None)  # keeps the verb in the usage line when there is only one
    for name in names or COMMANDS:
        module, _, function = COMMANDS[name][0].partition(":")
        found = __import__(f"domaintune.commands.{module}", fromlist=[function])
        command = getattr(found, function)
        if isinstance(command, typer.Typer):
            made.add_typer(command, name=name, short_help=COMMANDS[name][1])
        else:
            parser = getattr(found, "PARSER", None)  # reads what Typer alone does not
            made.command(name, cls=parser, short_help=COMMANDS[name][1])(command)
    return made


def help_text() -> str:
    """Return what `domaintune --help` prints."""
    verbs = "".join(f"  {name:<8} {summary}\n" for name, (_, summary) in COMMANDS.items())
    return (
        "Usage: domaintune COMMAND [OPTIONS]\n\n"
        "Turn a general language model into a domain expert.\n\n"
        f"Commands:\n{verbs}\n"
        "Try: domaintune build medical --preset quick\n"
        "     domaintune COMMAND --help\n"
        "     domaintune --version\n"
    )
