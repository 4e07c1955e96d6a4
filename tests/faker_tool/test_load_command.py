"""`python -m faker_tool` as a person uses it."""

import errno
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from command_line.answers import answers
from faker_tool.__main__ import app
from stacks import ROOT


@pytest.fixture(autouse=True)
def usual_answers() -> Iterator[None]:
    """The next test of the process begins without --json."""
    yield
    answers.choose(as_json=False)


def run(*arguments: str | Path) -> Result:
    # A wide terminal, or messages are broken into lines at unpredictable places.
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "400"})


def test_the_closing_line_tells_files_records_bytes_time_and_speed(tmp_path: Path) -> None:
    result = run("--records", "10", "--out", tmp_path / "new" / "folder")

    assert result.exit_code == 0
    assert re.fullmatch(
        r"4 files, 40 records, [\d,]+ bytes in \d+\.\d s \([\d.]+ (\wB|Bytes)/s\)\n", result.output
    )
    assert len(list((tmp_path / "new" / "folder").iterdir())) == 4


@pytest.mark.slow
def test_the_answer_in_json_counts_what_was_written_and_what_the_manifest_expects(tmp_path: Path) -> None:
    out, manifest = tmp_path / "out", tmp_path / "manifest.json"
    options = ("--records", "200", "--gzip", "--fault", "bad_type=0.1", "--fault", "truncated_file=0.4")

    result = run(*options, "--files-of", "20kB", "--out", out, "--manifest", manifest, "--json")

    assert result.exit_code == 0
    (line,) = result.stdout.splitlines()
    document = json.loads(line)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(f"`{key}`" in readme for key in document)
    expected = json.loads(manifest.read_text())["datasets"].values()
    files = [file for each in expected for file in each["files"]]
    assert document.pop("seconds") > 0
    assert document == {
        "files": len([path for path in out.rglob("*") if path.is_file()]),
        "records": 4 * 200,
        "bytes": sum(file["text_bytes"] for file in files),
        "ledger": {
            "rows_read": sum(each["ledger"]["rows_read"] for each in expected),
            "rows_inserted": sum(each["ledger"]["rows_inserted"] for each in expected),
            "rows_quarantined": sum(each["ledger"]["rows_quarantined"] for each in expected),
            "files_quarantined": sum(file["is_truncated"] for file in files),
            "manifest": str(manifest),
        },
    }
    assert document["ledger"]["files_quarantined"] > 0


def test_without_a_manifest_the_answer_in_json_expects_nothing(tmp_path: Path) -> None:
    assert json.loads(run("--records", "5", "--out", tmp_path, "--json").stdout)["ledger"] is None


def test_an_error_in_json_is_the_one_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "book.csv").write_text("mine")

    result = run("--json", "--records", "5", "--out", tmp_path)

    assert result.exit_code == 2
    (line,) = result.stdout.splitlines()
    assert "already holds book.csv; choose another folder" in json.loads(line)["error"]
    assert "already holds book.csv; choose another folder" in result.stderr


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
        (("--size", "1GBx"), "'1GBx' is not a size; write it like 500kB, 100MB or 11.4GB"),
        (("--size", "plenty"), "'plenty' is not a size; write it like 500kB, 100MB or 11.4GB"),
        (("--size", "10"), "a size of 10 bytes is too small; ask for 100000 or more"),
        (("--records", "0"), "0 records were asked for; ask for 1 or more"),
        (("--records", "5", "--files-of", "0"), "'0' is not a size; write it like"),
        (
            ("--records", "5", "--datasets", "books,films"),
            "no dataset is named 'films'; there are authors, books",
        ),
        (
            ("--records", "5", "--fault", "latte=0.1"),
            "no fault is named 'latte'; there are duplicate, late, tie, bad_type, out_of_range, missing_required",
        ),
        (
            ("--records", "5", "--fault", "late=1.5"),
            "the rate of late is 1.5; give a share from 0 to 1, like 0.01",
        ),
        (
            ("--records", "5", "--fault", "late=nan"),
            "the rate of late is nan; give a share from 0 to 1, like 0.01",
        ),
        (
            ("--records", "5", "--fault", "late"),
            "'late' is not a fault with its rate; write it like late=0.01",
        ),
        (
            ("--records", "5", "--fault", "late=0.1", "--fault", "late=0.2"),
            "late is given twice; give one rate for it",
        ),
        (
            ("--records", "5", "--fault", "late=0.6", "--fault", "tie=0.6"),
            "the rates of the faults of records add up to 1.2, but a record has one fault at most",
        ),
        (
            ("--records", "5", "--fault", "truncated_file=1"),
            "truncated_file cuts off the content of gzip files; ask for gzip too",
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


def test_the_manifest_says_what_to_expect(tmp_path: Path) -> None:
    manifest = tmp_path / "aside" / "manifest.json"
    options = ("--records", "200", "--datasets", "users", "--files-of", "20kB", "--gzip", "--seed", "3")
    faults = ("--fault", "bad_type=0.1", "--fault", "truncated_file=0.4", "--fault", "drifted_columns=0.3")

    result = run(
        *options, *faults, "--until", "2020-03-01", "--out", tmp_path / "out", "--manifest", manifest
    )

    assert result.exit_code == 0
    document = json.loads(manifest.read_text())
    assert {key: document[key] for key in ("seed", "until", "faults")} == {
        "seed": 3,
        "until": "2020-03-01T00:00:00+00:00",
        "faults": {"bad_type": 0.1, "truncated_file": 0.4, "drifted_columns": 0.3},
    }
    users = document["datasets"]["users"]
    files = users["files"]
    assert users["records"] == 200
    assert [(file["name"], file["is_truncated"]) for file in files] == [
        ("user/part-00000.csv.gz", False),
        ("user/part-00001.csv.gz", False),
        ("user/part-00002.csv.gz", True),
    ]
    assert [file["size_bytes"] for file in files] == [
        (tmp_path / "out" / file["name"]).stat().st_size for file in files
    ]
    readable = [file for file in files if not file["is_truncated"]]
    rejected = sum(file["rows_quarantined"] for file in readable)
    assert users["rejects"] == {"type": rejected}
    assert users["ledger"] == {
        "rows_read": sum(file["records"] for file in readable),
        "rows_inserted": users["distinct_keys"],
        "rows_updated": 0,
        "rows_stale": 0,
        "rows_duplicate": 0,
        "rows_stale_or_duplicate": 0,
        "rows_quarantined": rejected,
    }
    assert (
        f"The ledger should show: {users['ledger']['rows_read']} rows read, {users['distinct_keys']} inserted, "
        f"{rejected} quarantined, and 1 file quarantined whole; the counts by dataset are in {manifest}"
    ) in result.output


def test_a_manifest_that_cannot_be_written_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    manifest = tmp_path / "file" / "manifest.json"
    result = run("--records", "5", "--out", tmp_path / "out", "--manifest", manifest, "--json")
    message = f"Invalid value for --manifest: {manifest} cannot be written: File exists"
    assert (json.loads(result.stdout), result.exit_code) == ({"error": message}, 2)
    assert not (tmp_path / "out").exists()


def test_a_load_that_fails_leaves_no_empty_manifest_and_keeps_an_older_one(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "book.csv").touch()
    (tmp_path / "old.json").write_text("{}")
    for name in ("new.json", "old.json"):
        assert run("--records", "5", "--out", tmp_path / "out", "--manifest", tmp_path / name).exit_code == 2
    assert not (tmp_path / "new.json").exists()
    assert (tmp_path / "old.json").read_text() == "{}"


def test_a_disk_that_is_full_when_the_manifest_is_written_leaves_the_files_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    out, manifest = tmp_path / "out", tmp_path / "manifest.json"
    monkeypatch.setattr(Path, "write_text", full)
    result = run("--records", "5", "--out", out, "--manifest", manifest, "--json")
    message = f"{manifest} cannot be written: No space left on device; the 4 files in {out} are complete"
    assert json.loads(result.stdout) == {"error": f"Invalid value for --manifest: {message}"}
    assert result.exit_code == 2
    assert len(list(out.iterdir())) == 4


def test_a_manifest_among_the_landing_files_is_refused(tmp_path: Path) -> None:
    result = run("--records", "5", "--out", tmp_path, "--manifest", tmp_path / "manifest.json")

    assert result.exit_code == 2
    assert "would be among the landing files and be quarantined; choose a path outside --out" in result.output
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")

    result = run("--records", "5", "--out", tmp_path / "taken")

    assert result.exit_code == 2
    assert "is a file; give a folder, or s3://bucket/prefix" in result.output
