"""The application: which address is answered by what."""

from __future__ import annotations

import time
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from domaintune.serving import playground
from domaintune.serving.admin import Admin
from domaintune.serving.asking import Desk
from domaintune.serving.follow import Follower
from domaintune.serving.guard import Guard
from domaintune.serving.keys import Keys
from domaintune.serving.metrics import CONTENT_TYPE
from domaintune.serving.models import Models


def make_app(desk: Desk, follower: Follower, keys: Keys) -> ASGIApp:
    """Return the whole application, guarded."""
    models = Models(shelf=desk.shelf, started=int(time.time()), router=desk.router, retrieval=desk.retrieval)
    admin = Admin(follower=follower, shelf=desk.shelf, registry=follower.registry, body_bytes=desk.limits.body_bytes)
    routes = [
        Route("/", _page),
        Route("/v1/chat/completions", desk.chat, methods=["POST"]),
        Route("/v1/completions", desk.complete, methods=["POST"]),
        Route("/v1/models", models.list),
        Route("/v1/models/{id:path}", models.retrieve),
        Route("/v1/load_lora_adapter", admin.load, methods=["POST"]),
        Route("/v1/unload_lora_adapter", admin.unload, methods=["POST"]),
        Route("/v1/promote", admin.promote, methods=["POST"]),
        Route("/v1/rollback", admin.rollback, methods=["POST"]),
        Route("/v1/versions", admin.versions),
        Route("/healthz", _health(desk)),
        Route("/readyz", _readiness(desk, follower)),
        Route("/metrics", _metrics(desk)),
    ]
    router = Router(routes, redirect_slashes=False)
    return Guard(app=router, keys=keys, host=desk.limits.host, meters=desk.meters)


async def _page(request: Request) -> Response:
    del request
    html, headers = playground.page()
    return Response(html, headers=headers)


def _health(desk: Desk) -> Callable[[Request], Response]:
    async def alive(request: Request) -> Response:
        """Say that the process is alive; it is not well where an engine cannot be started again."""
        del request
        broken = any(base.worker.broken for base in desk.shelf.bases)
        return JSONResponse({"status": "engine down" if broken else "ok"}, 503 if broken else 200)

    return alive  # type: ignore[return-value]  # Starlette takes coroutines, too


def _readiness(desk: Desk, follower: Follower) -> Callable[[Request], Response]:
    async def ready(request: Request) -> Response:
        """Say whether every name that is wanted is answered for, and what could not be loaded."""
        del request
        here = desk.open.is_set()
        restarting = [base.name for base in desk.shelf.bases if not base.worker.ready.is_set() or base.worker.broken]
        good = here and follower.complete and not restarting
        body = {
            "status": "ready" if good else "not ready",
            "serving": {name: one.version.id for name, one in sorted(desk.shelf.aliases.items())},
            "problems": dict(sorted(follower.problems.items())),
            "restarting": restarting,
        }
        return JSONResponse(body, 200 if good else 503, {} if good else {"retry-after": "1"})

    return ready  # type: ignore[return-value]  # Starlette takes coroutines, too


def _metrics(desk: Desk) -> Callable[[Request], Response]:
    async def page(request: Request) -> Response:
        """Answer Prometheus."""
        del request
        return Response(desk.meters.page(), media_type=CONTENT_TYPE)

    return page  # type: ignore[return-value]
