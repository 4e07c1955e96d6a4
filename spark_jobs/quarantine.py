"""Rejected rows that explain themselves."""

from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from catalog import Column as CatalogColumn
from catalog import Dataset
from spark_jobs.clean import clean_rows, is_rejected, rule_name
from spark_jobs.plan import Layout
from spark_jobs.reading import CORRUPT, is_blank, raw_fields, raw_row, read_layout

_FILE, _POSITION, _RECORD, _ROW = ":file", ":position", ":record", ":row"
_SHOWN_CHARACTERS = 256


def rejected_rows(spark: SparkSession, dataset: Dataset, layouts: list[Layout], *, run_id: str) -> DataFrame:
    """The rejects of a dataset, read anew from its files.

    Columns: run_id, dataset, file (URI), record (1-based, lines of white space count), violations (array of
    column, rule, value; a value is cut to 256 characters), row (map of raw texts; NULL if the number of fields
    was wrong), raw (the record's text in that case, else NULL).
    """
    records = reduce(DataFrame.unionByName, [_records_of_files(spark, layout) for layout in layouts])
    # numbered only now: a filter is pushed below deterministic columns, and would clean every value twice
    positioned = clean_rows(records, dataset).withColumn(_POSITION, F.monotonically_increasing_id())
    rejects = positioned.where(is_rejected(dataset))
    return _numbered(rejects).select(
        F.lit(run_id).alias("run_id"),
        F.lit(dataset.name).alias("dataset"),
        _uri().alias("file"),
        F.col(_RECORD).alias("record"),
        _violations(dataset).alias("violations"),
        F.when(F.col(CORRUPT).isNull(), F.col(_ROW)).alias("row"),
        F.col(CORRUPT).alias("raw"),
    )


def _records_of_files(spark: SparkSession, layout: Layout) -> DataFrame:
    return read_layout(spark, layout, header=False).select(
        *raw_fields(layout),
        CORRUPT,
        raw_row(layout).alias(_ROW),
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
    return rejects.withColumn(_RECORD, number).where((F.col(_RECORD) > 0) & ~is_blank())


def _violations(dataset: Dataset) -> Column:
    field_count = F.array(_violation(None, F.lit("field_count"), F.lit(None).cast("string")))
    others = F.array_compact(F.array(*(_violation_of(column) for column in dataset.columns)))
    return F.when(F.col(CORRUPT).isNotNull(), field_count).otherwise(others)


def _violation_of(column: CatalogColumn) -> Column:
    rule = F.col(rule_name(column))
    value = F.substring(F.col(_ROW)[column.name], 1, _SHOWN_CHARACTERS)
    return F.when(rule.isNotNull(), _violation(column.name, rule, value))


def _violation(column: str | None, rule: Column, value: Column) -> Column:
    return F.struct(F.lit(column).cast("string").alias("column"), rule.alias("rule"), value.alias("value"))
