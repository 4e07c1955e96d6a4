"""What a COPY is told about its files."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sqlglot import exp

from local_cloud.redshift.errors import SqlError


@dataclass(frozen=True)
class CopyOptions:
    """`header_lines` is the number of lines to leave out at the start of each file."""

    kind: Literal["csv", "parquet"]
    manifest: bool = False
    header_lines: int = 0


def options_of(copy: exp.Copy) -> CopyOptions:
    """The options given; SqlError for one that has no local meaning, and for a format that is not read."""
    try:
        return _read(_words(copy))
    except (StopIteration, ValueError):
        raise SqlError(
            "not supported locally: COPY reads FORMAT AS PARQUET, with MANIFEST or without, and FORMAT AS CSV, "
            f"with IGNOREHEADER n or without; found {copy.sql('redshift')[:200]}"
        ) from None


def _read(words: Iterator[str]) -> CopyOptions:
    """StopIteration if a word lacks its value, ValueError for any other fault."""
    kinds, manifest, header_lines = [], False, 0
    for word in words:
        if word == "format":
            kinds.append(next(words))
        elif word in ("csv", "parquet"):
            kinds.append(word)
        elif word == "manifest":
            manifest = True
        elif word == "ignoreheader":
            header_lines = int(next(words))
        elif word == "iam_role":
            next(words)
        else:
            raise ValueError(word)
    if kinds == ["parquet"] and not header_lines:
        return CopyOptions("parquet", manifest=manifest)
    if kinds == ["csv"] and not manifest:
        return CopyOptions("csv", header_lines=header_lines)
    raise ValueError(kinds)


def _words(copy: exp.Copy) -> Iterator[str]:
    # The parser takes any two words for an option and its value, also `csv ignoreheader` and `1 iam_role`.
    for parameter in copy.args.get("params") or ():
        for word in (parameter.name, parameter.expression.name if parameter.expression else ""):
            if word and word.lower() != "as":
                yield word.lower()
