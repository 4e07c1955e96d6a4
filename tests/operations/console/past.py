"""Documents of executions as an endpoint leaves them, and runs that a test moves along."""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from contract.keys import bucket_name, document_key
from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.state import StateFolder
from operations.console.runs import Run, Runs
from report.document import Document
from tests.report import examples

ARN = "arn:aws:states:us-east-1:123456789012:execution:goodreads"
BEGIN = datetime(2020, 3, 1, tzinfo=UTC)


def ended(
    folder: Path,
    name: str,
    *,
    place: int = 0,
    state: str = "Succeeded",
    read: int = 0,
    rejected: int = 0,
    warnings: tuple[str, ...] = (),
    made_up_for: Mapping[str, tuple[int, int]] | None = None,
) -> None:
    """The document of an execution that ended in `state`, `place` times ten minutes after the first one could."""
    started = BEGIN + timedelta(minutes=10 * place)
    rows = {"rows_read": read, "rows_quarantined": rejected}
    output = {
        "datasets": {"books": rows},
        "warnings": warnings,
        "made_up_for": {
            run: {"books": {"rows_read": other, "rows_quarantined": refused}}
            for run, (other, refused) in (made_up_for or {}).items()
        },
    }
    kind = "FailStateEntered" if state == "Failed" else "SucceedStateEntered"
    document = {
        "description": {
            "executionArn": f"{ARN}:{name}",
            "stateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:goodreads",
            "name": name,
            "status": "FAILED" if state == "Failed" else "SUCCEEDED",
            "startDate": started.isoformat(),
            "stopDate": (started + timedelta(seconds=20 + place % 7)).isoformat(),
            "output": json.dumps(output if read else {}),
            **({"error": "DataQualityError"} if state == "Failed" else {}),
        },
        "events": [
            {
                "id": 1,
                "type": kind,
                "timestamp": started.isoformat(),
                "stateEnteredEventDetails": {"name": state},
            }
        ],
    }
    path = folder / f"{name}.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    written = int((BEGIN + timedelta(minutes=10 * place)).timestamp())
    os.utime(path, (written, written))


def reported(folder: StateFolder, name: str, *rows: tuple[str, int, int], warnings: int = 0) -> None:
    """The document that a run wrote to the reports zone; `rows` are runs with the rows of books that they read and refused."""
    made = examples.clean()
    check = {**made["checks"][0], "severity": "warn", "limit": 0}
    made["run_id"] = name
    made["datasets"] = [
        {**made["datasets"][0], "run_id": run, "dataset": "books", "read": read, "quarantined": refused}
        for run, read, refused in rows
    ]
    made["checks"] = [{**check, "violations": 3}] * warnings + [{**check, "violations": 0}]
    path = folder.buckets / bucket_name("goodreads", "reports", ACCOUNT, REGION) / document_key(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(made), encoding="utf-8")


def spoilt(folder: Path, name: str) -> None:
    """Nobody can read the document any more; it keeps its time."""
    path = folder / f"{name}.json"
    written = path.stat().st_mtime
    path.write_text("no document", encoding="utf-8")
    os.utime(path, (written, written))


class MovedAlong(Runs):
    """One run with the first of `documents`; `move_on` makes the next one known, and the last one ends the run."""

    def __init__(self, *documents: dict[str, Any]) -> None:
        self._documents = documents
        self._place = 0

    def move_on(self) -> None:
        self._place += 1

    def page(self, number: int) -> tuple[list[Run], int]:
        return [Run("going", "goodreads", "running", BEGIN)], number

    def document(self, name: str) -> Document:  # noqa: ARG002
        found: Any = self._documents[self._place]
        return found  # type: ignore[no-any-return]

    def news(self, name: str, after: int) -> tuple[int, str]:  # noqa: ARG002
        return self._place + 1, "RUNNING" if self._place < len(self._documents) - 1 else "SUCCEEDED"
