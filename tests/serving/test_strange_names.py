"""S8: 500 names that mean harm, to every route that takes a name: all refused, and no file touched outside the registry."""

from __future__ import annotations

import json
import random
import sys
import threading
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from served import ADMIN, World, chat, error_of
from starlette.testclient import TestClient

from domaintune.serving import keys
from domaintune.serving.house import build
from domaintune.serving.selection import Selection
from domaintune.settings import Settings

FILES = {
    "open",
    "os.listdir",
    "os.scandir",
    "os.rename",
    "os.remove",
    "os.mkdir",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.chmod",
}
FILES |= {
    "os.truncate",
    "shutil.rmtree",
    "shutil.copyfile",
    "shutil.move",
    "sqlite3.connect",
    "os.exec",
    "subprocess.Popen",
    "socket.connect",
}
touched: list[tuple[str, Any]] = []
watching = threading.Event()


def hook(event: str, arguments: tuple[Any, ...]) -> None:
    if watching.is_set() and event in FILES:
        touched.append((event, arguments[0]))


sys.addaudithook(hook)


def strange_names(outside: Path) -> list[str]:
    """500 names: paths, encoded paths, look-alikes, controls, endless ones, and mixtures of them."""
    fixed = [
        "..",
        "../",
        "../alpha",
        "../../etc/passwd",
        "alpha/..",
        "alpha/../beta",
        "./alpha",
        "/etc/passwd",
        "/",
        "//etc/passwd",
        "~",
        "~root",
        "file:///etc/passwd",
        "http://127.0.0.1:1/",
        "hf://a/b",
        "\\\\host\\share",
        "C:\\windows",
        "..\\alpha",
        "alpha\0",
        "\0",
        "alpha\n@1",
        "alpha\r",
        "alpha\t",
        " alpha",
        "alpha ",
        "alpha@1 ",
        "alpha@",
        "@",
        "@1",
        "alpha@0",
        "alpha@-1",
        "alpha@1.0",
        "alpha@1e1",
        "alpha@٣",
        "alpha@1@1",
        "аlpha",
        "ａｌｐｈａ",
        "alpha\u200b",
        "al\u00adpha",
        "ALPHA",
        "alpha\u202e1@",
        "é",
        "💓",
        "\ud800",
        "%2e%2e%2falpha",
        "..%2falpha",
        "%00",
        "alpha%00",
        "alpha%401",
        "..;/alpha",
        "alpha;ls",
        "$(ls)",
        "`ls`",
        "alpha|ls",
        "alpha&&ls",
        "' OR 1=1 --",
        "alpha'; DROP TABLE versions; --",
        "{{7*7}}",
        "${x}",
        "-alpha",
        "--help",
        ".alpha",
        "_alpha",
        "alpha" * 1000,
        "a" * 65,
        "a" * 4096,
        "@" * 4096,
        "+".join(["alpha"] * 1000),
        str(outside),
        f"{outside}/adapter_model.safetensors",
        "link",
        "objects/link",
        "registry.db",
        "objects",
        "CON",
        "nul",
        "",
        "base",
        "auto",
        "base@1",
        "auto@1",
        "tiny@1",
        "nobody",
        "nobody@1",
        "alpha@999999999",
        "alpha@9999999999",
    ]
    random_ = random.Random(8)
    pieces = [
        "..",
        "/",
        "\\",
        "alpha",
        "@1",
        "%2f",
        "%2e",
        "\0",
        "\n",
        "~",
        ":",
        "+",
        "|",
        "é",
        " ",
        "objects",
        "etc",
        "passwd",
        "a" * 70,
    ]
    seen = dict.fromkeys(fixed)
    while len(seen) < 500:
        made = "".join(random_.choice(pieces) for _ in range(random_.randint(2, 9)))
        if not all(part in {"alpha", "alpha@1"} for part in made.replace("|", "+").split("+")):
            seen[made] = None
    return list(seen)


@pytest.fixture
def http(world: World, tmp_path: Path) -> Iterator[TestClient]:
    """The application with an empty worker: none of these names may get as far as one."""
    registry = world.registry(tmp_path / "home", ["alpha"])
    (tmp_path / "home" / "registry" / "link").symlink_to(world.adapters["beta"])
    known = keys.Keys(admin=keys._digest(ADMIN))
    house = build(Settings(), registry, Selection(bases=(world.shape,)), known)
    house.desk.open.set()
    headers = {"authorization": f"Bearer {ADMIN}", "content-type": "application/json"}
    options: dict[str, Any] = {"base_url": "http://127.0.0.1", "headers": headers, "raise_server_exceptions": False}
    with TestClient(house.app, **options) as client:
        yield client


def requests(name: str) -> list[tuple[str, str, dict[str, Any] | None]]:
    path = urllib.parse.quote(name.encode("utf-8", "surrogatepass"), safe="")
    return [
        ("POST", "/v1/load_lora_adapter", {"lora_name": name}),
        ("POST", "/v1/load_lora_adapter", {"lora_name": "alpha@1", "lora_path": name or "x"}),
        ("POST", "/v1/unload_lora_adapter", {"lora_name": name}),
        ("POST", "/v1/promote", {"id": name, "override": "why"}),
        ("POST", "/v1/rollback", {"name": name}),
        ("POST", "/v1/chat/completions", chat(model=name)),
        ("GET", f"/v1/models/{path}", None),
    ]


def test_500_names_touch_nothing_outside_the_registry(http: TestClient, world: World, tmp_path: Path) -> None:
    names = strange_names(world.adapters["beta"])
    assert len(names) == 500
    http.post("/v1/load_lora_adapter", json={"lora_name": "nobody"})  # what is imported late is imported
    answered = []
    touched.clear()
    watching.set()
    try:
        for name in names:
            for method, path, asked in requests(name):
                if (method, name) == ("GET", "") or (path == "/v1/chat/completions" and name == "base"):
                    continue
                if method == "GET" and name in {"base", "tiny"}:
                    continue
                content = None if asked is None else json.dumps(asked).encode()
                answered.append((name, path, http.request(method, path, content=content)))
    finally:
        watching.clear()
    home = str(tmp_path / "home" / "registry")
    outside = {(event, str(what)) for event, what in touched if not str(what).startswith(home)}
    assert {one for one in outside if one[1] != ":memory:"} == set()
    assert not [what for _, what in touched if "link" in str(what) or ".." in str(what)]
    for name, path, answer in answered:
        assert answer.status_code in {400, 404}, (name, path, answer.status_code)
        error_of(answer)
