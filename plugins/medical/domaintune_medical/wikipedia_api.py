"""Pages of a wiki through its API (MediaWiki's `action=query`), one request at a time, each page kept on disk.

Asked are the text without markup (`extracts`), the revision and the address of a page, redirects followed, and
`list=search` for terms. A wiki that is busy is left in peace: `maxlag` asks it to refuse us first, waiting times that
it names are kept, and failures are tried again after 1, 2, 4, … seconds. Only the host of the configured address is
spoken to, and nothing but JSON of at most `LARGEST` bytes is read.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import platformdirs

from domaintune import DataError
from domaintune_medical.knowledge_options import WikipediaOptions

LARGEST = 16 * 2**20
"""Bytes of one reply."""
LONGEST_WAIT = 60.0
"""Seconds that we wait when told to; who wants more is not waited for."""
PARTS = 20
"""Replies that one question may be continued over."""
_BUSY = frozenset({"maxlag", "ratelimited", "readonly"})
_BLOCK = 2**16

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page as plain text; sections begin with `== Heading ==`. `title` is where the redirects ended."""

    title: str
    text: str
    revision: int
    url: str


@dataclass(frozen=True, kw_only=True)
class Absent:
    """Why there is no page: `missing`, `invalid-title`, `no-text`, `disambiguation` or `not-in-cache`."""

    reason: str
    detail: str = ""


class Wiki:
    """A wiki as the options describe it; raises DataError where it cannot be reached."""

    def __init__(self, options: WikipediaOptions) -> None:
        self._options = options
        address = urllib.parse.urlsplit(options.api)
        self.host = address.hostname or ""
        self._folder = Path(options.cache).expanduser() if options.cache else _cache_folder()
        self._opener = urllib.request.build_opener(_SameHost(options.api))
        contact = f"; {options.contact}" if options.contact else ""
        self._agent = (
            f"domaintune-medical/{version('domaintune-medical')} "
            f"(+https://github.com/domaintune/domaintune{contact}) Python-urllib"
        )

    def page(self, title: str) -> Page | Absent:
        """Return the page of that title."""
        replies = self._answer(
            prop="extracts|info|pageprops", titles=title, redirects="1", explaintext="1", exsectionformat="wiki",
            exlimit="1", inprop="url", ppprop="disambiguation",
        )  # fmt: skip
        if replies is None:
            return Absent(reason="not-in-cache")
        found: Json = {}
        for reply in replies:
            for page in _dicts(reply.get("pages")):
                found.update({key: value for key, value in page.items() if key not in found or value})
        return _page(found)

    def find(self, term: str, count: int) -> list[str] | Absent:
        """Return the titles of the pages that the wiki's search gives for a term, best first."""
        replies = self._answer(list="search", srsearch=term, srlimit=str(count), srnamespace="0", srprop="")
        if replies is None:
            return Absent(reason="not-in-cache")
        hits = [hit for reply in replies for hit in _dicts(reply.get("search"))]
        return [hit["title"] for hit in hits if isinstance(hit.get("title"), str)][:count]

    def _answer(self, **question: str) -> list[Json] | None:
        """Return the `query` parts of all replies to a question, from the cache where it has them.

        None: the cache has none, and nothing else may be asked.
        """
        place = self._place(question)
        kept = None if self._options.refresh and not self._options.offline else _kept(place, question)
        if kept is not None and not _holds(kept):  # what was missing may have been written since
            kept = None
        if kept is not None or self._options.offline:
            return kept
        replies: list[Json] = []
        more: Mapping[str, str] = {}
        while len(replies) < PARTS:
            reply = self._ask({**question, **more})
            part = reply.get("query", {})
            if not isinstance(part, dict):
                raise DataError(f"{self._options.api} did not answer as MediaWiki does; check the option api")
            replies.append(part)
            if not isinstance(reply.get("continue"), dict) or "list" in question:
                break  # a search was asked for as many titles as are wanted
            more = {key: str(value) for key, value in reply["continue"].items()}
        if _holds(replies):
            _keep(place, question, replies)
        else:
            place.unlink(missing_ok=True)
        return replies

    def _place(self, question: Mapping[str, str]) -> Path:
        text = json.dumps([self._options.api, question], sort_keys=True, ensure_ascii=False)
        return self._folder / f"{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}.json"

    def _ask(self, question: Mapping[str, str]) -> Json:
        """Ask until there is an answer, or until it is enough."""
        fixed = {"action": "query", "format": "json", "formatversion": "2", "maxlag": "5"}
        query = urllib.parse.urlencode({**fixed, **question}, errors="replace")
        url = f"{self._options.api}?{query}"
        for number in range(self._options.tries):
            try:
                return self._once(url)
            except _TryAgain as problem:
                last = problem
            if last.wait > LONGEST_WAIT:
                break
            if number + 1 < self._options.tries:
                time.sleep(max(last.wait, min(2.0**number, LONGEST_WAIT)))
        raise DataError(
            f"{self.host} gave no answer ({last}); try again later: what has been fetched is kept in {self._folder}, "
            "and with offline = true nothing else is read"
        )

    def _once(self, url: str) -> Json:
        request = urllib.request.Request(url, headers={"User-Agent": self._agent, "Accept": "application/json"})  # noqa: S310  (http or https: the options see to it)
        try:
            with self._opener.open(request, timeout=self._options.timeout) as response:
                wait = _seconds(response.headers)
                data = self._body(response)
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 429 or error.code >= 500:
                    raise _TryAgain(f"HTTP {error.code}", _seconds(error.headers)) from None
                raise DataError(f"{self._options.api} answered HTTP {error.code} {error.reason}") from None
        except (OSError, http.client.HTTPException) as error:  # no connection, a time-out, a reply cut off
            raise _TryAgain(str(getattr(error, "reason", error)) or type(error).__name__) from None
        return self._read(data, wait)

    def _body(self, response: http.client.HTTPResponse) -> bytes:
        """Read a reply that is neither too large, nor too slow, nor cut off."""
        data = bytearray()
        end = time.monotonic() + 4 * self._options.timeout
        while block := response.read1(_BLOCK):
            data += block
            if len(data) > LARGEST:
                raise DataError(f"{self.host} sent more than {LARGEST:,} bytes for one page")
            if time.monotonic() > end:
                raise _TryAgain("the reply is too slow")
        length = response.headers.get("Content-Length", "")
        if length.isdecimal() and len(data) < int(length):
            raise _TryAgain("the reply was cut off")
        return bytes(data)

    def _read(self, data: bytes, wait: float) -> Json:
        try:
            reply = json.loads(data)
        except (ValueError, RecursionError):
            raise _TryAgain("the reply is not JSON") from None
        if not isinstance(reply, dict):
            raise DataError(f"{self._options.api} did not answer as MediaWiki does; check the option api")
        error = reply.get("error")
        if error is None:
            return reply
        code, info = (
            (str(error.get(key, ""))[:200] for key in ("code", "info")) if isinstance(error, dict) else ("", "")
        )
        if code in _BUSY or code.startswith("internal_api_error"):
            raise _TryAgain(f"{code}: {info}", wait)
        raise DataError(f"{self.host} refused the question ({code}: {info})")


class _TryAgain(Exception):  # noqa: N818  (no error: a reason to wait)
    """What kept us from an answer, and the seconds that we were told to wait."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows redirects only within the host, and never away from TLS."""

    def __init__(self, api: str) -> None:
        self._api = urllib.parse.urlsplit(api)

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        new = urllib.parse.urlsplit(newurl)
        safer = new.scheme == "https" and new.hostname == self._api.hostname
        if not safer and (new.scheme, new.netloc) != (self._api.scheme, self._api.netloc):
            raise DataError(
                f"{self._api.netloc} sends us to {new.scheme}://{new.netloc}, which is another host; "
                "if that is right, set the option api to it"
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _page(found: Json) -> Page | Absent:
    if found.get("invalid"):
        return Absent(reason="invalid-title", detail=str(found.get("invalidreason", ""))[:200])
    if not found or found.get("missing"):
        return Absent(reason="missing")
    if isinstance(properties := found.get("pageprops"), dict) and "disambiguation" in properties:
        return Absent(reason="disambiguation", detail="a list of pages of that name; name the one you mean")
    title, text, revision = found.get("title"), found.get("extract"), found.get("lastrevid")
    if not isinstance(title, str) or not isinstance(text, str) or not text.strip():
        return Absent(reason="no-text")
    url = found.get("canonicalurl") or found.get("fullurl")
    return Page(
        title=title,
        text=text,
        revision=revision if isinstance(revision, int) else 0,
        url=url if isinstance(url, str) else "",
    )


def _seconds(headers: Any) -> float:
    """Return what Retry-After says; a date, which MediaWiki does not send, counts for nothing."""
    value = str(headers.get("Retry-After", "")).strip()
    return float(value) if value.isascii() and value.isdecimal() and len(value) < 10 else 0.0


def _dicts(value: Any) -> list[Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _holds(replies: list[Json]) -> bool:
    """Return whether replies have anything to keep: a page that exists, or a title that was found."""
    pages = [page for reply in replies for page in _dicts(reply.get("pages"))]
    return any(not page.get("missing") for page in pages) or any(reply.get("search") for reply in replies)


def _cache_folder() -> Path:
    """Return the folder of domaintune for what can be fetched again."""
    home = os.environ.get("DOMAINTUNE_HOME")
    return (Path(home).expanduser() if home else Path(platformdirs.user_cache_dir("domaintune"))) / "wikipedia"


def _kept(place: Path, question: Mapping[str, str]) -> list[Json] | None:
    """Return what the cache holds for a question; a damaged file is as good as none."""
    try:
        kept = json.loads(place.read_text(encoding="utf-8"))
        return _dicts(kept["replies"]) if kept["question"] == question else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _keep(place: Path, question: Mapping[str, str], replies: list[Json]) -> None:
    """Write a file whole or not at all, also beside another process that writes the same."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", errors="surrogatepass", dir=place.parent, prefix=".", suffix=".tmp", delete=False
        ) as file:
            json.dump({"question": question, "replies": replies}, file)
        Path(file.name).replace(place)
    except OSError as error:
        raise DataError(
            f"{place.parent} cannot be written ({error.strerror}); name another folder in the option cache"
        ) from None
