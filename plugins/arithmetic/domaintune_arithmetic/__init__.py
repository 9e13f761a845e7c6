"""Arithmetic for domaintune, after Goat (Liu and Low 2023)."""
