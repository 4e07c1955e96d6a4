"""Measures what the pipeline costs in time and memory, against other ways of doing the same work."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The checkout: child processes start here."""


class BenchmarkError(Exception):
    """A benchmark cannot go on; the message says what was found, what was expected and what to do."""
