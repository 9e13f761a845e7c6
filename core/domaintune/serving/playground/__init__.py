"""The playground: one self-contained page, and the headers that let nothing but its own script and style run."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path


def page() -> tuple[str, dict[str, str]]:
    """Return the page as HTML, and the headers to send with it."""
    html = _html()
    return html, {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": _policy(html),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-cache",
    }


@cache
def _html() -> str:
    # Line ends are read as \n, whatever a checkout made of them: a browser hashes the script that way.
    return Path(__file__).with_name("index.html").read_text(encoding="utf-8")


@cache
def _policy(html: str) -> str:
    """Allow the one script and the one style that are in the page, by their hashes, and calls to this server alone.

    Trusted types make the browser itself refuse every way of turning text into markup.
    """
    rules = {
        "default-src": "'none'",
        "script-src": _source(html, "script"),
        "style-src": _source(html, "style"),
        "connect-src": "'self'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _source(html: str, tag: str) -> str:
    """Return the hash of what stands in the page's only element of a kind, as a policy names it."""
    (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
