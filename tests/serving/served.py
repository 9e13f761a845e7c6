"""A real server for tests: a tiny model, adapters made with peft, a registry, and `domaintune serve` as a process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import openai

from domaintune.adapters.registry import Registry
from domaintune.adapters.shape import BaseShape, measure
from domaintune.settings import ModelSettings

WHY = "made for a test"
START = """
import sys
sys.argv = ["domaintune", *sys.argv[1:]]
from domaintune.cli import main
if __name__ == "__main__":
    main()
"""
KEY, ADMIN = "user-key-of-the-tests", "admin-key-of-the-tests"


def make_adapters(base: Path, folder: Path, names: Sequence[str]) -> dict[str, Path]:
    """Return random adapters that change every answer, each with another rank."""
    import torch
    from peft import LoraConfig, get_peft_model

    from domaintune.models import base as models

    settings = ModelSettings(base=str(base), device="cpu", dtype="float32")
    made = {}
    for seed, name in enumerate(names):
        torch.manual_seed(100 + seed)
        model = models.load_model(models.locate(settings), settings)
        config = LoraConfig(
            r=(2, 4, 8)[seed % 3],
            lora_alpha=8,
            target_modules=["q_proj", "v_proj", "down_proj"],
            init_lora_weights=False,
            task_type="CAUSAL_LM",
        )
        made[name] = folder / name
        get_peft_model(model, config).save_pretrained(made[name], save_embedding_layers=False)
    return made


@dataclass
class World:
    """A base model, adapter folders, and where registries are made."""

    base: Path
    shape: BaseShape
    adapters: dict[str, Path]

    def registry(self, home: Path, versions: Sequence[str]) -> Registry:
        """Return a registry with these versions (`alpha`, or `alpha*` to promote it), in this order."""
        made = Registry(home / "registry")
        for text in versions:
            name = text.rstrip("*")
            folder = self.adapters[name]
            version = made.add(folder, name=name.partition("-")[0], base=self.shape)
            if text.endswith("*"):
                made.promote(version.id, override=WHY)
        return made


def make_world(base: Path, folder: Path) -> World:
    settings = ModelSettings(base=str(base), device="cpu", dtype="float32")
    names = ("alpha", "alpha-2", "alpha-3", "beta", "beta-2", "gamma", "delta")
    return World(base, measure(settings), make_adapters(base, folder, names))


@dataclass
class Served:
    """A running server."""

    process: subprocess.Popen[str]
    address: str
    home: Path
    models: list[str]
    lines: list[str] = field(default_factory=list)

    @property
    def registry(self) -> Registry:
        return Registry(self.home / "registry")

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def client(self, key: str = KEY, **options: Any) -> openai.OpenAI:
        return openai.OpenAI(base_url=f"{self.address}/v1", api_key=key, max_retries=0, timeout=60, **options)

    def http(self, key: str | None = KEY, **options: Any) -> httpx2.Client:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        return httpx2.Client(base_url=self.address, headers=headers, timeout=60, **options)

    def log(self) -> str:
        return "".join(self.lines)


def chat(content: str = "Is the heart large?", model: str = "alpha", **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": content}], "max_tokens": 8, **more}


def error_of(response: httpx2.Response) -> dict[str, Any]:
    """Return the error of an answer, which must have OpenAI's form."""
    body = response.json()
    assert set(body) == {"error"}, body
    assert set(body["error"]) == {"message", "type", "param", "code"}
    assert isinstance(body["error"]["message"], str)
    assert isinstance(body["error"]["type"], str)
    assert "Traceback" not in body["error"]["message"]
    assert response.headers["content-type"] == "application/json"
    return body["error"]  # type: ignore[no-any-return]


@contextmanager
def serving(
    home: Path, *arguments: str, key: str | None = KEY, admin: str | None = ADMIN, before: str = ""
) -> Iterator[Served]:
    """Run `domaintune serve` on a free port until the end of the block; `before` is Python that runs first."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DOMAINTUNE_")}
    environment |= {
        "DOMAINTUNE_HOME": str(home),
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "PYTHONUNBUFFERED": "1",
    }
    environment |= {"DOMAINTUNE_API_KEY": key} if key else {}
    environment |= {"DOMAINTUNE_ADMIN_KEY": admin} if admin else {}
    start = f"{before}\n{START}"
    command = [sys.executable, "-c", start, "serve", "--port", "0", "--json", "--set", "model.device=cpu"]
    command += ["--set", "model.dtype=float32", *arguments]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(iter(process.stderr.readline, "")), daemon=True)  # type: ignore[union-attr]
    reader.start()
    try:
        said = ""
        while not said.rstrip().endswith("}"):
            line = process.stdout.readline()  # type: ignore[union-attr]
            assert line, f"the server ended: {process.wait(10)}\n{''.join(lines)}"
            said += line
        ready = json.loads(said)
        yield Served(process, ready["address"], home, ready["models"], lines)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        reader.join(5)


def until(condition: Any, seconds: float = 10.0) -> float:
    """Wait until something is so; returns the seconds it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "it did not come about"
        time.sleep(0.02)
    return time.monotonic() - began
