"""What becomes of the rows of a library export."""

import csv
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capture import ids
from capture.library.export import entries_in
from capture.library.importing import Imported, import_export
from capture.library.records import Reader
from catalog import AUTHORS, BOOKS, DATASETS, REVIEWS, USERS, Dataset
from landing.stores import FolderStore
from stacks import ROOT
from tests.capture.library.exports import (
    EARTHSEA,
    NEWEST,
    NOTE,
    OLD,
    PRESENT,
    SHELVED,
    counts,
    made_up,
    plainly_read,
    seen,
    write_export,
    written,
)

CAPTURED = datetime(2024, 3, 1, 12, tzinfo=UTC)
NOW = datetime(2024, 3, 2, tzinfo=UTC)
ANN = Reader("Ann")


def imported(path: Path, reader: Reader = ANN) -> Imported:
    """Import into `landing` beside the file."""
    return import_export(path, reader, FolderStore(path.parent / "landing"), CAPTURED, NOW)


def landed(path: Path, dataset: Dataset) -> list[dict[str, str]]:
    """What was imported from the file."""
    found = []
    for file in sorted((path.parent / "landing" / dataset.name).glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as opened:
            found += list(csv.DictReader(opened, strict=True))
    return found


def test_a_row_becomes_a_book_a_review_and_its_authors(tmp_path: Path) -> None:
    path = write_export(tmp_path / "export.csv", [EARTHSEA])
    result = imported(path)
    assert (result.rows, result.books, result.authors, result.reviews) == (1, 1, 3, 1)
    user, author = str(ids.of_user("Ann")), str(ids.of_author("Ursula K. Le Guin"))
    version = "2024-03-01 12:00:00"
    assert [(row["author_id"], row["name"]) for row in landed(path, AUTHORS)] == [
        (author, "Ursula K. Le Guin"),
        (str(ids.of_author("Ruth Robbins")), "Ruth Robbins"),
        (str(ids.of_author("Martin Luther King, Jr.")), "Martin Luther King, Jr."),
    ]
    (book,) = landed(path, BOOKS)
    assert {column: text for column, text in book.items() if text} == {
        "book_id": "13642",
        "title": "A Wizard of Earthsea (Earthsea Cycle, #1)",
        "title_without_series": "A Wizard of Earthsea",
        "book_url": "https://www.goodreads.com/book/show/13642",
        "num_pages": "183",
        "format": "Mass Market Paperback",
        "publisher": "Bantam Books",
        "publication_year": "1984",
        "average_rating": "4.01",
        "authors": author,
        "published": "1968",
        "record_create_timestamp": version,
    }
    (review,) = landed(path, REVIEWS)
    assert {column: text for column, text in review.items() if text} == {
        "review_id": str(ids.of_review(int(user), 13642)),
        "user_id": user,
        "book_id": "13642",
        "author_id": author,
        "review_text": 'It begins with a storm. "Magic", & wisdom.',
        "review_rating": "5",
        "spoiler_flag": "true",
        "review_added_date": "2024-01-05 00:00:00",
        "review_read_count": "2",
        "record_create_timestamp": version,
    }
    (person,) = landed(path, USERS)
    assert {column: text for column, text in person.items() if text} == {
        "user_id": user,
        "user_name": "Ann",
        "user_display_name": "Ann",
        "record_create_timestamp": version,
    }


def test_a_book_that_only_stands_on_a_shelf_is_a_book_without_a_review(tmp_path: Path) -> None:
    path = write_export(tmp_path / "export.csv", [SHELVED])
    assert imported(path).reviews == 0
    assert [row["title"] for row in landed(path, BOOKS)] == ["Still Unread"]
    assert [row["name"] for row in landed(path, AUTHORS)] == ["Ann Example"]
    assert landed(path, REVIEWS) == []


@pytest.mark.parametrize(
    "change",
    [
        {"My Rating": "1"},
        {"My Review": "Not yet."},
        {"Date Read": "2024/1/5"},
        {"Exclusive Shelf": "read"},
    ],
)
def test_stars_a_text_a_day_of_reading_or_the_shelf_read_make_a_review(
    tmp_path: Path, change: dict[str, str]
) -> None:
    path = write_export(tmp_path / "export.csv", [SHELVED | change])
    assert imported(path).reviews == 1
    assert len(landed(path, REVIEWS)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("columns", [OLD, PRESENT, NEWEST], ids=["old", "present", "newest"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "with-a-byte-order-mark"])
@pytest.mark.parametrize("rows", [100, 1000])
def test_an_export_lands_as_a_plain_reading_of_it_says(
    tmp_path: Path, columns: list[str], mark: str, rows: int
) -> None:
    path = write_export(tmp_path / "export.csv", made_up(rows), columns, mark=mark)
    result = imported(path)
    plain = plainly_read(path)
    assert result.rows == rows
    assert result.books == len(plain)
    assert result.faults == []

    books = {row["book_id"]: row for row in landed(path, BOOKS)}
    assert {number: row["title"] for number, row in books.items()} == {
        row["Book Id"]: seen(row["Title"]) for row in plain
    }
    assert {number: row["average_rating"] for number, row in books.items()} == {
        row["Book Id"]: row.get("Average Rating", "") for row in plain
    }
    reviews = {row["book_id"]: row for row in landed(path, REVIEWS)}
    assert {
        number: (
            row["review_rating"],
            row["review_text"],
            row["review_added_date"][:10],
            row["spoiler_flag"],
            row["review_read_count"],
        )
        for number, row in reviews.items()
    } == {
        row["Book Id"]: (
            row["My Rating"],
            seen(row["My Review"]),
            written(row),
            "true" if row["Spoiler"] == "true" else "false",
            row["Read Count"],
        )
        for row in plain
        if counts(row)
    }
    names = {seen(row["Author"]) for row in plain}
    assert {ids.tidied(row["name"]) for row in landed(path, AUTHORS)} >= {
        ids.tidied(each) for each in names if each
    }
    assert len(landed(path, AUTHORS)) == len({row["author_id"] for row in landed(path, AUTHORS)})


def test_two_spellings_of_an_author_are_one_author(tmp_path: Path) -> None:
    rows = [
        SHELVED | {"Book Id": "1", "Author": "J.K. Rowling"},
        SHELVED | {"Book Id": "2", "Author": "J. K.  Rowling"},
    ]
    path = write_export(tmp_path / "export.csv", rows)
    imported(path)
    assert [row["name"] for row in landed(path, AUTHORS)] == ["J.K. Rowling"]
    assert len({row["authors"] for row in landed(path, BOOKS)}) == 1


def test_an_author_whose_name_is_damaged_has_no_record_and_is_counted(tmp_path: Path) -> None:
    damaged = EARTHSEA | {"Author": "Mary GrandPr\ufffd", "Additional Authors": "Ann, Jane Foo, MBA"}
    path = write_export(tmp_path / "export.csv", [damaged])
    result = imported(path)
    assert [row["name"] for row in landed(path, AUTHORS)] == ["Ann", "Jane Foo, MBA"]
    assert [row["authors"] for row in landed(path, BOOKS)] == [""]
    assert [row["author_id"] for row in landed(path, REVIEWS)] == [""]
    assert str(result.emptied) == "1 impossible value became empty: authors.name 1"


def test_a_shelf_and_a_rating_that_change_make_a_newer_version_of_the_same_review(tmp_path: Path) -> None:
    reviews = []
    for days, change in (
        (0, {"Exclusive Shelf": "currently-reading"}),
        (1, {"My Rating": "3", "Exclusive Shelf": "read"}),
    ):
        store = FolderStore(tmp_path / str(days) / "landing")
        path = write_export(tmp_path / str(days) / "export.csv", [EARTHSEA | change])
        import_export(path, ANN, store, CAPTURED + timedelta(days=days), NOW)
        (review,) = landed(path, REVIEWS)
        reviews.append(review)
    older, newer = reviews
    assert older["review_id"] == newer["review_id"]
    assert older["record_create_timestamp"] < newer["record_create_timestamp"]
    assert newer["review_rating"] == "3"


def test_of_several_copies_of_a_book_the_one_read_last_has_the_review(tmp_path: Path) -> None:
    copies = [
        EARTHSEA | {"My Rating": "2", "Date Read": "2020/1/1", "Date Added": "2020/1/1"},
        EARTHSEA | {"My Rating": "4", "Date Read": "2023/10/9"},
        EARTHSEA
        | {
            "My Rating": "0",
            "My Review": "",
            "Date Read": "",
            "Date Added": "2024/2/1",
            "Exclusive Shelf": "to-read",
        },
    ]
    path = write_export(tmp_path / "export.csv", copies)
    result = imported(path)
    assert (result.books, result.copies, result.reviews) == (1, 2, 1)
    assert [row["review_rating"] for row in landed(path, REVIEWS)] == ["4"]


@pytest.mark.parametrize(
    ("change", "book_id"),
    [
        ({"Book Id": ""}, ids.of_book("9780553262506", "", "")),
        ({"Book Id": "", "ISBN13": '=""'}, ids.of_book("0553262505", "", "")),
        (
            {"Book Id": "", "ISBN13": '=""', "ISBN": ""},
            ids.of_book("", EARTHSEA["Title"], EARTHSEA["Author"]),
        ),
    ],
)
def test_a_book_without_a_number_has_a_made_id_and_no_address(
    tmp_path: Path, change: dict[str, str], book_id: int
) -> None:
    path = write_export(tmp_path / "export.csv", [EARTHSEA | change])
    imported(path)
    (book,) = landed(path, BOOKS)
    assert (book["book_id"], book["book_url"]) == (str(book_id), "")
    assert [row["book_id"] for row in landed(path, REVIEWS)] == [str(book_id)]


def test_a_reader_with_a_number_has_that_number(tmp_path: Path) -> None:
    path = write_export(tmp_path / "export.csv", [EARTHSEA])
    imported(path, Reader("Ann", 4100763))
    (person,) = landed(path, USERS)
    assert person["user_id"] == "4100763"
    assert person["profile_link"] == "https://www.goodreads.com/user/show/4100763"
    assert [row["user_id"] for row in landed(path, REVIEWS)] == ["4100763"]


def test_an_impossible_value_becomes_empty_and_costs_nothing_else(tmp_path: Path) -> None:
    odd = EARTHSEA | {
        "Number of Pages": "-3",
        "Year Published": "20176",
        "Date Read": "5.1.2024",
        "Date Added": "2024/13/1",
    }
    path = write_export(tmp_path / "export.csv", [odd])
    result = imported(path)
    assert dict(result.emptied.counts) == {
        "books.num_pages": 1,
        "books.publication_year": 1,
        "reviews.review_added_date": 2,
    }
    assert [(row["num_pages"], row["title"] != "") for row in landed(path, BOOKS)] == [("", True)]
    assert [(row["review_added_date"], row["review_rating"]) for row in landed(path, REVIEWS)] == [("", "5")]


@pytest.mark.parametrize(
    ("read", "shelved", "day", "impossible"),
    [
        ("2024/1/5", "2090/1/5", "2024-01-05", 1),
        ("2199/1/5", "2020/1/5", "2020-01-05", 1),
        ("1024/1/5", "2020/1/5", "2020-01-05", 1),
        ("2024/3/3", "2020/1/5", "2024-03-03", 0),
        ("2024/3/4", "2020/1/5", "2020-01-05", 1),
        ("2199/1/5", "2024/2/30", "", 2),
    ],
)
def test_an_impossible_day_does_not_take_the_other_one_with_it(
    tmp_path: Path, read: str, shelved: str, day: str, impossible: int
) -> None:
    path = write_export(tmp_path / "export.csv", [EARTHSEA | {"Date Read": read, "Date Added": shelved}])
    result = imported(path)
    assert [row["review_added_date"][:10] for row in landed(path, REVIEWS)] == [day]
    assert result.emptied.counts.get("reviews.review_added_date", 0) == impossible


def test_a_copy_of_a_book_with_an_impossible_day_is_not_the_one_read_last(tmp_path: Path) -> None:
    copies = [
        EARTHSEA | {"My Rating": "2", "Date Read": "2199/1/1", "Date Added": "2020/1/1"},
        EARTHSEA | {"My Rating": "4", "Date Read": "2023/10/9"},
    ]
    path = write_export(tmp_path / "export.csv", copies)
    imported(path)
    assert [row["review_rating"] for row in landed(path, REVIEWS)] == ["4"]


@pytest.mark.parametrize(
    "broken", ['1,"unclosed', '8,"text"after,x', "9,too,few", "10" + "," * 30, ",,,," + "," * 19]
)
def test_a_row_that_cannot_be_read_is_left_out_alone(tmp_path: Path, broken: str) -> None:
    path = write_export(tmp_path / "export.csv", [EARTHSEA])
    with path.open("a", encoding="utf-8") as file:
        file.write(broken + "\n")
    result = imported(path)
    assert len(landed(path, BOOKS)) == 1
    assert [fault.line for fault in result.faults] == ([] if broken.startswith(",") else [3])


GOOD = [EARTHSEA | {"Book Id": str(number)} for number in range(1, 4)]


@pytest.mark.parametrize(
    "row", ['9,"open review\n', '9,"open review' + "x" * 200_000 + "\n", '9,"two\nlines"\n']
)
def test_a_quote_that_is_not_closed_costs_no_row_after_it(tmp_path: Path, row: str) -> None:
    path = write_export(tmp_path / "export.csv", GOOD)
    header, first, *others = path.read_text().splitlines(keepends=True)
    path.write_text("".join([header, first, row, *others]))
    result = imported(path)
    assert [book["book_id"] for book in landed(path, BOOKS)] == ["1", "2", "3"]
    assert [fault.line for fault in result.faults] == list(range(3, 3 + row.count("\n")))


def test_text_after_a_closing_quote_costs_the_row_though_the_number_of_fields_is_right(
    tmp_path: Path,
) -> None:
    path = write_export(tmp_path / "export.csv", GOOD)
    path.write_text(path.read_text().replace('Earthsea (Earthsea Cycle, #1)"', 'Earthsea" (one)', 2))
    reason = "a quote is not closed, or text follows a closing quote"
    assert imported(path).faults == [(2, reason), (3, reason)]


def test_a_stray_quote_further_down_does_not_make_a_row_of_the_lines_between(tmp_path: Path) -> None:
    path = write_export(tmp_path / "export.csv", GOOD)
    header, first, *others = path.read_text().splitlines(keepends=True)
    path.write_text(
        "".join([header, '8,"open\n', *[f"{n},plain\n" for n in range(3)], '9,end"\n', first, *others])
    )
    result = imported(path)
    assert [fault.line for fault in result.faults] == [2, 3, 4, 5, 6]
    assert result.books == 3


def test_a_long_review_is_imported(tmp_path: Path) -> None:
    path = write_export(tmp_path / "export.csv", [EARTHSEA | {"My Review": "word " * 28_000}])
    assert imported(path).reviews == 1
    assert imported(path).faults == []


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("Book Id", "2.23E+07"),
        ("Book Id", "0"),
        ("Book Id", "9780553262506"),
        ("My Rating", "6"),
        ("My Rating", '="0553262505"'),
        ("Exclusive Shelf", "fantasy (#2)"),
        ("Spoiler", f"{NOTE} about my boss"),
        ("Read Count", f"{NOTE} about my boss"),
    ],
)
def test_a_value_that_its_column_cannot_hold_makes_the_row_a_fault(
    tmp_path: Path, column: str, text: str
) -> None:
    path = write_export(tmp_path / "export.csv", [SHELVED, EARTHSEA | {column: text}])
    result = imported(path)
    (fault,) = result.faults
    assert fault.line == 3
    assert fault.reason.startswith(f"{column} is not ")
    assert NOTE not in fault.reason
    assert [book["book_id"] for book in landed(path, BOOKS)] == ["7"]


def test_a_book_id_of_a_spreadsheet_is_told_as_such(tmp_path: Path) -> None:
    (fault,) = imported(write_export(tmp_path / "export.csv", [EARTHSEA | {"Book Id": "2.23E+07"}])).faults
    assert "a spreadsheet program may have written as 2.23E+07" in fault.reason
    assert "give the file as it was downloaded" in fault.reason


def test_the_summary_counts_impossible_values_and_shows_none(tmp_path: Path) -> None:
    odd = {"Number of Pages": NOTE, "Date Read": NOTE}
    result = imported(write_export(tmp_path / "export.csv", [EARTHSEA | odd]))
    assert (
        str(result.emptied)
        == "2 impossible values became empty: books.num_pages 1, reviews.review_added_date 1"
    )


def test_an_import_repeated_without_reviews_removes_those_of_the_first(tmp_path: Path) -> None:
    other = Reader("Bo")
    imported(write_export(tmp_path / "export.csv", [EARTHSEA]))
    imported(tmp_path / "export.csv", other)
    path = write_export(tmp_path / "export.csv", [SHELVED])
    imported(path)
    assert [row["user_id"] for row in landed(path, REVIEWS)] == [str(other.id)]


def test_a_row_without_number_isbn_and_title_is_left_out(tmp_path: Path) -> None:
    path = write_export(tmp_path / "export.csv", [{"Author": "Ann", "My Rating": "3"}, EARTHSEA])
    (fault,) = imported(path).faults
    assert fault.line == 2
    assert "expected one of them" in fault.reason


def test_a_private_note_is_dropped_where_the_row_is_read(tmp_path: Path) -> None:
    entries = list(entries_in(write_export(tmp_path / "export.csv", [EARTHSEA, SHELVED], OLD), NOW))
    assert len(entries) == 2
    assert NOTE not in repr(entries)


@pytest.mark.slow
def test_no_byte_of_a_private_note_arrives_anywhere(tmp_path: Path) -> None:
    """Not even from rows that cannot be read: in one with too many fields or odd quotes, the note may stand in any column."""
    path = write_export(tmp_path / "export.csv", [*made_up(200), EARTHSEA, SHELVED], OLD)
    with path.open("a", encoding="utf-8") as file:
        file.write(f'2,"a" {NOTE},b\n3,{NOTE}\n4{"," * 40}{NOTE}\n5,"{NOTE}')
    assert NOTE in path.read_text(encoding="utf-8")
    options = ("--user", "Ann", "--out", str(tmp_path / "out"))
    command = [sys.executable, "-m", "capture", "import-library", str(path), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    written_files = [file for file in tmp_path.rglob("*") if file.is_file() and file != path]
    assert {file.parent.name for file in written_files} == {dataset.name for dataset in DATASETS}
    everything = [file.read_text(encoding="utf-8") for file in written_files]
    for text in (*everything, *map(str, written_files), done.stdout, done.stderr):
        assert NOTE not in text
        assert NOTE[:12] not in text
    assert "line" in done.stderr


def test_an_import_repeated_lands_the_same_bytes(tmp_path: Path) -> None:
    path = write_export(tmp_path / "export.csv", made_up(50))
    imported(path)
    files = sorted(each for each in (tmp_path / "landing").rglob("*") if each.is_file())
    first = [each.read_bytes() for each in files]
    imported(path)
    assert [each.read_bytes() for each in files] == first
    assert len(files) == len(DATASETS)


words = st.text(st.characters(codec="utf-8", exclude_characters="\0\r<&"), max_size=30)


@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "Book Id": st.integers(1, 9).map(str),
                "Title": words,
                "Author": words,
                "My Rating": st.sampled_from(["", "0", "3", "5"]),
                "My Review": words,
                "Private Notes": words,
                "Exclusive Shelf": st.sampled_from(["read", "to-read"]),
            }
        ),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from([OLD, PRESENT, NEWEST]),
)
def test_whatever_the_texts_each_book_lands_once_with_its_words(
    tmp_path: Path, rows: list[dict[str, str]], columns: list[str]
) -> None:
    path = write_export(tmp_path / "export.csv", rows, columns)
    result = imported(path)
    assert result.rows == len(rows)
    books = landed(path, BOOKS)
    assert sorted(book["book_id"] for book in books) == sorted({row["Book Id"] for row in rows})
    last = {
        row["Book Id"]: row
        for row in rows
        if len([other for other in rows if other["Book Id"] == row["Book Id"]]) == 1
    }
    for book in books:
        if book["book_id"] in last:
            assert book["title"].split() == last[book["book_id"]]["Title"].split()
