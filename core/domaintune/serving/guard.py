"""What stands before every route: an id for the request, who may come in, one form for errors, one line for the log."""

from __future__ import annotations

import logging
import re
import secrets
import time
from dataclasses import dataclass
from typing import Any, Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domaintune.serving.keys import Keys, is_loopback
from domaintune.serving.metrics import Meters
from domaintune.serving.problems import HttpError, bad, no_key
from domaintune.serving.protocol import HEADER_BYTES
from domaintune.serving.sending import LEFT, ClientGoneError, told

OPEN: Final = {"/healthz"}
ADMIN: Final = {"/v1/load_lora_adapter", "/v1/unload_lora_adapter", "/v1/promote", "/v1/rollback", "/v1/versions"}
PAGE: Final = "/"
MOST_HEADERS: Final = 100
_PLAIN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SENTENCES: Final = {404: "there is nothing at this address", 405: "this address does not take that method"}
log = logging.getLogger("domaintune.serving")


@dataclass(eq=False, kw_only=True)
class Guard:
    """Lets requests through to the routes, and answers for what goes wrong there."""

    app: ASGIApp
    keys: Keys
    host: str
    meters: Meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        state: dict[str, Any] = {"id": given if _PLAIN_ID.fullmatch(given) else f"req_{secrets.token_hex(12)}"}
        scope["state"] = state
        scope["app"] = self  # with one, the routes raise their 404 and 405
        began, started = time.monotonic(), False

        async def sending(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                state.setdefault("status", message["status"])
                out = MutableHeaders(scope=message)
                out["x-request-id"] = state["id"]
                out.setdefault("x-content-type-options", "nosniff")
                out.setdefault("cache-control", "no-store")
            await send(message)

        try:
            self._check(scope, headers)
            await self.app(scope, receive, sending)
        except ClientGoneError:
            state["status"] = LEFT
        except Exception as error:
            problem = _problem(error, state["id"])
            if not started:
                await _answer(problem)(scope, receive, sending)
        finally:
            self._note(scope, state, time.monotonic() - began)

    def _check(self, scope: Scope, headers: Headers) -> None:
        """Raise the HttpError of a request that may not come in."""
        if len(headers.raw) > MOST_HEADERS or sum(len(name) + len(value) for name, value in headers.raw) > HEADER_BYTES:
            raise HttpError(
                431, f"more than {MOST_HEADERS} headers, or {HEADER_BYTES:,} bytes of them", "headers_too_large"
            )
        if "transfer-encoding" in headers and "content-length" in headers:
            raise HttpError(400, "a body has either a length or chunks", "invalid_http", None, {"connection": "close"})
        self._check_host(headers)
        self._check_key(scope["path"], headers.get("authorization"))

    def _check_host(self, headers: Headers) -> None:
        """Refuse pages of other origins, and names that were made to point to this machine (DNS rebinding)."""
        host = headers.get("host", "")
        if is_loopback(self.host) and not is_loopback(_without_port(host)):
            raise bad("the Host header must be 127.0.0.1 or localhost", code="invalid_host")
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2] != host:
            raise HttpError(403, "pages of other origins may not use this server", "other_origin")

    def _check_key(self, path: str, authorization: str | None) -> None:
        if path in OPEN:
            return
        role = self.keys.role(authorization)
        if path in ADMIN and self.keys.admin is not None:
            if role == "user":
                raise HttpError(403, "this needs the admin key", "admin_key_required")
            if role != "admin":
                raise no_key(role == "wrong")
        elif self.keys.user is not None and role not in {"user", "admin"}:
            raise no_key(role == "wrong", realm="domaintune" if path == PAGE else None)
        if path in ADMIN and self.keys.admin is None:
            raise HttpError(
                404, "the admin routes are off: the server was started without an admin key", "admin_routes_off"
            )

    def _note(self, scope: Scope, state: dict[str, Any], seconds: float) -> None:
        """Count the request, and write a line that holds nothing of what was asked or answered."""
        route = scope.get("route")
        path = getattr(route, "path", "other")
        status, model = state.get("status", 500), state.get("model", "")
        self.meters.requests.labels(path, model, str(status)).inc()
        level = logging.DEBUG if path in {"/healthz", "/readyz", "/metrics"} else logging.INFO
        log.log(level, "%s %s %s %s %.0f ms %s", state["id"], _method(scope), path, status, 1000 * seconds, model)


def _problem(error: Exception, request_id: str) -> HttpError:
    if isinstance(error, HTTPException):
        sentence = _SENTENCES.get(error.status_code, "this cannot be answered")
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code)
        return HttpError(error.status_code, sentence, code, None, dict(error.headers or {}))
    return told(error, request_id)


def _answer(problem: HttpError) -> Response:
    return Response(problem.encoded(), problem.status, dict(problem.headers), "application/json")


def _method(scope: Scope) -> str:
    method = str(scope["method"])
    return method if method.isalpha() and len(method) < 10 else "?"


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if ":" in host else host
