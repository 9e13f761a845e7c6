"""S4: whatever fits docs/openapi.json is answered as it says, whatever does not is refused, and nothing ends in a 5xx."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.generation import GenerationMode
from served import ADMIN, KEY, Served

ROOT = Path(__file__).parents[2]


def description() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_openapi", ROOT / "docs" / "openapi.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


DOCUMENT = description().document()
QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None, "derandomize": True}
SEEN: dict[str, dict[int, int]] = {}


def test_the_page_is_not_stale() -> None:
    written = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    assert written == json.loads(json.dumps(DOCUMENT)), "run: python docs/openapi.py"


def loaded(*, coverage: bool) -> Any:
    made = schemathesis.openapi.from_dict(DOCUMENT)
    made.config.generation.update(modes=list(GenerationMode), allow_x00=True)
    made.config.phases.coverage.enabled = coverage
    return made


small, full = loaded(coverage=False), loaded(coverage=True)


def check(case: Any, server: Served) -> None:
    """Send one case as schemathesis made it, and hold the answer against the description."""
    asked = (case.path_parameters or {}).get("id")
    if isinstance(asked, str) and len(asked) % 2:
        case.path_parameters["id"] = NAMES["model"][len(asked) % 3]
    if isinstance(case.body, dict):  # real names half the time, else every answer were a 404
        for field, names in NAMES.items():
            if isinstance(case.body.get(field), str) and len(case.body[field]) % 2:
                case.body[field] = names[len(case.body[field]) % len(names)]
        if "model" in case.body:  # short answers: it is the interface that is tested
            for field in ("max_tokens", "max_completion_tokens"):
                given = case.body.get(field)
                if isinstance(given, int) and given > 8:
                    case.body[field] = 1 + given % 8
            if all(case.body.get(field) is None for field in ("max_tokens", "max_completion_tokens")):
                case.body["max_tokens"] = 8
    key = (
        ADMIN
        if case.path.startswith(("/v1/load", "/v1/unload", "/v1/promote", "/v1/rollback", "/v1/versions"))
        else KEY
    )
    answer = case.call(base_url=server.address, headers={"authorization": f"Bearer {key}"}, timeout=60)
    seen = SEEN.setdefault(f"{case.method} {case.path}", {})
    seen[answer.status_code] = seen.get(answer.status_code, 0) + 1
    assert answer.status_code < 500, answer.text
    case.validate_response(answer, checks=CHECKS)


NAMES = {
    "model": ("base", "alpha", "gamma", "alpha+gamma", "gamma@1"),
    "lora_name": ("alpha", "beta", "alpha@2", "beta@2"),
    "id": ("alpha@1", "beta@1", "beta@2"),
    "name": ("alpha", "beta"),
}
CHECKS = [
    schemathesis.checks.not_a_server_error,
    schemathesis.specs.openapi.checks.status_code_conformance,
    schemathesis.specs.openapi.checks.content_type_conformance,
    schemathesis.specs.openapi.checks.response_schema_conformance,
    schemathesis.specs.openapi.checks.response_headers_conformance,
]


@small.parametrize()
@settings(max_examples=12, **QUIET)
def test_every_operation_is_as_described(case: Any, moving: Served) -> None:
    check(case, moving)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@full.parametrize()
@settings(max_examples=500, **QUIET)
def test_five_hundred_examples_of_every_operation(case: Any, moving: Served) -> None:
    check(case, moving)


@pytest.mark.soak
def test_what_was_seen() -> None:
    for operation, statuses in SEEN.items():
        sys.stdout.write(f"\nS4: {operation}: {sum(statuses.values())} examples, {dict(sorted(statuses.items()))}")
        assert not [status for status in statuses if status >= 500]
