"""Set-up by the real Makefile, pip and uv, in a checkout of its own with few packages and no index."""

import os
import shlex
import shutil
import subprocess
import sys
import zipfile
from hashlib import sha256
from importlib.metadata import distribution, version
from pathlib import Path

import pytest

from stacks import ROOT
from tests.stacks.wheels import make_wheel

pytestmark = pytest.mark.e2e

INSTALLING = "installing what the pipeline runs on (once; 600 MB to download)\n"
ANEW = "making .venv anew: this one was made by another Python, or in another folder\n"


class Checkout:
    """A checkout whose lock holds uv, setuptools and the package `thing`, all of them wheels in a folder."""

    def __init__(self, root: Path, wheels: Path) -> None:
        self.root = root
        self.wheels = wheels
        self.root.mkdir()
        self.wheels.mkdir()
        for name in ("Makefile", "pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(ROOT / name, root)
        (root / "catalog").mkdir()
        (root / "catalog" / "__init__.py").touch()
        (root / "operations").mkdir()
        (root / "operations" / "run.py").write_text("import thing\n")
        self.lock([_uv(wheels), _setuptools(wheels), make_wheel(wheels, "thing", "mended = True")])

    def lock(self, wheels: list[Path]) -> None:
        entries = []
        for wheel in wheels:
            name, number = wheel.name.split("-")[:2]
            entries.append(
                f"{name}=={number} \\\n    --hash=sha256:{sha256(wheel.read_bytes()).hexdigest()}\n    # via a test\n"
            )
        (self.root / "requirements.lock").write_text("".join(entries))

    def make(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("MAKE", "PIP_", "UV_"))
            and name not in ("PYTHON", "PYTHONPATH")  # as in `make test PYTHON=...`; another checkout's code
        }
        return subprocess.run(
            ["make", ".venv/.runtime", *arguments],
            cwd=self.root,
            env=inherited
            | {"LC_ALL": "POSIX"}  # the folder's name has an accent
            | {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels)}
            | {"UV_NO_CONFIG": "1", "UV_OFFLINE": "1", "UV_FIND_LINKS": str(self.wheels)}
            | {"UV_CACHE_DIR": str(self.wheels / "cache"), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )

    def python(self, code: str) -> str:
        """What this code prints in the checkout's .venv, run elsewhere."""
        return subprocess.run(
            [self.root / ".venv" / "bin" / "python", "-I", "-B", "-c", code],
            cwd=self.wheels,
            env={**os.environ, "LC_ALL": "POSIX"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout


def _uv(folder: Path) -> Path:
    """A wheel whose command is the uv that is installed here."""
    wheel = make_wheel(folder, "uv")
    with zipfile.ZipFile(wheel, "a") as packed:
        script = zipfile.ZipInfo("uv-1.0.data/scripts/uv")
        script.external_attr = 0o100755 << 16
        packed.writestr(script, f'#!/bin/sh\nexec {shlex.quote(sys.prefix)}/bin/uv "$@"\n')
    return wheel


def _setuptools(folder: Path) -> Path:
    """The wheel that the installed setuptools comes from."""
    wheel = folder / f"setuptools-{version('setuptools')}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as packed:
        for file in distribution("setuptools").files or ():
            if file.suffix != ".pyc" and ".." not in file.parts:
                packed.writestr(str(file), file.read_binary())
    return wheel


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Set up; each test breaks something and makes it again."""
    folder = tmp_path_factory.mktemp("set-up")
    made = Checkout(folder / "l'été 1", folder / "wheels")
    done = made.make()
    assert (done.stdout, done.stderr, done.returncode) == (INSTALLING, "", 0)
    return made


def test_what_is_set_up_is_not_set_up_again(checkout: Checkout) -> None:
    assert "up to date" in checkout.make().stdout


def test_the_locked_packages_and_the_checkout_itself_can_be_imported_from_anywhere(
    checkout: Checkout,
) -> None:
    assert (
        checkout.python("import catalog, thing; print(catalog.__file__)")
        == f"{checkout.root}/catalog/__init__.py\n"
    )


def test_what_a_run_imports_is_compiled(checkout: Checkout) -> None:
    assert Path(
        checkout.python("from importlib.util import find_spec; print(find_spec('thing').cached, end='')")
    ).exists()


def test_packages_that_an_interrupted_set_up_left_half_installed_are_mended(checkout: Checkout) -> None:
    found = Path(checkout.python("import thing; print(thing.__file__, end='')"))
    found.unlink()
    stamp = checkout.root / ".venv" / ".runtime"
    stamp.rename(f"{stamp}.begun")

    done = checkout.make()

    assert (done.stdout, done.stderr, done.returncode) == (INSTALLING, "", 0)
    assert checkout.python("import thing; print(thing.mended)") == "True\n"


def test_an_environment_that_was_not_completed_is_made_from_the_start(checkout: Checkout) -> None:
    (checkout.root / ".venv" / ".made").unlink()
    (checkout.root / ".venv" / "bin" / "pip").unlink()
    (checkout.root / ".venv" / "bin" / "python").unlink()
    assert (checkout.make().stdout, checkout.make().returncode) == (INSTALLING, 0)


def test_a_package_that_is_not_the_locked_one_stops_set_up_until_the_lock_allows_it(
    checkout: Checkout,
) -> None:
    lock = checkout.root / "requirements.lock"
    right = lock.read_text()
    lock.write_text(right.replace("thing==1.0", "thing==2.0"))
    try:
        refused = checkout.make()
    finally:
        lock.write_text(right)

    assert refused.returncode
    assert "thing" in refused.stderr
    assert "set-up failed, see above; the next make continues it" in refused.stderr
    assert checkout.make().returncode == 0


def test_another_python_than_the_one_asked_for_is_replaced(checkout: Checkout) -> None:
    made = checkout.root / ".venv" / ".made"
    here, written = made.read_text(), made.stat().st_mtime_ns
    made.write_text(here.replace(f"3.{sys.version_info.minor} ", "3.99 "))
    os.utime(made, ns=(written, written))
    assert "up to date" in checkout.make().stdout, "none was asked for"

    done = checkout.make(f"PYTHON={sys.executable}")

    assert (done.stdout, done.stderr, done.returncode) == (ANEW + INSTALLING, "", 0)
    assert made.read_text() == here


def test_a_checkout_that_was_moved_gets_an_environment_that_does_not_lead_back(checkout: Checkout) -> None:
    before = checkout.root
    checkout.root = before.rename(before.with_name("moved"))
    try:
        done = checkout.make()
        assert (done.stdout, done.stderr, done.returncode) == (ANEW + INSTALLING, "", 0)
        assert (
            checkout.python("import catalog; print(catalog.__file__)")
            == f"{checkout.root}/catalog/__init__.py\n"
        )
    finally:
        checkout.root = checkout.root.rename(before)


@pytest.mark.parametrize("found", ["3.10.13", "3.14.0"])
def test_a_python_that_is_not_supported_is_refused_before_anything_is_made(
    checkout: Checkout, tmp_path: Path, found: str
) -> None:
    numbers = tuple(int(part) for part in found.split("."))
    other = tmp_path / "python"
    pretend = f"import sys; sys.version = {found!r}; sys.version_info = {numbers}"
    other.write_text(
        f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c "{pretend}; exec(sys.argv[2])" "$@"\n'
    )
    other.chmod(0o755)

    done = checkout.make(f"PYTHON={other}")

    assert (
        f"found Python {found}, expected 3.11, 3.12 or 3.13; name one of them: make PYTHON=python3.13"
        in done.stderr
    )
    assert checkout.python("import thing") == ""


def test_a_python_that_is_not_there_is_named(checkout: Checkout) -> None:
    done = checkout.make("PYTHON=python9")
    assert done.stderr.startswith(
        "python9 was not found; install Python 3.13, or name another: make PYTHON=..."
    )


def test_what_python_compiles_is_kept_for_the_next_process_although_a_container_forbids_it(
    tmp_path: Path,
) -> None:
    target = tmp_path / "more.mk"
    target.write_text("say:\n\t@python -c 'import sys; print(sys.dont_write_bytecode)'\n")
    said = subprocess.run(
        ["make", "--no-print-directory", "-f", "Makefile", "-f", str(target), "say"],
        cwd=ROOT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "False\n"
