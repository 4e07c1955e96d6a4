"""What a column and a dataset are."""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

FIRST_YEAR = 1900
YEAR_AFTER_LAST = 2100
"""Every timestamp lies in FIRST_YEAR or later and before YEAR_AFTER_LAST, in UTC; any other one is a typing error."""


class Type(Enum):
    """The logical types; each target (Spark, Redshift, faker) has its own dict that maps them."""

    BIGINT = "64-bit integer"
    INTEGER = "32-bit integer"
    RATING = "decimal with two places"
    BOOLEAN = "true or false, also t or f, in any case"
    TIMESTAMP = "date and time in UTC, like 2020-02-19 21:38:16.690535"
    OFFSET_TIMESTAMP = (
        "date and time with an offset, like Wed Feb 19 18:36:17 -0800 2020 or 2020-02-19 18:36:17-08"
    )
    TEXT = "text"


class Severity(Enum):
    """What a violated rule does: it ends the run before the publish, or the run's report names it."""

    BLOCK = "block"
    WARN = "warn"


@dataclass(frozen=True)
class Accepted:
    """The values that a column may hold besides NULL."""

    values: tuple[str, ...]
    severity: Severity = Severity.WARN


@dataclass(frozen=True)
class Pattern:
    """The POSIX regular expression that a text must match."""

    expression: str
    severity: Severity = Severity.WARN


@dataclass(frozen=True)
class Reference:
    """The column holds a key of `dataset`. At most `unknown_percent` of the table's rows may name an unknown one.

    Records arrive in any order, so a reference may be unknown today and known tomorrow: every run looks at all rows again.
    """

    dataset: str
    unknown_percent: int
    severity: Severity = Severity.WARN


@dataclass(frozen=True)
class Trailing:
    """When a number differs too much from those of the runs before: by more than `deviations` median absolute deviations.

    The median and its deviation do not follow a single odd run, as a mean does. Nothing is said before `at_least` runs. The
    difference must also exceed `volume_percent` of the median number of rows, or `share_points` hundredths of a share:
    after equal runs the deviation is 0, and every change would be odd.
    """

    runs: int = 30
    at_least: int = 8
    deviations: int = 6
    volume_percent: int = 50
    share_points: int = 10


TRAILING = Trailing()


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: of a landing file and its warehouse table, or of the ledger. `description` tells readers what the values mean.

    `minimum` and `maximum` are inclusive. `max_bytes` is the width of a text in UTF-8 bytes: Redshift counts VARCHAR
    in bytes. `missing` lists more spellings of NULL; the empty string is always NULL. An instant that is `past` lies at
    most a day after now: what has happened cannot be later, and a day allows for wrong clocks and forgotten zones.
    What is `of_the_run` differs between two runs over the same files: a comparison of two warehouses leaves it out.
    """

    name: str
    type: Type
    description: str = ""
    required: bool = False
    minimum: int | None = None
    maximum: int | None = None
    max_bytes: int | None = None
    missing: tuple[str, ...] = ()
    past: bool = False
    accepted: Accepted | None = None
    pattern: Pattern | None = None
    reference: Reference | None = None
    of_the_run: bool = False

    def __post_init__(self) -> None:
        if (self.type is Type.TEXT) != (self.max_bytes is not None):
            raise ValueError(f"column {self.name}: max_bytes goes with Type.TEXT, and only with it")

    @property
    def bounds(self) -> tuple[Decimal, Decimal] | None:
        """Smallest and greatest allowed value; None if every value of the type is allowed."""
        if self.minimum is None and self.maximum is None:
            return None
        if self.minimum is None or self.maximum is None:
            raise ValueError(f"column {self.name}: give both minimum and maximum, or neither")
        return Decimal(self.minimum), Decimal(self.maximum)


VERSION = Column(
    name="record_create_timestamp",
    type=Type.TIMESTAMP,
    required=True,
    past=True,
    description="when the record was captured; the newest version of a key is kept",
)
"""When a record was captured: the greatest (version, hash) of a key wins, so one from the future would win over every true one."""

RECORD_HASH = Column(
    name="record_hash",
    type=Type.BIGINT,
    required=True,
    description="hash of the record; the greater one wins between versions of the same time",
)
"""Hash over all columns of a record, computed by the Spark job; it breaks ties of the version."""

PUBLISHED_BY = Column(
    name="run_id", type=Type.TEXT, max_bytes=128, of_the_run=True, description="run that published the row"
)
"""The run that published the row; empty in a row that was published before the warehouse had the column."""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """One kind of record: a landing file, a staging table and a warehouse table.

    `landing_name` is the stem of the landing file, `key` the column that identifies a record, `sort_key` the column
    that orders the warehouse table. A run warns if the newest record of the warehouse is older than `fresh_within_days`.
    """

    name: str
    landing_name: str
    key: str
    columns: tuple[Column, ...]
    sort_key: str
    description: str = ""
    fresh_within_days: int | None = None

    def __post_init__(self) -> None:
        names = self.column_names
        if len(set(names)) != len(names):
            raise ValueError(f"dataset {self.name}: a column is declared twice in {names}")
        for special in (self.key, self.sort_key, VERSION.name):
            if special not in names:
                raise ValueError(f"dataset {self.name}: {special} is not among its columns {names}")

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names in landing-file order."""
        return tuple(column.name for column in self.columns)

    @property
    def stored_columns(self) -> tuple[Column, ...]:
        """The columns of the Parquet files and of the staging table, in order."""
        return (*self.columns, RECORD_HASH)

    @property
    def warehouse_columns(self) -> tuple[Column, ...]:
        """The columns of the warehouse table, in order."""
        return (*self.stored_columns, PUBLISHED_BY)

    def column(self, name: str) -> Column:
        """The column of that name; KeyError if there is none."""
        return {column.name: column for column in self.stored_columns}[name]
