"""mutmut's mutants: small changes that it makes of every function of the packages that pyproject.toml names."""

import os
import re
import subprocess
import tomllib
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from stacks import ROOT
from tests.mutation.careless import copy_of_the_tree

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


def run_mutmut(selection: str) -> str:
    """Run mutmut on a file or folder of `mutants_of`, in a copy of the tree; its figure, and the change that each mutant nobody noticed made."""
    pattern = mutants_of(selection) or "*"
    with TemporaryDirectory(prefix="mutants-") as folder:
        tree = copy_of_the_tree(Path(folder, "tree"))
        settings = tree / "pyproject.toml"
        settings.write_text(narrowed(settings.read_text(encoding="utf-8"), selection), encoding="utf-8")
        environment = {**os.environ, "PYTHONPATH": ""}  # nothing but the mutants is imported

        def mutmut(*arguments: str) -> str:
            command = ["mutmut", *arguments]
            done = subprocess.run(
                command, cwd=tree, env=environment, check=False, stdout=subprocess.PIPE, text=True
            )
            if done.returncode:
                raise SystemExit(f"{' '.join(command)}: {last_words(done.stdout)}")
            return done.stdout

        mutmut("run", "--max-children", "2", *([] if pattern == "*" else [pattern]))
        listing = mutmut("results", "--all", "true")
        shown = [mutmut("show", name) for name in survivors(listing, pattern)]
    return "\n".join([*shown, summary(listing, pattern)])


def last_words(output: str) -> str:
    """What mutmut said at last, without the spinner before it."""
    return output.rpartition("\r")[2].rpartition("Running stats")[2].strip()


def narrowed(settings: str, selection: str) -> str:
    """The text of pyproject.toml for the mutants of a file or folder: mutmut first runs every test that it is given, once, to see what each reaches.

    So it is given the tests of the selection's package only, and changes nothing but the selection.
    """
    if not selection:
        return settings
    path = PurePosixPath(selection)
    changed = str(path) if path.suffix else f"{path}/*"
    tests = f"tests/{path.parts[0]}"
    return re.sub(
        r"(?m)^pytest_add_cli_args_test_selection = .*$",
        f'pytest_add_cli_args_test_selection = ["{tests}"]\nonly_mutate = ["{changed}"]',
        settings,
    )


def survivors(listing: str, pattern: str) -> list[str]:
    """The names of the mutants of that pattern that tests reached and did not notice."""
    return sorted(
        name for name, status in _results(listing, pattern).items() if status in {"survived", "suspicious"}
    )


def summary(listing: str, pattern: str) -> str:
    """What a listing of mutmut's results (`name: status` lines) says of the mutants of that pattern."""
    chosen = _results(listing, pattern)
    counts = Counter(chosen.values())
    noticed = sum(counts[status] for status in _NOTICED)
    reached = len(chosen) - counts["no tests"] - counts["not checked"]
    return f"{noticed} of {reached} mutants were noticed; no fast test of the package reaches {counts['no tests']} more"


def _results(listing: str, pattern: str) -> dict[str, str]:
    results = dict(line.strip().split(": ", 1) for line in listing.splitlines() if ": " in line)
    return {name: status for name, status in results.items() if fnmatch(name, pattern)}
