"""CSV in all the shapes that land, through the whole job."""

from dataclasses import replace

import pytest

from catalog import AUTHORS
from contract.ledger import Counts
from spark_jobs.sources import read_plan
from tests.spark_jobs.workbench import Workbench, csv_bytes

pytestmark = pytest.mark.spark

HEADER = (
    b"author_id,name,role,profile_url,average_rating,rating_count,text_review_count,record_create_timestamp"
)


def test_another_runs_plan_is_refused(bench: Workbench) -> None:
    bench.run()
    with pytest.raises(
        ValueError, match=r"copied\.json is the plan of run run-1, not of other: pass this run's"
    ):
        read_plan(bench.spark, replace(bench.job, run_id="other"))


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


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
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


def test_a_record_with_a_value_and_without_a_key_is_rejected(bench: Workbench) -> None:
    bench.land("authors", HEADER + b"\n,Ann,,,,,,\n")

    assert bench.run()["authors"] == Counts(rows_read=1, rows_quarantined=1)


def test_files_with_permuted_and_unknown_columns_stage_the_same_row(bench: Workbench) -> None:
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
    bench.land("authors", csv_bytes(permuted, [row]), name="b.csv")

    assert bench.run()["authors"] == Counts(rows_read=2, rows_staged=1, rows_duplicate=1)
    (staged,) = bench.staged("authors", "author_id", "name", "record_create_timestamp")
    assert list(map(str, staged.values())) == ["1", "Ann", "2020-02-19 21:38:16"]


def test_a_missing_final_newline_and_a_blank_line_of_wide_spaces_change_nothing(bench: Workbench) -> None:
    bench.land("authors", HEADER + "\n \u00a0\u3000\n1,Ann,,,,,,2020-02-19 21:38:16".encode())

    assert bench.run()["authors"] == Counts(rows_read=1, rows_staged=1)


def test_blank_lines_do_not_count_as_records_after_a_byte_order_mark_either(bench: Workbench) -> None:
    bench.land("authors", b"\xef\xbb\xbf" + HEADER + b"\r\n\r\n  \r\nx,,,,,,,\r\n\r\n")

    assert bench.run()["authors"] == Counts(rows_read=1, rows_quarantined=1)
    assert bench.rejects("authors")[0]["violations"][0]["value"] == "x"


def test_text_in_every_script_arrives_as_it_was_written(bench: Workbench) -> None:
    names = ["日本語", "हिन्दी", "Ærø ŷ", "👩‍👩‍👧", "kept \ufffd as it is", "ÃƒÂ©"]
    bench.land_rows("authors", *({"author_id": str(key), "name": name} for key, name in enumerate(names)))

    assert bench.run()["authors"] == Counts(rows_read=6, rows_staged=6)
    assert [row["name"] for row in bench.staged("authors", "author_id", "name")] == names


def test_a_latin_1_record_is_rejected_and_can_be_read_in_the_reject(bench: Workbench) -> None:
    good = "1,Zoë,,,,,,2020-02-19 21:38:16"
    bad = "2,Zoë,Ærø,,,,,2020-02-19 21:38:16"
    bench.land("authors", HEADER + b"\n" + good.encode() + b"\n" + bad.encode("latin-1") + b"\n")

    assert bench.run()["authors"] == Counts(rows_read=2, rows_staged=1, rows_quarantined=1)
    (reject,) = bench.rejects("authors")
    assert reject["violations"] == [
        {"column": "name", "rule": "encoding", "value": "Zoë"},
        {"column": "role", "rule": "encoding", "value": "Ærø"},
    ]
    assert (reject["row"]["name"], reject["row"]["role"]) == ("Zoë", "Ærø")
    assert reject["encoding"] == "ISO-8859-1"


def test_a_reject_says_in_which_encoding_it_is_given(bench: Workbench) -> None:
    lines = ["x,Zoë,,,,,,", "3,Zoë", "x,\ufffd,,,,,,"]
    bench.land("authors", HEADER + b"\n" + "\n".join(lines).encode() + b"\n4,Zo\xeb\n")
    bench.run()
    found = [
        (reject["raw"] or reject["row"]["name"], reject["encoding"]) for reject in bench.rejects("authors")
    ]
    assert found == [
        ("Zoë", "UTF-8"),
        ("3,Zoë", "UTF-8"),
        ("\ufffd", "UTF-8"),
        ("4,Zoë", "ISO-8859-1"),
    ]


def test_a_record_of_25000_fields_costs_only_itself(bench: Workbench) -> None:
    bench.land("authors", HEADER + b"\n1" + b"," * 24999 + b"\n2,Ann,,,,,,2020-02-19 21:38:16\n")

    assert bench.run()["authors"] == Counts(rows_read=2, rows_staged=1, rows_quarantined=1)
    (reject,) = bench.rejects("authors")
    assert [violation["rule"] for violation in reject["violations"]] == ["field_count"]
    assert reject["columns"] == list(AUTHORS.column_names)


STRAY = b'7,a "stray" quote,,,,,,2020-02-19 21:38:16'
"""A record that is not for the fast parser."""


@pytest.mark.parametrize(
    "more", [b"", STRAY + b"\n"], ids=["read by the fast parser", "read record by record"]
)
def test_records_of_nothing_are_no_rows_and_no_rejects_and_are_told_by_file(
    bench: Workbench, more: bytes
) -> None:
    good = b"1,Ann,,,,,,2020-02-19 21:38:16\n"
    nothing = b',,,,,,,\n"","",,,,,,\n,\xc2\xa0,"\t",,,,,\n,,,\n"",""\n'
    something = b',,,,,,"",x\n,"""",,,,,,\n,","\n'
    bench.land("authors", HEADER + b"\n" + nothing + good + something + more)
    bench.land("authors", HEADER + b"\n" + good, name="b.csv")

    counts = bench.run()["authors"]

    rows = 4 + bool(more)
    assert counts == Counts(
        rows_read=rows + 1, rows_staged=1 + bool(more), rows_duplicate=1, rows_quarantined=3
    )
    assert [reject["record"] for reject in bench.rejects("authors")] == [7, 8, 9]
    (told,) = bench.remarks()
    assert told == {
        "run_id": "run-1",
        "key": "authors/a.csv",
        "remark": "5 records hold nothing in any field and are skipped, like blank lines",
    }


def test_a_file_of_nothing_but_records_of_nothing_has_no_rows(bench: Workbench) -> None:
    bench.land("authors", HEADER + b"\n" + b",,,,,,,\n" * 1247)
    assert bench.run()["authors"] == Counts()
    assert bench.file_rows()["authors/a.csv"] == (0, 0, None)
    assert [told["remark"][:5] for told in bench.remarks()] == ["1,247"]
