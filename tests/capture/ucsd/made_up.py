"""Dumps as the UCSD Book Graph has them, small."""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

AUTHOR = {
    "average_rating": "3.98",
    "author_id": "604031",
    "text_reviews_count": "7",
    "name": "Ronald J. Fields",
    "ratings_count": "49",
}

BOOK = {
    "isbn": "0312853122",
    "text_reviews_count": "1",
    "series": [],
    "country_code": "US",
    "language_code": "",
    "popular_shelves": [{"count": "3", "name": "to-read"}],
    "asin": "",
    "is_ebook": "false",
    "average_rating": "4.00",
    "kindle_asin": "",
    "similar_books": [],
    "description": "",
    "format": "Paperback",
    "link": "https://www.goodreads.com/book/show/5333265-w-c-fields",
    "authors": [{"author_id": "604031", "role": ""}, {"author_id": "30853", "role": "Photographs"}],
    "publisher": "St. Martin's Press",
    "num_pages": "256",
    "publication_day": "1",
    "isbn13": "9780312853129",
    "publication_month": "9",
    "edition_information": "",
    "publication_year": "1984",
    "url": "https://www.goodreads.com/book/show/5333265-w-c-fields",
    "image_url": "https://images.gr-assets.com/books/1310220028m/5333265.jpg",
    "book_id": "5333265",
    "ratings_count": "3",
    "work_id": "5400751",
    "title": "W.C. Fields: A Life on Film",
    "title_without_series": "W.C. Fields: A Life on Film",
}

WORK = {
    "books_count": "1",
    "reviews_count": "6",
    "original_publication_month": "8",
    "default_description_language_code": "",
    "text_reviews_count": "1",
    "best_book_id": "5333265",
    "original_publication_year": "1979",
    "original_title": "W. C. Fields: A Life on Film",
    "rating_dist": "5:1|4:1|3:1|2:0|1:0|total:3",
    "default_chaptering_book_id": "",
    "original_publication_day": "",
    "original_language_id": "",
    "ratings_count": "3",
    "media_type": "book",
    "ratings_sum": "12",
    "work_id": "5400751",
}

REVIEW = {
    "user_id": "8842281e1d1347389f2ab93d60773d4d",
    "book_id": "5333265",
    "review_id": "5cd416f3efc3f944fce4ce2db2290d5e",
    "rating": 5,
    "review_text": 'A "life", on film. \n It was good.',
    "date_added": "Fri Aug 25 13:55:02 -0700 2017",
    "date_updated": "Mon Oct 09 08:55:59 -0700 2017",
    "read_at": "Sat Oct 07 00:00:00 -0700 2017",
    "started_at": "",
    "n_votes": 16,
    "n_comments": 0,
}

INTERACTION = {
    "user_id": "8842281e1d1347389f2ab93d60773d4d",
    "book_id": "5333265",
    "review_id": "c6c803a462ea21452ffc35b46093ada8",
    "is_read": True,
    "rating": 4,
    "review_text_incomplete": "It begins",
    "date_added": "Thu Aug 17 15:15:28 -0700 2017",
    "date_updated": "Thu Aug 17 15:15:35 -0700 2017",
    "read_at": "",
    "started_at": "",
}

SPOILER = {
    "user_id": "8842281e1d1347389f2ab93d60773d4d",
    "timestamp": "2017-10-09",
    "review_sentences": [[0, "A life on film."], [1, "He dies."]],
    "rating": 5,
    "has_spoiler": True,
    "book_id": "5333265",
    "review_id": "5cd416f3efc3f944fce4ce2db2290d5e",
}


def lines(records: Iterable[dict[str, Any]]) -> bytes:
    """As JSON lines."""
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def write_dump(path: Path, records: Iterable[dict[str, Any]]) -> Path:
    """A gzipped dump."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(lines(records), mtime=0))
    return path
