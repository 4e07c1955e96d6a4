"""Raw figures as files, one for each contest and load: what the performance page is made of."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.loads import Load
from benchmarks.machine import machine, versions
from benchmarks.measure import Usage

Result = Mapping[str, Any]
"""A document of `write`."""


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
    found = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob(f"{contest}*.json")]
    return sorted(found, key=_place)


def _place(result: Result) -> tuple[bool, int]:
    load = result["load"]
    return (load["in_parts"], -load["bytes"]) if load else (False, 0)


def usages(entries: Iterable[Mapping[str, Any]]) -> list[Usage]:
    """What was measured, as it was before it was written."""
    return [Usage(**entry) for entry in entries]


def described(load: Load) -> dict[str, Any]:
    """The load without where it is kept."""
    return {name: value for name, value in vars(load).items() if name != "place"} | {
        "scale": load.place.scale,
        "in_parts": load.place.part_bytes is not None,
    }
