"""`python -m faker_tool` as a person uses it."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from faker_tool.__main__ import app


def run(*arguments: str | Path) -> Result:
    # A wide terminal, or messages are broken into lines at unpredictable places.
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "400"})


def test_the_closing_line_tells_files_records_bytes_time_and_speed(tmp_path: Path) -> None:
    result = run("--records", "10", "--out", tmp_path / "new" / "folder")

    assert result.exit_code == 0
    assert re.fullmatch(r"4 files, 40 records, [\d,]+ bytes in \d+\.\d s \([\d.]+ \wB/s\)\n", result.output)
    assert len(list((tmp_path / "new" / "folder").iterdir())) == 4


def test_options_reach_the_files(tmp_path: Path) -> None:
    options = (
        "--datasets",
        "users,reviews",
        "--files-of",
        "1MB",
        "--gzip",
        "--seed",
        "7",
        "--until",
        "2020-03-01",
    )

    result = run("--size", "3MB", "--out", tmp_path, *options)

    assert result.exit_code == 0
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.gz")} >= {
        "reviews/part-00000.csv.gz",
        "reviews/part-00001.csv.gz",
        "user/part-00001.csv.gz",
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["reviews", "user"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "give either a size or a number of records; neither was given"),
        (("--size", "1MB", "--records", "5"), "give either a size or a number of records; both were given"),
        (("--size", "plenty"), "'plenty' is not a size; write it like 500kB, 100MB or 11.4GB"),
        (("--size", "10"), "a size of 10 bytes is too small to hit; ask for 100000 or more"),
        (("--records", "0"), "0 records were asked for; ask for 1 or more"),
        (("--records", "5", "--files-of", "0"), "'0' is not a size; write it like"),
        (
            ("--records", "5", "--datasets", "books,films"),
            "no dataset is named 'films'; there are authors, books",
        ),
    ],
)
def test_wrong_options_say_what_to_do_and_write_nothing(
    tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    result = run("--out", tmp_path, *options)

    assert result.exit_code == 2
    assert message in result.output
    assert list(tmp_path.iterdir()) == []


def test_existing_files_are_named_and_the_way_out_too(tmp_path: Path) -> None:
    (tmp_path / "book.csv").write_text("mine")

    result = run("--records", "5", "--out", tmp_path)

    assert result.exit_code == 2
    assert "already holds book.csv; choose another folder, or --force to replace them" in result.output
    assert (tmp_path / "book.csv").read_text() == "mine"
    assert run("--records", "5", "--out", tmp_path, "--force").exit_code == 0


def test_help_shows_an_example_of_each_size(tmp_path: Path) -> None:
    result = run("--help")

    assert result.exit_code == 0
    assert "like 100MB or 11.4GB" in result.output
    assert "reviews/part-00000.csv" in result.output
    assert list(tmp_path.iterdir()) == []
