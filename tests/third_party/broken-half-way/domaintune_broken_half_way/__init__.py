"""Raises after its first offer."""
