"""Books on shelves: those that were read, rated or reviewed become reviews."""

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from capture import ids
from capture.number_files import NotNumbersError
from capture.ucsd.dumps import dumps_among
from capture.ucsd.interactions import BrokenMapError
from catalog import BOOKS, REVIEWS, USERS
from tests.capture.ucsd.landed import import_dumps, records
from tests.capture.ucsd.made_up import BOOK, INTERACTION, REVIEW, write_dump

HASHES = [
    "8842281e1d1347389f2ab93d60773d4d",
    "01ec1a320ffded6b2dd47833f2c8e4fb",
    "72fb0d0087d28c832f15776b0d936598",
]
EDITIONS = [5333265, 948, 12]
HEADER = "user_id,book_id,is_read,rating,is_reviewed"


def filled(row: dict[str, str]) -> dict[str, str]:
    return {column: text for column, text in row.items() if text}


def test_an_interaction_is_a_review_of_the_day_of_its_last_change(tmp_path: Path) -> None:
    dumps = (
        write_dump(tmp_path / "goodreads_books.json.gz", [BOOK]),
        write_dump(tmp_path / "goodreads_interactions_poetry.json.gz", [INTERACTION]),
    )
    import_dumps(tmp_path, *dumps)
    user = ids.of_hash(HASHES[0])
    assert [filled(row) for row in records(tmp_path, REVIEWS)] == [
        {
            "review_id": str(ids.of_hash("c6c803a462ea21452ffc35b46093ada8")),
            "user_id": str(user),
            "book_id": "5333265",
            "author_id": "604031",
            "review_text": "It begins",
            "review_rating": "4",
            "review_added_date": INTERACTION["date_added"],
            "review_updated_date": INTERACTION["date_updated"],
            "record_create_timestamp": "2017-08-17 00:00:00",
        }
    ]
    assert [row["user_id"] for row in records(tmp_path, USERS)] == [str(user)]


@pytest.mark.parametrize(
    ("change", "is_review"),
    [
        ({"is_read": False, "rating": 0, "review_text_incomplete": ""}, False),
        ({"is_read": True, "rating": 0, "review_text_incomplete": ""}, True),
        ({"is_read": False, "rating": 1, "review_text_incomplete": ""}, True),
        ({"is_read": False, "rating": 0, "review_text_incomplete": "Soon"}, True),
    ],
)
def test_a_book_that_only_stands_on_a_shelf_is_no_review(
    tmp_path: Path, change: dict[str, Any], is_review: bool
) -> None:
    dump = write_dump(tmp_path / "goodreads_interactions_dedup.json.gz", [INTERACTION | change])
    (imported,) = import_dumps(tmp_path, dump)
    assert (imported.lines, imported.records, imported.left_out) == (1, int(is_review), int(not is_review))
    assert len(records(tmp_path, REVIEWS)) == len(records(tmp_path, USERS)) == int(is_review)


def write_numbers(folder: Path, rows: list[tuple[Any, ...]]) -> Path:
    """The file of all interactions and its maps."""
    folder.mkdir(parents=True, exist_ok=True)
    books = [f"{number},{edition}" for number, edition in enumerate(EDITIONS)]
    users = [f"{number},{digest}" for number, digest in enumerate(HASHES)]
    (folder / "book_id_map.csv").write_text("\n".join(["book_id_csv,book_id", *books, ""]))
    (folder / "user_id_map.csv").write_text("\n".join(["user_id_csv,user_id", *users, ""]))
    path = folder / "goodreads_interactions.csv"
    path.write_text("\n".join([HEADER, *(",".join(map(str, row)) for row in rows), ""]))
    return path


def test_every_row_of_the_file_of_numbers_is_a_review_or_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("capture.number_files._BLOCK_BYTES", 300)
    chance = random.Random(1)
    rows = [
        (
            chance.randrange(3),
            chance.randrange(3),
            chance.randrange(2),
            chance.choice((0, 0, 3, 5)),
            chance.randrange(2),
        )
        for _ in range(500)
    ]
    path = write_numbers(tmp_path / "dumps", rows)
    books = write_dump(tmp_path / "dumps" / "goodreads_books.json.gz", [BOOK])
    _, imported = import_dumps(tmp_path, books, path, files_of=10_000)
    expected = [
        (ids.of_review(user, edition), user, edition, "604031" if edition == EDITIONS[0] else "", stars)
        for user, edition, stars in (
            (ids.of_hash(HASHES[user]), EDITIONS[book], stars)
            for user, book, is_read, stars, is_reviewed in rows
            if is_read or stars or is_reviewed
        )
    ]
    assert [
        (
            int(row["review_id"]),
            int(row["user_id"]),
            int(row["book_id"]),
            row["author_id"],
            int(row["review_rating"]),
        )
        for row in records(tmp_path, REVIEWS)
    ] == expected
    assert {row["record_create_timestamp"] for row in records(tmp_path, REVIEWS)} == {"2017-11-01 00:00:00"}
    assert (imported.lines, imported.records, imported.left_out) == (500, len(expected), 500 - len(expected))
    assert {int(row["user_id"]) for row in records(tmp_path, USERS)} == {user for _, user, *_ in expected}
    assert [row["book_id"] for row in records(tmp_path, BOOKS)] == ["5333265"]


def test_rows_with_a_text_are_left_to_the_dump_of_all_reviews(tmp_path: Path) -> None:
    path = write_numbers(tmp_path / "dumps", [(0, 0, 1, 5, 1), (0, 1, 1, 4, 0)])
    reviews = write_dump(tmp_path / "dumps" / "goodreads_reviews_dedup.json.gz", [REVIEW])
    import_dumps(tmp_path, reviews, path)
    assert [row["book_id"] for row in records(tmp_path, REVIEWS)] == ["948", "5333265"]


def test_faulty_rows_are_kept_with_their_line_and_a_limit_counts_rows(tmp_path: Path) -> None:
    path = write_numbers(
        tmp_path / "dumps",
        [(0, 0, 1, 5, 0), (9, 0, 1, 5, 0), (0, 1, 1, "", 0), (1, 1, 1, 2, 0), (2, 2, 1, 1, 0)],
    )
    (imported,) = import_dumps(tmp_path, path)
    assert (imported.lines, imported.records, imported.rejected) == (5, 3, 2)
    kept = [json.loads(line) for line in (tmp_path / "rejects.jsonl").read_text().splitlines()]
    assert [each["line"] for each in kept] == [3, 4]
    (part,) = import_dumps(tmp_path / "part", path, limit=2)
    assert part.records == len(records(tmp_path / "part", REVIEWS)) == 2


def test_the_maps_are_no_files_that_are_left_out(tmp_path: Path) -> None:
    write_numbers(tmp_path / "dumps", [])
    (tmp_path / "dumps" / "goodreads_book_series.json.gz").touch()
    dumps, others = dumps_among([tmp_path / "dumps"])
    assert [dump.path.name for dump in dumps] == ["goodreads_interactions.csv"]
    assert [path.name for path in others] == ["goodreads_book_series.json.gz"]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("book_id_map.csv", None, "needs book_id_map.csv and user_id_map.csv beside it"),
        ("user_id_map.csv", None, "needs book_id_map.csv and user_id_map.csv beside it"),
        ("book_id_map.csv", "a,b\n", "found the columns 'a', 'b'; expected the columns book_id_csv, book_id"),
        ("book_id_map.csv", "book_id_csv,book_id\n0,7\n2,8\n", "line 3: found '2,8', expected the number 1"),
        ("book_id_map.csv", "book_id_csv,book_id\n0,x\n", "line 2: found '0,x', expected the number 0"),
        ("user_id_map.csv", "user_id_csv,user_id\n0,12ab\n", "line 2: found '0,12ab', expected the number 0"),
    ],
)
def test_a_map_that_is_missing_or_broken_is_told(
    tmp_path: Path, name: str, content: str | None, told: str
) -> None:
    path = write_numbers(tmp_path / "dumps", [(0, 0, 1, 5, 0)])
    if content is None:
        (path.parent / name).unlink()
    else:
        (path.parent / name).write_text(content)
    with pytest.raises(BrokenMapError, match=told):
        import_dumps(tmp_path, path)


@pytest.mark.parametrize("name", ["book_id_map.csv", "user_id_map.csv"])
def test_a_gzipped_map_is_told_as_such(tmp_path: Path, name: str) -> None:
    path = write_numbers(tmp_path / "dumps", [(0, 0, 1, 5, 0)])
    (path.parent / name).write_bytes(gzip.compress((path.parent / name).read_bytes()))
    with pytest.raises(
        BrokenMapError, match=r"found a gzip archive \(unpack it first\); expected the columns"
    ):
        import_dumps(tmp_path, path)


def test_a_file_of_other_numbers_is_refused(tmp_path: Path) -> None:
    path = write_numbers(tmp_path / "dumps", [])
    path.write_text("user_id,book_id\n1,2\n")
    with pytest.raises(NotNumbersError, match="is_read, rating, is_reviewed missing"):
        import_dumps(tmp_path, path)
