"""Library exports in the forms that Goodreads has written over the years, and a plain reading of them with the csv module."""

import csv
import random
import re
from collections.abc import Iterable, Mapping, Sequence
from html import unescape
from pathlib import Path

from capture import ids

PRESENT = [
    "Book Id",
    "Title",
    "Author",
    "Author l-f",
    "Additional Authors",
    "ISBN",
    "ISBN13",
    "My Rating",
    "Average Rating",
    "Publisher",
    "Binding",
    "Number of Pages",
    "Year Published",
    "Original Publication Year",
    "Date Read",
    "Date Added",
    "Bookshelves",
    "Bookshelves with positions",
    "Exclusive Shelf",
    "My Review",
    "Spoiler",
    "Private Notes",
    "Read Count",
    "Owned Copies",
]
OLD = [
    *PRESENT[:-1],
    *("Recommended For", "Recommended By", "Owned Copies", "Original Purchase Date"),
    *("Original Purchase Location", "Condition", "Condition Description", "BCID"),
]
NEWEST = [column for column in PRESENT if column != "Average Rating"]
IMPOSSIBLE_YEAR = "20176"
NOTE = "CONFIDENTIAL-MARGINALIA"
"""The text of every private note."""

EARTHSEA = {
    "Book Id": "13642",
    "Title": "A Wizard of Earthsea (Earthsea Cycle, #1)",
    "Author": "Ursula K. Le Guin",
    "Author l-f": "Guin, Ursula K. Le",
    "Additional Authors": "Ruth Robbins, Martin Luther King, Jr.",
    "ISBN": '="0553262505"',
    "ISBN13": '="9780553262506"',
    "My Rating": "5",
    "Average Rating": "4.01",
    "Publisher": "Bantam Books",
    "Binding": "Mass Market Paperback",
    "Number of Pages": "183",
    "Year Published": "1984",
    "Original Publication Year": "1968",
    "Date Read": "2024/1/5",
    "Date Added": "2023/12/24",
    "Bookshelves": "fantasy, favorites",
    "Bookshelves with positions": "fantasy (#2), favorites (#1)",
    "Exclusive Shelf": "read",
    "My Review": 'It begins with a <b>storm</b>.<br/><br/>"Magic", &amp; wisdom.',
    "Spoiler": "true",
    "Private Notes": NOTE,
    "Read Count": "2",
    "Owned Copies": "1",
}
SHELVED = {
    "Book Id": "7",
    "Title": "Still Unread",
    "Author": "Ann  Example",
    "ISBN": '=""',
    "ISBN13": '=""',
    "My Rating": "0",
    "Date Added": "2024/2/29",
    "Bookshelves": "to-read",
    "Exclusive Shelf": "to-read",
    "Private Notes": NOTE,
    "Read Count": "0",
    "Owned Copies": "0",
}


def write_export(
    path: Path, rows: Iterable[Mapping[str, str]], columns: Sequence[str] = PRESENT, *, mark: str = ""
) -> Path:
    """Write an export; `mark` stands in front of the header, like a byte-order mark."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(mark)
        writer = csv.DictWriter(file, columns, restval="", extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def made_up(count: int, seed: int = 1) -> list[dict[str, str]]:
    """Rows with every oddity: missing dates and ratings, copies of a book, two spellings of an author, markup, spaces."""
    chance = random.Random(seed)
    authors = (
        "J.K. Rowling",
        "J. K. Rowling",
        "Neil  Gaiman",
        "Karel \u010capek",
        "\u5ddd\u7aef \u5eb7\u6210",
        "",
    )
    return [
        {
            "Book Id": str(chance.randint(1, count)),  # so some books have several copies
            "Title": chance.choice(
                ("Plain", "With, a comma", 'A "quote" (Series, #3)', "Two\nlines", f"Number {number}")
            ),
            "Author": chance.choice(authors),
            "Additional Authors": chance.choice(("", "Ann Example", "Ann Example, Neil Gaiman")),
            "ISBN": chance.choice(('=""', '="0553262505"')),
            "ISBN13": chance.choice(('=""', '="9780553262506"', "")),
            "My Rating": str(chance.randint(0, 5)),
            "Average Rating": f"{chance.randint(100, 500) / 100:.2f}",
            "Publisher": chance.choice(("", "Penguin &amp; Co")),
            "Binding": chance.choice(("", "Paperback", "Kindle Edition")),
            "Number of Pages": chance.choice(("", "311", "20176")),
            "Year Published": chance.choice(("", "2011", "-380", IMPOSSIBLE_YEAR)),
            "Original Publication Year": chance.choice(("", "1968")),
            "Date Read": chance.choice(("", "", "2024/1/5", "2023/11/30", "2023-02-30")),
            "Date Added": chance.choice(("", "2024/02/29", "2019/7/1")),
            "Exclusive Shelf": chance.choice(("read", "to-read", "currently-reading", "did-not-finish")),
            "My Review": chance.choice(
                (
                    "",
                    "",
                    "Good.<br/>Very good.",
                    "Caf\u00e9 \U0001f600 &lt;3",
                    "<i>one</i> line\nand  another",
                )
            ),
            "Spoiler": chance.choice(("", "true", "false")),
            "Private Notes": chance.choice(("", NOTE, f"two\nlines, {NOTE}")),
            "Read Count": chance.choice(("", "0", "1", "3")),
            "Owned Copies": chance.choice(("0", "2")),
        }
        for number in range(count)
    ]


def plainly_read(path: Path) -> list[dict[str, str]]:
    """One row for each book as Python's csv reads the file: of several copies the best, as decision 62 says."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    best: dict[str, dict[str, str]] = {}
    for row in rows:
        kept = best.get(row["Book Id"])
        if kept is None or (counts(row), written(row)) >= (counts(kept), written(kept)):
            best.pop(row["Book Id"], None)
            best[row["Book Id"]] = row
    return list(best.values())


def plain_rows(path: Path, reader: str, version: str) -> dict[str, list[dict[str, str]]]:
    """The rows of the four tables, as texts by column, that a plain reading of a reader's export finds; what an export lacks is left out."""
    rows = plainly_read(path)
    user = str(ids.of_user(reader))
    authors: dict[str, dict[str, str]] = {}
    for row in rows:
        for name in filter(None, map(seen, [row["Author"], *row["Additional Authors"].split(",")])):
            authors.setdefault(_author(name), {"author_id": _author(name), "name": name})
    found = {
        "authors": list(authors.values()),
        "books": [_book(row) for row in rows],
        "reviews": [_review(row, user) for row in rows if counts(row)],
        "users": [{"user_id": user, "user_name": reader, "user_display_name": reader}],
    }
    return {
        name: [row | {"record_create_timestamp": version} for row in each] for name, each in found.items()
    }


def _author(name: str) -> str:
    return str(ids.of_author(seen(name)) or "")


def _book(row: Mapping[str, str]) -> dict[str, str]:
    title = seen(row["Title"])
    return {
        "book_id": row["Book Id"],
        "title": title,
        "title_without_series": title.removesuffix(" (Series, #3)"),
        "book_url": f"https://www.goodreads.com/book/show/{row['Book Id']}",
        "num_pages": row["Number of Pages"],
        "format": seen(row["Binding"]),
        "publisher": seen(row["Publisher"]),
        "publication_year": "" if row["Year Published"] == IMPOSSIBLE_YEAR else row["Year Published"],
        "average_rating": row.get("Average Rating", ""),
        "authors": _author(row["Author"]),
        "published": row["Original Publication Year"],
    }


def _review(row: Mapping[str, str], user: str) -> dict[str, str]:
    day = written(row)
    return {
        "review_id": str(ids.of_review(int(user), int(row["Book Id"]))),
        "user_id": user,
        "book_id": row["Book Id"],
        "author_id": _author(row["Author"]),
        "review_text": seen(row["My Review"]),
        "review_rating": row["My Rating"],
        "spoiler_flag": "true" if row["Spoiler"] == "true" else "false",
        "review_added_date": f"{day} 00:00:00" if day else "",
        "review_read_count": row["Read Count"],
    }


def counts(row: Mapping[str, str]) -> bool:
    """Whether the row is a review."""
    return bool(
        row["My Rating"] in ("1", "2", "3", "4", "5")
        or row["My Review"]
        or row["Date Read"]
        or row["Exclusive Shelf"] == "read"
    )


def written(row: Mapping[str, str]) -> str:
    """The day from which on the review can have been written, like 2024-01-05; empty if no day is known."""
    days = [re.split("[/-]", row[column]) for column in ("Date Read", "Date Added") if row[column]]
    possible = [f"{int(year):04}-{int(month):02}-{int(day):02}" for year, month, day in days]
    return max((day for day in possible if day != "2023-02-30"), default="")


def seen(markup: str) -> str:
    """The words that a reader sees."""
    return " ".join(unescape(re.sub("<[^>]*>", " ", markup)).split())
