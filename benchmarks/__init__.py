"""What the pipeline costs in time and memory, against other ways of doing the same work."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
"""The checkout: child processes start here."""


class BenchmarkError(Exception):
    """Says what was found, what was expected and what to do."""
