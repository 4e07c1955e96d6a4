"""The transform in DuckDB: one statement for each dataset."""

import sys
from contextlib import closing
from pathlib import Path

from benchmarks.contestants import files_of
from benchmarks.duck import connect, landed_rows, quoted, render, typed_columns
from catalog import DATASETS


def main(data: Path, target: Path) -> None:
    with closing(connect(target / "temporary")) as connection:
        for dataset in DATASETS:
            folder = target / dataset.name
            folder.mkdir(parents=True)
            statement = render(
                "newest.sql",
                columns=typed_columns(dataset),
                rows=landed_rows(dataset, files_of(data, dataset)),
                key=dataset.key,
                target=quoted(folder / "newest.parquet"),
            )
            connection.execute(statement)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
