"""`python -m benchmarks`."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import TOOLS, app
from stacks import ROOT
from tests.benchmarks.figures import write_all


@pytest.mark.slow
def test_the_generators_leave_a_result_and_no_data(tmp_path: Path) -> None:
    folders = ["--work", str(tmp_path / "work"), "--results", str(tmp_path / "results")]

    done = CliRunner().invoke(app, ["generator", "--runs", "2", "--records", "20", *folders])

    assert done.exit_code == 0, done.output
    result = json.loads((tmp_path / "results" / "generator.json").read_text(encoding="utf-8"))
    assert result["command"] == "python -m benchmarks generator --records 20 --runs 2"
    assert {name: len(rounds) for name, rounds in result["figures"]["used"].items()} == {
        "faker_tool": 2,
        "original's way": 2,
    }
    assert min(result["figures"]["bytes"].values()) > 10_000
    assert list((tmp_path / "work").rglob("*.csv")) == []


def test_growth_measures_only_what_has_no_result(tmp_path: Path) -> None:
    results = tmp_path / "results"
    for scale in (0.01, 0.1, 1):
        write_all(results, scale)
    before = {path: path.stat().st_mtime_ns for path in results.iterdir()}

    done = CliRunner().invoke(app, ["growth", "--work", str(tmp_path), "--results", str(results)])

    assert done.exit_code == 0, done.output
    assert {path: path.stat().st_mtime_ns for path in results.iterdir()} == before


def test_a_text_that_is_not_a_size_is_refused_with_an_example() -> None:
    done = CliRunner().invoke(app, ["transform", "--scale", "0.0001", "--files-of", "none"])

    assert done.exit_code == 2
    assert "'none' is not a size; write it like" in " ".join(done.output.split())


def test_a_missing_package_is_told_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.__main__.TOOLS", ("matplotlib", "no_such_package"))

    done = CliRunner().invoke(app, ["transform", "--work", str(tmp_path / "work")])

    assert done.exit_code == 1
    assert "no_such_package not found among the installed packages" in done.output
    assert "run `make tools`" in done.output
    assert list(tmp_path.iterdir()) == []


def test_what_only_the_benchmarks_need_is_what_their_requirements_name() -> None:
    lines = (ROOT / "benchmarks" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    named = [line.split("==")[0] for line in lines if "==" in line]

    assert sorted(named) == sorted(TOOLS)


def test_an_error_is_told_in_a_line(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["report", "--results", str(tmp_path), "--docs", str(tmp_path)])

    assert done.exit_code == 1
    assert "there are no results to report" in done.output
