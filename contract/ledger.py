"""The accounting of a run: where each row and each file went, and the tables that hold it.

A count is declared once, as a field of `Counts` (the Spark job counts it) or of `LedgerLine` (the publish counts it).
The tables, the report, the metrics and the terminal output follow from the field; only the SQL that computes the count
has to be written by hand.
"""

import hashlib
from dataclasses import asdict, dataclass, fields
from functools import partial

from catalog import Column, Type
from contract.texts import fitting

_PREFIX = "rows_"


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Rows of one dataset in one run, counted by the Spark job: read = staged + stale + duplicate + quarantined."""

    rows_read: int = 0
    rows_staged: int = 0
    rows_stale: int = 0
    rows_duplicate: int = 0
    rows_quarantined: int = 0

    @property
    def accounted_for(self) -> int:
        """The sum of all counts but `rows_read`."""
        values: dict[str, int] = asdict(self)
        return sum(values.values()) - self.rows_read


@dataclass(frozen=True, kw_only=True)
class LedgerLine:
    """Where the rows of one dataset went in one run: read = inserted + updated + stale + duplicate + quarantined."""

    run_id: str
    dataset: str
    rows_read: int = 0
    rows_inserted: int = 0
    rows_updated: int = 0
    rows_stale: int = 0
    rows_duplicate: int = 0
    rows_quarantined: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """The counts, by column of the ledger."""
        return {name: getattr(self, name) for name in ROWS}


def _counts_of(model: type[Counts | LedgerLine]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(model) if field.name.startswith(_PREFIX))


ROWS = _counts_of(LedgerLine)
"""The ledger's columns of counts; the first one is the sum of the others."""


def word_of(count: str) -> str:
    """The word that people see: `inserted` for `rows_inserted`."""
    return count.removeprefix(_PREFIX)


def metric_name(count: str) -> str:
    """The name of the metric that ReportRun publishes: `RowsInserted` for `rows_inserted`."""
    return count.title().replace("_", "")


IDENTITY = f"{word_of(ROWS[0])} = {' + '.join(map(word_of, ROWS[1:]))}"


@dataclass(frozen=True)
class Table:
    """A table that is not one of the catalog's datasets."""

    name: str
    columns: tuple[Column, ...]


_text = partial(Column, type=Type.TEXT)
_number = partial(Column, type=Type.BIGINT, required=True)
_flag = partial(
    Column, type=Type.BOOLEAN, required=True
)  # never false: a value that is not true is NULL, and Redshift refuses it

_RUN_ID = _text(name="run_id", max_bytes=128, required=True, of_the_run=True)
_DATASET = _text(name="dataset", max_bytes=32, required=True)
_TOKEN = _number(name="fencing_token", of_the_run=True)
_FILE = (
    _text(name="file_key", max_bytes=1024, required=True),  # the longest key that S3 accepts
    _text(
        name="etag", max_bytes=64, required=True, of_the_run=True
    ),  # S3 counts the parts of an upload in it
)
_PUBLISHED_AT = Column(name="published_at", type=Type.TIMESTAMP, required=True, of_the_run=True)

_PROBLEM = _text(name="problem", max_bytes=2048)

_ROWS = tuple(_number(name=name) for name in ROWS)

MOST_FILES = 1000
"""So many files of a run are told with their rows: the document of a run lists no more."""

LINE = (_RUN_ID, _DATASET, *_ROWS)
"""The columns that make a LedgerLine."""

LANDED = Table("landed", _FILE)
"""The files that the run found in landing."""

ACCOUNTING = Table(
    "accounting", (_RUN_ID, _DATASET, _TOKEN, *(_number(name=name) for name in _counts_of(Counts)))
)
"""The Spark job's counts: one row for each dataset."""

LEDGER = Table(
    "ledger",
    (
        _RUN_ID,
        _DATASET,
        _TOKEN,
        *_ROWS,
        _flag(name="every_row_is_accounted_for"),
        _flag(name="the_lease_is_still_held"),
        _PUBLISHED_AT,
    ),
)
"""One row for each dataset of each run that was published."""

FILES = Table(
    "files",
    (
        _RUN_ID,
        _text(name="dataset", max_bytes=32),
        *_FILE,
        _number(name="size_bytes"),
        _number(name="rows_read"),
        _number(name="rows_quarantined"),
        _PROBLEM,
    ),
)
"""One row for each file of the run. A file without a dataset could not be used; `problem` says why."""


def problem_told(problem: str | None) -> str | None:
    """The problem of a file, as long as the ledger, the log and the document beside the file take it."""
    return None if problem is None else fitting(problem, _PROBLEM.max_bytes or 0)


LEDGER_FILES = Table(
    "ledger_files", (*FILES.columns, _flag(name="every_file_is_counted_once"), _PUBLISHED_AT)
)
"""The files of each run that was published."""

FILES_TO_LAND = Table(
    "files_to_land",
    tuple(column for column in FILES.columns if column.name not in ("rows_quarantined", "problem")),
)
"""The files that a rebuild has taken out of the ledger and that have not been landed again yet."""

CATALOG_VERSIONS = Table(
    "catalog_versions",
    (
        Column(name="version", type=Type.INTEGER, required=True),
        _text(name="digest", max_bytes=64, required=True),
        _text(name="definition", max_bytes=65535, required=True),
        _RUN_ID,
        Column(name="recorded_at", type=Type.TIMESTAMP, required=True),
    ),
)
"""The catalogs that the tables were brought to, the newest last; `definition` is JSON."""

_SUBJECT = _text(name="subject", max_bytes=64, required=True)

LEDGER_FORGOTTEN = Table(
    "ledger_forgotten",
    (
        _SUBJECT,
        _DATASET,
        _number(name="rows_forgotten"),
        Column(name="forgotten_at", type=Type.TIMESTAMP, required=True, of_the_run=True),
    ),
)
"""The rows that `pipeline forget` has deleted from the warehouse; `subject` is from `subject_of`. A rebuild takes its table's
lines back: `subject` is then the rebuild's name."""

LEFT_OUT = Table(
    "left_out", (_SUBJECT, Column(name="since", type=Type.TIMESTAMP, required=True, of_the_run=True))
)
"""Who is to be left out of later deliveries."""


def subject_of(dataset: str, key: int) -> str:
    """The SHA-256 of a record's dataset and key, in hex: the ledger must not name whom it has forgotten."""
    return hashlib.sha256(f"{dataset}/{key}".encode()).hexdigest()
