"""Rows that are proven: a solution and its tests run in the sandbox, and every outcome is counted.

A row counts as proven where its solution passes its tests, and no stand-in that does nothing passes them too.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from domaintune import BuildContext, Dropped, Example, SandboxError
from domaintune.sandbox import Limits, Program, Result, Sandbox
from domaintune_code.answers import parsed
from domaintune_code.checks import not_installed
from domaintune_code.drafts import Draft, example_of
from domaintune_code.options import ProofOptions
from domaintune_code.stubs import stubs_of
from domaintune_code.timings import Timings, key_of

UNTRIED = frozenset({"no-tests", "not-python"})
"""Verdicts on rows that nothing was run for."""
REASONS = {"failed": "tests-failed"}
"""Ledger reasons that are not named like their verdict."""
NOTHING = "the tests test nothing"
"""What the sandbox says of tests that define some and run none."""
DIGITS = 3
TOGETHER = 64
"""Rows that are proven together: enough to keep every processor busy."""
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What came of a row: a verdict of the sandbox, or `vacuous-tests`, `no-tests`, `not-python`."""

    verdict: str
    reason: str = ""
    seconds: float = 0.0
    tier: str = ""

    @property
    def proven(self) -> bool:
        """Whether the solution passed tests that mean something."""
        return self.verdict == "passed"

    def as_meta(self, *, seconds: bool) -> dict[str, Any]:
        """Return what a row says of its proof."""
        ran = {"tier": self.tier, **({"seconds": self.seconds} if seconds else {})} if self.tier else {}
        return {"verdict": self.verdict, **ran, **({} if self.proven else {"reason": self.reason})}


def proven(context: BuildContext, drafts: Iterable[Draft], options: ProofOptions) -> Iterator[Example | Dropped]:
    """Yield an example for every draft that may be learned from, and say of every other why not.

    Raises SandboxError where the sandbox cannot be had, or fails on a program twice.
    """
    rows = list(drafts)
    if options.proof == "off":
        yield from (example_of(row, options, {}, {"unproven"}) for row in rows)
        return
    outcomes: Counter[str] = Counter()
    for row, proof in zip(rows, _proofs(context, rows, options), strict=True):
        outcomes[proof.verdict] += 1
        meta = proof.as_meta(seconds=options.seconds)
        if proof.proven:
            yield example_of(row, options, meta, {"proven"})
        elif options.proof == "tag":
            yield example_of(row, options, meta, {"unproven" if proof.verdict in UNTRIED else "failed"})
        else:
            yield Dropped(
                origin=row.origin, reason=REASONS.get(proof.verdict, proof.verdict), detail=proof.reason[:300]
            )
    if outcomes:
        context.note(f"proof: {', '.join(f'{count:,} {verdict}' for verdict, count in sorted(outcomes.items()))}")


def _proofs(context: BuildContext, rows: Sequence[Draft], options: ProofOptions) -> Iterator[Proof]:
    """Yield the proof of every row; a sandbox is opened only if there is anything to run."""
    untried = [proof for row in rows if (proof := _untried(row, packages=options.packages))]
    if len(untried) == len(rows):
        yield from untried
        return
    sandbox = context.sandbox()
    count = good = 0
    with context.progress("proving", len(rows)) as show:
        for start in range(0, len(rows), TOGETHER):
            some = rows[start : start + TOGETHER]
            proofs = list(prove(some, sandbox, packages=options.packages))
            yield from _timed(context, some, proofs, options)
            count += len(proofs)
            good += sum(proof.proven for proof in proofs)
            show(count, len(rows), f"{good:,} proven")


def prove(rows: Sequence[Draft], sandbox: Sandbox, *, packages: bool = False) -> Iterator[Proof]:
    """Yield the proof of each row in order: all programs run first, then stand-ins for those that have passed."""
    untried = [_untried(row, packages=packages) for row in rows]
    runs = {place: _program(row, packages=packages) for place, row in enumerate(rows) if untried[place] is None}
    results = dict(zip(runs, _checked(sandbox.run_all(runs.values())), strict=True))
    stubs = [
        (place, replace(runs[place], source=stub))
        for place, result in results.items()
        if result.passed
        for stub in stubs_of(rows[place].solution, rows[place].tests)
    ]
    passing = _checked(sandbox.run_all([program for _, program in stubs]))
    vacuous = {place for (place, _), result in zip(stubs, passing, strict=True) if result.passed}
    for place, known in enumerate(untried):
        yield known or _proof(results[place], vacuous=place in vacuous)


def _proof(result: Result, *, vacuous: bool) -> Proof:
    verdict: str = result.verdict
    reason = _ADDRESS.sub("0x…", result.reason)
    if vacuous:
        verdict, reason = "vacuous-tests", "a stand-in whose functions do nothing passes the tests too"
    elif reason.endswith(NOTHING):
        verdict = "vacuous-tests"
    return Proof(
        verdict=verdict,
        reason=reason,
        seconds=round(result.seconds, DIGITS),
        tier=result.tier,
    )


def _checked(results: Iterable[Result]) -> Iterator[Result]:
    """Yield results, and refuse to go on where the sandbox itself has failed: nothing is known of that program."""
    for result in results:
        if result.verdict == "sandbox_error":
            raise SandboxError(
                f"the sandbox failed, and says: {result.reason}; run `domaintune doctor`, then build again"
            )
        yield result


def _untried(row: Draft, *, packages: bool) -> Proof | None:
    """Return why there is nothing to run for a row, if so."""
    if row.language != "python":
        return Proof(verdict="not-python", reason=f"the answer is {row.language}")
    if not row.solution or parsed(row.solution) is None:
        return Proof(verdict="not-python", reason="the answer holds no program that Python can read")
    if not row.tests.strip():
        return Proof(verdict="no-tests", reason="no tests came with the row, and none were written")
    if absent := not_installed(row.tests, packages=packages):
        return Proof(
            verdict="no-tests", reason=f"the tests import {', '.join(absent)}, which cannot be had in the sandbox"
        )
    return None


def _program(row: Draft, *, packages: bool) -> Program:
    return Program(
        source=row.solution,
        tests=row.tests,
        entry=_entry(row),
        functions=_functions(row.solution),
        packages=packages,
    )


def _functions(solution: str) -> tuple[str, ...]:
    """Return what a solution defines as functions: a class in their place would judge its own results."""
    tree = parsed(solution)
    last = {part.name: part for part in (tree.body if tree is not None else ()) if isinstance(part, _DEFINITIONS)}
    return tuple(name for name, part in last.items() if not isinstance(part, ast.ClassDef))


def _entry(row: Draft) -> tuple[str, ...]:
    return (row.name,) if row.name else ()


def _timed(
    context: BuildContext, rows: Sequence[Draft], proofs: Sequence[Proof], options: ProofOptions
) -> Sequence[Proof]:
    """Return the proofs with the time that was measured when the same program was first proven here."""
    if not options.seconds:
        return proofs
    limits = context.sandbox().limits if any(proof.tier for proof in proofs) else Limits()
    keys = [
        key_of(_program(row, packages=options.packages), proof.tier, limits) if proof.tier else None
        for row, proof in zip(rows, proofs, strict=True)
    ]
    try:
        first = Timings().first({key: proof.seconds for key, proof in zip(keys, proofs, strict=True) if key})
    except OSError as error:
        context.note(f"times of proofs cannot be kept ({error}); a data set built again will differ in them")
        return proofs
    return [replace(proof, seconds=first[key]) if key else proof for key, proof in zip(keys, proofs, strict=True)]
