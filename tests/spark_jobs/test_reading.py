"""CSV in all the shapes that land, through the whole job."""

import csv
import gzip
import io
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from catalog import AUTHORS, VERSION, Column, Dataset, Type
from contract.ledger import Counts
from contract.plan import Layout, PlannedFile
from spark_jobs.reading import FAULT, FILE_NUMBER, Source, read_plan, read_records
from tests.spark_jobs.workbench import Workbench, csv_bytes

pytestmark = pytest.mark.spark

HEADER = (
    b"author_id,name,role,profile_url,average_rating,rating_count,text_review_count,record_create_timestamp"
)
THINGS = Dataset(
    name="things",
    landing_name="thing",
    key="id",
    sort_key="id",
    columns=(
        Column(name="id", type=Type.TEXT, max_bytes=9),
        *(Column(name=name, type=Type.TEXT, max_bytes=99) for name in "abc"),
        VERSION,
    ),
)


def test_another_runs_plan_is_refused(bench: Workbench) -> None:
    bench.run()
    with pytest.raises(
        ValueError, match=r"plan\.json is the plan of run run-1, not of other: pass this run's"
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


def test_a_record_with_a_value_and_without_a_key_is_rejected(bench: Workbench) -> None:
    bench.land("authors", HEADER + b"\n,Ann,,,,,,\n")

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


RECORDS = st.lists(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
        | st.sampled_from(['"', '""', ",", "\n", '",\n"', "a\nb", "日本", "\ufffd", "\u00a0"]),
        min_size=3,
        max_size=3,
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=8)
@given(
    files=st.lists(RECORDS, min_size=1, max_size=4),
    end=st.sampled_from(["\n", "\r\n"]),
    quote_all=st.booleans(),
    mark=st.sampled_from([b"", b"\xef\xbb\xbf"]),
    suffix=st.sampled_from([".csv", ".csv.gz"]),
)
def test_what_a_csv_writer_wrote_is_read_back_exactly(
    spark: SparkSession, files: list[list[list[str]]], end: str, quote_all: bool, mark: bytes, suffix: str
) -> None:
    planned = []
    with tempfile.TemporaryDirectory() as folder:
        for index, records in enumerate(files):
            text = io.StringIO(newline="")
            writer = csv.writer(
                text, lineterminator=end, quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
            )
            writer.writerows([THINGS.column_names, *(["id", *record, "2020"] for record in records)])
            content = mark + text.getvalue().encode()
            path = Path(folder, f"{index:05d}-a{suffix}")
            path.write_bytes(gzip.compress(content) if suffix.endswith(".gz") else content)
            planned.append(PlannedFile(key="k", etag="e", size=1, target=str(path)[1:], dataset="things"))
        layout = Layout(dataset=THINGS, columns=THINGS.column_names, prefix=f"file://{folder}/")
        rows = read_records(spark, [Source(layout=layout, files=tuple(planned))]).collect()

    found = [
        (row[FILE_NUMBER], [(row[name] or "").encode("latin-1").decode() for name in ("a", "b", "c")])
        for row in rows
    ]
    unified = [
        (index, [value.replace("\r\n", "\n").replace("\r", "\n") for value in record])
        for index, records in enumerate(files)
        for record in records
    ]
    assert all(row[FAULT] is None for row in rows)
    assert sorted(
        (index, [value.replace("\r\n", "\n").replace("\r", "\n") for value in record])
        for index, record in found
    ) == sorted(unified)


STRAY = b'7,a "stray" quote,,,,,,2020-02-19 21:38:16'
"""A record that makes its file one for Spark's parser."""


@pytest.mark.parametrize("more", [b"", STRAY + b"\n"], ids=["read by Arrow", "read by Spark"])
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
        "key": "authors/0/a.csv",
        "remark": "5 records hold nothing in any field and are skipped, like blank lines",
    }


def test_a_file_of_nothing_but_records_of_nothing_has_no_rows(bench: Workbench) -> None:
    bench.land("authors", HEADER + b"\n" + b",,,,,,,\n" * 1247)
    assert bench.run()["authors"] == Counts()
    assert bench.file_rows()["authors/0/a.csv"] == (0, 0, None)
    assert [told["remark"][:5] for told in bench.remarks()] == ["1,247"]
