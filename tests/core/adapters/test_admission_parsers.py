"""The readers of strangers' bytes: whatever comes, they return or refuse, and never take long."""

from __future__ import annotations

import io
import json
import shutil
import struct
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hostile_adapters import CONFIG, MANIFEST, WEIGHTS, Adapter
from hypothesis import given, settings
from hypothesis import strategies as st

from domaintune.adapters import safetensors_header, strict_json
from domaintune.adapters.admission import AdmissionError, admit
from domaintune.adapters.config_keys import KEYS
from domaintune.adapters.contents import OpenFile
from domaintune.adapters.refusals import REFUSALS, shown
from domaintune.adapters.shape import BaseShape

EXAMPLES, FOLDERS, SOAK = 200, 80, 50_000
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
SOUP = st.lists(
    st.sampled_from(
        ["{", "}", "[", "]", ",", ":", '"', "\\", "\\u", "d800", "1", "e", "-", ".", "NaN", "true", " ", "é"]
    )
).map("".join)
NAMES = st.sampled_from(["q_proj", "v_proj", "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight", "x", ""])
SIZES = st.lists(st.integers(-1, 1 << 70) | st.integers(0, 40), max_size=4)
ENTRIES = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["F32", "BF16", "F16", "I8"]),
        "shape": SIZES,
        "data_offsets": SIZES | st.lists(st.integers(0, 600), min_size=2, max_size=2),
    }
)
HEADERS = st.dictionaries(NAMES | st.text(max_size=5), ENTRIES | JSON, max_size=4).map(json.dumps).map(str.encode)


def tried(read: Callable[[], Any]) -> Any:
    """Return what a reader returns, or None where it refuses; anything else that it raises fails the test."""
    started = time.process_time()
    refused: AdmissionError | None = None
    found: Any = None
    try:
        found = read()
    except AdmissionError as error:
        refused = error
    assert refused is None or (str(refused).isprintable() and refused.code in REFUSALS)
    assert time.process_time() - started < 1
    return found


def as_file(data: bytes) -> OpenFile:
    handle: Any = io.BytesIO(data)
    return OpenFile(WEIGHTS, handle, (0, 0, len(data), 0, 0))


def check_json(data: bytes) -> None:
    found = tried(lambda: strict_json.parse(data, CONFIG))
    if found is not None:
        assert json.loads(data) == found


def check_header(header: bytes, body: bytes, length: int) -> None:
    data = struct.pack("<Q", length % 2**64) + header + body
    found = tried(lambda: safetensors_header.read(as_file(data), 4))
    if found is not None:
        assert sum(tensor.stop - tensor.start for tensor in found.values()) == len(data) - 8 - length


@given(st.binary(max_size=400) | SOUP.map(str.encode) | JSON.map(json.dumps).map(str.encode))
@settings(max_examples=EXAMPLES, deadline=None)
def test_any_bytes_as_json_are_read_or_refused(data: bytes) -> None:
    check_json(data)


@given(HEADERS | st.binary(max_size=60), st.binary(max_size=600), st.integers(-3, 3))
@settings(max_examples=EXAMPLES, deadline=None)
def test_any_bytes_as_a_header_are_read_or_refused(header: bytes, body: bytes, off: int) -> None:
    check_header(header, body, len(header) + off)


@given(st.dictionaries(st.sampled_from(sorted(KEYS)) | st.text(max_size=6), JSON | NAMES, max_size=4))
@settings(max_examples=FOLDERS, deadline=None)
def test_any_values_in_a_configuration_are_admitted_or_refused(
    good: Path, base: BaseShape, changes: dict[str, Any]
) -> None:
    check_values(good, base, CONFIG, changes)


@given(
    st.dictionaries(
        st.sampled_from(["schema_version", "base", "template_fingerprint", "files", "metrics"]), JSON, max_size=3
    )
)
@settings(max_examples=FOLDERS, deadline=None)
def test_any_values_in_a_manifest_are_admitted_or_refused(good: Path, base: BaseShape, changes: dict[str, Any]) -> None:
    check_values(good, base, MANIFEST, changes)


def check_values(good: Path, base: BaseShape, name: str, changes: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as work:
        adapter = Adapter(shutil.copytree(good, Path(work) / "adapter"), base)
        adapter.package()
        file = adapter.folder / name
        values = {**json.loads(file.read_text()), **changes}
        file.write_text(json.dumps(values), encoding="utf-8", errors="surrogatepass")
        if name == CONFIG:
            (adapter.folder / MANIFEST).unlink()
        tried(lambda: admit(adapter.folder, base))


@given(st.binary(min_size=1, max_size=3), st.integers(0, 60_000))
@settings(max_examples=FOLDERS, deadline=None)
def test_any_bytes_inside_the_weights_are_admitted_or_refused(
    good: Path, base: BaseShape, data: bytes, place: int
) -> None:
    with tempfile.TemporaryDirectory() as work:
        adapter = Adapter(shutil.copytree(good, Path(work) / "adapter"), base)
        whole = bytearray((adapter.folder / WEIGHTS).read_bytes())
        place %= len(whole)
        whole[place : place + len(data)] = data
        adapter.write(WEIGHTS, bytes(whole))
        with np.errstate(all="raise"):
            tried(lambda: admit(adapter.folder, base))


@given(JSON)
@settings(max_examples=EXAMPLES, deadline=None)
def test_whatever_a_stranger_wrote_is_shown_short_and_printable(value: Any) -> None:
    assert shown(value).isprintable()
    assert len(shown(value)) < 90


@pytest.mark.soak
@pytest.mark.timeout(1800)
@given(
    st.binary(max_size=400) | SOUP.map(str.encode) | JSON.map(json.dumps).map(str.encode),
    HEADERS,
    st.binary(max_size=99),
)
@settings(max_examples=SOAK, deadline=None)
def test_a_hundred_thousand_inputs_are_read_or_refused(data: bytes, header: bytes, body: bytes) -> None:
    check_json(data)
    check_header(header, body, len(header))
