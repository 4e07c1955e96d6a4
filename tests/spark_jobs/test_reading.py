"""CSV in all the shapes that land, through the whole job."""

import gzip

import pytest

from catalog import AUTHORS
from spark_jobs.accounting import Counts
from tests.spark_jobs.workbench import Workbench, csv_bytes

pytestmark = pytest.mark.spark

HEADER = (
    b"author_id,name,role,profile_url,average_rating,rating_count,text_review_count,record_create_timestamp"
)


def test_quoted_commas_quotes_and_newlines_are_part_of_the_value(bench: Workbench) -> None:
    bench.land(
        "authors",
        HEADER
        + b'\n1,"Le Guin, ""Ursula""\nK.",,,,,,2020-02-19 21:38:16\n"2","""Q""","",,,,,"2020-02-19 21:38:16"\n',
    )

    assert bench.run()["authors"].rows_read == 2
    assert bench.staged("authors", "author_id", "name", "role") == [
        {"author_id": 1, "name": 'Le Guin, "Ursula" K.', "role": None},
        {"author_id": 2, "name": '"Q"', "role": None},
    ]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_every_line_ending_ends_a_record(bench: Workbench, end: bytes) -> None:
    rows = [b"1,Ann,,,,,,2020-02-19 21:38:16", b'2,"Bob",,,,,,"2020-02-19 21:38:17"']
    bench.land("authors", end.join([HEADER, *rows, b""]))

    assert bench.run()["authors"] == Counts(rows_read=2, rows_staged=2)
    assert [row["name"] for row in bench.staged("authors")] == ["Ann", "Bob"]


def test_line_endings_may_change_within_a_file(bench: Workbench) -> None:
    bench.land(
        "authors", HEADER + b'\n1,Ann,,,,,,"2020-02-19 21:38:16"\r\n2,Bob,,,,,,2020-02-19 21:38:17\r\n'
    )

    assert bench.run()["authors"] == Counts(rows_read=2, rows_staged=2)


def test_a_byte_order_mark_is_not_part_of_the_first_column(bench: Workbench) -> None:
    bench.land(
        "authors", b'\xef\xbb\xbf"author_id"' + HEADER[9:] + b"\n1,Ann,,,,,,2020-02-19 21:38:16\nx,,,,,,,\n"
    )

    assert bench.run()["authors"] == Counts(rows_read=2, rows_staged=1, rows_quarantined=1)
    assert bench.rejects("authors")[0]["record"] == 2
    assert list(bench.rejects("authors")[0]["row"]) == list(AUTHORS.column_names)


def test_a_gzip_file_reads_like_a_plain_one(bench: Workbench) -> None:
    bench.land_rows("users", {"user_id": "1"}, {"user_id": "2"}, name="deep/er/users 1+2%.csv.gz")

    assert bench.run()["users"] == Counts(rows_read=2, rows_staged=2)


def test_a_header_without_records_stages_nothing(bench: Workbench) -> None:
    bench.land("authors", HEADER)
    bench.land("books", b"")

    counts = bench.run()

    assert counts["authors"] == counts["books"] == Counts()
    assert bench.staged("authors") == []


def test_lines_of_white_space_are_no_records(bench: Workbench) -> None:
    bench.land("authors", HEADER + b"\n\n   \n1,Ann,,,,,,2020-02-19 21:38:16\n\t\n\n")

    assert bench.run()["authors"] == Counts(rows_read=1, rows_staged=1)


def test_a_line_of_empty_fields_is_a_record_without_a_key(bench: Workbench) -> None:
    bench.land("authors", HEADER + b"\n,,,,,,,\n")

    assert bench.run()["authors"] == Counts(rows_read=1, rows_quarantined=1)


def test_layouts_with_permuted_and_unknown_columns_stage_the_same_row(bench: Workbench) -> None:
    names = AUTHORS.column_names
    row = {
        "author_id": "1",
        "name": "Ann",
        "record_create_timestamp": "2020-02-19 21:38:16",
        "Name": "?",
        "x": "y",
    }
    bench.land("authors", csv_bytes(names, [{name: row.get(name, "") for name in names}]))
    permuted = ["Name", *reversed(names), "x"]
    bench.land("authors", csv_bytes(permuted, [row]), columns=permuted, layout=1)

    assert bench.run()["authors"] == Counts(rows_read=2, rows_staged=1, rows_duplicate=1)
    (staged,) = bench.staged("authors", "author_id", "name", "record_create_timestamp")
    assert list(map(str, staged.values())) == ["1", "Ann", "2020-02-19 21:38:16"]


def test_an_unreadable_file_fails_the_run_and_the_error_names_dataset_and_cause(bench: Workbench) -> None:
    bench.land("authors", HEADER + b"\n")
    whole = gzip.compress(HEADER + b"\n" + b"1,Ann,,,,,,2020-02-19 21:38:16\n" * 99)
    bench.land("users", b"", name="b.csv")
    (bench.root / "working/users/layout=0/cut.csv.gz").write_bytes(whole[:-20])

    with pytest.raises(
        Exception, match=r"^dataset users: .*EOFException: Unexpected end of input stream$"
    ) as error:
        bench.run()

    assert "\n" not in str(error.value)
    assert not (bench.root / "processed/accounting").exists()
