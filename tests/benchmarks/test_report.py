"""The performance page says what was measured, and nothing of where."""

import json
from pathlib import Path

import pytest

from benchmarks import BenchmarkError
from benchmarks.report import write_page
from benchmarks.results import machine
from tests.benchmarks.figures import write_all


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the results and of the page with its charts."""
    folder = tmp_path_factory.mktemp("figures")
    write_all(folder / "results", 0.1)
    write_all(folder / "results", 0.01)
    write_page(folder / "results", folder / "docs")
    return folder


@pytest.fixture(scope="module")
def page(written: Path) -> str:
    (found,) = (written / "docs").glob("*.md")
    return found.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "line",
    [
        "| **pipeline** | 150 | 100 to 200 | 8.13 | 155 | 2,000 | 1 |",
        "| DuckDB | 300 | 300 to 300 | 4.07 | 1.00 | 0 | 2.25 (1.50 to 3.00) |",
        "| **pipeline** | 150 | 100 to 200 | 8.13 | 155 | 2,000 | 3.00 (2.00 to 4.00) |",
        "| whole execution, its Spark step on a cluster of processes | 250 | 250 to 250 | 4.88 | 300 | 5,000 |",
        "| copy to working | 10.0 | 10.0 to 10.0 | 122 | 5.00 | 0 |",
        "| generator (not part of it) | 6.10 | 6.10 to 6.10 | 200 | 90.0 | 300 |",
        "| Polars | 3,001 | 3,000 | 1 | 0 | 1 of 2 |",
        "| original's way | 20.0 | 20.0 to 20.0 | 0.900 | 20.0 | 0 | 10.0 |",
        "| many files (820) | 14.0 | 14.0 to 14.0 | 71.4 | 9.00 | 0 | 1.40 |",
        "| `TransformToProcessed` | 61.0 |",
    ],
)
def test_a_table_has_the_figures_that_were_measured(page: str, line: str) -> None:
    assert line in page.splitlines()


def test_the_generator_is_compared_by_its_speed_on_the_greatest_load(page: str) -> None:
    expected = "`faker_tool` made the load of 1.22 GB in 6.10 s, 200 MB/s: 222 times the original's 0.900 MB/s below."
    assert expected in page


def test_the_aims_say_which_of_them_were_met(page: str) -> None:
    rows = [line for line in page.splitlines() if line.endswith((" met |", "**missed** |"))]

    assert rows == [
        "| load 0.1: seconds of original's way, times the transform's | at least 4.5 |  | 2.25 | **missed** |",
        "| load 0.1: seconds of plain PySpark, times the transform's | at least 2.4 |  | 2.25 | **missed** |",
        "| load 0.01: seconds of the whole execution, times DuckDB's | at most 5.5 |  | 3.00 | met |",
        "| 1 GB of reviews: seconds of one file, times those of four | at most 1.15 |  | 1.10 | met |",
        "| 1 GB of reviews: seconds of many files, times those of four | at most 1.25 |  | 1.40 | **missed** |",
        "| MB of a task with gzip of 14 MB that unpacks to 720 MB | at most 1000 |  | 800 | met |",
        "| MB/s of the generator, times the original's | at least 100 |  | 222 | met |",
    ]


@pytest.mark.slow
def test_an_earlier_figure_stands_beside_its_aim_and_says_when_and_where(tmp_path: Path) -> None:
    write_all(tmp_path / "results", 0.1)
    write_all(tmp_path / "results" / "earlier", 0.1)
    write_all(tmp_path / "results" / "earlier", 0.01)
    (tmp_path / "results" / "earlier" / "shapes-0.1.json").unlink()
    page = write_page(tmp_path / "results", tmp_path / "docs").read_text(encoding="utf-8")

    assert (
        "| load 0.1: seconds of plain PySpark, times the transform's | at least 2.4 | 2.25 | 2.25 |" in page
    )
    assert (
        "| 1 GB of reviews: seconds of one file, times those of four | at most 1.15 |  | 1.10 | met |" in page
    )
    words = "| load 0.01: seconds of the whole execution, times DuckDB's | at most 5.5 | 3.00 |  | not measured again |"
    assert words in page
    assert "The earlier figures are of 20" in page
    assert (
        "(`generator`, `imports`, `pipeline-0.01`, `pipeline-0.1`, `transform-0.01`, `transform-0.1`), on "
        in page
    )


@pytest.mark.slow
def test_a_small_load_is_compared_with_the_earlier_code_of_the_same_day(tmp_path: Path) -> None:
    write_all(tmp_path / "results", 0.01)
    write_all(tmp_path / "results" / "earlier", 0.01)
    words = "| load 0.01: seconds of the earlier execution, times the present's | at least 1.8 |  | 1.00 | **missed** |"
    assert words in write_page(tmp_path / "results", tmp_path / "docs").read_text(encoding="utf-8")

    earlier = tmp_path / "results" / "earlier" / "pipeline-0.01.json"
    earlier.write_text(json.dumps({**json.loads(earlier.read_text()), "date": "2026-11-23"}))
    page = write_page(tmp_path / "results", tmp_path / "docs").read_text(encoding="utf-8")
    assert "times the present's" not in page
    assert "The earlier figures are of 2026-11-23 (`pipeline-0.01`) and 20" in page


@pytest.mark.slow
def test_of_the_whole_load_the_aims_are_time_and_memory(tmp_path: Path) -> None:
    write_all(tmp_path / "results", 1.0)
    page = write_page(tmp_path / "results", tmp_path / "docs").read_text(encoding="utf-8")

    assert [line for line in page.splitlines() if line.startswith("| load 1: ")] == [
        "| load 1: seconds of the transform, times DuckDB's for reading and merging | at most 1.8 |  | 1.22 | met |",
        "| load 1: seconds of the whole execution, times DuckDB's | at most 2.8 |  | 3.00 | **missed** |",
        "| load 1: MB of the largest process | at most 5500 |  | 3,000 | met |",
    ]


def test_the_growth_table_goes_from_the_smallest_load_to_the_greatest(page: str, written: Path) -> None:
    rows = [line for line in page.splitlines() if line.startswith("| 0.")]
    days = [
        json.loads((written / "results" / f"pipeline-{scale}.json").read_text())["date"]
        for scale in (0.01, 0.1)
    ]

    assert rows == [
        f"| 0.01 | 122 MB | 61.0 | 2.00 | 150 | 0.813 | {days[0]} |",
        f"| 0.1 | 1.22 GB | 61.0 | 20.0 | 150 | 8.13 | {days[1]} |",
    ]


def test_states_within_others_are_left_out_as_they_run_at_the_same_time(page: str) -> None:
    assert "CopyBatch" not in page


def test_every_chart_the_page_shows_is_there(page: str, written: Path) -> None:
    linked = [part.partition(")")[0] for part in page.split("](")[1:]]
    shown = [name for name in linked if name.endswith(".svg")]

    assert shown == ["performance-states.svg", "performance-transform.svg"]
    assert all((written / "docs" / name).read_text(encoding="utf-8").startswith("<?xml") for name in shown)


@pytest.mark.slow
def test_equal_results_make_equal_pages_and_charts(tmp_path: Path) -> None:
    write_all(tmp_path / "results")
    contents = []
    for docs in (tmp_path / "one", tmp_path / "other"):
        write_page(tmp_path / "results", docs)
        contents.append({path.name: path.read_bytes() for path in docs.iterdir()})

    assert len(contents[0]) == 3
    assert contents[0] == contents[1]


def test_neither_page_nor_results_say_where_they_were_made(page: str, written: Path) -> None:
    texts = [page, *(path.read_text(encoding="utf-8") for path in (written / "results").iterdir())]

    assert [text for text in texts if str(written) in text or str(Path.cwd()) in text] == []
    assert machine().keys() == {"cpu", "cores", "memory_bytes", "system"}


def test_an_import_is_compared_with_duckdb_on_the_same_file(page: str) -> None:
    assert "| `ratings.csv`, import | 4.00 | 4.00 to 4.00 | 50.0 | 6.00 | 200 |  |" in page
    assert "| `ratings.csv`, DuckDB reads | 2.00 | 2.00 to 2.00 | 100 | 1.00 | 0 | 2.00 |" in page


@pytest.mark.slow
def test_what_was_not_measured_says_so(tmp_path: Path) -> None:
    write_all(tmp_path / "results")
    (tmp_path / "results" / "generator.json").unlink()

    page = write_page(tmp_path / "results", tmp_path / "docs").read_text(encoding="utf-8")

    assert page.count("Not measured yet.") == 1
    assert page.endswith("Not measured yet.\n")


def test_results_of_two_machines_are_refused(tmp_path: Path) -> None:
    write_all(tmp_path)
    path = tmp_path / "generator.json"
    other = json.loads(path.read_text(encoding="utf-8"))
    other["machine"]["cores"] = 9_999
    path.write_text(json.dumps(other), encoding="utf-8")

    with pytest.raises(BenchmarkError, match="come from 2 machines, expected one"):
        write_page(tmp_path, tmp_path / "docs")


def test_no_results_are_an_error_that_says_how_to_get_some(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="measure first: python -m benchmarks all"):
        write_page(tmp_path, tmp_path / "docs")
