"""Scenes: drawn pictures whose symbols are known exactly, so that every answer about them can be checked."""
