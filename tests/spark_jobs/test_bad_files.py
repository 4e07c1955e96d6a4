"""Files that cannot be read as they are, through the whole job."""

import json
import random

import pytest

from catalog import AUTHORS
from contract.ledger import Counts
from spark_jobs.tolerant import MAX_RECORD_CHARACTERS
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


def test_a_quote_that_is_not_closed_costs_none_of_the_records_up_to_the_next_quote(bench: Workbench) -> None:
    unclosed = f'2,"open{END}3,ok{END}4,"fine"{END}'
    bench.land("authors", (HEADER + author(1) + unclosed + author(5) + author(6, '"quoted"')).encode())
    bench.land("authors", (HEADER + author(7, '"say ""hi"""')).encode(), name="good.csv")

    counts = bench.run()["authors"]

    kept = {row["author_id"]: row["name"] for row in bench.staged("authors")}
    assert kept == {1: "Ann", 3: "ok", 4: "fine", 5: "Ann", 6: "quoted", 7: 'say "hi"'}
    assert counts.rows_quarantined == len(bench.rejects("authors")) == 1
    assert rules(bench) == [(2, ["quoting"])]
    assert bench.rejects("authors")[0]["raw"] == f'2,"open{END}'.rstrip("\n")
    assert bench.file_rows() == {"authors/0/a.csv": (6, 1, None), "authors/0/good.csv": (1, 0, None)}


def test_records_fused_by_a_stray_quote_are_rejected_as_badly_quoted(bench: Workbench) -> None:
    fused = f'2,"a"b,"text{END}3,ok{END}and so on"{END}'
    bench.land("authors", (HEADER + author(1) + fused + author(4)).encode())

    assert bench.run()["authors"] == Counts(rows_read=3, rows_staged=2, rows_quarantined=1)
    assert rules(bench) == [(2, ["quoting"])]
    assert "3,ok" in json.dumps(bench.rejects("authors")[0])


BADLY_QUOTED = HEADER + author(1, '"a"b"') + author(2, '"say ""hi"""') + author(3, "plain")


def test_in_a_badly_quoted_file_only_a_record_with_a_quote_out_of_place_is_not_trusted(
    bench: Workbench,
) -> None:
    bench.land("authors", BADLY_QUOTED.encode())

    assert bench.run()["authors"] == Counts(rows_read=3, rows_staged=2, rows_quarantined=1)
    assert rules(bench) == [(1, ["quoting"])]


def test_a_title_that_begins_with_a_quote_costs_none_of_the_records_after_it(bench: Workbench) -> None:
    names = ['"Alpha" and more' if number % 10 == 5 else '"Last, First"' for number in range(40)]
    rows = "".join(author(number, name) for number, name in enumerate(names))
    bench.land("authors", (HEADER + rows).encode())

    assert bench.run()["authors"] == Counts(rows_read=40, rows_staged=36, rows_quarantined=4)
    assert rules(bench) == [(number, ["quoting"]) for number in (6, 16, 26, 36)]


def test_a_value_of_five_million_bytes_costs_only_its_own_record(bench: Workbench) -> None:
    rows = author(1) + author(2, f'"{"x" * 5_000_000}"') + author(3)
    bench.land("authors", (HEADER + rows).encode())

    assert bench.run()["authors"] == Counts(rows_read=3, rows_staged=2, rows_quarantined=1)
    assert rules(bench) == [(2, ["too_long"])]


def test_a_file_with_backslashes_before_quotes_says_so_once_whatever_its_rejects(bench: Workbench) -> None:
    rows = "".join(author(number, f'"The \\"{number}\\" of it"') for number in range(1, 30, 3))
    bench.land("authors", (HEADER + rows + author(50, '"Last, First"')).encode(), name="spark.csv")
    bench.land("authors", (HEADER + author(60, '"a"b')).encode(), name="other.csv")

    assert bench.run()["authors"] == Counts(rows_read=12, rows_staged=1, rows_quarantined=11)
    (told,) = bench.remarks()
    assert told["key"] == "authors/0/spark.csv"
    assert "escaped with backslashes, expected two quotes" in told["remark"]
    assert """.option("escape", '"')""" in told["remark"]


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
    bench.cut_off(cut, 700)

    assert bench.run()["authors"].rows_read == 800
    _, _, problem = bench.file_rows()["authors/0/3.csv.gz"]
    assert bench.file_rows()["authors/0/3.csv.gz"] == (0, 0, problem)
    assert (problem or "").startswith("the gzip content is cut off after ")
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
    bench.land("authors", (HEADER + author(1)).encode(), name="cut.csv.gz")
    cut = next((bench.root / "working").rglob("00000-cut.csv.gz"))
    bench.cut_off(cut, 9)

    assert bench.run()["authors"] == Counts()
    ((_, _, problem),) = bench.file_rows().values()
    assert "the gzip content is cut off" in (problem or "")


def test_a_quote_that_is_never_closed_costs_its_own_line(bench: Workbench) -> None:
    endless = HEADER + '1,"' + "x" * MAX_RECORD_CHARACTERS + "\n" + author(2)
    bench.land("authors", endless.encode(), name="endless.csv")

    assert bench.run()["authors"] == Counts(rows_read=2, rows_staged=1, rows_quarantined=1)
    assert rules(bench) == [(1, ["quoting"])]


def test_a_record_of_very_many_fields_costs_only_itself(bench: Workbench) -> None:
    bench.land("authors", (HEADER + author(1) + "2" + "," * 100_001 + "\n" + author(3)).encode())

    assert bench.run()["authors"] == Counts(rows_read=3, rows_staged=2, rows_quarantined=1)
    assert rules(bench) == [(2, ["field_count"])]


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
