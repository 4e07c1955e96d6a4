"""Reads a landed gzip file of reviews as a task of the Spark step does, in a process of its own without a JVM."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from catalog import REVIEWS
from spark_jobs.packing import Packing
from spark_jobs.ranges import Range
from spark_jobs.storage import Folder
from spark_jobs.tasks import Reader, clean_ranges


def main(file: Path) -> None:
    """Write the number of batches that the task would hand on, and their bytes."""
    names = REVIEWS.column_names
    whole = Range(file_number=0, source=0, uri=file.as_uri(), size=file.stat().st_size)
    reader = Reader(
        dataset=REVIEWS,
        started=datetime.now(UTC),
        cores=1,
        ranges=(whole,),
        tasks=((0,),),
        columns=(names,),
        folders=(Folder("file://", str(file.parent).strip("/")),),
    )
    rows = clean_ranges([pa.record_batch([[0]], names=["id"])], reader=reader, packing=Packing(REVIEWS, (0,)))
    handed_on = [batch.nbytes for batch in rows]
    sys.stdout.write(json.dumps({"batches": len(handed_on), "bytes": sum(handed_on)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
