"""Reads a block of lines as columns, in a third of the time that one line after another takes.

A block with a line that is not as the dumps should be gives nothing, and its lines are read one by one (`mending.py`), which finds the fault.
So whatever is read here is read there as the same records. See docs/decisions/069.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pa_json

from capture import ids
from capture.text import plain_text, untidy
from capture.ucsd.records import MONTHS, Context
from catalog import REVIEWS, VERSION

_ID, _HASH = "^[0-9]{1,18}$", "^[0-9a-f]{32}$"
_DATE = (
    rf"^.{{4}}({'|'.join(MONTHS)}) [0-3][0-9] [0-2][0-9]:[0-5][0-9]:[0-5][0-9] "
    "[+-](0[0-9]|1[0-4])[0-5][0-9] [0-9]{4}$"
)
_NUMBERS_OF_MONTHS = pa.array([f"{number:02}" for number, _ in enumerate(MONTHS, 1)])

_OF_ANY = {
    **dict.fromkeys(("review_id", "user_id", "book_id", "date_added", "date_updated"), pa.string()),
    "rating": pa.int64(),
}
_REVIEWS = pa.schema(_OF_ANY | {"review_text": pa.string(), "n_votes": pa.int64(), "n_comments": pa.int64()})
_INTERACTIONS = pa.schema(_OF_ANY | {"review_text_incomplete": pa.string(), "is_read": pa.bool_()})


class OddError(Exception):
    """A block has a line that is read in the other way."""


@dataclass(frozen=True)
class Rows:
    """Records as columns of text, and the index of the line of each."""

    table: pa.Table
    lines: Sequence[int]


Reader = Callable[[Sequence[bytes], Context], Rows]
"""Reads the lines of a block. Raises OddError if one of them has to be read by itself."""


def reviews_in(lines: Sequence[bytes], context: Context) -> Rows:
    """Records of reviews, as `records.review_row` makes them."""
    found = _read(lines, _REVIEWS)
    columns = {
        **_any_reviews(found, _versions(found, context), context),
        "review_text": _words(found["review_text"]),
        "review_votes": found["n_votes"],
        "review_added_date": found["date_added"],
        "review_updated_date": found["date_updated"],
        "comments_count": found["n_comments"],
    }
    return Rows(_table(columns, len(lines)), range(len(lines)))


def interactions_in(lines: Sequence[bytes], context: Context) -> Rows:
    """Records of reviews, as `records.interaction_row` makes them."""
    found = _read(lines, _INTERACTIONS)
    if found["is_read"].null_count:
        raise OddError
    has_stars = pc.not_equal(pc.fill_null(found["rating"], 0), 0)
    has_text = pc.not_equal(pc.fill_null(found["review_text_incomplete"], ""), "")
    chosen = pc.indices_nonzero(pc.or_(pc.or_(found["is_read"], has_stars), has_text))
    found = found.take(chosen)
    days = pc.binary_join_element_wise(
        pc.utf8_slice_codeunits(_versions(found, context), 0, len("2017-03-22")), "00:00:00", " "
    )
    columns = {
        **_any_reviews(found, days, context),
        "review_text": _words(found["review_text_incomplete"]),
        "review_added_date": found["date_added"],
        "review_updated_date": found["date_updated"],
    }
    return Rows(_table(columns, len(found)), chosen.to_pylist())


def _read(lines: Sequence[bytes], schema: pa.Schema) -> pa.Table:
    """A row for each line. Raises OddError."""
    text = b"".join(lines)
    # between `}` and `{`, a new line is certain to stand between two records: Arrow knows no lines
    if not text.startswith(b"{") or not text.endswith(b"}\n") or text.count(b"}\n{") != len(lines) - 1:
        raise OddError
    try:
        found = pa_json.read_json(
            pa.py_buffer(text),
            pa_json.ReadOptions(use_threads=False, block_size=len(text) + 1),
            pa_json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
        ).combine_chunks()
        found.validate(full=True)  # the reader takes bytes that are not UTF-8
    except pa.ArrowInvalid:
        raise OddError from None
    if len(found) != len(lines):
        raise OddError
    for column, pattern in (("review_id", _HASH), ("user_id", _HASH), ("book_id", _ID)):
        _expect(found[column], pattern)
    return found


def _expect(texts: pa.ChunkedArray, pattern: str) -> None:
    """Raises OddError if a text has another form, or is missing."""
    if texts.null_count or not pc.all(pc.match_substring_regex(texts, pattern), min_count=0).as_py():
        raise OddError


def _versions(found: pa.Table, context: Context) -> pa.ChunkedArray:
    """The time of each review's last change, in UTC. Raises OddError if one has none, or an impossible one."""
    dates = found["date_updated"]
    _expect(dates, _DATE)
    part = pc.utf8_slice_codeunits
    months = _NUMBERS_OF_MONTHS.take(pc.index_in(part(dates, 4, 7), pa.array(MONTHS)).combine_chunks())
    days = pc.binary_join_element_wise(part(dates, 26, 30), months, part(dates, 8, 10), "-")
    times = pc.binary_join_element_wise(part(dates, 11, 19), part(dates, 20, 25), "")
    try:
        moments = pc.binary_join_element_wise(days, times, "T").cast(pa.timestamp("s", "UTC"))
    except pa.ArrowInvalid:  # like 31 February
        raise OddError from None
    versions = pc.local_timestamp(moments).cast(pa.string())
    if len(versions):
        ends = pc.min_max(versions).as_py()
        if not context.first <= ends["min"] <= ends["max"] <= context.last:
            raise OddError
    return versions


def _any_reviews(
    found: pa.Table, versions: pa.ChunkedArray, context: Context
) -> Mapping[str, pa.ChunkedArray | pa.Array]:
    """The columns that all dumps of reviews have; the users are remembered."""
    users = _ids_of(found["user_id"])
    context.known.add_users(np.unique(users).tolist())
    books = [int(book) for book in found["book_id"].to_pylist()]
    authors = context.known.authors_by_book(set(books))
    return {
        "review_id": pa.array(_ids_of(found["review_id"])),
        "user_id": pa.array(users),
        "book_id": found["book_id"],
        "author_id": pa.array([authors.get(book) for book in books], pa.int64()),
        "review_rating": found["rating"],
        VERSION.name: versions,
    }


def _ids_of(hashes: pa.ChunkedArray) -> "np.ndarray[tuple[int], np.dtype[np.uint64]]":
    """The id for each hash of 32 digits."""
    digits = bytes.fromhex("".join(hashes.to_pylist()))
    return ids.of_last_bits(np.frombuffer(digits, ">u8")[1::2].astype(np.uint64))


def _words(texts: pa.ChunkedArray) -> pa.Array:
    cleaned = texts.to_pylist()
    for number in pc.indices_nonzero(untidy(texts)).to_pylist():
        cleaned[number] = plain_text(cleaned[number])
    return pa.array(cleaned, pa.string())


def _table(columns: Mapping[str, pa.ChunkedArray | pa.Array], rows: int) -> pa.Table:
    """The columns of reviews as text, NULL for empty texts and for what the dump lacks."""
    nothing = pa.nulls(rows, pa.string())
    texts = {column: values.cast(pa.string()) for column, values in columns.items()}
    filled = {column: pc.if_else(pc.equal(values, ""), None, values) for column, values in texts.items()}
    return pa.table({column: filled.get(column, nothing) for column in REVIEWS.column_names})
