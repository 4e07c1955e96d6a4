"""Reads every value of a JSON or CSV file with DuckDB; with a target, writes the rows as CSV in the columns of reviews."""

import sys
from contextlib import closing
from pathlib import Path

import duckdb

from catalog import REVIEWS


def main(source: Path, target: Path | None) -> None:
    """Without a target, the hash of all rows is computed, so that no column is passed over."""
    reader = "read_json" if source.suffix == ".json" else "read_csv"
    with closing(duckdb.connect()) as connection:
        rows = connection.sql(f"from {reader}($path)", params={"path": str(source)})
        if target is None:
            rows.aggregate("bit_xor(hash(columns(*)))").fetchall()
            return
        filled = {
            "review_rating": "rating",
            "user_id": "user_id",
            "book_id": "book_id",
            "review_id": "review_id" if "review_id" in rows.columns else "user_id",
            "review_text": "review_text" if "review_text" in rows.columns else "null",
            "record_create_timestamp": "'2017-11-01 00:00:00'",
        }
        rows.project(
            ", ".join(f"{filled.get(name, 'null')} as {name}" for name in REVIEWS.column_names)
        ).write_csv(str(target))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2:] else None)
