"""Finds the files at fault when a dataset cannot be read."""

import re
from collections.abc import Sequence
from functools import reduce

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from contract.plan import PlannedFile
from spark_jobs.reading import (
    CORRUPT,
    FILE_NUMBER,
    MAX_FIELD_CHARACTERS,
    MAX_FIELDS,
    Source,
    file_number,
    read_source,
)

_CAUSE = re.compile(
    r"^Caused by: (?P<what>.*)(?:\n(?!Caused by: |\s+at ).*)*\n\s+at (?P<where>\S+)", re.MULTILINE
)
_READERS = ("com.univocity.parsers.", "org.apache.hadoop.io.compress.")
_WORDS = {
    "ArrayIndexOutOfBounds": (  # the index would tell the two cases apart, but the JVM soon leaves it out
        f"a field is longer than {MAX_FIELD_CHARACTERS:,} characters, perhaps because a quote is never closed, "
        f"or a record has more than {MAX_FIELDS:,} fields"
    ),
    "Unexpected end of input stream": "its gzip content is cut off",
}

Readings = tuple[int, int]
"""The number of a file's records, and of those with a wrong number of fields."""


def is_unreadable_content(error: BaseException) -> bool:
    """Whether the content of a file is at fault: the CSV parser or a decompressor raised the error.

    The place of the innermost cause counts: an I/O error passes through the parser too.
    """
    causes = _CAUSE.findall(str(error))
    return bool(causes) and causes[-1][1].startswith(_READERS)


def diagnose(spark: SparkSession, sources: Sequence[Source]) -> tuple[list[Source], dict[PlannedFile, str]]:
    """The sources with badly quoted files marked lenient, and the problems of the files that cannot be read at all.

    An error that is not the fault of a file's content is raised again.
    """
    bad = _badly_quoted(spark, sources)
    mixed = [
        part
        for source in sources
        for part in (
            source.only(file for file in source.files if file.number not in bad),
            source.only((file for file in source.files if file.number in bad), lenient=True),
        )
        if part.files
    ]
    problems = _unreadable(spark, mixed)
    parts = (source.only(file for file in source.files if file not in problems) for source in mixed)
    return [part for part in parts if part.files], problems


def _badly_quoted(spark: SparkSession, sources: Sequence[Source]) -> set[int]:
    """The numbers of the files where a strict read ends earlier than a lenient read."""
    strict = _readings(spark, sources)
    lenient = _readings(spark, [source.only(source.files, lenient=True) for source in sources])
    return {file for file in strict.keys() | lenient.keys() if strict.get(file) != lenient.get(file)}


def _readings(spark: SparkSession, sources: Sequence[Source]) -> dict[int, Readings]:
    """The readable records of each file, by file number."""
    rows = _records(spark, sources, skip_unreadable=True).groupBy(FILE_NUMBER).agg(*_totals()).collect()
    return {file: (records, corrupt) for file, records, corrupt in rows}


def _unreadable(spark: SparkSession, sources: Sequence[Source]) -> dict[PlannedFile, str]:
    """The problems of the files that fail when they are read alone; halving finds them."""
    try:
        _records(spark, sources, skip_unreadable=False).agg(*_totals()).collect()
    except (Py4JError, PySparkException) as error:
        if not is_unreadable_content(error):
            raise
        files = [file for source in sources for file in source.files]
        if len(files) == 1:
            return {files[0]: _problem(error)}
        middle = len(files) // 2
        return _unreadable(spark, _only(sources, files[:middle])) | _unreadable(
            spark, _only(sources, files[middle:])
        )
    return {}


def _only(sources: Sequence[Source], files: Sequence[PlannedFile]) -> list[Source]:
    parts = (source.only(file for file in source.files if file in files) for source in sources)
    return [part for part in parts if part.files]


def _records(spark: SparkSession, sources: Sequence[Source], *, skip_unreadable: bool) -> DataFrame:
    frames = [
        read_source(spark, source, header=True, skip_unreadable=skip_unreadable).select(
            file_number().alias(FILE_NUMBER), CORRUPT
        )
        for source in sources
    ]
    return reduce(DataFrame.unionByName, frames)


def _totals() -> list[Column]:
    # without CORRUPT Spark would not parse all fields and would miss what is wrong with them
    return [F.count("*"), F.count(CORRUPT)]


def _problem(error: BaseException) -> str:
    text = str(error)
    cause = _CAUSE.findall(text)[-1][0]
    words = next((words for mark, words in _WORDS.items() if mark in text), f"Spark says {cause}")
    return f"the file cannot be read: {words}. Mend it and land it again"
