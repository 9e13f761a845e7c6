"""Who may do what: one key for users, another for the routes that change what is served."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import os
from dataclasses import dataclass
from typing import Final, Literal

from domaintune.errors import UsageError
from domaintune.settings import ServeSettings

SHORTEST: Final = 16
Role = Literal["nobody", "wrong", "user", "admin"]


@dataclass(frozen=True, kw_only=True, repr=False)
class Keys:
    """The keys of a server, as digests: comparing them takes as long for any text."""

    user: bytes | None = None
    admin: bytes | None = None

    def role(self, authorization: str | None) -> Role:
        """Say whose key a request brings (`Bearer KEY`, or `Basic` with the key as password)."""
        given = _given(authorization)
        if given is None:
            return "nobody"
        mark = _digest(given)
        admin = hmac.compare_digest(mark, self.admin or _NOBODY)
        user = hmac.compare_digest(mark, self.user or _NOBODY)
        return "admin" if admin else "user" if user else "wrong"


def from_environment(settings: ServeSettings) -> Keys:
    """Read the keys from the environment variables that the settings name."""
    user, admin = _read(settings.key_env), _read(settings.admin_key_env)
    if user is not None and user == admin:
        raise UsageError(f"{settings.key_env} and {settings.admin_key_env} hold the same key; give the admin another")
    if user is None and not is_loopback(settings.host):
        raise UsageError(
            f"serve.host is {settings.host!r}, which others can reach, and there is no key: set {settings.key_env} "
            f"to at least {SHORTEST} letters, or listen on 127.0.0.1"
        )
    return Keys(user=user, admin=admin)


def is_loopback(host: str) -> bool:
    """Tell whether an address can be reached from this machine only."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _read(name: str) -> bytes | None:
    key = os.environ.get(name)
    if key is None:
        return None
    if len(key) < SHORTEST or not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError(
            f"the key in {name} must have at least {SHORTEST} letters, digits or signs and no spaces; for example: "
            f"export {name}=$(python -c 'import secrets; print(secrets.token_urlsafe(32))')"
        )
    return _digest(key)


def _given(authorization: str | None) -> str | None:
    scheme, _, rest = (authorization or "").partition(" ")
    if scheme.lower() == "bearer" and rest.strip():
        return rest.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest.strip(), validate=True).decode("utf-8").partition(":")[2]
        except (binascii.Error, ValueError):
            return ""
    return "" if authorization else None


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "replace")).digest()


_NOBODY: Final = bytes(32)
