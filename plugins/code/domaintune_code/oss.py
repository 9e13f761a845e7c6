"""OSS-Instruct (Magicoder): a teacher makes up a problem over a few random lines of freely licensed source code.

    snippet   for key, group in groupby(sorted(rows), key=first):      (somebody's report.py, lines 40-41, MIT)
    problem   Write `totals(sales)`, which takes pairs of a town and an amount and returns ...
    solution  def totals(sales): ...      tests   assert totals([("Ulm", 2)]) == {"Ulm": 2}

The lines only inspire: what is learned is the teacher's problem and a solution that passed its tests.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from domaintune import BuildContext, Dropped, Example, Message, Sampling, ask_teacher, words
from domaintune.synthesis import fault_of_reply, phrase_of, shown, spoken
from domaintune_code.answers import code_of
from domaintune_code.checks import tests_of, with_tests
from domaintune_code.drafts import Draft
from domaintune_code.heuristics import cut_off, functions_of
from domaintune_code.options import OssOptions
from domaintune_code.proof import proven
from domaintune_code.sources import Source, sources

PASSES = 20
"""How often a folder is gone through where it has fewer files than snippets are wanted."""
DRAWS = 10
"""How often lines are drawn from a file until they say something."""

ASK = """\
Below are a few lines from somebody's Python program. Let them give you an idea for a programming exercise, of any kind \
and difficulty.

[lines]
{snippet}
[end of lines]

Write the exercise, its solution and its tests, in this form and with nothing around it:

[problem]
What is to be written, complete for a reader who has never seen the lines above: the name of the function, what it takes, \
what it returns, and what happens in special cases.
[solution]
The whole program in one Python code block; it needs only the standard library, and reads neither files nor the network.
[tests]
Five to ten `assert` statements in one Python code block, with values worked out by hand.
"""

LEAKS = (
    "[lines]", "[problem]", "[solution]", "[tests]", "lines above", "lines below", "these lines", "code snippet",
    "the snippet", "given snippet", "provided code", "code above", "code below",
)  # fmt: skip
"""Phrases by which a problem points at lines that its reader does not have."""

# A label stands alone on its line, or a colon or a bracket stands between it and what follows.
_LABEL = re.compile(
    r"^[ \t]*(?:[#>*_\[(]+[ \t]*|\d[.)][ \t]*)*(?P<name>problem|exercise|task|solution|answer|unit tests|test cases|tests?)"
    r"(?:[ \t]+(?:description|statement|code))?[ \t]*[)*_]*(?:[ \t]*[:\]][)*_]*(?P<rest>.*)|[ \t]*)$",
    re.IGNORECASE,
)
_KINDS = {"problem": "problem", "exercise": "problem", "task": "problem", "solution": "solution", "answer": "solution"}


@dataclass(frozen=True, kw_only=True)
class Snippet:
    """Some lines of a file."""

    text: str
    first: int
    last: int
    source: Source

    @property
    def place(self) -> str:
        """Which lines they are."""
        return f"line {self.first}" if self.first == self.last else f"lines {self.first}-{self.last}"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """The parts of a teacher's reply; `tests` is empty where it wrote none."""

    problem: str
    solution: str
    tests: str = ""


def code_oss(context: BuildContext) -> Iterator[Example | Dropped]:
    """Yield an example for every snippet over which the teacher writes a problem that is proven, and say why of others.

    Raises DataError where there is no source code or no teacher, SandboxError where nothing can be run.
    """
    options: OssOptions = context.options or OssOptions()
    base = context.rng.getrandbits(64)
    found = sources(context, options)
    first = next(found, None)  # whatever is wrong with the sources is said before anything about the teacher
    teacher = context.teacher()
    snippets: list[Snippet] = []
    for item in _drawn(_again(first, found), options, base, getattr(context, "limit", None)):
        if isinstance(item, Dropped):
            yield item
        else:
            snippets.append(item)
    samplings = [_sampling(snippet, options, base) for snippet in snippets]
    drafts: list[Draft] = []
    known: set[str] = set()
    with context.progress("asking for problems", len(snippets)) as show:
        for count, (snippet, reply) in enumerate(
            zip(snippets, ask_teacher(teacher, map(request, snippets), samplings), strict=True), 1
        ):
            made = _draft(snippet, None if reply is None else spoken(reply), known, options)
            if isinstance(made, Dropped):
                yield made
            else:
                drafts.append(made)
            show(count, len(snippets), f"{100 * len(drafts) / count:.0f} % accepted")
    if options.tests == "ask" and options.proof != "off":
        drafts = with_tests(context, drafts, options.test_tokens, base=base)
    yield from proven(context, drafts, options)


def _sampling(snippet: Snippet, options: OssOptions, base: int) -> Sampling:
    """Draw a request by its lines: another snippet more or less leaves it equal."""
    seed = _random(base, snippet.text).getrandbits(31)
    return Sampling(
        max_new_tokens=options.max_new_tokens, temperature=options.temperature, top_p=options.top_p, seed=seed
    )


def request(snippet: Snippet) -> list[Message]:
    """Return what the teacher is asked about a snippet."""
    return [Message(role="user", content=ASK.replace("{snippet}", snippet.text))]


def parse(reply: str) -> Reply | None:
    """Read problem, solution and tests out of a reply: labelled parts, else what stands before and in its code blocks."""
    parts = _parts(reply)
    problem, answer = parts.get("problem", ""), parts.get("solution", "")
    if not problem or not answer:
        problem, fence, rest = reply.partition("```")
        answer = fence + rest
    if "```" in problem and not parts:
        problem = problem.partition("```")[0]
    solution = code_of(answer)
    if not words(problem) or not functions_of(solution) or cut_off(answer):
        return None
    return Reply(problem=problem.strip(), solution=solution, tests=tests_of(parts.get("tests") or answer, solution))


def _parts(reply: str) -> dict[str, str]:
    """Return the labelled parts of a reply; labels inside of code blocks are none."""
    parts: dict[str, list[str]] = {}
    name, fenced = "", False
    for line in reply.replace("\r\n", "\n").split("\n"):
        fenced ^= line.lstrip().startswith(("```", "~~~"))
        label = None if fenced else _LABEL.match(line)
        if label:
            name = _KINDS.get(label["name"].casefold(), "tests")
            parts.setdefault(name, []).append((label["rest"] or "").lstrip(": "))
        elif name:
            parts[name].append(line)
    return {key: "\n".join(lines).strip() for key, lines in parts.items()}


def _again(first: Source | Dropped | None, rest: Iterator[Source | Dropped]) -> Iterator[Source | Dropped]:
    if first is not None:
        yield first
    yield from rest


def _drawn(
    found: Iterator[Source | Dropped], options: OssOptions, base: int, limit: int | None = None
) -> Iterator[Snippet | Dropped]:
    """Yield snippets, one a file as long as there are files, and the files that gave none.

    Out of a folder come no more things than `limit`: what is over it would be paid for and thrown away.
    """
    known: set[str] = set()
    files: list[Source] = []
    lost = 0
    wanted = options.snippets
    for item in found:
        if options.folder:
            wanted = options.snippets if limit is None else min(options.snippets, limit - lost)
            if len(known) >= wanted:
                return  # the other files are never read; rows are, for each has to be booked
        made = _first_of(item, options, base, known)
        lost += isinstance(made, Dropped)
        if isinstance(item, Source) and isinstance(made, Snippet):
            files.append(item)
        yield made
    if options.folder:
        wanted = options.snippets if limit is None else min(options.snippets, limit - lost)
        yield from _more(files, options, base, known, wanted)


def _first_of(item: Source | Dropped, options: OssOptions, base: int, known: set[str]) -> Snippet | Dropped:
    """Return the first snippet of a file, or why there is none."""
    if isinstance(item, Dropped):
        return item
    if len(known) >= options.snippets:
        return Dropped(origin=item.origin, reason="not-drawn", detail=f"data.options.snippets = {options.snippets}")
    snippet = _snippet(_random(base, *item.lines), item, options.lines, known)
    return snippet or Dropped(origin=item.origin, reason="no-snippet", detail="no lines that say something")


def _more(files: Sequence[Source], options: OssOptions, base: int, known: set[str], wanted: int) -> Iterator[Snippet]:
    """Yield further snippets of the files of a folder, one a file and pass."""
    for number in range(PASSES):
        for source in files:
            if len(known) >= wanted:
                return
            snippet = _snippet(_random(base, f"pass {number}", *source.lines), source, options.lines, known)
            if snippet is not None:
                yield snippet


def _random(base: int, *texts: str) -> random.Random:
    """Return draws that depend on the build's seed and some texts alone."""
    return random.Random("\n".join([str(base), *texts]))  # noqa: S311  (sampling, not secrecy)


def _snippet(rng: random.Random, source: Source, longest: int, known: set[str]) -> Snippet | None:
    """Draw some lines of a file that say something and were not drawn before; None where that fails again and again."""
    for _ in range(DRAWS):
        length = min(rng.randint(1, longest), len(source.lines))
        start = rng.randrange(len(source.lines) - length + 1)
        lines = source.lines[start : start + length]
        text = "\n".join(lines).strip("\n").rstrip()
        if text not in known and _says_something(lines):
            known.add(text)
            return Snippet(text=text, first=start + 1, last=start + length, source=source)
    return None


def _says_something(lines: Sequence[str]) -> bool:
    """Tell whether lines hold more than blanks, comments, imports and brackets."""
    bare = (line.strip() for line in lines)
    return any(
        len(re.findall(r"\w", line)) > 3 and not line.startswith(("#", "import ", "from ", '"""', "'''"))
        for line in bare
    )


def _draft(snippet: Snippet, reply: str | None, known: set[str], options: OssOptions) -> Draft | Dropped:
    """Return what the teacher has made of a snippet, or why that is worth nothing."""
    origin = snippet.source.origin if not options.folder else replace(snippet.source.origin, place=snippet.place)
    fault = fault_of_reply(reply, snippet.text)
    if fault is not None or reply is None:
        return Dropped(
            origin=origin, reason=fault.reason if fault else "declined", detail=fault.detail if fault else ""
        )
    parts = parse(reply)
    if parts is None:
        return Dropped(origin=origin, reason="unreadable", detail=shown(reply))
    if leak := phrase_of(LEAKS, parts.problem, snippet.text):
        return Dropped(origin=origin, reason="leaked-frame", detail=f"{leak!r} in: {shown(parts.problem)}")
    key = " ".join(words(parts.problem))
    if key in known:
        return Dropped(origin=origin, reason="repeated", detail=shown(parts.problem))
    known.add(key)
    place = f"{snippet.source.path}, {snippet.place}"
    return Draft(
        task=parts.problem,
        answer=reply,
        origin=origin,
        solution=parts.solution,
        tests=parts.tests if options.tests == "ask" else "",
        tags=frozenset({"snippet"}),
        meta={
            "licence": snippet.source.licence,
            "lineage": {"seed": place, "round": 0, "operators": ["snippet"], "parent": snippet.text},
        },
    )
