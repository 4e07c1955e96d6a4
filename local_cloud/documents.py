"""JSON documents that a reader finds whole or not at all."""

import json
from pathlib import Path
from typing import Any

from landing.aside import written_aside


def write_document(path: Path, document: Any) -> None:
    """Write a document, which replaces an older one at once."""
    with written_aside(path) as partial:
        partial.write_text(json.dumps(document), encoding="utf-8")
