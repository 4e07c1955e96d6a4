"""Files that cannot be read as they are, through the whole job."""

import json
import random

import pytest

from catalog import AUTHORS, BOOKS
from contract.ledger import Counts
from spark_jobs.transform import TransformError
from tests.spark_jobs.workbench import RUN_ID, Workbench

pytestmark = pytest.mark.spark

HEADER = ",".join(AUTHORS.column_names) + "\n"
END = ",,,,,,2020-02-19 21:38:16\n"


def author(key: int, name: str = "Ann") -> str:
    return f"{key},{name}{END}"


def rules(bench: Workbench) -> list[tuple[int, list[str]]]:
    return [
        (reject["record"], [violation["rule"] for violation in reject["violations"]])
        for reject in bench.rejects("authors")
    ]


def test_records_fused_by_a_stray_quote_are_rejected_as_badly_quoted(bench: Workbench) -> None:
    fused = f'2,"open{END}3,ok{END}4,"fine"{END}'
    bench.land("authors", (HEADER + author(1) + fused + author(5) + author(6, '"quoted"')).encode())
    bench.land("authors", (HEADER + author(7, '"say ""hi"""')).encode(), name="good.csv")

    counts = bench.run()["authors"]

    kept = {row["author_id"]: row["name"] for row in bench.staged("authors")}
    assert kept == {1: "Ann", 5: "Ann", 6: "quoted", 7: 'say "hi"'}
    assert counts.rows_quarantined == len(bench.rejects("authors")) == 1
    assert rules(bench) == [(2, ["quoting"])]
    assert "3,ok" in json.dumps(bench.rejects("authors")[0])
    assert bench.file_rows() == {"authors/0/a.csv": (4, 1, None), "authors/0/good.csv": (1, 0, None)}


def test_in_a_badly_quoted_file_a_record_that_still_has_a_quote_is_not_trusted(bench: Workbench) -> None:
    content = HEADER + author(1, '"a"b"') + author(2, '"say ""hi"""') + author(3, "plain")
    bench.land("authors", content.encode())

    assert bench.run()["authors"] == Counts(rows_read=3, rows_staged=1, rows_quarantined=2)
    assert rules(bench) == [(1, ["quoting"]), (2, ["quoting"])]


def test_a_quote_inside_an_unquoted_value_is_text(bench: Workbench) -> None:
    bench.land("authors", (HEADER + author(1, 'ab"c') + author(2, '5" disk')).encode())

    assert bench.run()["authors"] == Counts(rows_read=2, rows_staged=2)
    assert [row["name"] for row in bench.staged("authors")] == ['ab"c', '5" disk']


def test_a_cut_off_gzip_file_is_left_out_and_the_others_are_read(bench: Workbench) -> None:
    noise = random.Random(1)
    for index in range(5):
        rows = "".join(author(noise.randrange(10**9), f"{noise.random()}") for _ in range(200))
        bench.land("authors", (HEADER + rows).encode(), name=f"{index}.csv.gz")
    cut = next((bench.root / "working").rglob("00003-3.csv.gz"))
    cut.write_bytes(cut.read_bytes()[:-700])

    assert bench.run()["authors"].rows_read == 800
    problem = "the file cannot be read: its gzip content is cut off. Mend it and land it again"
    assert bench.file_rows()["authors/0/3.csv.gz"] == (0, 0, problem)
    assert bench.file_rows()["authors/0/2.csv.gz"] == (200, 0, None)
    (lines,) = (bench.root / "quarantine/unreadable").glob("*.json")
    assert json.loads(lines.read_text()) == {
        "run_id": RUN_ID,
        "dataset": "authors",
        "key": "authors/0/3.csv.gz",
        "target": str(cut)[1:],
        "problem": problem,
    }


def test_a_dataset_without_a_readable_file_stages_nothing(bench: Workbench) -> None:
    endless = HEADER + '1,"' + "x" * (4 * 1024 * 1024 + 1)
    bench.land("authors", endless.encode(), name="endless.csv")
    bench.land("books", ",".join(BOOKS.column_names).encode() + b"\n1" + b"," * 100_001, name="wide.csv")

    assert bench.run()["authors"] == Counts()
    problems = {key: problem or "" for key, (_, _, problem) in bench.file_rows().items()}
    assert "a field is longer than 4,194,304 characters" in problems["authors/0/endless.csv"]
    assert "a record has more than 100,000 fields" in problems["books/0/wide.csv"]


def test_a_file_that_has_gone_is_not_a_bad_file_and_fails_the_run(bench: Workbench) -> None:
    bench.land_rows("authors", {})
    bench.land_rows("authors", {"author_id": "2"}, name="gone.csv")
    next((bench.root / "working").rglob("00001-gone.csv")).unlink()

    with pytest.raises(
        TransformError,
        match=r"^dataset authors: \S*UnexpectedFilesError: \S*/00001-gone\.csv is not in the working zone: start",
    ) as error:
        bench.run()

    assert "\n" not in str(error.value)
    assert not (bench.root / "processed/accounting").exists()
    assert not (bench.root / "quarantine").exists()
