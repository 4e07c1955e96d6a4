import pytest

from catalog import AUTHORS
from contract.ledger import Counts
from tests.spark_jobs.workbench import RUN_ID, Workbench, csv_bytes

pytestmark = pytest.mark.spark

HEADER = ",".join(AUTHORS.column_names)


def test_a_reject_names_file_record_and_every_failing_column(bench: Workbench) -> None:
    long_role = "r" * 257
    bench.land_rows(
        "authors",
        {"name": "fine\nwith two lines"},
        {"author_id": " ", "role": long_role, "average_rating": "6", "rating_count": "many"},
        name="2020/é b+c%.csv",
    )

    assert bench.run()["authors"] == Counts(rows_read=2, rows_staged=1, rows_quarantined=1)
    assert bench.rejects("authors") == [
        {
            "run_id": RUN_ID,
            "dataset": "authors",
            "file": f"file://{bench.root}/working/run={RUN_ID}/authors/2020/00000-é b+c%.csv",
            "record": 2,
            "violations": [
                {"column": "author_id", "rule": "required", "value": " "},
                {"column": "role", "rule": "too_long", "value": "r" * 256},
                {"column": "average_rating", "rule": "range", "value": "6"},
                {"column": "rating_count", "rule": "type", "value": "many"},
            ],
            "row": {
                "author_id": " ",
                "name": None,
                "role": long_role,
                "profile_url": None,
                "average_rating": "6",
                "rating_count": "many",
                "text_review_count": None,
                "record_create_timestamp": "2020-02-19 21:38:16",
            },
            "raw": None,
            "columns": None,
            "encoding": "UTF-8",
        }
    ]


def test_records_with_too_few_too_many_or_unclosed_fields_keep_their_text(bench: Workbench) -> None:
    broken = [
        "1,few",
        "2,,,,,,,2020-02-19 21:38:16,more",
        '3,"never closed,,,,,,2020-02-19 21:38:16\n4,swallowed',
    ]
    good = "5,,,,,,,2020-02-19 21:38:16"
    bench.land("authors", "\n".join([HEADER, broken[0], good, *broken[1:]]).encode())

    assert bench.run()["authors"] == Counts(rows_read=4, rows_staged=1, rows_quarantined=3)
    assert [(reject["record"], reject["raw"], reject["row"]) for reject in bench.rejects("authors")] == [
        (1, broken[0], None),
        (3, broken[1], None),
        (4, broken[2], None),
    ]
    assert [reject["violations"] for reject in bench.rejects("authors")] == [
        [{"column": None, "rule": "field_count", "value": None}],
        [{"column": None, "rule": "field_count", "value": None}],
        [{"column": None, "rule": "quoting", "value": None}],
    ]
    assert bench.rejects("authors")[2]["columns"] == list(AUTHORS.column_names)


def test_record_numbers_start_anew_in_every_file_whatever_its_header(bench: Workbench) -> None:
    bad, good = {"author_id": "bad"}, {"author_id": "1"}
    bench.land_rows("authors", good, bad, name="a.csv")
    bench.land_rows("authors", bad, good, good, bad, name="b.csv.gz")
    columns = ["extra", *AUTHORS.column_names]
    bench.land("authors", csv_bytes(columns, [bad | {"extra": "kept"}]), name="c.csv")

    bench.run()

    located = [(reject["file"].rpartition("/")[2], reject["record"]) for reject in bench.rejects("authors")]
    assert located == [
        ("00000-a.csv", 2),
        ("00001-b.csv.gz", 1),
        ("00001-b.csv.gz", 4),
        ("00002-c.csv", 1),
    ]
    assert bench.rejects("authors")[3]["row"]["extra"] == "kept"


def test_when_every_row_is_rejected_the_job_still_counts_them(bench: Workbench) -> None:
    bench.land_rows("reviews", {"review_id": "x"}, {"review_id": "y"})

    assert bench.run()["reviews"] == Counts(rows_read=2, rows_quarantined=2)
    assert bench.staged("reviews") == []
