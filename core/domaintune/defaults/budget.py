"""What a teacher that costs money has been asked and paid for, and whether there is enough left for another request.

A request is sent only where its estimate fits into what is left beside the estimates of all others in flight. The
estimate takes the longest answer that the request allows, so the budget is passed by no more than the prompts in flight
are longer than estimated, or by what a server spends beyond the limit that the request names.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from domaintune.contracts import Usage

BYTES_A_TOKEN = 3
"""Bytes of text that are taken for a token where a server has not said how many there were; usually there are more."""
MILLION = 1_000_000


@dataclass(frozen=True)
class Tokens:
    """Tokens of prompts and of answers."""

    prompt: int = 0
    completion: int = 0

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(self.prompt + other.prompt, self.completion + other.completion)

    def __sub__(self, other: Tokens) -> Tokens:
        return Tokens(self.prompt - other.prompt, self.completion - other.completion)


def estimate(text: str) -> int:
    """Return about as many tokens as a text has."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_A_TOKEN)


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What a million tokens cost; nothing is known where both are zero."""

    prompt: float = 0.0
    completion: float = 0.0

    def cost(self, tokens: Tokens) -> float | None:
        """Return what these tokens cost; None without prices."""
        if not (self.prompt or self.completion):
            return None
        return (tokens.prompt * self.prompt + tokens.completion * self.completion) / MILLION


class Account:
    """Counts what a teacher answers and pays for."""

    def __init__(self, prices: Prices, most_tokens: int = 0, most_cost: float = 0.0) -> None:
        self.prices = prices
        self.most_tokens, self.most_cost = most_tokens, most_cost
        self.paid = Tokens()
        self.requests = self.cached = 0
        self.spent = False

    @property
    def usage(self) -> Usage:
        """What was asked and paid for so far; tries that broke off count with an estimate."""
        return Usage(
            requests=self.requests,
            cached=self.cached,
            prompt_tokens=self.paid.prompt,
            completion_tokens=self.paid.completion,
            cost=self.prices.cost(self.paid),
        )

    def count(self, *, cached: bool) -> None:
        """Count an answer that was given, out of the store or for money."""
        self.requests += 1
        self.cached += cached

    def pay(self, tokens: Tokens) -> None:
        """Count what an answer took, or a try that broke off."""
        self.paid += tokens

    def covers(self, tokens: Tokens) -> bool:
        """Tell whether these tokens may be spent besides what is paid already."""
        after = self.paid + tokens
        cost = self.prices.cost(after) or 0.0
        return not (0 < self.most_tokens < after.prompt + after.completion) and not (0 < self.most_cost < cost)

    def __str__(self) -> str:
        """Say what the budget is, and what of it was paid."""
        paid = f"{self.paid.prompt + self.paid.completion:,} tokens"
        if self.most_cost:
            paid += f", {self.prices.cost(self.paid):.4g} in all"
        limits = [f"{self.most_tokens:,} tokens"] if self.most_tokens else []
        limits += [f"{self.most_cost:g}"] if self.most_cost else []
        return f"{paid} were paid for, and the next request may take more than is left of {' or '.join(limits)}"


class Gate:
    """Lets a request out where the budget covers it; all in one event loop, and in the order in which they come."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._held = Tokens()
        self._holding = 0
        self._turn = asyncio.Lock()
        self._settled = asyncio.Event()

    @asynccontextmanager
    async def hold(self, tokens: Tokens) -> AsyncIterator[bool]:
        """Set these tokens aside while a request is in flight; yields False where so many are not left.

        Once one request finds the budget spent, so do all that come later: none of them is in flight at that time.
        """
        async with self._turn:
            admitted = await self._admit(tokens)
        try:
            yield admitted
        finally:
            if admitted:
                self._held -= tokens
                self._holding -= 1
                self._settled.set()

    async def _admit(self, tokens: Tokens) -> bool:
        while not self._account.spent and not self._account.covers(self._held + tokens):
            if not self._holding:
                self._account.spent = True
                break
            self._settled.clear()  # what is in flight may leave more than it has set aside
            await self._settled.wait()
        if self._account.spent:
            return False
        self._held += tokens
        self._holding += 1
        return True
