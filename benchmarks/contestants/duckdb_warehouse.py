"""From landing files to four warehouse tables in DuckDB: one statement a table reads, de-duplicates and merges."""

import sys
from contextlib import closing
from pathlib import Path

from benchmarks.contestants import files_of
from benchmarks.duck import column_definitions, connect, landed_rows, render, typed_columns
from catalog import DATASETS


def main(data: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    with closing(connect(target / "temporary", target / "warehouse.duckdb")) as connection:
        for dataset in DATASETS:
            definitions = column_definitions(dataset)
            connection.execute(render("create_table.sql", table=dataset.name, definitions=definitions))
            statement = render(
                "upsert.sql",
                table=dataset.name,
                columns=typed_columns(dataset),
                rows=landed_rows(dataset, files_of(data, dataset)),
                key=dataset.key,
            )
            connection.execute(statement)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
