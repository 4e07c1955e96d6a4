"""`python -m capture import-goodbooks`, as it is typed, compared with a plain reading of the files."""

import csv
import gzip
import json
import random
from pathlib import Path

import numpy as np
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from capture import ids
from capture.goodbooks.command import import_goodbooks
from capture.goodbooks.repeats import Repeats
from catalog import AUTHORS, BOOKS, REVIEWS, USERS, VERSION, Dataset
from tests.capture.answered import answered
from tests.capture.goodbooks.made_up import BOOK, TWILIGHT, write_folder

SOURCE = "goodbooks-10k"


def imported(folder: Path, *options: object) -> Result:
    app = typer.Typer()
    app.command()(import_goodbooks)
    given = [
        folder,
        "--out",
        folder.parent / "landing",
        "--rejects",
        folder.parent / "rejects.jsonl",
        *options,
    ]
    runner = CliRunner(env={"COLUMNS": "500", "TERM": "dumb"})
    return runner.invoke(app, [str(each) for each in given])


def landed(folder: Path, dataset: Dataset) -> list[dict[str, str]]:
    found = []
    for path in sorted((folder.parent / "landing" / dataset.name).glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            found += list(reader)
            assert tuple(reader.fieldnames or ()) == dataset.column_names
    return found


def test_books_and_ratings_become_records(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "goodbooks", [BOOK], [(314, 2, 5)])
    result = imported(folder)
    assert result.exit_code == 0, result.output
    assert "1 book by 2 authors, 1 review by 1 user, 0 lines rejected" in result.output
    assert (
        "left out, because they hold nothing for the catalog: to_read.csv, tags.csv, book_tags.csv"
        in result.output
    )
    rowling, user = str(ids.of_author("J. K. Rowling")), ids.of_numbered_user(SOURCE, 314)
    version = "2017-09-01 00:00:00"
    filled = {
        dataset.name: [
            {column: text for column, text in row.items() if text} for row in landed(folder, dataset)
        ]
        for dataset in (AUTHORS, BOOKS, REVIEWS, USERS)
    }
    assert filled == {
        "authors": [
            {"author_id": rowling, "name": "J.K. Rowling", "record_create_timestamp": version},
            {
                "author_id": str(ids.of_author("Mary GrandPr\u00e9")),
                "name": "Mary GrandPr\u00e9",
                "record_create_timestamp": version,
            },
        ],
        "books": [
            {
                "book_id": "3",
                "title": BOOK["title"],
                "title_without_series": "Harry Potter and the Sorcerer's Stone",
                "image_url": BOOK["image_url"],
                "book_url": "https://www.goodreads.com/book/show/3",
                "average_rating": "4.44",
                "ratings_count": "4602479",
                "authors": rowling,
                "published": "1997.0",
                "record_create_timestamp": version,
            }
        ],
        "reviews": [
            {
                "review_id": str(ids.of_review(user, 3)),
                "user_id": str(user),
                "book_id": "3",
                "author_id": rowling,
                "review_rating": "5",
                "record_create_timestamp": version,
            }
        ],
        "users": [{"user_id": str(user), "user_name": f"{SOURCE}-314", "record_create_timestamp": version}],
    }


def test_the_answer_in_json_counts_what_was_written(tmp_path: Path) -> None:
    ratings = [(1, 2, 5), (1, 3, 4), (2, 3, 6), (1, 2, 4)]
    odd = TWILIGHT | {"original_publication_year": "20176"}
    folder = write_folder(tmp_path / "goodbooks", [BOOK, odd], ratings)
    rejects = tmp_path / "rejects.jsonl"
    where = ["--out", tmp_path / "landing", "--rejects", rejects]
    document, said, code = answered("import-goodbooks", folder, *where)
    assert code == 1
    assert document.pop("seconds") > 0
    assert document == {
        "books": len(landed(folder, BOOKS)),
        "authors": len(landed(folder, AUTHORS)),
        "reviews": len(landed(folder, REVIEWS)),
        "users": len(landed(folder, USERS)),
        "repeated": 1,
        "rejected": len(rejects.read_text().splitlines()),
        "rejects": str(rejects),
        "read_bytes": (folder / "ratings.csv").stat().st_size,
        "other_files": ["to_read.csv", "tags.csv", "book_tags.csv"],
        "emptied": {"books.published": {"count": 1, "first": "20176"}},
    }
    assert said == f"rejected lines, with reasons: {rejects}\n"
    refused = answered("import-goodbooks", tmp_path, *where)
    assert refused.exit_code == 2
    assert "has no books.csv and no ratings.csv" in refused.document["error"]


def test_every_rating_of_many_blocks_and_files_lands_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("capture.number_files._BLOCK_BYTES", 500)
    chance = random.Random(1)
    ratings = [(chance.randint(1, 40), chance.choice((2, 3)), chance.randint(1, 5)) for _ in range(1000)]
    folder = write_folder(tmp_path / "goodbooks", [BOOK, TWILIGHT], ratings)
    assert imported(folder, "--files-of", "20kB").exit_code == 0
    editions = {2: 3, 3: 41865}
    plain = [(ids.of_numbered_user(SOURCE, user), editions[book], stars) for user, book, stars in ratings]
    reviews = landed(folder, REVIEWS)
    assert [(int(row["user_id"]), int(row["book_id"]), int(row["review_rating"])) for row in reviews] == plain
    assert [int(row["review_id"]) for row in reviews] == [
        ids.of_review(user, book) for user, book, _ in plain
    ]
    assert len(list((tmp_path / "landing" / "reviews").iterdir())) > 3
    assert sorted(int(row["user_id"]) for row in landed(folder, USERS)) == sorted(
        {user for user, _, _ in plain}
    )


def test_a_faulty_line_costs_itself_and_is_kept_with_its_number(tmp_path: Path) -> None:
    faulty = [(1, 2, 5), (1, 2, 6), ("x", 2, 5), (1, 2), (1, 99, 5), (-1, 2, 5), (1, 3, ""), (2, 3, 4)]
    folder = write_folder(tmp_path / "goodbooks", [BOOK, TWILIGHT, BOOK | {"book_id": "four"}], faulty)
    result = imported(folder)
    assert result.exit_code == 1
    assert "2 reviews by 2 users, 7 lines rejected" in result.output
    kept = [json.loads(line) for line in (tmp_path / "rejects.jsonl").read_text().splitlines()]
    assert [(each["file"], each["line"], each["reason"]) for each in kept] == [
        ("books.csv", 4, "book_id is 'four', expected a number from 1 to 10000000"),
        ("ratings.csv", 3, "rating is '6', expected a number from 0 to 5"),
        ("ratings.csv", 4, "user_id is 'x', expected a number from 0 to 2147483647"),
        ("ratings.csv", 5, "found 2 fields, expected 3"),
        ("ratings.csv", 6, "the book is not in books.csv"),
        ("ratings.csv", 7, "user_id is '-1', expected a number from 0 to 2147483647"),
        ("ratings.csv", 8, "rating is '', expected a number from 0 to 5"),
    ]
    assert [row["review_rating"] for row in landed(folder, REVIEWS)] == ["5", "4"]


def test_a_rating_of_a_book_that_is_missing_is_rejected(tmp_path: Path) -> None:
    later = BOOK | {"book_id": "9", "goodreads_book_id": "77"}
    folder = write_folder(tmp_path / "goodbooks", [BOOK, later], [(1, 2, 5), (1, 3, 4), (1, 4, 4), (1, 9, 3)])
    result = imported(folder)
    assert "2 reviews by 1 user, 2 lines rejected" in result.output
    assert [row["book_id"] for row in landed(folder, REVIEWS)] == ["3", "77"]
    kept = [json.loads(line) for line in (tmp_path / "rejects.jsonl").read_text().splitlines()]
    assert [(each["line"], each["reason"]) for each in kept] == [
        (3, "the book is not in books.csv"),
        (4, "the book is not in books.csv"),
    ]


@pytest.mark.parametrize(
    "change",
    [{"book_id": "100000000000000"}, {"goodreads_book_id": "1" * 5000}, {"book_id": "0"}, {"book_id": ""}],
)
def test_an_impossible_number_of_a_book_costs_its_line(tmp_path: Path, change: dict[str, str]) -> None:
    folder = write_folder(tmp_path / "goodbooks", [BOOK | change, TWILIGHT], [(1, 3, 4)])
    result = imported(folder)
    assert "1 book by 1 author, 1 review by 1 user, 1 line rejected" in result.output


@pytest.mark.parametrize("length", [1, 200_000])
def test_a_quote_that_is_not_closed_costs_its_line(tmp_path: Path, length: int) -> None:
    folder = write_folder(tmp_path / "goodbooks", [BOOK], [(1, 3, 4)])
    faulty = '9,"' + "x" * length
    with (folder / "books.csv").open("a") as file:
        file.write(faulty + "\n" + ",".join(TWILIGHT.values()) + "\n")
    result = imported(folder)
    assert result.exit_code == 1
    assert [row["title"] for row in landed(folder, BOOKS)] == [BOOK["title"], "Twilight"]
    (kept,) = [json.loads(line) for line in (tmp_path / "rejects.jsonl").read_text().splitlines()]
    assert (kept["line"], kept["text"]) == (3, faulty)
    assert kept["reason"] == "a quote is not closed, or text follows a closing quote"


@pytest.mark.parametrize("ratings", ["a,b\n1,2\n", "user_id,book_id,rating\n1,2,5\n" + "9" * 3_000_000])
def test_an_import_that_fails_leaves_no_file(tmp_path: Path, ratings: str) -> None:
    folder = write_folder(tmp_path / "goodbooks", [BOOK], [])
    (folder / "ratings.csv").write_text(ratings)
    assert imported(folder, "--files-of", "1B").exit_code == 2
    assert [path for path in (tmp_path / "landing").rglob("*") if path.is_file()] == []


def test_a_repeated_import_replaces_its_files(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "goodbooks", [BOOK], [(1, 2, 5), (2, 2, 3)])
    imported(folder)
    first = {path.name: path.read_bytes() for path in (tmp_path / "landing").rglob("*.csv")}
    imported(folder)
    assert {path.name: path.read_bytes() for path in (tmp_path / "landing").rglob("*.csv")} == first


@pytest.mark.slow
def test_a_repeated_import_leaves_no_file_of_a_longer_source(tmp_path: Path) -> None:
    landing = tmp_path / "landing"
    folder = write_folder(tmp_path / "goodbooks", [BOOK], [(user, 2, 5) for user in range(300_000)])
    imported(folder, "--files-of", "5MB")
    assert len(list((landing / "reviews").iterdir())) > 1
    foreign = landing / "reviews" / "goodbooks-10k-first-3-000000001.csv"
    foreign.write_text("another's")
    write_folder(tmp_path / "goodbooks", [BOOK], [(1, 2, 5), (2, 2, 3)])
    imported(folder)
    assert foreign.read_text() == "another's"
    foreign.unlink()
    assert [row["review_rating"] for row in landed(folder, REVIEWS)] == ["5", "3"]
    write_folder(tmp_path / "goodbooks", [], [])
    imported(folder)
    assert [path for path in landing.rglob("*") if path.is_file()] == []


def test_ratings_of_a_book_by_a_user_who_has_rated_it_are_counted(tmp_path: Path) -> None:
    ratings = [(1, 2, 5), (1, 2, 3), (1, 2, 5), (2, 2, 5), (1, 3, 5)]
    folder = write_folder(tmp_path / "goodbooks", [BOOK, TWILIGHT], ratings)
    result = imported(folder)
    assert result.exit_code == 0
    told = "5 reviews by 2 users (2 repeat the user and book of an earlier line), 0 lines rejected"
    assert told in result.output
    assert len({row["review_id"] for row in landed(folder, REVIEWS)}) == 3


@pytest.mark.slow
@given(st.lists(st.lists(st.tuples(st.sampled_from([0, 1, 61, 2**31 - 1]), st.integers(0, 70)), max_size=60)))
def test_every_pair_that_was_added_before_is_counted_once(blocks: list[list[tuple[int, int]]]) -> None:
    with Repeats() as repeats:
        for block in blocks:
            users, books = np.array(block, np.int64).reshape(-1, 2).T
            repeats.add(users, books)
        pairs = [pair for block in blocks for pair in block]
        assert repeats.count() == len(pairs) - len(set(pairs))


def test_a_second_row_with_a_number_of_an_earlier_book_is_rejected(tmp_path: Path) -> None:
    books = [
        BOOK,
        BOOK | {"goodreads_book_id": "77", "title": "Other"},
        TWILIGHT,
        TWILIGHT | {"book_id": "04", "goodreads_book_id": "03"},
        TWILIGHT | {"book_id": "5", "goodreads_book_id": "77"},
    ]
    folder = write_folder(tmp_path / "goodbooks", books, [(1, 2, 5), (1, 4, 3)])
    result = imported(folder)
    assert result.exit_code == 1
    assert [row["book_id"] for row in landed(folder, BOOKS)] == ["3", "41865", "77"]
    kept = [json.loads(line) for line in (tmp_path / "rejects.jsonl").read_text().splitlines()]
    assert [(each["file"], each["line"], each["reason"]) for each in kept] == [
        ("books.csv", 3, "book_id 2 is in line 2 already"),
        ("books.csv", 5, "goodreads_book_id 3 is in line 2 already"),
        ("ratings.csv", 3, "the book is not in books.csv"),
    ]


def test_books_in_another_encoding_are_refused_with_the_line(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "goodbooks", [TWILIGHT, BOOK], [(1, 2, 5)])
    books = folder / "books.csv"
    books.write_bytes(books.read_text(encoding="utf-8").encode("cp1252"))
    result = imported(folder)
    assert result.exit_code == 2
    assert f"{books} is not UTF-8 from line 3 on" in result.output
    assert not (tmp_path / "landing").exists()


def test_an_author_whose_name_is_damaged_has_no_record_and_is_counted(tmp_path: Path) -> None:
    damaged = BOOK | {"authors": "J.K. Rowling, Mary GrandPr\ufffd"}
    first = TWILIGHT | {"authors": "Mary GrandPr\ufffd, Stephenie Meyer"}
    folder = write_folder(tmp_path / "goodbooks", [damaged, first], [(1, 2, 5), (1, 3, 4)])
    result = imported(folder)
    assert result.exit_code == 0
    assert "1 impossible value became empty: authors.name 1 ('Mary GrandPr\ufffd')" in result.output
    assert [row["name"] for row in landed(folder, AUTHORS)] == ["J.K. Rowling", "Stephenie Meyer"]
    rowling = str(ids.of_author("J.K. Rowling"))
    assert [row["authors"] for row in landed(folder, BOOKS)] == [rowling, ""]
    assert [row["author_id"] for row in landed(folder, REVIEWS)] == [rowling, ""]


def test_an_author_with_a_degree_is_the_author_of_export_and_feed(tmp_path: Path) -> None:
    book = BOOK | {"authors": "Jane Foo, MBA"}
    folder = write_folder(tmp_path / "goodbooks", [book], [])
    imported(folder)
    assert [row["author_id"] for row in landed(folder, AUTHORS)] == [str(ids.of_author("Jane Foo, MBA"))]


def test_an_impossible_value_of_a_book_becomes_empty(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "goodbooks", [BOOK | {"ratings_count": "-3"}], [])
    result = imported(folder)
    assert result.exit_code == 0
    assert "1 impossible value became empty: books.ratings_count 1 ('-3')" in result.output


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("ratings.csv", None, "has no ratings.csv"),
        ("books.csv", None, "has no books.csv"),
        (
            "books.csv",
            "id,book_id,title\n",
            "found the columns 'id', 'book_id', 'title'; expected book_id, goodreads_book_id, authors,",
        ),
        (
            "books.csv",
            "id,book_id,best_book_id,work_id,books_count,isbn\n",
            "is of another edition of goodbooks-10k, as Kaggle has it",
        ),
        (
            "books.csv",
            '"id,book_id\n',
            "found a first line with a quote that is not closed; expected book_id,",
        ),
        ("books.csv", "", "found a first line without columns; expected book_id,"),
        ("ratings.csv", "a,b\n1,2\n", "found the columns 'a', 'b'; expected user_id, book_id, rating"),
        ("ratings.csv", "", "found a first line without columns; expected user_id, book_id, rating"),
        ("ratings.csv", "\x1b[31m,b\n", "found the columns '\\x1b[31m', 'b'; expected"),
    ],
)
def test_what_is_not_goodbooks_is_refused(tmp_path: Path, name: str, content: str | None, told: str) -> None:
    folder = write_folder(tmp_path / "goodbooks", [BOOK], [(1, 2, 5)])
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(content)
    result = imported(folder)
    assert result.exit_code == 2
    assert told in result.output


def test_a_version_with_an_offset_is_told_in_utc(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "goodbooks", [BOOK], [(1, 2, 5)])
    assert imported(folder, "--captured-at", "2024-01-01T10:00:00+02:00").exit_code == 0
    assert {row[VERSION.name] for row in landed(folder, REVIEWS)} == {"2024-01-01 08:00:00"}


@pytest.mark.parametrize("name", ["books.csv", "ratings.csv"])
def test_a_gzipped_file_is_told_as_such_and_not_printed(tmp_path: Path, name: str) -> None:
    folder = write_folder(tmp_path / "goodbooks", [BOOK], [(1, 2, 5)])
    (folder / name).write_bytes(gzip.compress((folder / name).read_bytes()))
    result = imported(folder)
    assert result.exit_code == 2
    assert f"{name}: found a gzip archive (unpack it first); expected " in result.output
    assert result.output.replace("\n", "").isprintable()


def test_rejects_among_the_landing_files_and_impossible_versions_are_refused(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "goodbooks", [BOOK], [])
    assert (
        "would be among the landing files" in imported(folder, "--rejects", tmp_path / "landing" / "x").output
    )
    assert "would reject every record" in imported(folder, "--captured-at", "2090-01-01").output
