"""Writes rejected rows that explain themselves."""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from catalog import Column as CatalogColumn
from catalog import Dataset
from contract.keys import RECORDS_BEFORE
from contract.rejects import BYTES, REJECT_COLUMNS, UTF8, VIOLATION_COLUMNS
from spark_jobs.reading import (
    BLANK,
    CORRUPT,
    FAULT,
    Source,
    any_has_lost_bytes,
    fault,
    has_lost_bytes,
    holds_nothing,
    raw_fields,
    raw_row,
    read_source,
    text_of,
    texts_of,
)
from spark_jobs.rules.in_spark import clean_rows, is_rejected, rule_name

COLUMNS, FILE, RECORD, ROW = ":columns", ":file", ":record", ":row"
"""Columns about a record: the file's header, the file's address, the record's number, and the raw text of all fields."""

_POSITION = ":position"
_IS_TEXT = ":is_text"
_SHOWN_CHARACTERS = 256


def numbered_by_arrow(records: DataFrame, dataset: Dataset, *, started: datetime) -> DataFrame:
    """Bad records that Arrow read outside of the JVM, with the rules that they break."""
    return clean_rows(records, dataset, started=started).where(is_rejected(dataset))


def numbered_by_spark(
    spark: SparkSession, sources: Sequence[Source], dataset: Dataset, *, started: datetime
) -> DataFrame:
    """Bad records of files that Spark's parser reads, with the rules that they break and RECORD.

    A file is one task's consecutive rows. Its header, read as a row, is always a reject, because a column's name is not a
    timestamp. So a record's number is its distance to the header.
    """
    records = reduce(DataFrame.unionByName, [_records_of_files(spark, source) for source in sources])
    # numbered only here: Spark would push a filter below deterministic columns and clean every value twice
    cleaned = clean_rows(records, dataset, started=started)
    positioned = cleaned.withColumn(_POSITION, F.monotonically_increasing_id())
    of_file = Window.partitionBy(FILE)
    number = F.col(_POSITION) - F.min(_POSITION).over(of_file)
    rejects = positioned.where(is_rejected(dataset)).withColumn(RECORD, number).drop(_POSITION)
    return rejects.where((F.col(RECORD) > 0) & ~F.col(BLANK)).drop(BLANK)


def _records_of_files(spark: SparkSession, source: Source) -> DataFrame:
    return read_source(spark, source, header=False).select(
        *raw_fields(source.layout),
        CORRUPT,
        fault(source).alias(FAULT),
        holds_nothing(source.layout).alias(BLANK),
        raw_row(source.layout).alias(ROW),
        F.array(*map(F.lit, source.layout.columns)).alias(COLUMNS),
        F.col("_metadata.file_path").alias(FILE),
    )


def explained(numbered: Sequence[DataFrame], dataset: Dataset, *, run_id: str) -> DataFrame:
    """The rejects to write, from the rows of `numbered_by_spark` and `numbered_by_arrow`.

    Columns: those of contract/rejects.py, with file the URI of the part if the file was cut, record (1-based within the landed
    file, lines of white space count), violations (a value is cut to 256 characters),
    row (map of texts; NULL if the number of fields was wrong), raw (the record's text in that case, else NULL), columns (the file's header where raw is set, else NULL),
    encoding. If some bytes of a record are not UTF-8, its whole row (or raw) is ISO-8859-1, one character per byte: nothing
    is lost, and for a file in that encoding the text is right.
    """
    records = reduce(DataFrame.unionByName, numbered)
    is_row = F.col(CORRUPT).isNull()
    is_text = ~F.when(is_row, any_has_lost_bytes(F.col(ROW))).otherwise(has_lost_bytes(F.col(CORRUPT)))
    rejects = records.withColumn(_IS_TEXT, is_text).withColumn(
        ROW, F.when(F.col(_IS_TEXT), texts_of(F.col(ROW))).otherwise(F.col(ROW))
    )
    values = {
        "run_id": F.lit(run_id),
        "dataset": F.lit(dataset.name),
        "file": _uri(),
        "record": F.col(RECORD) + _records_before(),
        "violations": _violations(dataset),
        "row": F.when(is_row, F.col(ROW)),
        "raw": F.when(F.col(_IS_TEXT), text_of(F.col(CORRUPT))).otherwise(F.col(CORRUPT)),
        "columns": F.when(~is_row, F.col(COLUMNS)),
        "encoding": F.when(F.col(_IS_TEXT), UTF8).otherwise(BYTES),
    }
    return rejects.select(*(values[name].alias(name) for name in REJECT_COLUMNS))


def _uri() -> Column:
    """The file's address with S3's own key: Spark percent-encodes the key, but leaves `+` alone."""
    return F.url_decode(F.regexp_replace(FILE, r"\+", "%2B"))


def _records_before() -> Column:
    """The number of records of the landed file in earlier parts."""
    before = F.regexp_extract(F.element_at(F.split(FILE, "/"), -1), RECORDS_BEFORE, 1)
    return F.coalesce(before.cast("bigint"), F.lit(0))


def _violations(dataset: Dataset) -> Column:
    of_record = F.array(_violation(None, F.col(FAULT), F.lit(None).cast("string")))
    of_values = F.array_compact(F.array(*(_violation_of(column) for column in dataset.columns)))
    return F.when(F.col(FAULT).isNotNull(), of_record).otherwise(of_values)


def _violation_of(column: CatalogColumn) -> Column:
    rule = F.col(rule_name(column))
    value = F.substring(F.col(ROW)[column.name], 1, _SHOWN_CHARACTERS)
    return F.when(rule.isNotNull(), _violation(column.name, rule, value))


def _violation(column: str | None, rule: Column, value: Column) -> Column:
    values = {"column": F.lit(column).cast("string"), "rule": rule, "value": value}
    return F.struct(*(values[name].alias(name) for name in VIOLATION_COLUMNS))
