"""Works, and prints at import and in its hook."""
