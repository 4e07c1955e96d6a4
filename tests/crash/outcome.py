"""What must be the same whether a run was disturbed or not."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from contract.keys import ALL_RUNS, run_of
from tests.crash.lab import Lab

_COUNTED = ("goodreads_warehouse.ledger", "goodreads_warehouse.ledger_files")
_CHECKED = "goodreads_warehouse.quality_results"
_RULE = ("stage", "table_name", "column_name", "rule", "severity")
_OF_THE_RUN = ("run_id", "fencing_token", "published_at", "recorded_at")
_OF_THE_HOLDER = ("fencing_token", "acquired_at", "confirmed_at")
_NUMBER = re.compile(r"(?<=/)\d{5}-")
"""A file's number, which depends on what else the run has taken."""

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Outcome:
    """The state that a delivery leaves behind, without the names of the runs.

    `checked` is the set of rules that any run has counted: a run that makes up for another counts what the other one did not come
    to. `published` counts for each published run what its lines of the ledger say. `quarantine` is the set of reject
    lines and of files over all runs: a run that died may have written its rejects before, and the next one writes
    them again. `rejects` counts the lines of published runs only, where each reject is there exactly once.
    """

    tables: dict[str, Rows]
    checked: frozenset[tuple[Any, ...]]
    published: Counter[tuple[tuple[Any, ...], ...]]
    published_files: Counter[tuple[Any, ...]]
    quarantine: frozenset[str]
    rejects: Counter[str]
    landing: list[str]
    lease: dict[str, Any]


def outcome_of(lab: Lab) -> Outcome:
    """The state as it is now."""
    tables = lab.tables()
    lines = _by_run(lab, "goodreads_warehouse.ledger") if "goodreads_warehouse.ledger" in tables else {}
    files = (
        _by_run(lab, "goodreads_warehouse.ledger_files")
        if "goodreads_warehouse.ledger_files" in tables
        else {}
    )
    quarantined = _quarantine(lab.pipeline.bucket("quarantine"))
    compared = ("goodreads_warehouse.", "goodreads_analytics.")
    return Outcome(
        tables={
            name: _rows(lab, name)
            for name in tables
            if name.startswith(compared) and name not in (*_COUNTED, _CHECKED)
        },
        checked=frozenset(_rules(lab)) if _CHECKED in tables else frozenset(),
        published=Counter(tuple(sorted(rows)) for rows in lines.values()),
        published_files=Counter(row for rows in files.values() for row in rows),
        quarantine=frozenset(text for texts in quarantined.values() for text in texts),
        rejects=Counter(text for run in lines for text in quarantined.get(run, []) if text.startswith("{")),
        landing=lab.pipeline.landed(),
        lease={name: value for name, value in (lab.lease() or {}).items() if name not in _OF_THE_HOLDER},
    )


def _rows(lab: Lab, table: str) -> Rows:
    """The rows, without the run that has written them."""
    if "run_id" not in lab.columns(table):
        return lab.rows(table)
    return sorted(chain.from_iterable(_by_run(lab, table).values()), key=repr)


def _rules(lab: Lab) -> Iterator[tuple[Any, ...]]:
    kept = [lab.columns(_CHECKED).index(name) for name in _RULE]
    for row in lab.rows(_CHECKED):
        yield tuple(row[number] for number in kept)


def _by_run(lab: Lab, table: str) -> dict[str, Rows]:
    """The rows of each run, without what differs from run to run."""
    columns = lab.columns(table)
    kept = [number for number, name in enumerate(columns) if name not in _OF_THE_RUN]
    runs: dict[str, Rows] = {}
    for row in lab.rows(table):
        runs.setdefault(row[columns.index("run_id")], []).append(tuple(row[number] for number in kept))
    return runs


def _quarantine(bucket: Path) -> dict[str, list[str]]:
    """For each run its reject lines as JSON and its whole files as `name: content`."""
    return {
        run_of(folder.name): [
            _NUMBER.sub("", text.replace(run_of(folder.name), "RUN")) for text in _texts(folder)
        ]
        for folder in bucket.glob(f"{ALL_RUNS}*")
    }


def _texts(folder: Path) -> Iterator[str]:
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if path.parent.name == "files":
            yield f"/{path.name}: {path.read_bytes()!r}"
        else:
            yield from (
                json.dumps(json.loads(line), sort_keys=True) for line in path.read_text().splitlines()
            )
