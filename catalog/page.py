"""Makes docs/datasets.md from the catalog."""

from catalog import DATASETS, Column, Dataset, Type
from catalog.model import FIRST_YEAR, YEAR_AFTER_LAST

_INTRODUCTION = f"""\
# Datasets

Made by `make docs` from `catalog/`. Landing files are CSV with a header: RFC 4180 quoting (a quote inside a quoted field
is doubled, fields may hold commas and newlines), UTF-8, optionally gzip. The empty field is NULL. Columns may come in any
order; a file that lacks one goes to quarantine, because the newest version of a record replaces the older one as a whole.
Other columns, and columns without a name, are ignored. Files that programs leave beside data, like `_SUCCESS`, `.part.csv.crc` or `.DS_Store`, are
deleted with the data files. The names that Redshift's UNLOAD makes, like `books/0000_part_00.gz`, are recognised too: the files that
`unload ... header csv` writes for a warehouse table can be landed again.

A record whose fields are all empty, quoted or not, holds no data, like the rows that were deleted in a spreadsheet. It is skipped as a blank
line is: it counts neither as a row read nor as a reject, and a note of the run says how many such records each file had.

A row that breaks a rule goes to quarantine with the rule's name: `field_count`, `quoting`, `encoding` (not UTF-8), `required`, `type`, `range`
or `too_long`. Timestamps are from {FIRST_YEAR} to {YEAR_AFTER_LAST - 1}, and `record_create_timestamp` is at most a day after the start of the run: otherwise
a version from the future would win for ever.
"""


def datasets_page() -> str:
    """The page in Markdown."""
    return "\n".join([_INTRODUCTION, *(_section(dataset) for dataset in DATASETS)])


def _section(dataset: Dataset) -> str:
    names = dict.fromkeys([dataset.landing_name, dataset.name])  # the two may be the same
    files = [f"`{name}{ending}`" for ending in (".csv", "/*.csv") for name in names]
    rows = [
        f"| `{column.name}` | {column.description} | {column.type.value} | {_rules(column, dataset)} |"
        for column in dataset.columns
    ]
    return "\n".join(
        [
            f"## {dataset.name}",
            "",
            f"{dataset.description[0].upper()}{dataset.description[1:]}.",
            "",
            f"Landing files: {', '.join(files)}, each optionally with `.gz`, in upper or lower case.",
            "",
            "| column | meaning | type | rules |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _rules(column: Column, dataset: Dataset) -> str:
    rules = ["key"] if column.name == dataset.key else []
    if column.required:
        rules.append("required")
    if column.bounds and column.type is not Type.BIGINT:
        rules.append(f"{column.minimum} to {column.maximum}")
    if column.max_bytes:
        rules.append(f"at most {column.max_bytes:,} bytes of UTF-8")
    rules += [f"`{spelling}` is NULL" for spelling in column.missing]
    return ", ".join(rules)
