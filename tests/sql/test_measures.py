"""The analytics tables beside the six: on real SQL, against chosen answers and against plain Python."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from report.analytics import tables
from sql import statements
from sql.rankings import TABLES, Table
from tests.local_cloud.redshift.conftest import Session
from tests.sql import measuring
from tests.sql.measuring import Published, Review, World

START = datetime(2020, 2, 1)  # noqa: DTZ001  # the warehouse's timestamps are UTC and carry no zone
END = datetime(2020, 3, 1)  # noqa: DTZ001
INSIDE = datetime(2020, 2, 19, 21, 38, 16, 690535)  # noqa: DTZ001
WINDOW = END - START
MOMENT = timedelta(microseconds=1)  # as exact as a timestamp is in Redshift
FIVE, FOUR, ONE = Decimal(5), Decimal(4), Decimal(1)
NAMES = {"name", "title"}
"""Columns that are copied from the warehouse: one test of their own."""


def written(
    count: int,
    subject: int | None = 1,
    rating: Decimal | None = FIVE,
    *,
    user: int | None = None,
    captured: datetime = INSIDE,
    added: datetime | None = None,
) -> list[Review]:
    """Reviews of an author and of the book with the same id."""
    return [Review(subject, subject, user, rating, captured, added)] * count


def world(
    *reviews: Iterable[Review], known: Sequence[int] = (1, 2, 3), books: dict[int, Published] | None = None
) -> World:
    held = dict.fromkeys(known, Published()) | (books or {})
    return World([each for some in reviews for each in some], known, held, known, START, END)


def fill(session: Session, held: World) -> None:
    """Replace the warehouse's rows by these, inserted in the given order."""

    def insert(table: str, columns: str, rows: Iterable[Sequence[object]]) -> None:
        if values := ", ".join(f"({', '.join(map(_sql, row))})" for row in rows):
            session.run(
                f"insert into goodreads_warehouse.{table} ({columns}, record_create_timestamp, record_hash) values {values}"
            )

    session.run(
        *(f"delete from goodreads_warehouse.{table}" for table in ("authors", "books", "users", "reviews"))
    )
    session.run(statements.set_window(), window_start=str(held.start), window_end=str(held.end))
    insert("authors", "author_id, name", ((each, f"author {each}", START, 0) for each in held.authors))
    insert("users", "user_id", ((each, START, 0) for each in held.users))
    insert(
        "books",
        "book_id, title, publication_year, publication_month, publication_day",
        ((book, f"book {book}", *when, START, 0) for book, when in held.books.items()),
    )
    insert(
        "reviews",
        "review_id, author_id, book_id, user_id, review_rating, review_added_date",
        (
            (number, each.author, each.book, each.user, each.rating, each.added, each.captured, 0)
            for number, each in enumerate(held.reviews)
        ),
    )


NEW = [table for table in TABLES if table.statement not in {"popular", "best"}]


def analysed(
    session: Session, held: World, *names: str, top: int = 10
) -> dict[str, list[tuple[object, ...]]]:
    """The rows of the named tables, or of all, as the pipeline's statements make them, without names and titles."""
    fill(session, held)
    tables = [table for table in NEW if not names or table.name in names]
    session.run(*itertools.chain(*(statements.analytics([table], top)[1:] for table in tables)))
    return {table.name: rows_of(session, table) for table in tables}


def rows_of(session: Session, table: Table) -> list[tuple[object, ...]]:
    columns = [column for column in table.columns if column.name not in NAMES]
    names = ", ".join(column.name for column in columns)
    order = table.key if table.order.startswith(("burst", "rating", "early")) else table.order
    return [
        tuple(
            Decimal(value) if column.definition.startswith("decimal") and value is not None else value
            for column, value in zip(columns, row, strict=True)
        )
        for row in session.rows(f"select {names} from goodreads_analytics.{table.name} order by {order}")
    ]


def expected(held: World, *names: str, top: int = 10) -> dict[str, list[tuple[object, ...]]]:
    """The same in plain Python."""
    subjects = {
        "authors": (lambda each: each.author, held.authors),
        "books": (lambda each: each.book, held.books),
    }
    measures = ("weighted_rating", "wilson_score")
    every = {
        **{
            f"popular_{name}_{measure}": measuring.weighted(held, subject, known, by=measure, top=top)
            for name, (subject, known) in subjects.items()
            for measure in measures
        },
        **{
            f"rising_{name}": measuring.rising(held, subject, known, top=top)
            for name, (subject, known) in subjects.items()
        },
        "review_coverage": measuring.coverage(held),
        "rating_distribution": measuring.distribution(held),
        "reviews_per_day": measuring.per_day(held),
        "active_reviewers": measuring.reviewers(held, top=top),
        "review_bursts": measuring.bursts(held),
        "one_star_reviewers": measuring.one_star(held),
        "early_reviews": measuring.early(held),
    }
    return {name: rows for name, rows in every.items() if not names or name in names}


def _sql(value: object) -> str:
    if isinstance(value, datetime | str):
        return f"{'timestamp ' if isinstance(value, datetime) else ''}'{value}'"
    return "null" if value is None else str(value)


def column(rows: list[tuple[object, ...]], number: int) -> list[object]:
    return [row[number] for row in rows]


def test_one_review_of_five_stars_does_not_win(session: Session) -> None:
    held = world(written(1, 1), written(30, 2), written(10, 2, FOUR), written(6, 3, ONE))
    names = ("popular_books_weighted_rating", "popular_books_wilson_score")
    found = analysed(session, held, *names)
    assert [column(found[name], 1) for name in names] == [[2, 1, 3], [2, 1, 3]]
    assert found == expected(held, *names)


def test_an_unknown_book_is_ranked_by_its_id_and_a_known_one_has_its_title(session: Session) -> None:
    analysed(session, world(written(6, 9), written(1, 1)), "popular_books_weighted_rating")
    rows = session.rows(
        "select book_id, title, is_known from goodreads_analytics.popular_books_weighted_rating order by place"
    )
    assert rows == [(9, None, False), (1, "book 1", True)]


@pytest.mark.parametrize(
    ("earlier", "compared"),
    [
        ([], None),
        ([START - WINDOW], (1, Decimal(1))),
        ([START - MOMENT, START - WINDOW - MOMENT], (2, Decimal(1))),
        ([START - MOMENT, START - 2 * WINDOW - MOMENT], (2, Decimal(1))),
        ([START - 3 * WINDOW], (1, Decimal(1))),
        ([START - 3 * WINDOW - MOMENT], None),
    ],
    ids=[
        "nothing before",
        "the window before",
        "two windows",
        "with a gap",
        "the third window",
        "too long ago",
    ],
)
def test_rising_compares_with_those_of_the_three_windows_before_that_hold_reviews(
    session: Session, earlier: list[datetime], compared: tuple[int, Decimal] | None
) -> None:
    held = world(written(5, 1), written(4, 2), *(written(1, 1, captured=each) for each in earlier))
    found = analysed(session, held, "rising_books")
    growth = Decimal(3)  # (5 + 1) / (1 + 1)
    assert found["rising_books"] == ([(1, 1, True, 5, *compared, growth)] if compared else [])
    assert found == expected(held, "rising_books")


def test_who_has_as_many_reviews_as_before_is_not_rising(session: Session) -> None:
    held = world(written(6, 1), written(6, 1, captured=START - MOMENT), written(7, 2))
    assert column(analysed(session, held, "rising_books")["rising_books"], 1) == [2]


def test_a_rating_below_one_star_is_no_review_without_a_rating(session: Session) -> None:
    ratings = ("0", "0.25", "1.49", "1.5", "4.5", "5")
    held = world(*(written(1, 1, Decimal(rating)) for rating in ratings), written(1, 1, None))
    found = analysed(session, held, "rating_distribution")
    assert column(found["rating_distribution"], 1) == [2, 2, 1, 0, 0, 2]
    assert found == expected(held, "rating_distribution")


def test_without_reviews_each_number_of_stars_has_a_row_and_coverage_counts_nothing(session: Session) -> None:
    found = analysed(session, world(), "rating_distribution", "review_coverage")
    assert found["rating_distribution"] == [(stars, 0, None) for stars in range(6)]
    assert found["review_coverage"] == [(name, 0, 0, 0, 0, 0) for name in ("authors", "books", "users")]


def test_reviews_of_unknown_subjects_are_counted(session: Session) -> None:
    held = world(written(3, 9, user=1), written(2, None, user=8), written(1, 8), written(4, 1))
    found = analysed(session, held, "review_coverage")
    assert found["review_coverage"] == [
        ("authors", 10, 4, 4, 2, 2),
        ("books", 10, 4, 4, 2, 2),
        ("users", 10, 3, 2, 5, 1),
    ]
    assert found == expected(held, "review_coverage")


def days(count: int) -> datetime:
    return INSIDE - timedelta(days=count)


def test_a_burst_is_many_reviews_on_one_day_and_many_more_than_usual(session: Session) -> None:
    one, two, three = days(1), days(2), days(3)
    held = world(
        [*written(10, 1, added=one)],
        [*written(9, 2, added=one)],
        [*written(10, 3, added=one), *written(2, 3, added=two)],
        [*written(10, 4, added=one), *written(3, 4, added=two)],
        [*written(10, 5, added=one), *written(3, 5, added=two), *written(1, 5, added=three)],
        [*written(10, 6)],
        [*written(10, None)],
    )
    found = analysed(session, held, "review_bursts")
    flagged = [(row[0], row[1], row[5]) for row in found["review_bursts"]]
    day, captured = str(one.date()), str(INSIDE.date())
    assert flagged == [(1, day, None), (3, day, Decimal(2)), (5, day, Decimal(2)), (6, captured, None)]
    assert found == expected(held, "review_bursts")


def test_a_burst_is_on_the_earliest_of_its_days_and_has_the_ratings_that_the_window_holds_of_it(
    session: Session,
) -> None:
    one, two, zero = days(1), days(2), Decimal(0)
    quiet = [review for number in range(3, 12) for review in written(1, 1, added=days(number))]
    outside = [
        *written(1, 2, ONE, added=one, captured=START - MOMENT),
        *written(1, 2, ONE, added=one, captured=END),
    ]
    held = world(
        [*written(10, 1, FOUR, added=one), *written(10, 1, FIVE, added=two), *quiet],
        [*written(9, 2, FIVE, added=one), *written(1, 2, zero, added=one), *outside],
    )
    found = analysed(session, held, "review_bursts")
    assert found["review_bursts"] == [
        (1, str(two.date()), 10, 10, FIVE, Decimal("1.9"), 29),
        (2, str(one.date()), 10, 9, FIVE, None, 10),
    ]
    assert found == expected(held, "review_bursts")


def test_who_only_gives_one_star_is_flagged(session: Session) -> None:
    none, more = Decimal(0), Decimal("1.25")
    held = world(
        [*written(5, rating=ONE, user=1)],
        [*written(4, rating=ONE, user=2), *written(1, rating=none, user=2)],
        [*written(5, rating=ONE, user=3), *written(1, rating=more, user=3)],
        [*written(5, rating=ONE, user=4), *written(1, rating=None, user=4)],
        [*written(9, rating=ONE)],
        [*written(4, rating=ONE, user=5), *written(1, 2, rating=ONE, user=5)],
        [
            *written(1, 3, rating=ONE, user=5, captured=START - MOMENT),
            *written(1, 4, rating=ONE, user=5, captured=END),
        ],
    )
    found = analysed(session, held, "one_star_reviewers")
    assert found["one_star_reviewers"] == [(1, 5, 5, 1), (4, 6, 5, 1), (5, 5, 5, 2)]
    assert found == expected(held, "one_star_reviewers")


def test_reviews_before_the_earliest_possible_day_of_the_publication_are_flagged(session: Session) -> None:
    books = {
        1: Published(2020, 2, 20),
        2: Published(2020, 2, 19),
        3: Published(2020, 3),
        4: Published(2020, 2),
        5: Published(2021),
        6: Published(2020, None, 31),
        7: Published(2020, 2, 31),
        8: Published(None, 12, 31),
        9: Published(-4000),
    }
    written_early = [[*written(3, book, added=INSIDE), *written(1, book)] for book in books]
    more = {10: Published(2021), 11: Published(2020)}
    held = world(
        *written_early, written(2, 10, added=INSIDE), written(3, 11, added=days(40)), books={**books, **more}
    )
    found = analysed(session, held, "early_reviews")
    assert found["early_reviews"] == [(book, *books[book], 3, 4) for book in (1, 3, 5, 7)]
    assert found == expected(held, "early_reviews")


ids = st.one_of(st.none(), st.integers(0, 4))  # 0 and 4 are in no warehouse
stars = st.one_of(
    st.none(), st.integers(0, 5).map(Decimal), st.sampled_from([Decimal("0.5"), Decimal("4.25")])
)
captured = st.one_of(
    st.sampled_from([INSIDE, INSIDE, days(1), START, START - MOMENT, END - MOMENT, END]),
    st.integers(-1, 4).map(lambda windows: START - windows * WINDOW),
    st.integers(0, 4).map(lambda windows: START - windows * WINDOW - MOMENT),
)
added = st.one_of(st.none(), st.sampled_from([days(number) for number in (0, 1, 400)]))
repeated = st.builds(
    lambda count, *values: [Review(*values)] * count,
    st.integers(1, 11),
    ids,
    ids,
    ids,
    stars,
    captured,
    added,
)
published = st.builds(
    Published,
    st.sampled_from([None, 2019, 2020]),
    st.sampled_from([None, 2]),
    st.sampled_from([None, 19, 31]),
)


@pytest.mark.slow
@settings(max_examples=20)
@given(
    reviews=st.lists(repeated, max_size=10).map(lambda groups: [each for group in groups for each in group]),
    books=st.dictionaries(st.integers(1, 3), published),
    known=st.permutations(range(1, 4)),
    top=st.integers(1, 4),
)
def test_any_reviews_are_analysed_as_plain_python_does(
    session: Session, reviews: list[Review], books: dict[int, Published], known: list[int], top: int
) -> None:
    held = World(reviews, known, books, known, START, END)
    assert analysed(session, held, top=top) == expected(held, top=top)


@pytest.mark.slow
def test_analysing_again_leaves_nothing_of_the_last_time(session: Session) -> None:
    analysed(session, world(written(12, user=1, rating=ONE), written(1, captured=START - MOMENT)))
    held = world(written(1, 2))
    assert analysed(session, held) == analysed(session, held) == expected(held)


def test_every_table_and_column_is_described() -> None:
    for table in TABLES:
        described: list[Any] = [table.title, table.description, *(each.description for each in table.columns)]
        assert all(described), table.name
        assert table.key in table.definitions


@pytest.mark.slow
def test_the_report_tells_the_first_rows_of_each_table_with_titles_and_descriptions(session: Session) -> None:
    analysed(session, world(written(6, 9, user=1), written(1, 1, FOUR)))
    names = ["table_name", "line", *(f"value_{number}" for number in range(1, 12))]
    rows = [dict(zip(names, row, strict=True)) for row in session.rows(statements.tell_analytics())]
    told = {table["table"]: table for table in tables(reversed(rows))}

    assert list(told) == [table.name for table in TABLES]
    weighted = told["popular_books_weighted_rating"]
    assert weighted["title"] == "Highest weighted rating: books"
    assert weighted["columns"][0] == {"name": "place", "description": "rank: 1 is the first"}
    assert [row[:7] for row in weighted["rows"]] == [
        [1, 9, None, False, 6, 6, 5.0],
        [2, 1, "book 1", True, 1, 1, 4.0],
    ]
    assert told["reviews_per_day"]["rows"] == [["2020-02-19", 7, 7, 4.8571, 1, 2]]
    assert told["early_reviews"]["rows"] == []


@pytest.mark.slow
def test_the_report_tells_no_more_rows_than_it_says(session: Session) -> None:
    analysed(session, world(*(written(1, user=user) for user in range(1, 13))), "active_reviewers", top=12)
    rows = [row for row in session.rows(statements.tell_analytics()) if row[0] == "active_reviewers"]
    assert sorted(row[1] for row in rows) == [*range(1, 11)]


@pytest.mark.slow
def test_of_more_days_than_it_has_room_for_the_report_tells_the_newest_in_their_order(
    session: Session,
) -> None:
    days = [START - timedelta(days=number) for number in range(103)]
    held = replace(world(*(written(1, captured=day) for day in days)), start=days[-1])
    analysed(session, held, "reviews_per_day")
    names = ["table_name", "line", *(f"value_{number}" for number in range(1, 12))]
    rows = [dict(zip(names, row, strict=True)) for row in session.rows(statements.tell_analytics())]
    (told,) = (table for table in tables(rows) if table["table"] == "reviews_per_day")
    assert [row[0] for row in told["rows"]] == [str(day.date()) for day in reversed(days[:100])]
