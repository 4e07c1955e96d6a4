"""Files in the form of goodbooks-10k."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

BOOK = {
    "book_id": "2",
    "goodreads_book_id": "3",
    "best_book_id": "3",
    "work_id": "4640799",
    "books_count": "491",
    "isbn": "439554934",
    "isbn13": "9.78043955493e+12",
    "authors": "J.K. Rowling, Mary GrandPr\u00e9",
    "original_publication_year": "1997.0",
    "original_title": "Harry Potter and the Philosopher's Stone",
    "title": "Harry Potter and the Sorcerer's Stone (Harry Potter, #1)",
    "language_code": "eng",
    "average_rating": "4.44",
    "ratings_count": "4602479",
    "work_ratings_count": "4800065",
    "work_text_reviews_count": "75867",
    "ratings_1": "75504",
    "ratings_2": "101676",
    "ratings_3": "455024",
    "ratings_4": "1156318",
    "ratings_5": "3011543",
    "image_url": "https://images.gr-assets.com/books/1474154022m/3.jpg",
    "small_image_url": "https://images.gr-assets.com/books/1474154022s/3.jpg",
}
TWILIGHT = BOOK | {
    "book_id": "3",
    "goodreads_book_id": "41865",
    "title": "Twilight",
    "authors": "Stephenie Meyer",
}


def write_folder(
    folder: Path, books: Iterable[Mapping[str, str]], ratings: Iterable[Sequence[object]]
) -> Path:
    """Write the five files; the shelves and tags have one line each."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "books.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, BOOK, lineterminator="\n")
        writer.writeheader()
        writer.writerows(books)
    lines = [",".join(map(str, rating)) for rating in ratings]
    (folder / "ratings.csv").write_text("\n".join(["user_id,book_id,rating", *lines, ""]))
    (folder / "to_read.csv").write_text("user_id,book_id\n9,8\n")
    (folder / "tags.csv").write_text("tag_id,tag_name\n0,-\n")
    (folder / "book_tags.csv").write_text("goodreads_book_id,tag_id,count\n1,30574,167697\n")
    return folder
