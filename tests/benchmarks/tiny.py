"""Landing files of a few records, and which of them every contestant has to keep."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from catalog import DATASETS, VERSION

Row = Mapping[str, str]

OLD, NEW = "2020-02-19 21:38:16", "2020-02-19 21:38:16.690535"
AWKWARD = 'Rue "Neuve", 4\n75001 Paris'

LANDED: dict[str, list[dict[str, str]]] = {
    "authors": [
        {"author_id": "1", "name": "Ann", "average_rating": "3.91", "rating_count": "7", VERSION.name: NEW},
        {"author_id": "1", "name": "Anne", "average_rating": "4.00", VERSION.name: OLD},
        {"author_id": "2", "name": 'Ben "B"', VERSION.name: OLD},
    ],
    "books": [
        {"book_id": "1", "title": "Old, and older", "num_pages": "100", VERSION.name: OLD},
        {"book_id": "1", "title": "Old, and newer", "num_pages": "101", "description": "None", VERSION.name: NEW},
    ],
    "reviews": [
        {
            "review_id": "9000000000",
            "review_text": AWKWARD,
            "spoiler_flag": "true",
            "review_added_date": "Wed Feb 19 18:36:17 -0800 2020",
            VERSION.name: NEW,
        },
        {"review_id": "9000000000", "review_added_date": "Wed Feb 19 18:36:18 -0800 2020", VERSION.name: OLD},
        {"review_id": "2", "review_rating": "5", "spoiler_flag": "false", VERSION.name: OLD},
    ],
    "users": [
        {"user_id": "1", "location": AWKWARD, "has_image": "false", VERSION.name: NEW},
        {"user_id": "1", "location": "Paris", "has_image": "true", VERSION.name: OLD},
    ],
}  # fmt: skip

KEPT = {"authors": (0, 2), "books": (1,), "reviews": (0, 2), "users": (0,)}
"""Which of LANDED are the newest of their keys."""


def land(folder: Path, rows: Mapping[str, Sequence[Row]] = LANDED) -> Path:
    """Write landing files; the folder."""
    folder.mkdir(parents=True)
    for dataset in DATASETS:
        with (folder / f"{dataset.landing_name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, dataset.column_names, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows[dataset.name])
    return folder


def keep(folder: Path, rows: Mapping[str, Sequence[Row]] | None = None) -> Path:
    """Write rows, by default those of KEPT, as a contestant would; the folder."""
    chosen = rows or {name: [LANDED[name][index] for index in indexes] for name, indexes in KEPT.items()}
    written = land(folder / "text", chosen)
    for dataset in DATASETS:
        (folder / dataset.name).mkdir()
        read = f"read_csv('{written / dataset.landing_name}.csv', header = true, all_varchar = true)"
        instants = {
            name: f"strptime({name}, '%a %b %d %H:%M:%S %z %Y') as {name}"
            for name in ("review_added_date", "review_updated_date")
        }
        columns = ", ".join(instants.get(name, name) for name in dataset.column_names)
        duckdb.sql(f"copy (select {columns} from {read}) to '{folder / dataset.name}/rows.parquet'")
    return folder


def tie(folder: Path, **keys: Sequence[int]) -> Path:
    """Write the tied keys of the datasets; the folder."""
    folder.mkdir(parents=True)
    for dataset in DATASETS:
        listed = ", ".join(map(str, keys.get(dataset.name, [])))
        query = f"select unnest(cast([{listed}] as bigint[])) as key"
        duckdb.sql(f"copy ({query}) to '{folder}/{dataset.name}.parquet'")
    return folder
