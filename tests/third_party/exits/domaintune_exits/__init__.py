"""Ends the process at import."""
