"""Runs and figures."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from contract.ledger import ROWS
from demo.figures import Figures
from operations.executions import Execution

STARTED = datetime(2020, 2, 19, 21, 38, tzinfo=UTC)


def execution(name: str, status: str = "SUCCEEDED", **inserted: int) -> Execution:
    """A run that has read and inserted the given number of rows of each dataset."""
    rows = {
        dataset: dict.fromkeys(ROWS, 0) | {"rows_read": count, "rows_inserted": count}
        for dataset, count in inserted.items()
    }
    ended = None if status == "RUNNING" else STARTED.replace(minute=39)
    return Execution(name, status, STARTED, ended, json.dumps({"datasets": rows}) if rows else None)


def figures(**changes: Any) -> Figures:
    return replace(Figures(published=10, captured=10, spooled_files=0, landed_files=0, runs=()), **changes)
