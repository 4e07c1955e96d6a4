"""The plan of a load a hundred times as big, made by the pipeline's own code: what becomes of it in the limits of AWS.

Nothing runs: landing is a list of objects that do not exist. The planner, its settings, the documents of a run and the
division of the Spark step's work are the real ones.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from s3transfer.utils import ChunksizeAdjuster

from benchmarks.loads import FULL_BYTES
from benchmarks.sections import table
from catalog import DATASETS
from contract.plan import LandingObject, Plan, PlannedFile
from lambdas.shared.environment import Environment
from lambdas.shared.planning import bound_batch, make_plan, summary
from lambdas.shared.run import Receipt
from lambdas.shared.zone import COPYING
from spark_jobs.ranges import Range, cores_of, divided, groups_of, tasks_of
from spark_jobs.sources import files_of, objects_of
from spark_jobs.storage import READ_BYTES
from stacks.settings.settings import Settings

BYTES = 100 * FULL_BYTES
CORES = 188
"""Of 47 core nodes with four vCPUs each: docs/growth.md says why."""

FILES = (24, 100_000)
"""A load in few files, and in as many as one run may take."""

SETTINGS = Settings.of(
    {
        "batch_max_files": 100_000,
        "batch_max_bytes": 2 * 1024**4,
        "copy_files_per_task": 1_000,
        "copy_bytes_per_task": 16 * 1024**3,
        "copy_concurrency": 40,
    }
)
"""What has to be set for such a load; all other settings are the defaults."""

_STATE_BYTES, _EVENTS = 256 * 1024, 25_000
"""The most that a payload and a history hold: "Service quotas" in the Step Functions Developer Guide."""

_EVENTS_A_TASK = 7  # a task in a Map: iteration started, state entered, scheduled, started, succeeded, state exited, iteration succeeded
_KEYS_A_PAGE = 1_000  # of ListObjectsV2, in its API reference
_WRITES_PRICE, _READS_PRICE = 0.005, 0.0004
"""Dollars for 1,000 requests: PUT, COPY, POST and LIST; GET and HEAD. S3 Standard in us-east-1, from memory; DELETE is free."""


@dataclass(frozen=True)
class Requests:
    """Requests to S3: `writes` are PUT, COPY, POST and LIST, `reads` are GET and HEAD."""

    writes: int
    reads: int

    @property
    def dollars(self) -> float:
        """Their price."""
        return (self.writes * _WRITES_PRICE + self.reads * _READS_PRICE) / 1_000


@dataclass(frozen=True)
class Growth:
    """A load and its plan."""

    objects: tuple[LandingObject, ...]
    plan: Plan

    @cached_property
    def tasks(self) -> list[int]:
        """The number of files of each copy task."""
        return [len(batch) for batch in self.plan.batches(_environment().task_limits)]

    @cached_property
    def files(self) -> dict[str, list[PlannedFile]]:
        """The files of each dataset."""
        return {dataset.name: found for dataset, found in files_of(self.plan).items()}

    @cached_property
    def cores(self) -> dict[str, int]:
        """How many cores each dataset gets."""
        sizes = {name: sum(file.size for file in found) for name, found in self.files.items()}
        return cores_of(sizes, CORES)

    @cached_property
    def ranges(self) -> dict[str, list[Range]]:
        """The byte ranges that the Spark step reads of each dataset's files."""
        return {
            name: divided(objects_of(found, "s3://working/"), self.cores[name])
            for name, found in self.files.items()
        }

    @property
    def state_bytes(self) -> int:
        """What the plan adds to the data of the state machine."""
        return len(json.dumps(summary(self.plan, _environment().task_limits)).encode())

    @property
    def receipts(self) -> list[str]:
        """The document of each copy task."""
        batches = self.plan.batches(_environment().task_limits)
        return [json.dumps([asdict(Receipt(file.key, file.etag)) for file in batch]) for batch in batches]

    @property
    def copying(self) -> Requests:
        """The requests from the listing of landing to the plan of the copied files; each file landed with one request."""
        files, tasks = self.plan.files, len(self.tasks)
        documents = 4 + tasks  # listed.json, landed.csv, plan.json, copied.json; a receipt a task
        pages = -(-len(self.objects) // _KEYS_A_PAGE) + -(-tasks // _KEYS_A_PAGE)
        sizes = sum(copy_requests(file.size) > 1 for file in files)
        plans = 2 + tasks  # DropPublished, ConfirmCopies, and each copy task
        return Requests(
            writes=pages + documents + sum(copy_requests(file.size) for file in files),
            reads=sizes + plans + tasks,
        )

    @property
    def reading(self) -> Requests:
        """The requests with which the Spark step reads the copies once: a range asks for the size, then block after block.

        A range within a file asks for the size and the header first.
        """
        parts = [part for found in self.ranges.values() for part in found]
        blocks = sum(1 + -(-part.bytes // READ_BYTES) for part in parts)
        return Requests(writes=0, reads=blocks + 2 * sum(part.start > 0 for part in parts))


def simulate(files: int) -> Growth:
    """The plan of a run that finds the load in so many files of the same size."""
    objects = tuple(_object(number, BYTES // files) for number in range(files))
    chosen, left = bound_batch(objects, _environment().batch_limits)
    return Growth(objects, make_plan("r", chosen, left_for_later=left))


def copy_requests(size: int) -> int:
    """The requests that copy an object: one, or one for each part, one before them and one after."""
    if size < COPYING.multipart_threshold:
        return 1
    return 2 + -(-size // ChunksizeAdjuster().adjust_chunksize(COPYING.multipart_chunksize, size))


def growth_table() -> str:
    """The table of docs/growth.md."""
    loads = [simulate(files) for files in FILES]
    header = ("", *(f"{len(load.objects):,} files" for load in loads), "limit")
    told = [_told(load) for load in loads]
    return table(header, [(name, *(each[name] for each in told), _LIMITS.get(name, "")) for name in told[0]])


_LIMITS = {
    "files that one run takes": f"{SETTINGS.batch_max_files:,} files, {SETTINGS.batch_max_bytes / 1024**4:g} TiB",
    "items of the Map": f"{SETTINGS.copy_concurrency} at a time",
    "events of the copy tasks": f"{_EVENTS:,}, of all states",
    "bytes of the plan in the state": f"{_STATE_BYTES:,}, of all state data",
    "most requests that copy one file": "10,000 parts",
    "Parquet objects that COPY finds by prefix": "no manifest, so none of its limits",
}


def _told(load: Growth) -> Mapping[str, str]:
    receipts = [len(receipt) for receipt in load.receipts]
    copying, ranges = load.copying, load.ranges
    return {
        "size of a file": _size(load.objects[0].size),
        "files that one run takes": f"{len(load.plan.files):,}",
        "`plan.json`": _size(len(load.plan.to_json().encode())),
        "`landed.csv`": _size(len(load.plan.landed_csv().encode())),
        "items of the Map": f"{len(load.tasks):,}",
        "most files of an item": f"{max(load.tasks):,}",
        "events of the copy tasks": f"{_EVENTS_A_TASK * len(load.tasks):,}",
        "bytes of the plan in the state": f"{load.state_bytes:,}",
        "receipts, all together": _size(sum(receipts)),
        "most requests that copy one file": f"{max(copy_requests(file.size) for file in load.plan.files):,}",
        "requests to S3 that write or list, until all is copied": f"{copying.writes:,}",
        "requests to S3 that read, until all is copied": f"{copying.reads:,}",
        "byte ranges of the Spark step": f"{sum(map(len, ranges.values())):,}",
        "its tasks": f"{sum(len(tasks_of(found, load.cores[name])) for name, found in ranges.items()):,}",
        "most bytes of a range": _size(max(part.bytes for found in ranges.values() for part in found)),
        "requests of the step that read": f"{load.reading.reads:,}",
        "price of all these requests, USD a run": f"{copying.dollars + load.reading.dollars:.2f}",
        "Parquet objects that COPY finds by prefix": f"{sum(map(groups_of, ranges.values())):,}",
        "lines of the ledger": f"{len(DATASETS):,}, and {len(load.plan.files):,} of files",
    }


def _environment() -> Environment:
    return Environment(
        landing_bucket="",
        working_bucket="",
        quarantine_bucket="",
        reports_bucket="",
        batch_max_files=SETTINGS.batch_max_files,
        batch_max_bytes=SETTINGS.batch_max_bytes,
        copy_files_per_task=SETTINGS.copy_files_per_task,
        copy_bytes_per_task=SETTINGS.copy_bytes_per_task,
        analytics_window_days=SETTINGS.analytics_window_days,
        statements_role_arn="",
    )


def _object(number: int, size: int) -> LandingObject:
    dataset = DATASETS[number % len(DATASETS)]
    modified = datetime(2020, 2, 1, tzinfo=UTC) + timedelta(milliseconds=number)
    return LandingObject(
        f"{dataset.name}/part-{number:05d}.csv", f'"{number:032x}"', size, modified.isoformat()
    )


def _size(count: int) -> str:
    """`50.8 GB`, `12.2 MB`, `9.5 kB`."""
    for unit, name in ((1e9, "GB"), (1e6, "MB")):
        if count >= unit:
            return f"{count / unit:,.1f} {name}"
    return f"{count / 1e3:,.1f} kB"
