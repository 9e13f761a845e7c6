"""A stand-in for the hub: repositories in memory, behind the few routes that up- and downloading take."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlparse

COMMIT = "c" * 40


class Hub(ThreadingHTTPServer):
    """`repositories` has the files of each; `private` what was said when it was made; `asked` every path."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.private: dict[str, bool] = {}
        self.asked: list[str] = []


class Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_POST(self) -> None:
        path, body = self._path(), self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if path == "/api/repos/create":
            given = json.loads(body)
            name = f"{given['organization']}/{given['name']}" if given.get("organization") else given["name"]
            private = given.get("private", given.get("visibility") == "private")
            self.server.private[name], self.server.repositories[name] = private, {}
            self._json({"url": f"http://{self.headers['Host']}/{name}", "name": name, "id": name})
        elif path == "/api/validate-yaml":
            self._json({"errors": [], "warnings": []})
        elif "/preupload/" in path:
            files = [{"path": file["path"], "uploadMode": "regular", "shouldIgnore": False, "oid": None}
                     for file in json.loads(body)["files"]]  # fmt: skip
            self._json({"files": files})
        elif "/commit/" in path:
            name = path.removeprefix("/api/models/").partition("/commit/")[0]
            for line in map(json.loads, body.splitlines()):
                if line["key"] == "file":
                    content = base64.b64decode(line["value"]["content"])
                    self.server.repositories[name][line["value"]["path"]] = content
            self._json({"commitUrl": f"http://{self.headers['Host']}/{name}/commit/{COMMIT}", "commitOid": COMMIT,
                        "hookOutput": ""})  # fmt: skip
        else:
            self._json({"error": f"no route {path}"}, 404)

    def do_GET(self) -> None:
        path = self._path()
        if path.startswith("/api/models/"):
            name, _, rest = path.removeprefix("/api/models/").partition("/revision/")
            name, _, tree = name.partition("/tree/")
            if name not in self.server.repositories:
                self._json({"error": "Repository not found"}, 404, {"X-Error-Code": "RepoNotFound"})
            elif tree:
                self._json([{"type": "file", "path": file, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
                            for file, data in self.server.repositories[name].items()])  # fmt: skip
            else:
                siblings = [{"rfilename": file} for file in self.server.repositories[name]]
                self._json(
                    {"id": name, "sha": COMMIT, "private": True, "siblings": siblings, "tags": [], "downloads": 0}
                )
        elif "/resolve/" in path:
            name, _, rest = path.removeprefix("/").partition("/resolve/")
            data = self.server.repositories[name][rest.partition("/")[2]]
            headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{hashlib.sha1(data).hexdigest()}"'}
            self._send(data, 200, {**headers, "Content-Type": "application/octet-stream"})
        else:
            self._json({"error": f"no route {path}"}, 404)

    do_HEAD = do_GET  # noqa: N815  (the name that http.server looks for)

    def log_message(self, *_: Any) -> None:
        pass

    def _path(self) -> str:
        path = unquote(urlparse(self.path).path)
        self.server.asked.append(f"{self.command} {path}")
        return path

    def _json(self, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self._send(json.dumps(value).encode(), status, {"Content-Type": "application/json", **(headers or {})})

    def _send(self, data: bytes, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


@contextmanager
def running() -> Iterator[Hub]:
    hub = Hub()
    thread = threading.Thread(target=hub.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        hub.server_close()
        thread.join()
