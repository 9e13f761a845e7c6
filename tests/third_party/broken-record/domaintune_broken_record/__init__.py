"""Yields something that is no record."""
