"""faker_tool against the original's way of making up data."""

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.measure import Usage, measure
from benchmarks.rounds import in_turns

RECORDS = 20_000
"""Of each dataset: the original's way takes about twenty seconds for them."""

OURS, ORIGINAL = "faker_tool", "original's way"


@dataclass(frozen=True)
class Generation:
    """What each used in each round, and the bytes that each wrote."""

    used: dict[str, list[Usage]]
    bytes: dict[str, int]


def run_generators(work: Path, runs: int, records: int = RECORDS) -> Generation:
    """Equally many records from both, in turns, each from the start of its process."""
    folders = {OURS: work / "faker_tool", ORIGINAL: work / "original_generator"}
    commands = {
        OURS: ["faker_tool", "--records", str(records), "--force", "--out", str(folders[OURS])],
        ORIGINAL: ["benchmarks.contestants.original_generator", str(records), str(folders[ORIGINAL])],
    }
    used = in_turns({name: partial(_run, command, folders[name]) for name, command in commands.items()}, runs)
    written = {name: _bytes_in(folder) for name, folder in folders.items()}
    for folder in folders.values():
        shutil.rmtree(folder)
    return Generation(used, written)


def _run(command: Sequence[str], folder: Path) -> Usage:
    return measure([sys.executable, "-m", *command], log=folder.with_suffix(".log")).usage


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.csv"))
