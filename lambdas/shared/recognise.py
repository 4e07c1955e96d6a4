"""Recognises the dataset of a landing object by its name."""

import re

from catalog import DATASETS, Dataset

RESOURCE_FORK = b"\x00\x05\x16\x07"
"""The first bytes of what macOS writes beside a file, under the file's name after `._`."""

_ENDS = re.compile(r"(\.csv|(\.csv)?[._-]?(\d{4}_part_\d{2,}|\d{3}))(\.gz)?\Z")
"""The ends of the names of CSV files. Redshift's UNLOAD puts numbers at the end: of a slice and a part, or of a part alone."""
_APPLE_DOUBLE = "._"
_MARKERS = re.compile(
    r"_success|_committed_.*|_started_.*|_(common_)?metadata|.*\.crc|.*_\$folder\$|thumbs\.db|desktop\.ini|"
    r"\..*(?<!\.csv)(?<!\.csv\.gz)|",
    re.IGNORECASE,
)
"""Names of what programs leave beside data: Spark, Hadoop and Databricks; file managers; and every hidden file but CSV."""


def dataset_of(key: str) -> Dataset | None:
    """The dataset that a landing key names, or None.

    `author.csv` and `authors.csv` in the root and anything in a folder `author/` or `authors/` are authors;
    likewise for the others. The name ends with .csv or .csv.gz, or as UNLOAD ends it: `author_0000_part_00`,
    `author000.gz`. Upper case is as good as lower case.
    """
    name = key.lower().lstrip("/")
    end = _ENDS.search(name)
    if end is None:
        return None
    folder_or_name = name[: end.start()].split("/")[0]
    for dataset in DATASETS:
        if folder_or_name in (dataset.name, dataset.landing_name):
            return dataset
    return None


def is_marker(key: str) -> bool:
    """Whether the name says that the object is a program's own and holds no data, like `_SUCCESS` or `.DS_Store`.

    A console marks a folder by an object with a slash at the end of its name.
    """
    return _MARKERS.fullmatch(key.rpartition("/")[2]) is not None


def may_be_resource_fork(key: str) -> bool:
    """Whether macOS gives such a name, `._book.csv`, to what belongs to the file `book.csv` and is no CSV."""
    return key.rpartition("/")[2].startswith(_APPLE_DOUBLE)


def unknown_name_problem(key: str) -> str:
    """Why a key without a known dataset cannot be used, and which names are recognised."""
    expected = ", ".join(f"{dataset.landing_name}.csv or {dataset.name}/<name>.csv" for dataset in DATASETS)
    return f"{key!r} names no known dataset; expected {expected}, each optionally with .gz"
