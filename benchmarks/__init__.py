"""Measures what the pipeline costs in time and memory, against other ways of doing the same work."""


class BenchmarkError(Exception):
    """A benchmark cannot go on; the message says what was found, what was expected and what to do."""
