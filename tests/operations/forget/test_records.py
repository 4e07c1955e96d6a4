"""Files without the records of a subject: nothing of it stays, and no byte of anybody else changes."""

import csv
import gzip
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog import AUTHORS, BOOKS, REVIEWS, USERS, Dataset
from operations.forget.records import Removed, without
from operations.forget.subject import Subject

USER = Subject(USERS, 70)
texts = st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=12)
odd_texts = st.sampled_from(['"', '""', ",70,", "\n70,", "70\n", '"70"', "5,70\n", " ", "70", "é", "x"])


def cleansed(
    folder: Path, content: bytes, dataset: Dataset | None, kind: str = "csv", subject: Subject = USER
) -> tuple[bytes, Removed]:
    """The content without the subject's records, or as it was if there are none."""
    source, target = folder / "source", folder / "target"
    source.write_bytes(content)
    removed = without(subject, source, target, kind, dataset)
    assert sorted(path.name for path in folder.iterdir() if "plain" in path.name) == []
    return (target.read_bytes() if removed.records else content), removed


def csv_text(columns: Sequence[str], rows: Sequence[Mapping[str, str]], *, ending: str = "\n") -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator=ending)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


@pytest.mark.slow
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_exactly_the_records_of_the_subject_go_and_every_other_byte_stays(tmp_path: Path, data: Any) -> None:
    dataset = data.draw(st.sampled_from([USERS, REVIEWS]))
    others = [name for name in dataset.column_names if name != "user_id"]
    columns = data.draw(st.permutations([*dataset.column_names, "unknown"]))
    rows = [
        {
            "user_id": data.draw(
                st.sampled_from(["70", "070", " 70 ", "70.0", "+70", "7", "700", "71", "", "x70"])
            ),
            **dict.fromkeys(others, ""),
            data.draw(st.sampled_from(others)): data.draw(texts | odd_texts),
            "unknown": data.draw(texts | odd_texts),
        }
        for _ in range(data.draw(st.integers(0, 8)))
    ]
    kept = [row for row in rows if row["user_id"] not in {"70", "070", " 70 ", "70.0", "+70"}]
    ending = data.draw(st.sampled_from(["\n", "\r\n"]))
    mark = data.draw(st.sampled_from([b"", b"\xef\xbb\xbf"]))
    pack = gzip.compress if data.draw(st.booleans()) else bytes
    known = data.draw(st.sampled_from([dataset, None]))

    found, removed = cleansed(tmp_path, pack(mark + csv_text(columns, rows, ending=ending)), known)

    unpacked = gzip.decompress(found) if pack is gzip.compress else found
    assert unpacked == mark + csv_text(columns, kept, ending=ending)
    assert removed == Removed(len(rows) - len(kept))


@pytest.mark.parametrize(
    ("subject", "dataset", "column"),
    [
        (Subject(REVIEWS, 5), REVIEWS, "review_id"),
        (Subject(BOOKS, 5), BOOKS, "book_id"),
        (Subject(AUTHORS, 5), AUTHORS, "author_id"),
    ],
)
def test_a_review_a_book_and_an_author_go_alone(
    tmp_path: Path, subject: Subject, dataset: Dataset, column: str
) -> None:
    """A review of the book, by the author's number, is somebody else's."""
    rows = [{column: "5"}, {column: "6"}]
    found, removed = cleansed(tmp_path, csv_text(dataset.column_names, rows), dataset, subject=subject)
    assert (found, removed) == (csv_text(dataset.column_names, rows[1:]), Removed(1))
    review = csv_text(REVIEWS.column_names, [{"review_id": "9", "book_id": "5", "author_id": "5"}])
    assert cleansed(tmp_path, review, REVIEWS, subject=subject) == (review, Removed())


def test_a_record_that_a_stray_quote_has_fused_with_others_is_found(tmp_path: Path) -> None:
    header, *lines = csv_text(
        USERS.column_names, [{"user_id": "69"}, {"user_id": "70", "location": "Here"}, {"user_id": "71"}]
    ).splitlines(keepends=True)
    lines[0] = lines[0].replace(b"69,", b'69,"stray', 1)
    found, removed = cleansed(tmp_path, header + b"".join(lines), USERS)
    assert (found, removed.records) == (header + lines[0] + lines[2], 1)


def test_a_lone_carriage_return_is_part_of_a_value(tmp_path: Path) -> None:
    header, other, mine = csv_text(
        USERS.column_names, [{"user_id": "69", "location": "X"}, {"user_id": "70", "location": "X"}]
    ).splitlines(keepends=True)
    other, mine = other.replace(b"X", b"Some\r70,where"), mine.replace(b"X", b"Here\rabouts")
    assert cleansed(tmp_path, header + other + mine, USERS) == (header + other, Removed(1, doubtful=False))


@pytest.mark.parametrize("before", [b"\n", b"\xef\xbb\xbf \r\n", b" \n\n"])
def test_the_header_may_come_after_lines_of_nothing(tmp_path: Path, before: bytes) -> None:
    rows = [{"user_id": "69"}, {"user_id": "70"}]
    header, other, mine = csv_text(USERS.column_names, rows).splitlines(keepends=True)
    content, kept = before + header + other + mine, before + header + other
    assert cleansed(tmp_path, content, USERS) == (kept, Removed(1, doubtful=False))


def test_a_line_within_a_text_that_only_begins_like_the_subject_stays(tmp_path: Path) -> None:
    content = csv_text(
        REVIEWS.column_names, [{"review_id": "1", "user_id": "2", "review_text": "5,70,a\n5,70\n"}]
    )
    assert cleansed(tmp_path, content, REVIEWS) == (content, Removed())


@pytest.mark.parametrize(
    ("content", "doubtful"),
    [
        (b"\xff\xfe" + "user_id,user_name\n70,me\n".encode("utf-16-le"), True),
        ("user_id\n70\n".encode("utf-16-be"), True),
        (b"70,me,here\n71,you,there\n", True),
        (b"71,you,there\n72,170,700\n", False),
        (gzip.compress(b"user_id\n70\n")[:-9], True),
        (b"", False),
        (b"title,price\nbook,70\n", False),  # books hold nothing of a user
        (b"item,price\nbook,70\n", True),
    ],
)
def test_what_cannot_be_read_as_records_is_left_alone_and_told_if_the_number_is_in_it(
    tmp_path: Path, content: bytes, doubtful: bool
) -> None:
    assert cleansed(tmp_path, content, None) == (content, Removed(doubtful=doubtful))


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_a_file_with_another_separator_is_read_by_it(tmp_path: Path, separator: str) -> None:
    content = "".join(
        f"{separator.join(row)}\n" for row in (("user_id", "user_name"), ("70", "me"), ("71", "you"))
    )
    found, removed = cleansed(tmp_path, content.encode(), None)
    assert (found, removed) == (content.replace(f"70{separator}me\n", "").encode(), Removed(1))


def reject(dataset: str = "users", **changes: Any) -> bytes:
    line = {"run_id": "r", "dataset": dataset, "file": "s3://b/k", "record": 1, "violations": [], "row": None}
    line |= {"raw": None, "columns": None, "encoding": "UTF-8"}
    return json.dumps({**line, **changes}).encode() + b"\n"


def test_a_reject_is_found_by_its_row_or_in_its_text_and_others_stay(tmp_path: Path) -> None:
    columns = list(USERS.column_names)
    stay = [
        reject(row={"user_id": "71", "user_name": "70"}),
        reject("reviews", row={"review_id": "70", "user_id": "7"}),
        reject("authors", row={"author_id": "70"}),
        reject(raw='71,"never closed\n', columns=columns),
    ]
    go = [
        reject(row={"user_id": " 70.0", "user_name": "me"}),
        reject("reviews", row={"review_id": "1", "user_id": "70"}),
        reject(raw='70,"me', columns=columns),
        reject(raw="70,me", columns=None),
    ]
    content = b"".join(line for pair in zip(stay, go, strict=True) for line in pair)
    assert cleansed(tmp_path, content, USERS, "rejects") == (b"".join(stay), Removed(4))


def test_of_a_reject_that_fused_many_records_only_the_lines_of_the_subject_go(tmp_path: Path) -> None:
    columns = list(USERS.column_names)
    content = reject(raw='71,"open\n70,me\n72,you', columns=columns)
    found, removed = cleansed(tmp_path, content, USERS, "rejects")
    assert json.loads(found)["raw"] == '71,"open\n72,you'
    assert removed.records == 1


@pytest.mark.parametrize("legacy", [True, False])
def test_of_a_parquet_file_the_other_rows_and_all_types_stay(tmp_path: Path, legacy: bool) -> None:
    rows = pa.table(
        {
            "user_id": pa.array([70, 71, None, 70], pa.int64()),
            "user_name": ["me", "you", "nobody", "me again"],
            "record_create_timestamp": pa.array([1, 2, 3, 4], pa.timestamp("us")),
        }
    )
    pq.write_table(rows, tmp_path / "rows", use_deprecated_int96_timestamps=legacy, compression="zstd")
    found, removed = cleansed(tmp_path, (tmp_path / "rows").read_bytes(), USERS, "parquet")
    (tmp_path / "rows").write_bytes(found)
    with pq.ParquetFile(tmp_path / "rows") as left, pq.ParquetFile(tmp_path / "source") as before:
        assert left.read().to_pydict() == before.read().slice(1, 2).to_pydict()
        assert left.schema.equals(before.schema)
        assert left.metadata.row_group(0).column(0).compression == "ZSTD"
    assert removed == Removed(2)


def test_a_parquet_file_with_nothing_else_in_it_is_left_without_a_row_group(tmp_path: Path) -> None:
    """Some readers refuse a group of no rows, and the local COPY does."""
    pq.write_table(pa.table({"user_id": [70, 70]}), tmp_path / "rows")
    found, removed = cleansed(tmp_path, (tmp_path / "rows").read_bytes(), USERS, "parquet")
    left = pq.read_metadata(pa.BufferReader(found))
    assert (left.num_rows, left.num_row_groups, removed) == (0, 0, Removed(2))


def test_files_of_datasets_without_rows_of_the_subject_are_not_read(tmp_path: Path) -> None:
    assert without(USER, tmp_path / "absent", tmp_path / "target", "csv", AUTHORS) == Removed()


def test_results_of_the_checks_name_the_key_no_more(tmp_path: Path) -> None:
    checks = [
        {"table": table, "rule": "range", "examples": ["7", "70", "700"]} for table in ("users", "reviews")
    ]
    content = json.dumps({"stage": "AuditStaging", "checks": checks}).encode()
    left, removed = cleansed(tmp_path, content, None, "checks")
    assert [check["examples"] for check in json.loads(left)["checks"]] == [
        ["7", "700"],
        ["7", "70", "700"],  # the review 70 is somebody else's
    ]
    assert removed == Removed(1)
