"""What stands in the generated records, against the rules of the catalog."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import BOOKS, DATASETS, REVIEWS, USERS, Column, Dataset, Type
from faker_tool.columns import RECORD_BYTES
from faker_tool.generate import generate
from faker_tool.records import encode, usual

UNTIL = datetime(2020, 3, 1, tzinfo=UTC)
Row = dict[str, str]


def text_of(dataset: Dataset, seed: int = 0, chunk: int = 0) -> bytes:
    return bytes(encode(dataset, chunk, seed=seed, until=UNTIL)[usual(dataset)].text)


def rows_of(dataset: Dataset, seed: int = 0, chunk: int = 0) -> list[Row]:
    text = io.StringIO(text_of(dataset, seed, chunk).decode(), newline="")
    return list(csv.DictReader(text, dataset.column_names, strict=True))


def offset_date(text: str) -> datetime:
    """The instant; strptime checks everything but the weekday."""
    return datetime.strptime(text, "%a %b %d %H:%M:%S %z %Y")


@pytest.fixture(scope="module")
def reviews() -> list[Row]:
    return rows_of(REVIEWS)


@pytest.fixture(scope="module")
def users() -> list[Row]:
    return rows_of(USERS)


def too_wide(column: Column, value: str) -> str | None:
    width = len(value.encode())
    return None if column.max_bytes and width <= column.max_bytes else f"{width} bytes"


def no_number_in_bounds(column: Column, value: str) -> str | None:
    number, places = Decimal(value), 2 if column.type is Type.RATING else 0
    if number != round(number, places):
        return f"more than {places} places"
    assert column.bounds is not None
    low, high = column.bounds
    return None if low <= number <= high else f"not in {low}..{high}"


def no_flag(_: Column, value: str) -> str | None:
    return None if value in {"true", "false"} else "not a flag"


def no_timestamp(_: Column, value: str) -> str | None:
    datetime.fromisoformat(value)
    return None if len(value) in {19, 26} and value[10] == " " else "not like 2020-02-19 21:38:16.690535"


def no_offset_timestamp(_: Column, value: str) -> str | None:
    parsed = offset_date(value)
    return None if parsed.strftime("%a %b %d") == value[:10] else "the weekday is wrong"


CHECKS: dict[Type, Callable[[Column, str], str | None]] = {
    Type.BIGINT: no_number_in_bounds,
    Type.INTEGER: no_number_in_bounds,
    Type.RATING: no_number_in_bounds,
    Type.BOOLEAN: no_flag,
    Type.TIMESTAMP: no_timestamp,
    Type.OFFSET_TIMESTAMP: no_offset_timestamp,
    Type.TEXT: too_wide,
}


def fault(column: Column, value: str) -> str | None:
    """Why the catalog does not allow the value; None if it does."""
    if value in ("", *column.missing):
        return "missing" if column.required else None
    return CHECKS[column.type](column, value)


@pytest.mark.slow
@pytest.mark.parametrize("dataset", DATASETS, ids=lambda dataset: dataset.name)
@settings(max_examples=5)
@given(seed=st.integers(0, 2**63), chunk=st.integers(0, 10_000))
def test_every_record_satisfies_the_catalog(dataset: Dataset, seed: int, chunk: int) -> None:
    rows = rows_of(dataset, seed, chunk)

    faults = {
        (column.name, row[column.name], found)
        for row in rows
        for column in dataset.columns
        if (found := fault(column, row[column.name]))
    }

    assert len(rows) == 16_384
    assert faults == set()
    assert all(None not in row for row in rows), "a record has more fields than the header"


@pytest.mark.parametrize(
    ("column", "value", "found"),
    [
        ("review_id", "", "missing"),
        ("review_rating", "5.5", "not in 0..5"),
        ("review_rating", "4.125", "more than 2 places"),
        ("review_added_date", "Thu Feb 19 18:36:17 -0800 2020", "the weekday is wrong"),
        ("spoiler_state", "x" * 257, "257 bytes"),
    ],
)
def test_the_check_above_notices_a_wrong_value(column: str, value: str, found: str) -> None:
    assert fault(REVIEWS.column(column), value) == found


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda dataset: dataset.name)
def test_fields_are_quoted_like_those_of_the_csv_module(dataset: Dataset) -> None:
    text = text_of(dataset).decode()

    rewritten = io.StringIO(newline="")
    csv.writer(rewritten, lineterminator="\n").writerows(
        csv.reader(io.StringIO(text, newline=""), strict=True)
    )

    assert rewritten.getvalue() == text


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda dataset: dataset.name)
def test_optional_columns_have_gaps_and_values(dataset: Dataset) -> None:
    rows = rows_of(dataset)

    empty = {c.name for c in dataset.columns if all(row[c.name] == "" for row in rows)}
    gaps = [c.name for c in dataset.columns if any(row[c.name] == "" for row in rows)]

    assert empty == set()
    assert gaps, "no column has a NULL"


def test_a_missing_description_is_also_spelled_none() -> None:
    descriptions = [row["description"] for row in rows_of(BOOKS)]

    assert descriptions.count("") > 1000
    assert descriptions.count("None") > 1000


def test_ids_lie_in_the_ranges_of_the_recorded_load(reviews: list[Row]) -> None:
    largest = {
        name: max(int(row[name]) for row in reviews)
        for name in ("review_id", "user_id", "book_id", "author_id")
    }

    assert 9_900_000 < largest.pop("review_id") <= 10_000_000
    assert all(99_900 < value <= 100_000 for value in largest.values()), largest


def test_texts_contain_commas_quotes_and_line_breaks(reviews: list[Row]) -> None:
    texts = [row["review_text"] for row in reviews]

    assert [sum(special in text for text in texts) > 1000 for special in (",", '"', "\n")] == [
        True,
        True,
        True,
    ]


def test_three_in_four_locations_contain_a_line_break(users: list[Row]) -> None:
    locations = [row["location"] for row in users if row["location"]]

    assert sum("\n" in location for location in locations) / len(locations) == pytest.approx(0.75, abs=0.02)


def test_names_come_in_three_scripts(users: list[Row]) -> None:
    names = "".join(row["user_name"] for row in users)

    assert any("a" <= letter <= "z" for letter in names)
    assert any("\u0900" <= letter <= "\u097f" for letter in names), "no Devanagari"
    assert any("\u4e00" <= letter <= "\u9fff" for letter in names), "no Han"


def test_a_user_has_picture_urls_exactly_when_the_flag_says_so(users: list[Row]) -> None:
    found = {(row["has_image"], row["user_image_url"] != "", row["small_image_url"] != "") for row in users}

    assert found == {("true", True, True), ("false", False, False)}


def test_a_url_names_the_key_of_its_record(users: list[Row]) -> None:
    assert all(
        row["profile_link"].startswith(f"https://www.goodreads.com/user/show/{row['user_id']}")
        for row in users
    )


@pytest.mark.slow
def test_reviews_are_added_then_updated_then_captured_before_the_end(reviews: list[Row]) -> None:
    for row in reviews:
        captured = datetime.fromisoformat(row["record_create_timestamp"]).replace(tzinfo=UTC)
        added = offset_date(row["review_added_date"])
        assert captured - timedelta(days=3, seconds=1) <= added <= captured + timedelta(seconds=1)
        assert datetime(2020, 1, 31, tzinfo=UTC) <= captured < datetime(2020, 3, 1, tzinfo=UTC)
        if row["review_updated_date"]:
            updated = offset_date(row["review_updated_date"])
            assert added <= updated <= captured + timedelta(seconds=1)


def test_some_capture_times_have_no_fraction(reviews: list[Row]) -> None:
    lengths = [len(row["record_create_timestamp"]) for row in reviews]

    assert lengths.count(19) / len(lengths) == pytest.approx(0.1, abs=0.02)


def test_dates_have_offsets_on_both_sides_of_utc(reviews: list[Row]) -> None:
    assert {row["review_added_date"][20:25] for row in reviews} >= {"-0800", "+0000", "+0530"}


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda dataset: dataset.name)
def test_records_are_as_long_as_in_the_recorded_load(dataset: Dataset) -> None:
    records = encode(dataset, 0, seed=0, until=UNTIL)[usual(dataset)]

    assert len(records.text) / len(records) == pytest.approx(RECORD_BYTES[dataset.name], rel=0.03)


def test_chunks_differ_from_each_other_and_between_seeds() -> None:
    texts = {text_of(REVIEWS, seed, chunk) for chunk in (0, 1) for seed in (0, 1)}

    assert len(texts) == 4


def test_the_header_is_that_of_the_catalog(tmp_path: Path) -> None:
    generate(tmp_path, records=1, until=UNTIL)

    assert (tmp_path / "user.csv").read_text(encoding="utf-8").splitlines()[0] == (
        "user_id,user_name,user_display_name,location,profile_link,uri,user_image_url,small_image_url,"
        "has_image,record_create_timestamp"
    )
