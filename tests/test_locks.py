"""The locks follow from the requirements: what was forgotten after an edit (`make lock`) is seen without an index."""

import re
from dataclasses import dataclass

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from stacks import ROOT

LOCKS = {
    "requirements.lock": "requirements.txt",
    "requirements-dev.lock": "requirements-dev.txt",
    "spark_jobs/requirements.lock": "spark_jobs/requirements.txt",
    "tests/stacks/checkov/requirements.lock": "tests/stacks/checkov/requirements.txt",
}


@dataclass(frozen=True)
class Locked:
    """A package of a lock; `asked_by` names packages, and as `-r file` the files that ask for it."""

    version: str
    hashes: tuple[str, ...]
    asked_by: frozenset[str]


def locked(lock: str) -> dict[str, Locked]:
    """The packages of a lock by name."""
    entries = re.split(r"^(?=[a-z0-9])", (ROOT / lock).read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {canonicalize_name(entry.partition("==")[0]): _locked(entry) for entry in entries}


def _locked(entry: str) -> Locked:
    requirement, _, reasons = entry.partition("# via")
    return Locked(
        version=requirement.partition("==")[2].split()[0],
        hashes=tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})\b", requirement)),
        asked_by=frozenset(re.findall(r"^[ #]*(\S.*)$", reasons, re.MULTILINE)),
    )


def asked(file: str) -> dict[str, tuple[str, str]]:
    """Specifier and asking file of each package, by name; of the files that `-r` includes, too."""
    found = dict[str, tuple[str, str]]()
    for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("-r "):
            found |= asked(str((ROOT / file).parent.joinpath(text[3:]).resolve().relative_to(ROOT)))
        elif text:
            requirement = Requirement(text)
            found[canonicalize_name(requirement.name)] = (str(requirement.specifier), file)
    return found


@pytest.mark.parametrize(("lock", "file"), LOCKS.items())
def test_what_is_asked_for_is_locked_in_exactly_that_version(lock: str, file: str) -> None:
    packages = locked(lock)
    assert {name: f"=={packages[name].version}" for name in asked(file) if name in packages} == {
        name: specifier for name, (specifier, _) in asked(file).items()
    }, "run: make lock"


@pytest.mark.slow
@pytest.mark.parametrize(("lock", "file"), LOCKS.items())
def test_what_is_locked_is_asked_for_by_a_file_or_by_a_package_that_is(lock: str, file: str) -> None:
    packages = locked(lock)
    files = {f"-r {where}" for _, where in asked(file).values()}
    needed = {name for name in packages if name in asked(file)}
    while more := {name for name in packages.keys() - needed if packages[name].asked_by & needed}:
        needed |= more
    assert packages.keys() - needed == set(), "run: make lock"
    claimed = {
        reason for package in packages.values() for reason in package.asked_by if reason.startswith("-r ")
    }
    assert claimed == files
    for name, package in packages.items():
        assert any(reason.startswith("-r ") for reason in package.asked_by) == (name in asked(file)), name


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_its_hashes(lock: str) -> None:
    packages = locked(lock)
    assert len(packages) >= 8
    assert [name for name, package in packages.items() if not package.hashes] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_package_index(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.search(r"://|^--|^-[a-z]", text, re.MULTILINE)


@pytest.mark.parametrize("lock", ["requirements-dev.lock", "spark_jobs/requirements.lock"])
def test_a_package_has_one_version_in_all_locks(lock: str) -> None:
    runtime, other = locked("requirements.lock"), locked(lock)
    shared = runtime.keys() & other.keys()
    assert shared
    assert {name: other[name].version for name in shared} == {name: runtime[name].version for name in shared}


def test_the_tools_come_on_top_of_the_runtime_and_the_job_has_nothing_of_its_own() -> None:
    runtime = locked("requirements.lock").keys()
    assert runtime <= locked("requirements-dev.lock").keys()
    assert locked("spark_jobs/requirements.lock").keys() <= runtime
