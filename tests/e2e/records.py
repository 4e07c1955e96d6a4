"""Small landing files with known content."""

import csv
import io
from collections.abc import Iterable, Mapping

from catalog import AUTHORS, Dataset

MORNING, NOON, EVENING = (f"2020-02-19 {hour}:00:00" for hour in ("08", "12", "18"))


def author(author_id: int | str, name: str, captured: str, **more: str) -> dict[str, str]:
    """A record of the authors dataset."""
    return {"author_id": str(author_id), "name": name, "record_create_timestamp": captured, **more}


def csv_file(records: Iterable[Mapping[str, str]], dataset: Dataset = AUTHORS) -> bytes:
    """The records as a landing file with the catalog's header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, dataset.column_names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue().encode()
