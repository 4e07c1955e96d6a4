"""What a COPY is told about its files."""

from collections.abc import Iterator
from typing import Literal

from sqlglot import exp

from local_cloud.redshift.errors import SqlError


def format_of(copy: exp.Copy) -> Literal["csv", "parquet"]:
    """The format of the files; SqlError for another one, and for any option that has no local meaning."""
    words = list(_words(copy))
    if "iam_role" in words:
        role = words.index("iam_role")
        del words[role : role + 2]
    if words in (["csv"], ["format", "csv"]):
        return "csv"
    if words in (["parquet"], ["format", "parquet"]):
        return "parquet"
    raise SqlError(
        "not supported locally: COPY reads FORMAT AS PARQUET and FORMAT AS CSV, without other options; "
        f"found {copy.sql('redshift')[:200]}"
    )


def _words(copy: exp.Copy) -> Iterator[str]:
    # The parser takes any two words for an option and its value, also `csv iam_role`.
    for parameter in copy.args.get("params") or ():
        for word in (parameter.name, parameter.expression.name if parameter.expression else ""):
            if word and word.lower() != "as":
                yield word.lower()
