"""S7: who may do what, by a table over every route; and keys that give nothing away by the time they take."""

from __future__ import annotations

import base64
import random
import time
from pathlib import Path
from typing import Any

import pytest
from served import ADMIN, KEY, World, error_of
from starlette.testclient import TestClient

from domaintune.errors import UsageError
from domaintune.serving import guard, keys
from domaintune.serving.house import build
from domaintune.serving.selection import Selection
from domaintune.settings import ServeSettings, Settings

USER = [
    ("GET", "/"),
    ("POST", "/v1/chat/completions"),
    ("POST", "/v1/completions"),
    ("GET", "/v1/models"),
    ("GET", "/v1/models/base"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    ("GET", "/nothing"),
    ("GET", "/docs"),
    ("GET", "/openapi.json"),
    ("GET", "//v1/models"),
    ("GET", "/v1/promote/"),
    ("GET", "/V1/PROMOTE"),
    ("GET", "/healthz/"),
    ("GET", "/healthz/../v1/models"),
    ("DELETE", "/v1/models"),
    ("OPTIONS", "/v1/chat/completions"),
    ("HEAD", "/v1/models"),
]
OPEN = [("GET", "/healthz"), ("HEAD", "/healthz")]
ADMINS = [(method, path) for path in sorted(guard.ADMIN) for method in ("GET", "POST")]
GIVEN = {
    "nothing": {},
    "a wrong key": {"authorization": "Bearer wrong-key-of-the-tests"},
    "an empty key": {"authorization": "Bearer "},
    "another scheme": {"authorization": f"Digest {KEY}"},
    "the key alone": {"authorization": KEY},
    "the key's beginning": {"authorization": f"Bearer {KEY[:-1]}"},
    "the key in capitals": {"authorization": f"Bearer {KEY.upper()}"},
    "the user's key": {"authorization": f"Bearer {KEY}"},
    "the user's key as a password": {"authorization": "Basic " + base64.b64encode(f"me:{KEY}".encode()).decode()},
    "the admin's key": {"authorization": f"Bearer {ADMIN}"},
    "the admin's key as a password": {"authorization": "Basic " + base64.b64encode(f":{ADMIN}".encode()).decode()},
    "a password that is no base64": {"authorization": "Basic ?"},
}


def client(world: World, home: Path, user: bool, admin: bool) -> TestClient:
    """The whole application with no worker started: everything before the model is real."""
    known = keys.Keys(user=keys._digest(KEY) if user else None, admin=keys._digest(ADMIN) if admin else None)
    made = build(Settings(), world.registry(home, []), Selection(bases=(world.shape,)), known)
    return TestClient(made.app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False, follow_redirects=False)


def expected(kind: str, given: str, user: bool, admin: bool) -> int | None:
    """The status that a request must get for its key, or None where the key lets it in."""
    role = "admin" if "admin's key" in given and admin else "user" if "user's key" in given and user else "nobody"
    if kind == "open":
        return None
    if kind == "admin" and admin:
        return {"admin": None, "user": 403}.get(role, 401)
    if user and role == "nobody":
        return 401
    return 404 if kind == "admin" else None


@pytest.mark.parametrize(("user", "admin"), [(True, True), (True, False), (False, True), (False, False)])
def test_every_route_with_every_key(world: World, tmp_path: Path, user: bool, admin: bool) -> None:
    wrong = []
    with client(world, tmp_path, user, admin) as http:
        for kind, routes in (("open", OPEN), ("user", USER), ("admin", ADMINS)):
            for method, path in routes:
                for given, headers in GIVEN.items():
                    answer = http.request(method, path, headers=headers)
                    status = expected(kind, given, user, admin)
                    barred = answer.status_code in {401, 403} or (kind == "admin" and answer.status_code == 404)
                    if (answer.status_code if barred else None) != status:
                        wrong.append(f"{method} {path} with {given}: {answer.status_code}, not {status}")
                    elif barred and method != "HEAD":
                        error_of(answer)
    assert wrong == []


def test_an_address_that_is_not_there_is_told_only_to_those_who_may_come_in(world: World, tmp_path: Path) -> None:
    with client(world, tmp_path, user=True, admin=False) as http:
        assert http.get("/nothing").status_code == 401
        assert http.get("/nothing", headers=GIVEN["the user's key"]).status_code == 404
        assert http.get("/docs", headers=GIVEN["the user's key"]).status_code == 404


def test_a_browser_is_asked_for_the_key_at_the_page_and_nowhere_else(world: World, tmp_path: Path) -> None:
    with client(world, tmp_path, user=True, admin=False) as http:
        assert http.get("/").headers["www-authenticate"].startswith("Basic ")
        assert http.get("/v1/models").headers["www-authenticate"] == "Bearer"
        page = http.get("/", headers=GIVEN["the user's key as a password"])
    assert page.status_code == 200
    assert KEY not in page.text
    assert "script-src 'sha256-" in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "localhost:8000"}, 200),
        ({"host": "127.0.0.1"}, 200),
        ({"host": "[::1]:8000"}, 200),
        ({"host": "evil.example"}, 400),
        ({"host": "evil.example:8000"}, 400),
        ({"host": "127.0.0.1.evil.example"}, 400),
        ({"host": "localhost.evil.example:8000"}, 400),
        ({"host": ""}, 400),
        ({"origin": "http://127.0.0.1:8000"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:3000"}, 403),
        ({"origin": "null"}, 403),
    ],
)
def test_pages_of_others_and_names_made_to_point_here_are_refused(
    world: World, tmp_path: Path, headers: dict[str, str], status: int
) -> None:
    with client(world, tmp_path, user=False, admin=False) as http:
        answer = http.get("/v1/models", headers=headers)
        assert answer.status_code == status
        assert "access-control-allow-origin" not in answer.headers
        if status != 200:
            error_of(answer)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.4", "::", "example.org"])
def test_no_other_address_without_a_key(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.delenv("DOMAINTUNE_API_KEY", raising=False)
    with pytest.raises(UsageError, match="which others can reach, and there is no key: set DOMAINTUNE_API_KEY"):
        keys.from_environment(ServeSettings(host=host))
    monkeypatch.setenv("DOMAINTUNE_API_KEY", KEY)
    assert keys.from_environment(ServeSettings(host=host)).user


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.9", "::1", "localhost"])
def test_this_machines_own_addresses_need_none(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.delenv("DOMAINTUNE_API_KEY", raising=False)
    monkeypatch.delenv("DOMAINTUNE_ADMIN_KEY", raising=False)
    assert keys.from_environment(ServeSettings(host=host)) == keys.Keys()


@pytest.mark.parametrize(
    "key",
    ["", "short", "fifteen-letters", "with spaces in it, long", "ümlaut-ümlaut-ümlaut", "tab\ttab\ttab\ttab\ttab"],
)
def test_a_key_must_be_long_and_plain(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("DOMAINTUNE_API_KEY", key)
    with pytest.raises(UsageError, match="at least 16") as caught:
        keys.from_environment(ServeSettings())
    assert not key or key not in str(caught.value)


def test_the_two_keys_must_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOMAINTUNE_API_KEY", KEY)
    monkeypatch.setenv("DOMAINTUNE_ADMIN_KEY", KEY)
    with pytest.raises(UsageError, match="the same key"):
        keys.from_environment(ServeSettings())


def test_keys_are_not_shown_when_they_are_printed() -> None:
    assert "digest" not in repr(keys.Keys(user=b"digest")).replace("object at", "")


def comparing(seed: int) -> float:
    """The p of 10,000 keys that share all but their last letter with the right one taking as long as 10,000 others."""
    random_ = random.Random(seed)
    known = keys.Keys(user=keys._digest(KEY), admin=keys._digest(ADMIN))
    given = [(True, f"Bearer {KEY[:-1]}{random_.choice('abcdefgh')}") for _ in range(10_000)]
    given += [(False, "Bearer " + "".join(random_.choices("abcdefgh", k=len(KEY)))) for _ in range(10_000)]
    random_.shuffle(given)
    times: dict[bool, list[int]] = {True: [], False: []}
    for near, header in given:
        began = time.perf_counter_ns()
        known.role(header)
        times[near].append(time.perf_counter_ns() - began)
    return mann_whitney(times[True], times[False])


def test_the_time_of_a_comparison_says_nothing_of_the_key() -> None:
    assert any(comparing(seed) > 0.01 for seed in range(3))  # by chance alone one in a hundred is below


def mann_whitney(a: list[int], b: list[int]) -> float:
    """The two-sided p of a Mann-Whitney test, by the normal approximation with its correction for ties."""
    from collections import Counter
    from statistics import NormalDist

    counts = Counter([*a, *b])
    rank: dict[int, float] = {}
    seen = 0
    for value in sorted(counts):
        rank[value] = seen + (counts[value] + 1) / 2
        seen += counts[value]
    n, m = len(a), len(b)
    u = sum(rank[value] for value in a) - n * (n + 1) / 2
    ties = sum(count**3 - count for count in counts.values()) / ((n + m) * (n + m - 1))
    spread: Any = (n * m / 12 * (n + m + 1 - ties)) ** 0.5
    return 2 * (1 - NormalDist().cdf(abs(u - n * m / 2) / spread))
