"""Wants an argument that hooks do not get."""
