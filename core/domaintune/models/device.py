"""Choosing where a model runs, and in which number format."""

from __future__ import annotations

from pathlib import Path

import torch

from domaintune.errors import ModelError


def choose_device(wanted: str) -> str:
    """Return cuda, mps or cpu; `auto` takes the first that is there."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if wanted == "auto":
        return next(name for name, available in there.items() if available)
    if not there[wanted]:
        raise ModelError(f"model.device={wanted!r}, but torch sees no such device here; use 'auto' or 'cpu'")
    return wanted


def choose_dtype(wanted: str, device: str) -> torch.dtype:
    """Return the dtype; `auto` is bfloat16 where the processor multiplies it natively, else float32."""
    if wanted != "auto":
        chosen = getattr(torch, wanted)
        assert isinstance(chosen, torch.dtype)
        return chosen
    return torch.bfloat16 if _multiplies_bfloat16(device) else torch.float32


def _multiplies_bfloat16(device: str) -> bool:
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device == "cpu":
        try:
            flags = Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
        except OSError:  # not Linux
            return False
        return "avx512_bf16" in flags or "amx_bf16" in flags
    return False
