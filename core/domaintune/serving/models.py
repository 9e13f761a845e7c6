"""GET /v1/models: every name that can be asked for, what it means, and the hashes by which to tell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from domaintune.serving import names
from domaintune.serving.asking import Retrieval, Router
from domaintune.serving.problems import no_model
from domaintune.serving.shelf import Base, Loaded, Shelf

OWNER = "domaintune"


@dataclass(eq=False, kw_only=True)
class Models:
    """What is served, in OpenAI's shape with vLLM's `root` and `parent`."""

    shelf: Shelf
    started: int
    router: Router | None
    retrieval: Retrieval | None = None

    async def list(self, request: Request) -> JSONResponse:
        """Answer with all of them."""
        del request
        return JSONResponse({"object": "list", "data": [*self._cards()]})

    async def retrieve(self, request: Request) -> JSONResponse:
        """Answer with one."""
        asked = request.path_params["id"]
        found = next((card for card in self._cards() if card["id"] == asked), None)
        if found is None:
            raise no_model(asked[: names.LONGEST], self.shelf.known())
        return JSONResponse(found)

    def _cards(self) -> Iterator[dict[str, Any]]:
        for place, base in enumerate(self.shelf.bases):
            if place == 0:
                yield self._base(names.BASE, base)
            yield self._base(base.name, base)
        for name, one in [*sorted(self.shelf.aliases.items()), *sorted(self.shelf.loaded.items())]:
            knows = self.retrieval is not None and self.retrieval.knows(one.version.id)
            yield {**_adapter(name, one), "knowledge": knows}
        if self.router is not None and self.router.offered:
            seeing = self.router.seeing is not None
            yield {**self._card(names.AUTO, self.started, root=None, parent=None), "images": seeing}

    def _base(self, name: str, base: Base) -> dict[str, Any]:
        card = self._card(name, self.started, root=base.name, parent=None)
        return {**card, "fingerprint": base.fingerprint, "images": base.images}

    def _card(self, name: str, created: int, *, root: str | None, parent: str | None) -> dict[str, Any]:
        return {"id": name, "object": "model", "created": created, "owned_by": OWNER, "root": root, "parent": parent}


def _adapter(name: str, one: Loaded) -> dict[str, Any]:
    version = one.version
    return {
        "id": name,
        "object": "model",
        "created": int(dt.datetime.fromisoformat(version.added).timestamp()),
        "owned_by": OWNER,
        "root": version.id,
        "parent": one.base.name,
        "digest": version.digest,
        "fingerprint": version.base,
        "rank": version.rank,
        "images": one.base.images,
        "users": one.users,
    }
