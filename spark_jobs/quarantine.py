"""Rejected rows that explain themselves."""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from catalog import Column as CatalogColumn
from catalog import Dataset
from spark_jobs.clean import clean_rows, is_rejected, rule_name
from spark_jobs.encoding import BYTES, any_has_lost_bytes, has_lost_bytes, text_of, texts_of
from spark_jobs.reading import CORRUPT, FAULT, Source, fault, is_blank, raw_fields, raw_row, read_source

_COLUMNS, _FILE, _POSITION, _RECORD, _ROW = ":columns", ":file", ":position", ":record", ":row"
_IS_TEXT = ":is_text"
_BEFORE_PART = r"^\d{5}-part=\d+-after=(\d+)-"  # no other name has an equals sign
_SHOWN_CHARACTERS = 256


def rejected_rows(
    spark: SparkSession, dataset: Dataset, sources: Sequence[Source], *, run_id: str, started: datetime
) -> DataFrame:
    """The rejects of a dataset, read anew from its files.

    Columns: run_id, dataset, file (URI; of the part, if the file was cut), record (1-based within the landed file,
    lines of white space count), violations (array of column, rule, value; a value is cut to 256 characters),
    row (map of texts; NULL if the number of fields was wrong), raw (the record's text in that case, else NULL), columns (the file's header where raw is set, else NULL),
    encoding. If any of a record's bytes are not UTF-8, all of its row, or raw, is given as ISO-8859-1, one character
    per byte: nothing is lost, and for a file in that encoding it is simply right.
    """
    records = reduce(DataFrame.unionByName, [_records_of_files(spark, source) for source in sources])
    # numbered only now: a filter is pushed below deterministic columns, and would clean every value twice
    cleaned = clean_rows(records, dataset, started=started)
    positioned = cleaned.withColumn(_POSITION, F.monotonically_increasing_id())
    numbered = _numbered(positioned.where(is_rejected(dataset)))
    is_row = F.col(CORRUPT).isNull()
    is_text = ~F.when(is_row, any_has_lost_bytes(F.col(_ROW))).otherwise(has_lost_bytes(F.col(CORRUPT)))
    rejects = numbered.withColumn(_IS_TEXT, is_text).withColumn(
        _ROW, F.when(F.col(_IS_TEXT), texts_of(F.col(_ROW))).otherwise(F.col(_ROW))
    )
    return rejects.select(
        F.lit(run_id).alias("run_id"),
        F.lit(dataset.name).alias("dataset"),
        _uri().alias("file"),
        F.col(_RECORD).alias("record"),
        _violations(dataset).alias("violations"),
        F.when(is_row, F.col(_ROW)).alias("row"),
        F.when(F.col(_IS_TEXT), text_of(F.col(CORRUPT))).otherwise(F.col(CORRUPT)).alias("raw"),
        F.when(~is_row, F.col(_COLUMNS)).alias("columns"),
        F.when(F.col(_IS_TEXT), "UTF-8").otherwise(BYTES).alias("encoding"),
    )


def _records_of_files(spark: SparkSession, source: Source) -> DataFrame:
    return read_source(spark, source, header=False).select(
        *raw_fields(source.layout),
        CORRUPT,
        fault(source).alias(FAULT),
        raw_row(source.layout).alias(_ROW),
        F.array(*map(F.lit, source.layout.columns)).alias(_COLUMNS),
        F.col("_metadata.file_path").alias(_FILE),
    )


def _uri() -> Column:
    """The file's address with its key as S3 knows it: Spark percent-encodes it, but leaves `+` alone."""
    return F.url_decode(F.regexp_replace(_FILE, r"\+", "%2B"))


def _numbered(rejects: DataFrame) -> DataFrame:
    """Each reject with its record number, header lines and blank lines left out.

    A file is one task's consecutive rows, and its header, read as a row, is always among the rejects (a
    column's name is no timestamp): the distance to it is the record number.
    """
    of_file = Window.partitionBy(_FILE)
    number = F.col(_POSITION) - F.min(_POSITION).over(of_file)
    of_records = rejects.withColumn(_RECORD, number).where((F.col(_RECORD) > 0) & ~is_blank())
    before = F.regexp_extract(F.element_at(F.split(_FILE, "/"), -1), _BEFORE_PART, 1)
    return of_records.withColumn(_RECORD, F.col(_RECORD) + F.coalesce(before.cast("bigint"), F.lit(0)))


def _violations(dataset: Dataset) -> Column:
    of_record = F.array(_violation(None, F.col(FAULT), F.lit(None).cast("string")))
    of_values = F.array_compact(F.array(*(_violation_of(column) for column in dataset.columns)))
    return F.when(F.col(FAULT).isNotNull(), of_record).otherwise(of_values)


def _violation_of(column: CatalogColumn) -> Column:
    rule = F.col(rule_name(column))
    value = F.substring(F.col(_ROW)[column.name], 1, _SHOWN_CHARACTERS)
    return F.when(rule.isNotNull(), _violation(column.name, rule, value))


def _violation(column: str | None, rule: Column, value: Column) -> Column:
    return F.struct(F.lit(column).cast("string").alias("column"), rule.alias("rule"), value.alias("value"))
