"""Wants a package that is not installed."""
