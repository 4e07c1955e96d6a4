"""How a file is divided makes no difference: the same rows, counts and rejects from one range and from many."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pyspark.sql import SparkSession

from catalog import AUTHORS, DATASETS, Dataset
from contract.ledger import Counts
from faker_tool.faults import DRIFTED_COLUMNS, OF_RECORDS, Faults
from faker_tool.generate import generate
from spark_jobs import tasks
from spark_jobs.ranges import cut
from tests.spark_jobs.odd_texts import odd_text
from tests.spark_jobs.workbench import VALID, Workbench

pytestmark = pytest.mark.spark

HEADER = ",".join(AUTHORS.column_names) + "\n"
Land = Callable[[Workbench], None]
Found = dict[str, Any]


def author(key: int | str, name: str = "Ann", version: str = "2020-02-19 21:38:16") -> str:
    return f"{key},{name},,,,,,{version}\n"


def divide(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """Divide files into ranges of that many bytes, many of them for each task."""
    monkeypatch.setattr(
        tasks, "divided", lambda objects, _: [part for each in objects for part in cut(each, size)]
    )


@pytest.fixture
def read_both_ways(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Land], tuple[Found, Found]]:
    """Run the job over what `land` puts there: each file in one range, and in ranges of 1,500 bytes."""

    def both(land: Land) -> tuple[Found, Found]:
        whole = one(land, "whole")
        divide(monkeypatch, 1500)
        return whole, one(land, "ranges")

    def one(land: Land, name: str) -> Found:
        bench = Workbench(spark, tmp_path / name)
        land(bench)
        return {
            "counts": bench.run(),
            "files": bench.file_rows(),
            "staged": {dataset.name: bench.staged(dataset.name) for dataset in DATASETS},
            "rejects": {dataset.name: rejects(bench, dataset) for dataset in DATASETS},
        }

    return both


def rejects(bench: Workbench, dataset: Dataset) -> list[dict[str, Any]]:
    """As they are in quarantine, with the files below the bench's folder."""
    lines = [
        line
        for path in (bench.root / "quarantine" / dataset.name).glob("*.json")
        for line in path.read_bytes().splitlines()  # of a text they end at odd characters too
    ]
    roots = (bench.root.as_uri().encode(), f"file:{bench.root}".encode())  # as planned, and as Spark has it
    found = [json.loads(line.replace(roots[0], b"").replace(roots[1], b"")) for line in lines]
    return sorted(found, key=lambda reject: (reject["file"], reject["record"]))


def rules(found: Found, dataset: str) -> set[str]:
    return {violation["rule"] for reject in found["rejects"][dataset] for violation in reject["violations"]}


def test_a_load_with_every_fault_is_rejected_alike(
    tmp_path: Path, read_both_ways: Callable[[Land], tuple[Found, Found]]
) -> None:
    faults = dict.fromkeys(OF_RECORDS, 0.04) | {DRIFTED_COLUMNS: 0.4}
    landing = tmp_path / "landing"
    until = datetime(2020, 2, 20, tzinfo=UTC)
    load = generate(landing, records=250, files_of=60_000, until=until, faults=Faults(faults), expect=True)

    def land(bench: Workbench) -> None:
        for each in load.datasets:
            for file in each.files:
                bench.land(each.dataset, (landing / file.name).read_bytes(), name=Path(file.name).name)

    whole, in_ranges = read_both_ways(land)

    assert_alike(whole, in_ranges)
    for each in load.datasets:
        assert each.expected is not None
        assert rules(whole, each.dataset) == set(each.expected.rejects)
        assert len(whole["rejects"][each.dataset]) == each.expected.rows_quarantined > 0


def assert_alike(whole: Found, in_ranges: Found) -> None:
    for dataset, found in whole["rejects"].items():
        for reject, expected in zip(found, in_ranges["rejects"][dataset], strict=True):
            assert reject == expected
    assert whole == in_ranges


def odd_rows(dataset: Dataset, draw: Random, count: int) -> bytes:
    """A file in which half of the records have an odd text, some bytes that are not UTF-8, some too few fields."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(dataset.column_names)
    for key in range(count):
        column = draw.choice(dataset.columns)
        row = dict.fromkeys(dataset.column_names, "") | VALID[dataset.name] | {dataset.key: str(key // 2)}
        if draw.random() < 0.5:
            row[column.name] = odd_text(column, draw) + draw.choice(["", "", "", "\udce9"])
        else:
            row = dict(list(row.items())[: draw.choice([1, 3, *[99] * 10])])
        writer.writerow(row.values())
    return text.getvalue().encode("utf-8", "surrogateescape")


def test_odd_values_of_every_column_are_rejected_alike(
    read_both_ways: Callable[[Land], tuple[Found, Found]],
) -> None:
    def land(bench: Workbench) -> None:
        for seed, dataset in enumerate(DATASETS):
            bench.land(dataset.name, odd_rows(dataset, Random(seed), 300))

    whole, in_ranges = read_both_ways(land)

    assert_alike(whole, in_ranges)
    for dataset in DATASETS:
        assert {"encoding", "field_count", "type", "range"} <= rules(whole, dataset.name)


NUMBERED = (
    author(1, '"two\nlines"')
    + "2,few\n"
    + author("x", '"three\n\nlines"')
    + '3,"too\nmany",,,,,,2020-02-19 21:38:16,"fields\n"\n'
    + author(4, '"say ""hi"""')
    + author("y", "plain")
)


@pytest.mark.parametrize(
    ("end", "mark"), [("\n", ""), ("\r\n", "\ufeff")], ids=["LF", "CRLF after a byte order mark"]
)
def test_records_are_numbered_alike_whatever_is_before_them(
    read_both_ways: Callable[[Land], tuple[Found, Found]], end: str, mark: str
) -> None:
    content = (mark + HEADER + NUMBERED).replace("\n", end).encode()

    whole, in_ranges = read_both_ways(lambda bench: bench.land("authors", content))

    assert_alike(whole, in_ranges)
    assert [reject["record"] for reject in whole["rejects"]["authors"]] == [2, 3, 4, 6]


def test_a_reject_that_is_not_utf8_is_given_byte_by_byte_alike(
    read_both_ways: Callable[[Land], tuple[Found, Found]],
) -> None:
    """The extra column, that nothing looks at, counts for how a reject is given, and not for whether it is one."""
    lines = [
        b"extra," + HEADER.encode(),
        b"caf\xe9," + author(1).encode(),
        b"caf\xe9," + author("x").encode(),
        "café,".encode() + author("y").encode(),
        b"caf\xe9," + author(3).encode().replace(b"Ann", b"Zo\xeb"),
        "café,1\n".encode(),
    ]

    whole, in_ranges = read_both_ways(lambda bench: bench.land("authors", b"".join(lines)))

    assert_alike(whole, in_ranges)
    found = [
        (reject["record"], reject["encoding"], (reject["row"] or {}).get("extra"))
        for reject in whole["rejects"]["authors"]
    ]
    assert found == [
        (2, "ISO-8859-1", "caf\u00e9"),
        (3, "UTF-8", "caf\u00e9"),
        (4, "ISO-8859-1", "caf\u00e9"),
        (5, "UTF-8", None),
    ]


def test_a_regular_file_and_one_with_a_stray_quote_are_one_dataset(bench: Workbench) -> None:
    stray = author(2, '"a"b') + author(3) + author("x") + author(4, "late", "2020-02-18 00:00:00")
    bench.land("authors", (HEADER + stray).encode(), name="stray.csv")
    bench.land("authors", (HEADER + author(4, "new") + author(3) + author("y")).encode(), name="a.csv")

    assert bench.run()["authors"] == Counts(
        rows_read=7, rows_staged=2, rows_stale=1, rows_duplicate=1, rows_quarantined=3
    )
    assert {row["author_id"]: row["name"] for row in bench.staged("authors")} == {3: "Ann", 4: "new"}
    assert bench.file_rows() == {"authors/stray.csv": (4, 2, None), "authors/a.csv": (3, 1, None)}
    assert [
        (reject["file"].rpartition("/")[2], reject["record"], reject["violations"][0]["rule"])
        for reject in rejects(bench, AUTHORS)
    ] == [
        ("00000-stray.csv", 1, "quoting"),
        ("00000-stray.csv", 3, "type"),
        ("00001-a.csv", 3, "type"),
    ]


AMBIGUOUS = '1,"{}",,,,,,2020-02-19 21:38:16\n'
"""A record with a text that looks like records, quotes and all, to who begins to read within it."""


@pytest.mark.parametrize("most", [300, 700])
def test_a_range_that_began_at_the_wrong_place_is_read_again(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, most: int
) -> None:
    divide(monkeypatch, most)
    inner = "".join(author(key, "no author") for key in range(100, 160))
    bench.land("authors", (HEADER + author(2) + AMBIGUOUS.format(inner) + author("x") + author(3)).encode())

    assert bench.run()["authors"] == Counts(rows_read=4, rows_staged=2, rows_quarantined=2)
    assert [row["author_id"] for row in bench.staged("authors")] == [2, 3]
    found = [(reject["record"], reject["violations"][0]["rule"]) for reject in rejects(bench, AUTHORS)]
    assert found == [(2, "too_long"), (3, "type")]
    assert 1 <= len(caplog.messages) <= 2


def test_a_gzip_file_that_is_damaged_after_some_of_its_rows_went_on_leaves_none_of_them(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "_TOGETHER", 1)
    bench.land("authors", (HEADER + author(1)).encode(), name="good.csv")
    noise = "".join(author(key, f"{Random(key).random()}") for key in range(100_000))
    bench.land("authors", (HEADER + noise).encode(), name="cut.csv.gz")
    bench.cut_off(next((bench.root / "working").rglob("*-cut.csv.gz")), 9)

    assert bench.run()["authors"] == Counts(rows_read=1, rows_staged=1)
    assert bench.file_rows()["authors/good.csv"] == (1, 0, None)
    assert (bench.file_rows()["authors/cut.csv.gz"][2] or "").startswith("the gzip content is cut off")
