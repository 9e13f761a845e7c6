"""The routes that change what is served: for the admin key only, and by names of the registry only."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from domaintune.adapters.registry import Registry
from domaintune.adapters.versions import Version
from domaintune.errors import DomaintuneError, GateError, UsageError
from domaintune.serving.body import read_json
from domaintune.serving.follow import Follower
from domaintune.serving.names import BadNameError
from domaintune.serving.problems import HttpError, bad, no_model
from domaintune.serving.reading import read
from domaintune.serving.schema import LoadRequest, PromoteRequest, RollbackRequest, UnloadRequest
from domaintune.serving.shelf import Shelf

T = TypeVar("T")


@dataclass(eq=False, kw_only=True)
class Admin:
    """Load, unload, promote and roll back; the first two in vLLM's shape."""

    follower: Follower
    shelf: Shelf
    registry: Registry
    body_bytes: int

    async def load(self, request: Request) -> Response:
        """Serve a version of the registry."""
        asked = read(LoadRequest, await read_json(request, self.body_bytes))
        if asked.lora_path not in {None, "", asked.lora_name}:
            raise bad("lora_path must be the same name as lora_name, or be left out: adapters come from the registry only; "
                      "`domaintune adapters add FOLDER` puts one there", "lora_path")  # fmt: skip
        await _done(self.follower.load(asked.lora_name, again=bool(asked.load_inplace)), "lora_name")
        return PlainTextResponse(f"Success: LoRA adapter '{asked.lora_name}' added successfully.")

    async def unload(self, request: Request) -> Response:
        """Serve a name or a version no longer."""
        asked = read(UnloadRequest, await read_json(request, self.body_bytes))
        try:
            await self.follower.unload(asked.lora_name)
        except (LookupError, BadNameError):
            raise no_model(asked.lora_name, [*self.shelf.aliases, *self.shelf.loaded]) from None
        return PlainTextResponse(f"Success: LoRA adapter '{asked.lora_name}' removed successfully.")

    async def promote(self, request: Request) -> Response:
        """Promote a version in the registry, once it is loaded."""
        asked = read(PromoteRequest, await read_json(request, self.body_bytes))
        return _said(await _done(self.follower.promote(asked.id, asked.override), "id"))

    async def rollback(self, request: Request) -> Response:
        """Go back to the version that was promoted before."""
        asked = read(RollbackRequest, await read_json(request, self.body_bytes))
        return _said(await _done(self.follower.rollback(asked.name), "name"))

    async def versions(self, request: Request) -> Response:
        """Answer with every version of the registry, and whether it is loaded here."""
        del request
        found = await asyncio.to_thread(self.registry.versions)
        rows = [{**_row(version), "loaded": version.id in self.shelf.loaded} for version in found]
        return JSONResponse({"object": "list", "data": rows})


async def _done(work: Awaitable[T], param: str) -> T:
    """Do something that may be refused, and say why in a sentence: an admin may know."""
    try:
        return await work
    except GateError as error:
        # The registry speaks to a terminal; here a reason is a field of the request.
        sentence = str(error).replace("--override WHY", 'the field "override"')
        raise HttpError(409, sentence, "gate_not_met", param) from None
    except UsageError as error:
        unknown = str(error).startswith("there is no ")
        raise HttpError(
            404 if unknown else 400, str(error), "adapter_not_found" if unknown else "invalid_value", param
        ) from None
    except DomaintuneError as error:
        raise HttpError(400, str(error), "adapter_not_loadable", param) from None


def _row(version: Version) -> dict[str, object]:
    return {
        "id": version.id,
        "name": version.name,
        "number": version.number,
        "state": version.state,
        "withdrawn": version.withdrawn,
        "digest": version.digest,
        "fingerprint": version.base,
        "rank": version.rank,
        "bytes": version.bytes,
        "added": version.added,
    }


def _said(version: Version) -> Response:
    return JSONResponse(_row(version))
