"""JSON documents that a reader finds whole or not at all."""

import json
from pathlib import Path
from typing import Any


def write_document(path: Path, document: Any) -> None:
    """Write a document beside its place and move it there, which replaces an older one at once."""
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(document), encoding="utf-8")
    partial.replace(path)
