"""The document of a run, `run.json`: what came in, what came out, what was refused, and how long each state took.

The standard library only: the function that writes the document has this package in its zip.
"""

from pathlib import Path

SCHEMA = Path(__file__).with_name("run.schema.json")
"""The JSON Schema of the document; `report/document.py` has the same shape as types."""
