"""Handlers in a process of their own, as on AWS: Powertools reads the service's name when it is imported."""

import json
import os
import subprocess
import sys
from typing import Any

from stacks import ROOT

_RUN = (
    "import importlib, json, sys\n"
    "handler = importlib.import_module('lambdas.' + sys.argv[1]).handler\n"
    "try:\n"
    "    handler(json.loads(sys.argv[2]), None)\n"
    "except Exception as error:\n"
    "    print(type(error).__name__, file=sys.stderr)\n"
)


def metrics_of(module: str, event: dict[str, Any]) -> list[dict[str, Any]]:
    """The embedded-metric blobs that the handler prints, also if it raises."""
    ended = subprocess.run(
        [sys.executable, "-c", _RUN, module, json.dumps(event)],
        cwd=ROOT,
        env={**os.environ, "POWERTOOLS_SERVICE_NAME": module},
        check=True,
        capture_output=True,
        text=True,
    )
    documents = [json.loads(line) for line in ended.stdout.splitlines()]
    return [document for document in documents if "_aws" in document]
