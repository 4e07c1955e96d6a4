"""Wheels of one line of Python."""

import zipfile
from pathlib import Path


def make_wheel(folder: Path, name: str, text: str = "") -> Path:
    """A wheel of version 1.0 with one module, which holds `text`."""
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    facts = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as packed:
        packed.writestr(f"{name}.py", text)
        packed.writestr(f"{facts}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        packed.writestr(
            f"{facts}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        packed.writestr(f"{facts}/RECORD", "")
    return wheel
