"""CSV files to rows of raw text."""

from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from spark_jobs.plan import Layout

CORRUPT = ":corrupt"
"""Text of a record whose number of fields is not the header's, else NULL. Internal names start with a colon."""

_NOT_BLANK = r"[^\p{Z}\p{Cc}]"


def read_text(spark: SparkSession, path: str) -> str:
    """The whole text of one file."""
    return str(spark.read.text(path, wholetext=True).collect()[0].value)


def read_layout(spark: SparkSession, layout: Layout, *, header: bool) -> DataFrame:
    """Every record as text columns `:0`, `:1`, ... in header order, and CORRUPT.

    Without `header` the first line of each file is a record too. Columns go by position because a header may
    hold extra names that clash with each other or differ in case only.
    """
    names = [*(_position(index) for index in range(len(layout.columns))), CORRUPT]
    return spark.read.csv(
        layout.prefix,
        schema=StructType([StructField(name, StringType()) for name in names]),
        header=header,
        multiLine=True,
        quote='"',
        escape='"',
        encoding="UTF-8",
        mode="PERMISSIVE",
        columnNameOfCorruptRecord=CORRUPT,
        recursiveFileLookup=True,
    )


def raw_fields(layout: Layout) -> list[Column]:
    """The catalog's columns of a frame that `read_layout` made, under their own names."""
    return [_field(layout, name).alias(name) for name in layout.dataset.column_names]


def raw_row(layout: Layout) -> Column:
    """All fields of a record, unknown ones included, as a map from header name to raw text."""
    names = dict.fromkeys(layout.columns)
    return F.create_map(*(part for name in names for part in (F.lit(name), _field(layout, name))))


def read_records(spark: SparkSession, layouts: list[Layout]) -> DataFrame:
    """The records of one dataset's layouts: the catalog's columns as raw text, and CORRUPT.

    A line of nothing but white space is not a record.
    """
    frames = [
        read_layout(spark, layout, header=True).select(*raw_fields(layout), CORRUPT) for layout in layouts
    ]
    return reduce(DataFrame.unionByName, frames).where(~is_blank())


def is_blank() -> Column:
    """Whether the record is a line of white space: the CSV parser drops empty lines only."""
    return F.col(CORRUPT).isNotNull() & ~F.col(CORRUPT).rlike(_NOT_BLANK)


def _field(layout: Layout, name: str) -> Column:
    return F.col(_position(layout.columns.index(name)))


def _position(index: int) -> str:
    return f":{index}"
