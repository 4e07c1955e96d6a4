"""Reads CSV files into rows of raw text, one character per byte.

Spark replaces bytes that are not UTF-8 by U+FFFD, a character that may also be in the data. Therefore files are read as
ISO-8859-1: every byte is one character, and nothing gets lost. The structure of CSV is ASCII and the same in both.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from urllib.parse import unquote

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from contract.keys import NUMBER_DIGITS
from contract.plan import Layout, Plan, PlannedFile
from contract.rejects import BYTES
from spark_jobs.job import Job

CORRUPT = ":corrupt"
"""The text of a record with a wrong number of fields, else NULL. Internal names start with a colon."""

FAULT = ":fault"
"""The rule that a record breaks as a whole: `field_count`, `quoting`, or NULL."""

BLANK = ":blank"
"""Whether the record holds nothing in any field."""

FILE_NUMBER = ":file_number"
"""The number of a record's file."""

MAX_FIELD_CHARACTERS = 4 * 1024 * 1024
MAX_FIELDS = 100_000
"""A record beyond either limit makes its file unreadable. The parser allocates both for every file that it opens:
at 16 million characters and a million fields opening a file takes 50 ms instead of one."""

_NOT_BLANK = r"[^\p{Z}\p{Cc}]"
_NOT_BLANK_NOR_COMMA = r"[^,\p{Z}\p{Cc}]"
_EMPTY_QUOTES = r'(?<!")"[\p{Z}\p{Cc}]*"(?!")'  # two quotes in a row inside of a quoted text are one quote

_REPLACEMENT = "\ufffd"


class UnexpectedFilesError(Exception):
    """The working zone does not hold the files of the plan."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Files of one layout that are read alike.

    `whole` if they are all files of the layout. A strict read fails at a quote inside a quoted value. A `lenient` read
    goes on; the record may then be several fused ones, so a lenient read rejects every record that still has a quote.
    """

    layout: Layout
    files: tuple[PlannedFile, ...]
    whole: bool = True
    lenient: bool = False

    @property
    def paths(self) -> list[str]:
        return (
            [self.layout.prefix]
            if self.whole
            else [uri for file in self.files for uri in self.layout.uris(file)]
        )

    def of(self, numbers: Container[int]) -> "Source":
        """The part with the files that have one of these numbers."""
        return self.only(file for file in self.files if file.number in numbers)

    def only(self, files: Iterable[PlannedFile], *, lenient: bool | None = None) -> "Source":
        """The source with only these files, by default as lenient as before."""
        kept = tuple(files)
        return Source(
            layout=self.layout,
            files=kept,
            whole=self.whole and kept == self.files,
            lenient=self.lenient if lenient is None else lenient,
        )


def read_plan(spark: SparkSession, job: Job) -> Plan:
    """The plan of the job's run; ValueError if it is another run's, or does not fit the catalog."""
    plan = Plan.from_json(spark.read.text(job.plan, wholetext=True).collect()[0].value)
    if plan.run_id != job.run_id:
        raise ValueError(f"{job.plan} is the plan of run {plan.run_id}, not of {job.run_id}: pass this run's")
    return plan


def sources_of(plan: Plan) -> list[Source]:
    """All sources of the plan, for a strict read.

    ValueError if a file is in no layout's folder, although it is neither empty nor has a problem.
    """
    of_layout: dict[Layout, list[PlannedFile]] = {layout: [] for layout in plan.layouts}
    for file in plan.files:
        if file.problem or plan.is_empty(file):
            continue
        home = next((layout for layout in of_layout if file.target.startswith(layout.folder)), None)
        if home is None or home.dataset.name != file.dataset:
            raise ValueError(
                f"the plan has no layout of {file.dataset} for {file.target}: it would never be read. "
                f"Its layouts are {', '.join(layout.prefix for layout in of_layout) or 'none'}"
            )
        of_layout[home].append(file)
    return [Source(layout=layout, files=tuple(kept)) for layout, kept in of_layout.items() if kept]


def read_source(
    spark: SparkSession, source: Source, *, header: bool, skip_unreadable: bool = False
) -> DataFrame:
    """Every record as text columns `:0`, `:1`, ... in header order, and CORRUPT; one character per byte.

    Without `header` the first line of each file is a record too. Columns go by position because extra names of a header
    may clash with each other or differ only in case. With `skip_unreadable` a file ends where it becomes unreadable.
    """
    names = [*(_position(index) for index in range(len(source.layout.columns))), CORRUPT]
    return spark.read.options(ignoreCorruptFiles=skip_unreadable).csv(
        source.paths,
        schema=StructType([StructField(name, StringType()) for name in names]),
        header=header,
        multiLine=True,
        quote='"',
        escape='"',
        charToEscapeQuoteEscaping='"',  # the default is NUL, and NUL would vanish from texts
        # the default, used for a lenient read, makes one record of everything up to the next quote that fits
        unescapedQuoteHandling="STOP_AT_DELIMITER" if source.lenient else "RAISE_ERROR",
        encoding=BYTES,
        mode="PERMISSIVE",
        columnNameOfCorruptRecord=CORRUPT,
        recursiveFileLookup=True,
        maxColumns=MAX_FIELDS,
        maxCharsPerColumn=MAX_FIELD_CHARACTERS,
    )


def raw_fields(layout: Layout) -> list[Column]:
    """The catalog's columns of a frame that `read_source` made, under their own names."""
    return [_field(layout, name).alias(name) for name in layout.dataset.column_names]


def raw_row(layout: Layout) -> Column:
    """All fields of a record, also of unknown columns, as a map from header name to raw text."""
    names = dict.fromkeys(layout.columns)
    return F.create_map(*(part for name in names for part in (F.lit(name), _field(layout, name))))


def fault(source: Source) -> Column:
    """FAULT of a frame that `read_source` made."""
    quotes = F.char_length(CORRUPT) - F.char_length(F.translate(CORRUPT, '"', ""))
    # a quote that is never closed makes one record of the rest of the file
    of_corrupt = F.when(quotes % 2 == 1, "quoting").otherwise("field_count")
    broken = F.when(F.col(CORRUPT).isNotNull(), of_corrupt)
    if source.lenient:
        fields = (F.col(_position(index)) for index in range(len(source.layout.columns)))
        broken = broken.when(
            reduce(or_, (F.coalesce(field.contains('"'), F.lit(False)) for field in fields)), "quoting"
        )
    return broken


def file_number() -> Column:
    """FILE_NUMBER of a frame that `read_source` made."""
    return F.substring("_metadata.file_name", 1, NUMBER_DIGITS).cast("int")


def read_records(spark: SparkSession, sources: Sequence[Source]) -> DataFrame:
    """The records of one dataset's files: the catalog's columns as raw text, CORRUPT, FAULT, BLANK and FILE_NUMBER.

    A line of nothing but white space is not a record.
    """
    frames = [
        read_source(spark, source, header=True).select(
            *raw_fields(source.layout),
            CORRUPT,
            fault(source).alias(FAULT),
            holds_nothing(source.layout).alias(BLANK),
            file_number().alias(FILE_NUMBER),
        )
        for source in sources
    ]
    return reduce(DataFrame.unionByName, frames).where(~is_blank())


def holds_nothing(layout: Layout) -> Column:
    """BLANK of a frame that `read_source` made."""
    fields = F.concat_ws("", *(F.col(_position(index)) for index in range(len(layout.columns))))
    without_empty_quotes = F.regexp_replace(text_of(F.col(CORRUPT)), _EMPTY_QUOTES, "")
    of_corrupt = without_empty_quotes.rlike(_NOT_BLANK_NOR_COMMA)
    return ~F.when(F.col(CORRUPT).isNull(), text_of(fields).rlike(_NOT_BLANK)).otherwise(of_corrupt)


def is_blank() -> Column:
    """Whether the record is a line of white space; the CSV parser drops only empty lines."""
    return F.col(CORRUPT).isNotNull() & ~text_of(F.col(CORRUPT)).rlike(_NOT_BLANK)


def _field(layout: Layout, name: str) -> Column:
    return F.col(_position(layout.columns.index(name)))


def _position(index: int) -> str:
    return f":{index}"


def require_files(rows: DataFrame, files: Iterable[PlannedFile]) -> None:
    """UnexpectedFilesError unless the rows come from exactly these files: Spark reads a folder that lacks one without complaint."""
    # Spark percent-encodes a path: all but letters, digits and `-_.~=`
    read = {unquote(path.rpartition("/")[2]) for path in rows.inputFiles()}
    expected = {target.rpartition("/")[2]: target for file in files for target in file.targets}
    if missing := sorted(expected[name] for name in expected.keys() - read):
        raise UnexpectedFilesError(
            f"{len(missing)} files of the plan are not in the working zone, the first is {missing[0]}: "
            "start the run again, its copies were removed meanwhile"
        )
    if surplus := sorted(read - expected.keys()):
        raise UnexpectedFilesError(
            f"the working zone holds files that the plan does not list, {', '.join(surplus[:10])}: "
            "start a new run, something else writes into this one's folder"
        )


def decoded(raw: Column) -> Column:
    """The bytes of `raw` decoded as UTF-8, with U+FFFD for bytes that are not UTF-8; NULL if all bytes are ASCII.

    Most values are ASCII, and then `raw` itself is the text: see `text_of`.
    """
    return F.when(F.octet_length(raw) != F.char_length(raw), F.decode(F.encode(raw, BYTES), "UTF-8"))


def is_not_utf8(raw: Column, text: Column) -> Column:
    """Whether `text`, which is `decoded(raw)`, has lost bytes; NULL if that is NULL."""
    return text.contains(_REPLACEMENT) & (text.cast("binary") != F.encode(raw, BYTES))


def text_of(raw: Column) -> Column:
    """`raw` as UTF-8 text, with U+FFFD for bytes that are not UTF-8."""
    return F.coalesce(decoded(raw), raw)


def has_lost_bytes(raw: Column) -> Column:
    """Whether the bytes of `raw` are not UTF-8; false for NULL."""
    return F.coalesce(is_not_utf8(raw, decoded(raw)), F.lit(False))


def any_has_lost_bytes(raw: Column) -> Column:
    """Whether the bytes of any value of a map are not UTF-8."""
    return F.exists(F.map_values(raw), has_lost_bytes)


def texts_of(raw: Column) -> Column:
    """The values of a map as UTF-8 text."""
    return F.transform_values(raw, lambda _, value: text_of(value))
