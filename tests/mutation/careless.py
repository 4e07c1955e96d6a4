"""Careless changes, listed by hand, that the tests have to notice: each is made in a copy of the tree."""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory

from stacks import ROOT

LIST = Path(__file__).with_name("careless_changes.toml")
_COPIES = 2  # changes that are tried at the same time
_HANGS = 1800  # seconds after which a run of the tests counts as failed: a change may cause an endless loop
_FAILED = {1, 2}  # exit codes of pytest; 2 tells of a change that breaks an import


@dataclass(frozen=True)
class Change:
    """In `file` the text `old`, which stands there once, becomes `new`; one of `tests` has to fail.

    `why` says in words what the change does.
    """

    why: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.file}: {self.why}"

    def applied_to(self, text: str) -> str:
        """The changed text of the file; ValueError if `old` does not stand there exactly once."""
        if (times := text.count(self.old)) != 1:
            raise ValueError(
                f"{self.file} holds {self.old!r} {times} times, expected once: bring {LIST.name} up to date"
            )
        return text.replace(self.old, self.new)


def careless_changes(selection: str = "") -> list[Change]:
    """The listed changes to the file or folder `selection`; all of them without a selection."""
    return [
        Change(**change, file=file["path"], tests=tuple(file["tests"]))
        for file in tomllib.loads(LIST.read_text(encoding="utf-8"))["file"]
        for change in file["changes"]
        if f"{file['path']}/".startswith(f"{selection.rstrip('/')}/" if selection else "")
    ]


def unnoticed(changes: Sequence[Change]) -> Iterator[Change]:
    """Make each change and run its tests, telling how it went; yields the changes that no test notices.

    RuntimeError with what pytest says if the tests fail without any change.
    """
    with TemporaryDirectory(prefix="mutation-") as folder, ThreadPoolExecutor(_COPIES) as pool:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(_COPIES):
            copies.put(copy_of_the_tree(Path(folder, str(number))))

        def failure(change: Change | None, tests: Iterable[str]) -> str | None:
            tree = copies.get()
            try:
                with _changed(tree, change):
                    return _failure(tree, tests)
            finally:
                copies.put(tree)

        if broken := failure(None, sorted({test for change in changes for test in change.tests})):
            raise RuntimeError(f"{broken}\nthe tests fail without any change: mend them first")
        found = pool.map(lambda change: failure(change, change.tests), changes)
        for change, failed in zip(changes, found, strict=True):
            sys.stdout.write(f"{'noticed  ' if failed else 'UNNOTICED'} {change}\n")
            sys.stdout.flush()
            if not failed:
                yield change


def copy_of_the_tree(target: Path) -> Path:
    """What git tracks, or would track, copied to `target`; what is installed is linked."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():  # git still lists a file that was deleted a moment ago
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    for installed in (".venv", "node_modules"):
        (target / installed).symlink_to(ROOT / installed)
    return target


@contextmanager
def _changed(tree: Path, change: Change | None) -> Iterator[None]:
    if change is None:
        yield
        return
    path = tree / change.file
    text = path.read_text(encoding="utf-8")
    path.write_text(change.applied_to(text), encoding="utf-8")
    try:
        yield
    finally:
        path.write_text(text, encoding="utf-8")


def _failure(tree: Path, tests: Iterable[str]) -> str | None:
    """What pytest says of the first test that fails; None if all pass."""
    options = ["--exitfirst", "--quiet", "-p", "no:cacheprovider", "--hypothesis-profile", "mutation"]
    command = [sys.executable, "-m", "pytest", *options, *tests]
    # Python tells compiled files apart by size and second: it could overlook a change of one character.
    # Child processes, too, import from the copy and not from the tree that is installed in .venv.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(tree)}
    try:
        ended = subprocess.run(
            command, cwd=tree, env=environment, timeout=_HANGS, check=False, capture_output=True, text=True
        )
    except subprocess.TimeoutExpired:
        return f"no end after {_HANGS} seconds"
    said = f"{ended.stdout}{ended.stderr}"
    if ended.returncode in _FAILED:
        return said
    if ended.returncode:
        raise RuntimeError(f"{' '.join(command)} could not run:\n{said}")
    return None
