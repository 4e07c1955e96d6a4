"""The contest of the imports."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.imports import FILES, GOODBOOKS, UCSD_INTERACTIONS, make_up
from benchmarks.sections import imports_section


@pytest.mark.slow
def test_every_import_is_measured_beside_duckdb_and_leaves_no_data(tmp_path: Path) -> None:
    folders = ["--work", str(tmp_path / "work"), "--results", str(tmp_path / "results")]
    done = CliRunner().invoke(app, ["imports", "--runs", "1", "--megabytes", "1", *folders])
    assert done.exit_code == 0, done.output
    result = json.loads((tmp_path / "results" / "imports.json").read_text(encoding="utf-8"))
    assert list(result["figures"]["used"]) == list(FILES)
    assert all(1_000_000 <= size < 1_100_000 for size in result["figures"]["bytes"].values())
    section = imports_section(result)
    for file in FILES:
        for contestant in ("import", "DuckDB reads", "DuckDB reads and writes CSV", "import of a quarter"):
            assert f"| `{file}`, {contestant} |" in section
    assert [path for path in (tmp_path / "work").rglob("*") if path.is_file()] == []


def test_a_made_up_file_is_the_same_each_time_and_has_its_companions(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        for name in FILES:
            make_up(tmp_path / folder / name, 10_000)
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / each).iterdir()} for each in ("one", "two")
    )
    assert one == two
    assert set(one) == {*FILES, "books.csv", "book_id_map.csv", "user_id_map.csv"}
    assert one[GOODBOOKS].startswith(b"user_id,book_id,rating\n")
    assert one[UCSD_INTERACTIONS].startswith(b"user_id,book_id,is_read,rating,is_reviewed\n")
