"""The bootstrap action, run by bash: S3 is a folder, and the node's Python is this one."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from stacks import ROOT
from tests.stacks.wheels import make_wheel

SCRIPT = ROOT / "stacks" / "compute" / "install_libraries.sh"
COMMANDS = {
    "aws": '[ "$*" = "s3 cp --region eu-west-1 --only-show-errors s3://assets/key.zip $7" ] || exit 64\n'
    'cp "$S3/key.zip" "$7"\n',
    "sudo": 'exec "$@"\n',
    "python3.11": f'exec "{sys.executable}" "$@"\n',
}
TOOLS = ("bash", "chmod", "chown", "cp", "id", "mkdir", "mktemp", "mv", "rm")
"""Of the commands that this machine has, a node has only these: the machine may have a Python 3.11 of its own."""


@pytest.fixture
def node(tmp_path: Path) -> Path:
    """A folder with the commands of a node in `bin`, and `s3`."""
    for name in ("bin", "s3", "tmp"):
        (tmp_path / name).mkdir()
    for name, text in COMMANDS.items():
        command = tmp_path / "bin" / name
        command.write_text(f"#!/bin/bash\n{text}")
        command.chmod(0o755)
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, tool
        (tmp_path / "bin" / tool).symlink_to(found)
    return tmp_path


def land(node: Path, *wheels: Path) -> None:
    with zipfile.ZipFile(node / "s3" / "key.zip", "w") as packed:
        for wheel in wheels:
            packed.write(wheel, wheel.name)


def install(node: Path, *modules: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": str(node / "bin"),
        "S3": str(node / "s3"),
        "TMPDIR": str(node / "tmp"),
    }
    return subprocess.run(
        ["/bin/bash", SCRIPT, "eu-west-1", "s3://assets/key.zip", node / "opt" / "job", *modules],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_environment_has_the_wheels_and_nothing_else(node: Path) -> None:
    land(
        node,
        make_wheel(node, "one", "VALUE = 1"),
        make_wheel(node, "two", "import one\nVALUE = one.VALUE + 1"),
    )
    done = install(node, "two")
    assert done.stderr == ""
    assert done.returncode == 0
    asked = "import importlib.util, two; print(two.VALUE, importlib.util.find_spec('pyarrow'))"
    python = node / "opt" / "job" / "bin" / "python"
    answer = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=True)
    assert answer.stdout == "2 None\n"
    assert list((node / "tmp").iterdir()) == []


def test_a_node_without_python_3_11_installs_it_from_its_release_repository_first(node: Path) -> None:
    land(node, make_wheel(node, "one"))
    (node / "bin" / "python3.11").rename(node / "package")
    dnf = node / "bin" / "dnf"
    dnf.write_text(
        '#!/bin/bash\n[ "$*" = "install --assumeyes --quiet python3.11" ] || exit 64\n'
        f'mv "{node}/package" "{node}/bin/python3.11"\n'
    )
    dnf.chmod(0o755)
    done = install(node, "one")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_node_that_gets_no_python_3_11_does_not_start(node: Path) -> None:
    land(node, make_wheel(node, "one"))
    (node / "bin" / "python3.11").unlink()
    done = install(node, "one")
    assert done.returncode != 0
    assert "dnf" in done.stderr
    assert "the Spark job has no libraries on this node" in done.stderr


def test_others_may_read_what_is_installed_and_find_it_compiled(node: Path) -> None:
    land(node, make_wheel(node, "one"))
    assert install(node, "one").returncode == 0
    (module,) = (node / "opt").rglob("one.py")
    assert module.stat().st_mode & 0o777 == 0o644
    assert len(list(module.parent.glob("__pycache__/one.*.pyc"))) == 1


@pytest.mark.slow
def test_a_node_where_a_module_cannot_be_imported_does_not_start(node: Path) -> None:
    land(node, make_wheel(node, "one"))
    done = install(node, "one", "two")
    assert done.returncode != 0
    assert "No module named 'two'" in done.stderr
    assert "the Spark job has no libraries on this node" in done.stderr


def test_a_node_that_gets_no_libraries_does_not_start(node: Path) -> None:
    done = install(node, "one")
    assert done.returncode != 0
    assert "key.zip" in done.stderr
    assert "the Spark job has no libraries on this node" in done.stderr


def test_an_archive_without_wheels_is_refused(node: Path) -> None:
    land(node)
    done = install(node)
    assert done.returncode != 0
    assert "the Spark job has no libraries on this node" in done.stderr
