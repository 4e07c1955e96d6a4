"""Synthesizes the application, unless the assembly that is there was made of the same inputs.

What synthesis reads is the project's sources, the context, some environment variables, and what is installed. A digest of
them is kept in the assembly, with a digest of each file of the assembly: one that is stale or damaged is made anew.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from landing.disk import disk_full, is_of_full_disk
from local_cloud.documents import write_document
from local_cloud.errors import LocalCloudError
from stacks import ROOT
from stacks.compute.library_archive import ARCHIVE_KEY, LOCK

# a test notes every file that synthesis opens
_SOURCES = (
    "app.py",
    "cdk.json",
    "catalog",
    "contract",
    "lambdas",
    "package-lock.json",
    "report",
    "spark_jobs",
    "sql",
    "stacks",
)
_ORIGIN = "synthesized-from.json"

# No other variable reaches synthesis, so that no other can change what comes of it.
_VARIABLES = re.compile(r"(CDK|DYLD|JSII|LC|LD|NODE)_\w+|PYTHON\w+|HOME|LANG|TMPDIR|TZ")

# No node starts here, and what the Spark job imports is installed already: 100 MB that need neither be downloaded nor
# published. Their list stands in for them.
_STAND_IN = {ARCHIVE_KEY: str(LOCK)}


def synthesize(assembly: Path, overrides: Mapping[str, str]) -> None:
    """Make `assembly` what app.py makes of the context of cdk.json and `overrides`; LocalCloudError if app.py fails."""
    configured = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    context = {**configured, **_STAND_IN, **overrides}
    variables = {name: value for name, value in os.environ.items() if _VARIABLES.fullmatch(name)}
    inputs = _inputs(context, variables)
    if _origin_of(assembly) == {"inputs": inputs, "files": _files_of(assembly)}:
        return
    shutil.rmtree(assembly, ignore_errors=True)
    _run_app(assembly, context, variables)
    if _inputs(context, variables) == inputs:  # nobody has edited a source in between
        write_document(assembly / _ORIGIN, {"inputs": inputs, "files": _files_of(assembly)})


def _run_app(assembly: Path, context: Mapping[str, Any], variables: Mapping[str, str]) -> None:
    """As the CDK CLI runs it."""
    environment = {
        **variables,
        "CDK_CONTEXT_JSON": json.dumps(context),
        "CDK_OUTDIR": str(assembly.absolute()),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}",  # the pinned Node
    }
    done = subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = done.stderr.strip() or done.stdout.strip()
        raise LocalCloudError(disk_full(assembly) if is_of_full_disk(said) else f"cdk synth failed:\n{said}")


def _inputs(context: Mapping[str, Any], variables: Mapping[str, str]) -> str:
    """A digest of all that synthesis reads."""
    read = {
        "sources": _digests(ROOT, sources()),
        "libraries": _digests(ROOT, filter(Path.is_file, [Path(context[ARCHIVE_KEY])])),
        "context": dict(context),
        "variables": dict(variables),
        "python": sys.version,
        "packages": sorted(path.name for path in Path(sysconfig.get_path("purelib")).glob("*.dist-info")),
    }
    return hashlib.sha256(json.dumps(read, sort_keys=True).encode()).hexdigest()


def sources() -> Iterator[Path]:
    """The project's files that synthesis may read."""
    for source in _SOURCES:
        for path in (ROOT / source, *(ROOT / source).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def _origin_of(assembly: Path) -> Any:
    """What the assembly says it was made of; None if it does not say."""
    try:
        return json.loads((assembly / _ORIGIN).read_bytes())
    except (OSError, ValueError):
        return None


def _files_of(assembly: Path) -> dict[str, str]:
    files = (path for path in assembly.rglob("*") if path.is_file() and path.name != _ORIGIN)
    return _digests(assembly, files)


def _digests(folder: Path, files: Iterable[Path]) -> dict[str, str]:
    """The digest of each file's content by its path from the folder."""
    return {os.path.relpath(file, folder): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
