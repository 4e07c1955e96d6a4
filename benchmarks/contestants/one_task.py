"""Turns a landed gzip file of reviews into the newest versions as a task of the Spark step does, in a process of its own without a JVM."""

import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from catalog import REVIEWS
from spark_jobs.ranges import Range
from spark_jobs.storage import Folder
from spark_jobs.tasks import Reader, write_newest_of_ranges


def main(file: Path) -> None:
    """Write what the task tells of its ranges and of the rows that it wrote."""
    whole = Range(file_number=0, uri=file.as_uri(), size=file.stat().st_size)
    reader = Reader(
        dataset=REVIEWS,
        started=datetime.now(UTC),
        cores=1,
        ranges=(whole,),
        tasks=((0,),),
        folder=Folder("file://", str(file.parent).strip("/")),
    )
    with tempfile.TemporaryDirectory(dir=file.parent) as target:
        told = write_newest_of_ranges(
            [pa.record_batch([[0]], names=["id"])], reader=reader, target=Folder("file://", target.strip("/"))
        )
        sys.stdout.write(json.dumps([row for batch in told for row in batch.to_pylist()]))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
