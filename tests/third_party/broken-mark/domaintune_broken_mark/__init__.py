"""Forgets to mark its hook."""
