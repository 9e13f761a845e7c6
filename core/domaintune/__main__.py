"""`python -m domaintune` is `domaintune`."""

from domaintune.cli import main

if __name__ == "__main__":
    main()
