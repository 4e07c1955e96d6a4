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
    assert bench.file_rows() == {"authors/a.csv": (6, 1, None), "authors/good.csv": (1, 0, None)}


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
    assert told["key"] == "authors/spark.csv"
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
    _, _, problem = bench.file_rows()["authors/3.csv.gz"]
    assert bench.file_rows()["authors/3.csv.gz"] == (0, 0, problem)
    assert (problem or "").startswith("the gzip content is cut off after ")
    assert bench.file_rows()["authors/2.csv.gz"] == (200, 0, None)
    (lines,) = (bench.root / "quarantine/unreadable").glob("*.json")
    assert json.loads(lines.read_text()) == {
        "run_id": RUN_ID,
        "dataset": "authors",
        "key": "authors/3.csv.gz",
        "target": str(cut.relative_to(bench.root / "working")),
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


@pytest.mark.parametrize(
    ("content", "name", "problem"),
    [
        (b"author_id,name\n1,Ann\n", "a.csv", "the header lacks role, profile_url, "),
        (b"author_id,name\n1,Ann\n", "a.csv.gz", "the header lacks role, profile_url, "),
        (HEADER.replace(",", ";").encode(), "a.csv", "the header looks separated by ';', expected commas"),
        (f"{HEADER}1,Ann\n".encode("utf-16"), "a.csv", "the file is UTF-16; write it as UTF-8"),
        (b"PAR1\x15\x04", "a.csv", "the file is not text but Parquet; expected CSV"),
    ],
    ids=["columns are missing", "in gzip", "another separator", "another encoding", "another format"],
)
def test_a_file_whose_header_its_dataset_does_not_take_is_left_out_and_the_others_are_read(
    bench: Workbench, content: bytes, name: str, problem: str
) -> None:
    bench.land("authors", content, name=name)
    bench.land("authors", (HEADER + author(1)).encode(), name="good.csv")

    assert bench.run()["authors"] == Counts(rows_read=1, rows_staged=1)
    read, quarantined, told = bench.file_rows()[f"authors/{name}"]
    assert (read, quarantined) == (0, 0)
    assert (told or "").startswith(problem)
    (lines,) = (bench.root / "quarantine/unreadable").glob("*.json")
    assert json.loads(lines.read_text())["problem"] == told


def test_in_each_range_of_a_file_the_columns_are_those_of_its_header(bench: Workbench) -> None:
    """A file of more bytes than a task's, once with its columns the other way round, once with a header of no use."""
    names = AUTHORS.column_names[::-1]
    rows = [f"2020-02-19 21:38:16,,,,,,{'x' * 200},{key}\n" for key in range(1, 60_001)]
    bench.land("authors", (",".join(names) + "\n" + "".join(rows)).encode(), name="reversed.csv")
    bench.land("authors", ("no," + ",".join(names[1:]) + "\n" + "".join(rows)).encode(), name="odd.csv")

    assert bench.run()["authors"] == Counts(rows_read=60_000, rows_staged=60_000)
    assert [remark["key"] for remark in bench.remarks()] == ["authors/reversed.csv"]
    assert (bench.file_rows()["authors/odd.csv"][2] or "").startswith(
        "the header lacks record_create_timestamp"
    )


def test_what_is_odd_about_headers_and_does_no_harm_is_remarked(bench: Workbench) -> None:
    more = (
        HEADER.replace("\n", ",shelf\n") + author(1).replace("\n", ",s\n") + f",,{END}".replace("\n", ",s\n")
    )
    bench.land("authors", more.encode(), name="more.csv")
    bench.land("authors", b"\n \xc2\xa0\n", name="blank.csv")
    bench.land("authors", b"", name="blank.csv.gz")
    bench.land("authors", (HEADER + author(2)).encode(), name="as usual.csv")

    assert bench.run()["authors"].rows_read == 3
    assert [(remark["key"], remark["remark"]) for remark in bench.remarks()] == [
        ("authors/blank.csv", "holds nothing"),
        ("authors/blank.csv.gz", "holds nothing"),
        ("authors/more.csv", "unknown columns shelf are ignored"),
    ]
    assert bench.file_rows()["authors/blank.csv"] == (0, 0, None)


def test_two_things_to_say_about_a_file_are_two_remarks_each_like_those_of_other_files(
    bench: Workbench,
) -> None:
    blank = "," * len(AUTHORS.column_names)
    bench.land("authors", (HEADER.replace("\n", ",shelf\n") + f"{blank}\n" * 2).encode())

    bench.run()

    assert sorted(remark["remark"] for remark in bench.remarks()) == [
        "2 records hold nothing in any field and are skipped, like blank lines",
        "unknown columns shelf are ignored",
    ]
