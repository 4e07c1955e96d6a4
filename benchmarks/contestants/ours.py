"""Runs the pipeline's Spark step again, as the one-machine runtime runs it."""

import json
import sys
from pathlib import Path

from local_cloud.emr.steps import StepRunner


def main(buckets: Path, logs: Path, arguments: list[str]) -> None:
    result = StepRunner(buckets, logs).run(arguments, lambda: True)
    if result.state != "COMPLETED":
        sys.exit(f"the step ended as {result.state}: {result.reason} (log: {result.log})")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3]))
