"""`python -m capture import-library`, as it is typed."""

import csv
import gzip
import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from capture import ids
from capture.library.command import import_library
from tests.capture.answered import answered
from tests.capture.library.exports import EARTHSEA, PRESENT, SHELVED, write_export


def imported(*arguments: object) -> Result:
    app = typer.Typer()
    app.command()(import_library)
    return CliRunner(env={"COLUMNS": "500", "TERM": "dumb"}).invoke(app, [str(each) for each in arguments])


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = write_export(tmp_path / "goodreads_library_export.csv", [EARTHSEA, SHELVED])
    moment = datetime(2024, 3, 1, 12, 30, 5, tzinfo=UTC).timestamp()
    os.utime(path, (moment, moment))
    return path


def test_the_import_says_what_became_of_the_rows(tmp_path: Path, export: Path) -> None:
    result = imported(export, "--user", "Ann", "--out", tmp_path / "folder")
    assert result.exit_code == 0
    of_rows, of_namesakes = result.output.splitlines()
    assert of_rows == "2 rows: 2 books by 4 authors, 1 review (1 book only stands on a shelf)"
    assert of_namesakes.startswith("All readers called Ann are one user; ")
    files = {
        path.relative_to(tmp_path / "folder").as_posix() for path in (tmp_path / "folder").rglob("*.csv")
    }
    name = f"library-{ids.of_user('Ann')}-000000001.csv"
    assert files == {f"{dataset}/{name}" for dataset in ("authors", "books", "reviews", "users")}


def rows_in(folder: Path, dataset: str) -> int:
    (path,) = (folder / dataset).iterdir()
    with path.open(newline="", encoding="utf-8") as file:
        return len(list(csv.DictReader(file)))


def test_the_answer_in_json_counts_what_was_written(tmp_path: Path, export: Path) -> None:
    odd = SHELVED | {"Book Id": "8", "Number of Pages": "-1"}
    write_export(export, [EARTHSEA, EARTHSEA, SHELVED, odd])
    with export.open("a") as file:
        file.write("only,three,fields\n")
    document, said, code = answered("import-library", export, "--user", "Ann", "--out", tmp_path / "out")
    assert code == 1
    assert document == {
        "rows": 5,
        "books": rows_in(tmp_path / "out", "books"),
        "authors": rows_in(tmp_path / "out", "authors"),
        "reviews": rows_in(tmp_path / "out", "reviews"),
        "only_shelved": 2,
        "copies": 1,
        "left_out": [
            {"line": 6, "reason": "found 3 fields, expected 24, so a value may stand in another's column"}
        ],
        "emptied": {"books.num_pages": {"count": 1, "first": None}},
    }
    assert said.startswith("All readers called Ann are one user; ")
    assert "line 6 is left out: found 3 fields" in said


def test_an_error_in_json_is_the_one_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "file.csv").write_bytes(b"")
    out = tmp_path / "out"
    document, said, code = answered("import-library", tmp_path / "file.csv", "--user", "Ann", "--out", out)
    assert code == 2
    assert "is empty" in document["error"]
    assert "is empty" in said
    assert not out.exists()


def test_the_version_is_the_time_of_the_file_unless_one_is_given(tmp_path: Path, export: Path) -> None:
    imported(export, "--user", "Ann", "--out", tmp_path / "of-file")
    assert '"2024-03-01 12:30:05"' in next((tmp_path / "of-file" / "reviews").iterdir()).read_text()
    imported(export, "--user", "Ann", "--out", tmp_path / "given", "--captured-at", "2023-01-02")
    assert '"2023-01-02 00:00:00"' in next((tmp_path / "given" / "reviews").iterdir()).read_text()


def test_a_version_with_an_offset_is_told_in_utc(tmp_path: Path, export: Path) -> None:
    imported(export, "--user", "Ann", "--out", tmp_path, "--captured-at", "2024-01-01T10:00:00+02:00")
    assert '"2024-01-01 08:00:00"' in next((tmp_path / "reviews").iterdir()).read_text()


def test_a_version_that_the_pipeline_would_reject_is_refused(tmp_path: Path, export: Path) -> None:
    result = imported(export, "--user", "Ann", "--out", tmp_path / "out", "--captured-at", "2090-01-02")
    assert result.exit_code == 2
    assert "would reject every record of 2090-01-02" in result.output
    assert not (tmp_path / "out").exists()


STORYGRAPH = "Title,Authors,Contributors,ISBN/UID,Format,Read Status,Date Added,Last Date Read\nDune,Frank Herbert,,,,read,,\n"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \n", "is empty"),
        (
            STORYGRAPH.encode(),
            "found the columns 'Title', 'Authors', 'Contributors', 'ISBN/UID', 'Format', ...; expected Book Id",
        ),
        (
            ",".join(PRESENT).replace(",", ";").encode(),
            "found the columns 'Book Id;Title;Author;Author l-f;Addition'; expected",
        ),
        (",".join(PRESENT).encode("utf-16"), "is text in UTF-16, expected a CSV file"),
        (b"<!DOCTYPE html><title>Sign in</title>", "is a web page, expected a CSV file"),
        (gzip.compress(b"Book Id"), "is a gzip archive, expected a CSV file"),
        (b'"Book Id,Title', "found a first line with a quote that is not closed; expected Book Id, Title"),
        (
            b"\nBook Id,Title\n",
            "found a first line without columns; expected Book Id, Title, Author, My Rating among",
        ),
        (b" , \nBook Id,Title\n", "found a first line without columns; expected Book Id"),
        ((",".join(PRESENT) + ",Title\n").encode(), "has the column 'Title' twice, expected it once"),
        (b"a\0b", "is no text, expected a CSV file"),
    ],
)
def test_a_file_that_is_no_export_is_refused_with_the_way_out(
    tmp_path: Path, content: bytes, told: str
) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    result = imported(path, "--user", "Ann", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert told in result.output
    assert "download the file again (My Books, Import and export, Export library)" in result.output
    assert not (tmp_path / "out").exists()


def test_another_encoding_is_refused_with_the_line(tmp_path: Path) -> None:
    path = write_export(tmp_path / "export.csv", [EARTHSEA, EARTHSEA | {"Author": "Dami\u00e1n Pe\u00f1a"}])
    path.write_bytes(path.read_text(encoding="utf-8").encode("cp1252"))
    result = imported(path, "--user", "Ann", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "is not UTF-8 from line 3 on" in result.output
    assert "save it as UTF-8" in result.output
    assert not (tmp_path / "out").exists()


def test_a_spreadsheet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "goodreads_library_export.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    result = imported(path, "--user", "Ann", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "is a spreadsheet or a zip archive, expected a CSV file" in result.output


def test_a_name_without_letters_is_refused(tmp_path: Path, export: Path) -> None:
    result = imported(export, "--user", " ", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "the name of a user is empty" in result.output


def test_rows_that_were_left_out_are_told_by_line_without_their_text(tmp_path: Path, export: Path) -> None:
    with export.open("a") as file:
        file.write("only,three,fields\n" * 25)
    result = imported(export, "--user", "Ann", "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "25 left out" in result.stdout
    assert "line 4 is left out: found 3 fields, expected 24" in result.stderr
    assert "and 5 more" in result.stderr
    assert "three,fields" not in result.output
