"""The adapter package: what a build leaves for others to load."""
