"""How each column of the catalog is filled: by the recipe for its name, or else by the recipe for its type."""

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from catalog import Column, Type
from faker_tool.chunk import ROWS, Chunk, Flags
from faker_tool.texts import described, one_of, pictured, text
from faker_tool.values import (
    Draw,
    added,
    average,
    between,
    capture_time,
    evenly,
    flag,
    identifier,
    skewed,
    updated,
)

Gaps = Callable[[Chunk], Flags]
"""Says which records have no value in a column."""


def _some(share: float) -> Gaps:
    return lambda chunk: chunk.rng.random(ROWS) < share


def _unpictured(chunk: Chunk) -> Flags:
    return ~pictured(chunk)


def _undescribed(chunk: Chunk) -> Flags:
    return ~described(chunk)


@dataclass(frozen=True)
class Recipe:
    """`draw` gives every record of a chunk a field; `gaps` says which of these fields become empty."""

    draw: Draw
    gaps: Gaps | None = None


_BY_TYPE = {
    Type.BIGINT: Recipe(identifier),
    Type.INTEGER: Recipe(skewed(100_000)),
    Type.RATING: Recipe(average),
    Type.BOOLEAN: Recipe(flag(0.5)),
    Type.TIMESTAMP: Recipe(capture_time),
    Type.OFFSET_TIMESTAMP: Recipe(added),
    Type.TEXT: Recipe(text("{sentence}")),
}

_GOODREADS = "https://www.goodreads.com"
_PICTURES = "https://images.gr-assets.com"
_FORMATS = {"Paperback": 0.45, "Hardcover": 0.3, "Kindle Edition": 0.15, "ebook": 0.05, "Audio CD": 0.05}

# Shares of missing values follow captured data. A few differ, to bring the size of a record close to its size in the
# recorded load (`RECORD_BYTES`).
_BY_NAME = {
    # authors
    "name": Recipe(text("{given} {family}")),
    "role": Recipe(one_of({"Writer, Artist": 0.5, "Editor": 0.3, "Foreword": 0.2}), _some(0.95)),
    "profile_url": Recipe(text(_GOODREADS + "/author/show/{key}{given_slug}{family_slug}"), _some(0.25)),
    # books
    "title": Recipe(text("{title_head} {title_tail}{series}")),
    "title_without_series": Recipe(text("{title_head} {title_tail}")),
    "image_url": Recipe(text(_PICTURES + "/books/{uploaded}m/{key}.jpg"), _some(0.5)),
    "book_url": Recipe(text(_GOODREADS + "/book/show/{key}{title_head_slug}{title_tail_slug}")),
    "num_pages": Recipe(between(24, 1200), _some(0.35)),
    "format": Recipe(one_of(_FORMATS), _some(0.32)),
    "edition_information": Recipe(one_of({"1st edition": 0.7, "Third Edition": 0.3}), _some(0.92)),
    "publisher": Recipe(text("{company}"), _some(0.34)),
    "publication_day": Recipe(evenly, _some(0.33)),
    "publication_year": Recipe(between(1850, 2020), _some(0.28)),
    "publication_month": Recipe(evenly, _some(0.31)),
    "description": Recipe(text("{blurb}"), _undescribed),
    "published": Recipe(between(1850, 2020), _some(0.28)),
    # reviews
    "review_text": Recipe(text("{review}"), _some(0.03)),
    "review_rating": Recipe(evenly),
    "review_votes": Recipe(skewed(50)),
    "spoiler_flag": Recipe(flag(0.03)),
    "spoiler_state": Recipe(one_of({"none": 0.97, "hidden": 0.03})),
    "review_updated_date": Recipe(updated, _some(0.02)),
    "review_read_count": Recipe(between(0, 3), _some(0.05)),
    "comments_count": Recipe(skewed(20)),
    "review_url": Recipe(text(_GOODREADS + "/review/show/{key}")),
    # users
    "user_name": Recipe(text("{given}")),
    "user_display_name": Recipe(text("{given} {family}")),
    "location": Recipe(text("{street}{town}"), _some(0.2)),
    "profile_link": Recipe(text(_GOODREADS + "/user/show/{key}{given_slug}{family_slug}")),
    "uri": Recipe(text("kca://profile:goodreads/{token}"), _some(0.2)),
    "user_image_url": Recipe(text(_PICTURES + "/users/{uploaded}p3/{key}.jpg"), _unpictured),
    "small_image_url": Recipe(text(_PICTURES + "/users/{uploaded}p2/{key}.jpg"), _unpictured),
    "has_image": Recipe(lambda chunk, _: pc.if_else(pa.array(pictured(chunk)), "true", "false")),
}

RECORD_BYTES = {"authors": 104, "books": 243, "reviews": 391, "users": 252}
"""Average bytes of a record, by dataset, as in the recorded load: 11.5 million records of each dataset in 11.4 GB."""


def fields(chunk: Chunk, column: Column) -> pa.StringArray:
    """The column's CSV field for every record of the chunk, quoted where RFC 4180 demands it."""
    recipe = _BY_NAME.get(column.name, _BY_TYPE[column.type])
    values = recipe.draw(chunk, column)
    if recipe.gaps is None or column.required:
        return values
    return pc.if_else(pa.array(recipe.gaps(chunk)), _nothing(chunk, column), values)


def _nothing(chunk: Chunk, column: Column) -> str | pa.StringArray:
    """Fields without a value: the empty field and each other spelling of NULL, equally often."""
    if not column.missing:
        return ""
    spellings = pa.array(["", *column.missing])
    return spellings.take(pa.array(chunk.rng.integers(0, len(spellings), ROWS)))
