"""The same commit has the same tests, whatever the clock, the hash seed, the process and the folder: the workers of xdist compare names."""

import gc
import gzip
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

_COLLECT = """
import sys
import pytest

class AnotherTime:
    def pytest_sessionstart(self):
        import time_machine
        time_machine.travel(sys.argv[1]).start()

sys.exit(pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", *sys.argv[2:]], plugins=[AnotherTime()]))
"""
_CIRCUMSTANCES = [("0", "2001-02-03 04:05:06"), ("1", "2037-12-31 23:59:59")]  # hash seed, clock


def started(folder: Path, circumstances: tuple[str, str], *arguments: str) -> "subprocess.Popen[str]":
    """A process that collects tests with a hash seed, a clock and a folder for temporary files of its own."""
    seed, moment = circumstances
    (folder / seed).mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment |= {"PYTHONHASHSEED": seed, "TMPDIR": str(folder / seed)}
    command = [sys.executable, "-c", _COLLECT, moment, *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def names(collecting: "subprocess.Popen[str]") -> list[str]:
    """The names of the tests in their order."""
    output = collecting.communicate()[0]
    assert collecting.returncode == 0, output
    return [line for line in output.splitlines() if "::" in line]


@pytest.mark.slow
def test_another_process_collects_the_same_tests_in_the_same_order(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    option = request.config.option
    chosen = ["-m", option.markexpr, "-k", option.keyword, *request.config.args]
    there = names(started(tmp_path, _CIRCUMSTANCES[1], *chosen))
    assert there == [item.nodeid for item in request.session.items]


@pytest.mark.slow
def test_a_name_that_holds_something_by_chance_is_noticed(tmp_path: Path) -> None:
    by_chance = [
        "str(datetime.now())",
        "str(date.today())",
        "gzip.compress(b'x')[:12]",
        "os.getpid()",
        "tempfile.gettempdir()",
        "os.urandom(8)",
        "next(iter({str(number) for number in range(100)}))",
    ]
    (tmp_path / "test_names.py").write_text(
        "import gzip, os, pytest, tempfile\nfrom datetime import date, datetime\n"
        f"@pytest.mark.parametrize('value', [{', '.join(by_chance)}])\ndef test_name(value): pass\n"
    )
    both = [started(tmp_path, each, str(tmp_path / "test_names.py")) for each in _CIRCUMSTANCES]
    first, second = map(names, both)
    noticed = [kind for kind, one, other in zip(by_chance, first, second, strict=True) if one != other]
    assert noticed == by_chance


def test_the_garbage_collector_works_again_and_passes_over_what_the_tests_modules_hold() -> None:
    assert gc.isenabled()
    assert gc.get_freeze_count() > 10_000  # the modules of pytest alone are more


@pytest.mark.parametrize("content", [gzip.compress(b"x", mtime=0)])
def test_compressed_bytes_are_named_by_their_length(request: pytest.FixtureRequest, content: bytes) -> None:
    assert request.node.name.endswith(f"[{len(content)} bytes]")


def test_the_examples_of_a_property_do_not_depend_on_the_modules_that_were_imported_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def examples() -> list[tuple[int, str]]:
        drawn = []

        @given(st.integers(), st.text())
        def remember(number: int, text: str) -> None:
            drawn.append((number, text))

        remember()
        return drawn

    before = examples()
    (tmp_path / "imported_meanwhile.py").write_text("LIMIT, NAME = 123_456_789, 'as good as any name'\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("imported_meanwhile")
    assert examples() == before
