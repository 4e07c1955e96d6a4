"""Made-up landing files as the original pipeline makes them: a loop, a call of Faker per field, a list of dicts, one write.

Ids are drawn from the original's ranges; the values are as long as in the original's load.
"""

import csv
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from faker import Faker

from catalog import AUTHORS, BOOKS, REVIEWS, USERS, Dataset

_MOST_IDS, _MOST_REVIEWS = 100_000, 10_000_000
_CAPTURED = datetime(2020, 2, 19, tzinfo=UTC), datetime(2020, 2, 20, tzinfo=UTC)

fake = Faker()
Record = dict[str, object]


def author() -> Record:
    return {
        "author_id": fake.random_int(0, _MOST_IDS),
        "name": fake.name(),
        "role": fake.job(),
        "profile_url": fake.url(),
        "average_rating": fake.pyfloat(min_value=0, max_value=5, right_digits=2),
        "rating_count": fake.random_int(0, 100_000),
        "text_review_count": fake.random_int(0, 100_000),
        "record_create_timestamp": _captured(),
    }


def book() -> Record:
    title = fake.sentence(nb_words=4)
    return {
        "book_id": fake.random_int(0, _MOST_IDS),
        "title": title,
        "title_without_series": title,
        "image_url": fake.image_url(),
        "book_url": fake.url(),
        "num_pages": fake.random_int(24, 1200),
        "format": fake.word(),
        "edition_information": fake.word(),
        "publisher": fake.company(),
        "publication_day": fake.random_int(1, 28),
        "publication_year": fake.random_int(1850, 2020),
        "publication_month": fake.random_int(1, 12),
        "average_rating": fake.pyfloat(min_value=0, max_value=5, right_digits=2),
        "ratings_count": fake.random_int(0, 100_000),
        "description": fake.sentence(nb_words=6),
        "authors": fake.random_int(0, _MOST_IDS),
        "published": fake.random_int(1850, 2020),
        "record_create_timestamp": _captured(),
    }


def review() -> Record:
    return {
        "review_id": fake.random_int(0, _MOST_REVIEWS),
        "user_id": fake.random_int(0, _MOST_IDS),
        "book_id": fake.random_int(0, _MOST_IDS),
        "author_id": fake.random_int(0, _MOST_IDS),
        "review_text": fake.text(),
        "review_rating": fake.random_int(0, 5),
        "review_votes": fake.random_int(0, 50),
        "spoiler_flag": fake.random_element(["true", "false"]),
        "spoiler_state": fake.word(),
        "review_added_date": _date(),
        "review_updated_date": _date(),
        "review_read_count": fake.random_int(0, 3),
        "comments_count": fake.random_int(0, 20),
        "review_url": fake.url(),
        "record_create_timestamp": _captured(),
    }


def user() -> Record:
    return {
        "user_id": fake.random_int(0, _MOST_IDS),
        "user_name": fake.user_name(),
        "user_display_name": fake.name(),
        "location": fake.address(),
        "profile_link": fake.url(),
        "uri": fake.uri(),
        "user_image_url": fake.image_url(),
        "small_image_url": fake.image_url(),
        "has_image": fake.random_element(["true", "false"]),
        "record_create_timestamp": _captured(),
    }


def write(dataset: Dataset, make: Callable[[], Record], records: int, folder: Path) -> None:
    """All records in memory, then one file."""
    rows = [make() for _ in range(records)]
    with (folder / f"{dataset.landing_name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, dataset.column_names)
        writer.writeheader()
        writer.writerows(rows)


def main(records: int, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for dataset, make in ((AUTHORS, author), (BOOKS, book), (REVIEWS, review), (USERS, user)):
        write(dataset, make, records, folder)


def _captured() -> str:
    return f"{fake.date_time_between(*_CAPTURED, tzinfo=UTC):%Y-%m-%d %H:%M:%S.%f}"


def _date() -> str:
    return f"{fake.date_time_between(*_CAPTURED, tzinfo=UTC):%a %b %d %H:%M:%S %z %Y}"


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
