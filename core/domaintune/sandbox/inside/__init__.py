"""What runs inside the sandbox: the launcher, the solution's process and the tests' process.

These modules use the standard library alone, and little of it, because they are imported for every program that runs.
"""
