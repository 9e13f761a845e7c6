"""`python -m domaintune` is `domaintune`."""

from __future__ import annotations

from domaintune.cli import main

if __name__ == "__main__":
    main()
