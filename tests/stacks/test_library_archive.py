"""The zip of wheels for the EMR nodes: pip downloads for real, from a folder."""

import ast
import re
import sys
import zipfile
from hashlib import sha256
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from stacks import ROOT
from stacks.compute.library_archive import LOCK, build
from tests.stacks.wheels import make_wheel

NODE = {"python_version": "3.11", "sys_platform": "linux", "platform_machine": "x86_64", "extra": ""}


def pins(file: Path) -> dict[str, str]:
    """Version by package of the lines that pin one."""
    return dict(re.findall(r"^([\w-]+)==(\S+)", file.read_text(), re.MULTILINE))


def imported(file: Path) -> set[str]:
    """The packages that a module imports."""
    names = set[str]()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return {name.partition(".")[0] for name in names}


@pytest.fixture(autouse=True)
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all pip knows."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder


def lock(folder: Path, index: Path, *names: str) -> Path:
    """A lock of version 1.0 of each package, with the hashes of its wheels in the index."""
    file = folder / "requirements.lock"
    hashes = {
        name: [sha256(wheel.read_bytes()).hexdigest() for wheel in index.glob(f"{name}-*.whl")]
        for name in names
    }
    file.write_text(
        "\n".join(
            f"{name}==1.0 " + " ".join(f"--hash=sha256:{one}" for one in hashes[name]) for name in names
        )
    )
    return file


@pytest.mark.slow
def test_the_archive_holds_the_wheels_for_the_nodes_and_no_others(tmp_path: Path, index: Path) -> None:
    make_wheel(index, "pure")
    for tag in (
        "cp311-cp311-manylinux_2_28_x86_64",
        "cp312-cp312-manylinux_2_28_x86_64",
        "cp311-cp311-macosx_14_0_arm64",
    ):
        make_wheel(index, "native").rename(index / f"native-1.0-{tag}.whl")
    build(lock(tmp_path, index, "pure", "native"), tmp_path / "libraries.zip")
    with zipfile.ZipFile(tmp_path / "libraries.zip") as packed:
        assert packed.namelist() == [
            "native-1.0-cp311-cp311-manylinux_2_28_x86_64.whl",
            "pure-1.0-py3-none-any.whl",
        ]
        assert packed.read("pure-1.0-py3-none-any.whl") == (index / "pure-1.0-py3-none-any.whl").read_bytes()


@pytest.mark.slow
def test_the_same_wheels_make_the_same_archive(tmp_path: Path, index: Path) -> None:
    make_wheel(index, "pure")
    locked = lock(tmp_path, index, "pure")
    archives = [tmp_path / "first.zip", tmp_path / "second.zip"]
    for archive in archives:
        build(locked, archive)
    assert archives[0].read_bytes() == archives[1].read_bytes()
    with zipfile.ZipFile(archives[0]) as packed:
        assert [entry.date_time for entry in packed.infolist()] == [(1980, 1, 1, 0, 0, 0)]


@pytest.mark.slow
def test_a_wheel_that_is_not_the_locked_one_is_refused(tmp_path: Path, index: Path) -> None:
    make_wheel(index, "pure")
    locked = lock(tmp_path, index, "pure")
    make_wheel(index, "pure", "print('another')")
    with pytest.raises(SystemExit, match="could not download"):
        build(locked, tmp_path / "libraries.zip")
    assert not (tmp_path / "libraries.zip").exists()


@pytest.mark.slow
def test_without_a_wheel_the_archive_that_was_there_stays_and_the_way_out_is_named(tmp_path: Path) -> None:
    (tmp_path / "requirements.lock").write_text(f"absent==1.0 --hash=sha256:{'0' * 64}\n")
    (tmp_path / "libraries.zip").write_text("of yesterday")
    with pytest.raises(
        SystemExit, match=r"could not download .* for Python 3\.11 on Linux.*repeat `make setup`"
    ):
        build(tmp_path / "requirements.lock", tmp_path / "libraries.zip")
    assert (tmp_path / "libraries.zip").read_text() == "of yesterday"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index", "libraries.zip", "requirements.lock"]


def test_all_that_the_libraries_need_is_listed_with_them() -> None:
    deployed = pins(LOCK)
    needed = [Requirement(line) for name in deployed for line in requires(name) or ()]
    missing = {
        str(need)
        for need in needed
        if (need.marker is None or need.marker.evaluate(NODE))
        and not (need.name in deployed and need.specifier.contains(deployed[need.name]))
    }
    assert missing == set()


def test_the_job_imports_nothing_else() -> None:
    modules = list((ROOT / "spark_jobs").rglob("*.py"))
    names = set[str]().union(*(imported(path) for path in modules))
    own = {"catalog", "contract", "spark_jobs", "pyspark", "py4j"}
    assert {"duckdb", "numpy", "pyarrow"} <= names
    assert names - own - set(sys.stdlib_module_names) <= set(pins(LOCK))
