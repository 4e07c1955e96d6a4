"""Errors that a person can mend."""


class BenchmarkError(Exception):
    """Says what was found, what was expected and what to do."""
