"""Takes a table's files out of the ledger, empties the table, and lands the files again."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from catalog import Dataset
from command_line.counting import counted
from operations.errors import OperationError
from operations.lease import Lease
from operations.rebuild.archive import ArchivedFile, PublishedFile, land_again, look_up
from operations.warehouse import Warehouse
from operations.zones import Zones
from sql import statements

_RUNS_AT_ONCE = 100  # the Data API takes 200 parameters
_SHOWN = 10


@dataclass(frozen=True)
class Rebuild:
    """One table of one deployment, here or on AWS."""

    dataset: Dataset
    name: str
    zones: Zones
    warehouse: Warehouse

    def files(self) -> list[ArchivedFile]:
        """The files whose rows make up the table, with their copies in the archive."""
        _, rows = self.warehouse.run(statements.files_of(self.dataset))
        return look_up(self.zones, self.dataset, [PublishedFile(*row) for row in rows])

    def run(self, *, allow_missing: bool) -> list[ArchivedFile]:
        """Empty the table and land its files again. Returns the table's files; those with a problem are not landed.

        OperationError before anything changes: if a file cannot be landed from the archive and that is not allowed, and if a run
        is at work. After an error in the middle, giving the command again does the rest. While files are landed runs may begin:
        the ledger knows the files no longer.
        """
        if not allow_missing:
            _require_all(self.files())
        started = f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%S-%f}"[:-3]
        with Lease(self.name, f"rebuild {self.dataset.name}").held():
            self.warehouse.run(
                *statements.rebuild(self.dataset), rebuild=f"rebuild-{self.dataset.name}-{started}"
            )
        files = self.files()
        for runs in _batches(files):
            self._land(runs)
        return files

    def _land(self, files: Sequence[ArchivedFile]) -> None:
        """Land all files of some runs, then strike those runs off the list that can be landed as a whole."""
        land_again(self.zones, self.dataset, files)
        missing = {archived.file.run_id for archived in files if archived.problem}
        whole = sorted({archived.file.run_id for archived in files} - missing)
        if whole:
            bound = {f"run_{number}": run for number, run in enumerate(whole)}
            self.warehouse.run(statements.landed_again(self.dataset, bound), **bound)


def _require_all(files: Sequence[ArchivedFile]) -> None:
    missing = [archived for archived in files if archived.problem]
    if not missing:
        return
    rows = sum(archived.file.rows for archived in missing)
    summary = (
        f"nothing was changed: {len(missing):,} of {counted(len(files), 'file')}, with {counted(rows, 'row')}, cannot be landed again from the "
        "archive. Have them at hand, give --allow-missing, then land them yourself"
    )
    lines = [
        summary,
        *(f"{each.file.key} of run {each.file.run_id}: {each.problem}" for each in missing[:_SHOWN]),
    ]
    if len(missing) > _SHOWN:
        lines.append(f"and {counted(len(missing) - _SHOWN, 'more file')}")
    raise OperationError("\n  ".join(lines))


def _batches(files: Sequence[ArchivedFile]) -> Iterator[list[ArchivedFile]]:
    """The files of some runs at a time."""
    by_run = defaultdict[str, list[ArchivedFile]](list)
    for archived in files:
        by_run[archived.file.run_id].append(archived)
    runs = iter(by_run.values())
    while batch := list(islice(runs, _RUNS_AT_ONCE)):
        yield [archived for files_of_run in batch for archived in files_of_run]
