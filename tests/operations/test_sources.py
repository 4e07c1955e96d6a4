"""Where the files of a run come from."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from catalog import DATASETS
from landing.errors import StoreError
from operations.__main__ import app
from operations.errors import OperationError
from operations.sources import Source
from tests.capture.library.exports import EARTHSEA, SHELVED, write_export


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return write_export(tmp_path / "goodreads_library_export.csv", [EARTHSEA, SHELVED])


def source(
    *, data: Path | None = None, library: Path | None = None, user: str | None = None, size: int = 100_000
) -> Source:
    return Source(data=data, library=library, user=user, size=size)


def test_a_library_export_becomes_files_of_each_dataset(
    tmp_path: Path, export: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = source(library=export, user="Ann").files(tmp_path / "scratch")
    assert sorted(path.parent.name for path in folder.rglob("*.csv")) == sorted(
        each.name for each in DATASETS
    )
    assert "goodreads_library_export.csv: 2 rows: 2 books" in capsys.readouterr().out


def test_an_export_of_the_last_days_needs_no_window(export: Path) -> None:
    assert source(library=export, user="Ann").window_start() is None


def test_an_older_export_has_a_window_that_begins_with_its_day(export: Path) -> None:
    old = datetime.now(UTC) - timedelta(days=31)
    os.utime(export, (old.timestamp(), old.timestamp()))
    assert source(library=export, user="Ann").window_start() == f"{old:%Y-%m-%d}"


def test_other_sources_have_the_usual_window(tmp_path: Path) -> None:
    assert source().window_start() is source(data=tmp_path).window_start() is None


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"data": Path("folder"), "library": Path("export.csv"), "user": "Ann"}, "expected one of them"),
        ({"library": Path("export.csv")}, "--library needs the name"),
        ({"library": Path("export.csv"), "user": "  "}, "--library needs the name"),
        ({"user": "Ann"}, "--user goes with --library FILE"),
    ],
)
def test_what_does_not_fit_together_is_a_usage_error(given: dict[str, Any], told: str) -> None:
    with pytest.raises(typer.BadParameter, match=told):
        source(**given)


def test_the_command_refuses_a_reader_without_an_export(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["run", "--user", "Ann", "--state", str(tmp_path / "state")])
    assert result.exit_code == 2
    assert not (tmp_path / "state").exists()


def test_a_file_that_is_no_export_is_told_with_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(OperationError, match=r"no library export of Goodreads.*download the file again"):
        source(library=path, user="Ann").files(tmp_path / "scratch")
    with pytest.raises(OperationError, match="No such file"):
        source(library=tmp_path / "missing.csv", user="Ann").files(tmp_path / "scratch")


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="holds no files"):
        source(data=tmp_path).files(tmp_path / "scratch")


@pytest.mark.parametrize(
    ("given", "arguments"),
    [
        (source(), []),
        (source(size=5), ["--size", "5"]),
        (source(data=Path("folder")), ["folder"]),
        (source(library=Path("e.csv"), user="Ann"), ["--library", "e.csv", "--user", "Ann"]),
    ],
)
def test_the_source_is_told_as_it_was_given(given: Source, arguments: list[str]) -> None:
    assert given.arguments(100_000) == arguments
