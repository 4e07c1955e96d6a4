"""`python -m stacks.compute.library_archive`: the libraries of the Spark job on an EMR node, as one zip of wheels.

The nodes reach S3 but no package index, so the wheels are downloaded here, for the nodes' Python and processors.
"""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from stacks import ROOT

LOCK = ROOT / "spark_jobs" / "requirements.lock"

ARCHIVE = Path(sys.prefix, "job-libraries.zip")
"""`make setup` writes the zip here, and the synthesis looks for it here."""

ARCHIVE_KEY = "job-libraries"
"""The context key of another file in place of the zip; any file will do where no node starts."""

_PYTHON = "3.11"
# Amazon Linux 2023 has glibc 2.34; pip takes the first tag that fits, so the newest comes first
_PLATFORMS = [f"manylinux_2_{minor}_x86_64" for minor in range(34, 16, -1)] + ["manylinux2014_x86_64"]


def main() -> None:
    build(LOCK, ARCHIVE)


def build(lock: Path, archive: Path) -> None:
    """Write the wheels of a lock to a zip; SystemExit if pip cannot download one, or its hash is not in the lock.

    The same wheels make the same bytes, so a deployment replaces the cluster only if its libraries have changed.
    """
    with tempfile.TemporaryDirectory(dir=archive.parent) as name:
        folder = Path(name)
        _download(lock, folder)
        _pack(sorted(folder.glob("*.whl")), folder / "zip")
        (folder / "zip").replace(archive)


def _download(lock: Path, folder: Path) -> None:
    platforms = (part for platform in _PLATFORMS for part in ("--platform", platform))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "-qq"),
            *("--python-version", _PYTHON, "--implementation", "cp", *platforms),
            # the lock is complete, and a wheel built on this machine would run only on this machine
            *("--only-binary", ":all:", "--no-deps", "--require-hashes"),
            *("--dest", str(folder), "--requirement", str(lock)),
        ],
        check=False,
    )
    if done.returncode:
        sys.exit(
            f"pip could not download the wheels of {lock.name} for Python {_PYTHON} on Linux, see above. "
            "They are needed to deploy to AWS: repeat `make setup` with a way to a package index."
        )


def _pack(files: list[Path], archive: Path) -> None:
    with zipfile.ZipFile(archive, "w") as packed:  # wheels are already compressed
        for file in files:
            packed.writestr(zipfile.ZipInfo(file.name), file.read_bytes())  # dated 1980


if __name__ == "__main__":
    main()
