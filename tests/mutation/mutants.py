"""mutmut's mutants: small changes that it makes of every function of the packages that pyproject.toml names."""

import subprocess
import tomllib
from collections import Counter
from fnmatch import fnmatch
from pathlib import PurePosixPath

from stacks import ROOT

_NOTICED = {"killed", "timeout", "segfault"}


def mutants_of(selection: str) -> str | None:
    """The pattern of mutmut's names for a file or folder; None if mutmut makes no mutants there."""
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"][
        "source_paths"
    ]
    path = PurePosixPath(selection)
    if not selection:
        return "*"
    if path.parts[0] not in packages or path.suffix not in {"", ".py"}:
        return None
    return ".".join((*path.with_suffix("").parts, "*"))


def run_mutmut(pattern: str) -> str:
    """Run mutmut on the mutants of that name; its figure in words, and the mutants that nobody noticed."""
    chosen = [] if pattern == "*" else [pattern]
    subprocess.run(["mutmut", "run", "--max-children", "2", *chosen], cwd=ROOT, check=True)
    listing = subprocess.run(
        ["mutmut", "results", "--all", "true"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    return summary(listing, pattern)


def summary(listing: str, pattern: str) -> str:
    """What a listing of mutmut's results (`name: status` lines) says of the mutants of that name."""
    results = dict(line.strip().split(": ", 1) for line in listing.splitlines() if ": " in line)
    chosen = {name: status for name, status in results.items() if fnmatch(name, pattern)}
    counts = Counter(chosen.values())
    noticed = sum(counts[status] for status in _NOTICED)
    reached = len(chosen) - counts["no tests"] - counts["not checked"]
    figure = (
        f"{noticed} of {reached} mutants were noticed; no fast test reaches {counts['no tests']} more. "
        "`mutmut show NAME` shows one."
    )
    unnoticed = sorted(
        f"{status} {name}" for name, status in chosen.items() if status in {"survived", "suspicious"}
    )
    return "\n".join([*unnoticed, figure])
