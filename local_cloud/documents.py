"""JSON documents that a reader finds whole or not at all."""

import json
import os
from pathlib import Path
from typing import Any

from landing.aside import sync, written_aside


def write_document(path: Path, document: Any) -> None:
    """Write a document, which replaces an older one at once, and wait until the disk has it.

    The warehouse's commits survive a loss of power, and the ledger refuses a token older than its newest: so the lease has to survive too.
    """
    with written_aside(path) as partial, partial.open("w", encoding="utf-8") as file:
        file.write(json.dumps(document))
        file.flush()
        os.fsync(file.fileno())
    sync(path.parent)
