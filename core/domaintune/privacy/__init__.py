"""Privacy: what identifies a person in a text, and what is put in its place."""

from __future__ import annotations
