"""How far the reviews have come: counts at each station between Goodreads and the warehouse."""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from capture.simulated import SimulatedGoodreads
from operations.executions import Execution, StateMachine

_TABLES = {"reviews", "followed_reviews"}
_TABLES_THERE = "select name from sqlite_master"
_CAPTURED = """
    select (select count(*) from reviews where status = 'captured') + (select count(*) from followed_reviews)
"""


@dataclass(frozen=True)
class Figures:
    """Reviews published and captured, files waiting in the spool and in landing, and the runs, the newest first."""

    published: int
    captured: int
    spooled_files: int
    landed_files: int
    runs: tuple[Execution, ...]

    @property
    def in_warehouse(self) -> int:
        """The number of reviews that the runs have inserted."""
        return sum(rows_of(run).get("reviews", {}).get("rows_inserted", 0) for run in self.runs)

    @property
    def is_running(self) -> bool:
        """Whether a run is under way."""
        return any(run.status == "RUNNING" for run in self.runs)


def rows_of(run: Execution) -> Mapping[str, Mapping[str, int]]:
    """The accounting of a run by dataset; empty while the run is under way and if it had nothing to do."""
    report: dict[str, Any] = json.loads(run.output or "{}")
    datasets: Mapping[str, Mapping[str, int]] = report.get("datasets") or {}
    return datasets


class Observer:
    """Counts reviews, files and runs at every station."""

    def __init__(
        self, goodreads: SimulatedGoodreads, spool: Path, landing: Path, machine: StateMachine
    ) -> None:
        self._goodreads = goodreads
        self._spool = spool
        self._landing = landing
        self._machine = machine
        self._captured = 0
        self._ended: dict[str, Execution] = {}

    def look(self) -> Figures:
        """The counts as they are now."""
        return Figures(
            published=len(self._goodreads.published),
            captured=self._count_captured(),
            spooled_files=files_below(self._spool / "ready"),
            landed_files=files_below(self._landing),
            runs=tuple(self._runs()),
        )

    def _count_captured(self) -> int:
        """Ask the state file of the collector or the follower.

        The file is opened only after the process has made it: opened earlier, it could lock the process out.
        """
        state = self._spool / "open" / "state.sqlite"
        if state.with_name("state.sqlite-wal").exists():
            with closing(sqlite3.connect(state)) as connection:
                names = {row[0] for row in connection.execute(_TABLES_THERE)}
                if names >= _TABLES:  # the file is older than its tables
                    self._captured = connection.execute(_CAPTURED).fetchone()[0]
        return self._captured

    def _runs(self) -> list[Execution]:
        runs = [self._ended.get(name) or self._machine.describe(name) for name in self._machine.names()]
        self._ended |= {run.name: run for run in runs if run.status != "RUNNING"}
        return runs


def files_below(folder: Path) -> int:
    """How many finished files the folder holds; hidden files are still being written."""
    return sum(path.is_file() and not path.name.startswith(".") for path in folder.rglob("*"))
