"""The six analytics tables, on real SQL, against chosen answers and against a ranking in plain Python."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sql import statements
from sql.rankings import PAST, RANKINGS, Ranking
from tests.local_cloud.redshift.conftest import Session
from tests.sql.ranking import END, INSIDE, START, Placed, Review, rank
from tests.sql.reviewed import Reviewed

MOMENT = timedelta(microseconds=1)  # as exact as a timestamp is in Redshift
BEFORE, LAST = START - MOMENT, END - MOMENT
both_rankings = pytest.mark.parametrize("ranking", RANKINGS.values(), ids=list(RANKINGS))


@pytest.fixture
def reviewed(session: Session) -> Reviewed:
    return Reviewed(session)


def of(subject: int | None, *ratings: float | None, captured: Any = INSIDE) -> list[Review]:
    """Reviews of an author and of the book with the same id."""
    return [
        Review(subject, subject, None if rating is None else Decimal(str(rating)), captured)
        for rating in ratings
    ]


def placed(*rows: tuple[int, int, float | str | None]) -> list[Placed]:
    """Rows of (subject, reviews, average) on places 1, 2, 3 and so on."""
    return [
        Placed(place, subject, count, None if average is None else Decimal(str(average)))
        for place, (subject, count, average) in enumerate(rows, 1)
    ]


def fill(reviewed: Reviewed, *reviews: Sequence[Review], subjects: Sequence[int]) -> None:
    together = [review for some in reviews for review in some]
    reviewed.fill(together, authors=subjects, books=subjects)


@both_rankings
def test_zero_stars_and_no_stars_count_as_reviews_and_not_as_ratings(
    reviewed: Reviewed, ranking: Ranking
) -> None:
    fill(reviewed, of(1, 0, 5, None, 4), of(2, 0, 0), of(3, None), of(4, 4), subjects=[1, 2, 3, 4])

    ranked = reviewed.rank(ranking, top=10)

    assert ranked.by_count == placed((1, 4, 4.5), (2, 2, None), (3, 1, None), (4, 1, 4))
    assert ranked.by_rating == ranked.best == placed((1, 4, 4.5), (4, 1, 4))


@both_rankings
def test_the_window_holds_its_start_and_not_its_end(reviewed: Reviewed, ranking: Ranking) -> None:
    fill(
        reviewed,
        of(1, 5, captured=START),
        of(2, 4, captured=LAST),
        of(3, 3, captured=END),
        of(4, 2, captured=BEFORE),
        subjects=[1, 2, 3, 4],
    )

    ranked = reviewed.rank(ranking, top=10)

    assert ranked.by_count == ranked.by_rating == ranked.best == placed((1, 1, 5), (2, 1, 4))


@both_rankings
@pytest.mark.parametrize("subjects", [(1, 2, 3, 4), (4, 3, 2, 1)], ids=["rising ids", "falling ids"])
def test_ties_go_to_more_reviews_and_then_to_the_lower_id_whatever_was_inserted_first(
    reviewed: Reviewed, ranking: Ranking, subjects: Sequence[int]
) -> None:
    reviews = {1: of(1, 3), 2: of(2, 4, 2), 3: of(3, 3), 4: of(4, 5, 1)}
    fill(reviewed, *(reviews[subject] for subject in subjects), subjects=subjects)

    ranked = reviewed.rank(ranking, top=3)

    assert ranked.by_count == ranked.by_rating == ranked.best == placed((2, 2, 3), (4, 2, 3), (1, 1, 3))


@both_rankings
def test_each_table_has_its_own_measure_and_the_best_are_in_both_ordered_by_rating(
    reviewed: Reviewed, ranking: Ranking
) -> None:
    fill(
        reviewed,
        of(1, 1, 1, 1, 1, 1),
        of(2, 4, 4, 4, 4),
        of(3, 5, 4.5, 4.5),
        of(4, 5, 5),
        of(5, 3),
        subjects=[1, 2, 3, 4, 5],
    )

    ranked = reviewed.rank(ranking, top=3)

    assert ranked.by_count == placed((1, 5, 1), (2, 4, 4), (3, 3, "4.6667"))
    assert ranked.by_rating == placed((4, 2, 5), (3, 3, "4.6667"), (2, 4, 4))
    assert ranked.best == placed((3, 3, "4.6667"), (2, 4, 4))


@both_rankings
def test_ties_of_the_best_go_to_the_lower_id_whatever_the_order_of_the_two_tables(
    session: Session, ranking: Ranking
) -> None:
    key = ranking.subject.key
    columns = f"place, {key}, record_create_timestamp, review_count, average_review_rating"
    falling = ", ".join(f"({place}, {place}, timestamp '{INSIDE}', 1, 3)" for place in (3, 2, 1))
    batch = statements.analytics(ranking.tables, top=3)
    tables = len(ranking.tables)
    clear, rank_the_best = batch[: 2 * tables], batch[2 * tables + 2]
    session.run(
        *clear,
        f"insert into goodreads_analytics.{ranking.by_count} ({columns}) values {falling}",
        f"insert into goodreads_analytics.{ranking.by_rating} ({columns}) values {falling}",
        rank_the_best,
    )
    best = session.rows(f"select place, {key} from goodreads_analytics.{ranking.best} order by place")
    assert best == [(1, 1), (2, 2), (3, 3)]


@both_rankings
def test_who_is_not_in_the_warehouse_takes_no_place(reviewed: Reviewed, ranking: Ranking) -> None:
    fill(reviewed, of(9, 5, 5, 5), of(None, 5, 5), of(1, 3), subjects=[1, 2])

    ranked = reviewed.rank(ranking, top=1)

    assert ranked.by_count == ranked.by_rating == ranked.best == placed((1, 1, 3))


def test_authors_and_books_are_ranked_by_the_reviews_of_each(reviewed: Reviewed) -> None:
    reviewed.fill(
        [Review(1, 7, Decimal(5)), Review(1, 8, Decimal(3)), Review(2, 8, Decimal(1))],
        authors=[1, 2],
        books=[7, 8],
    )
    assert reviewed.rank(RANKINGS["authors"], top=5).by_count == placed((1, 2, 4), (2, 1, 1))
    assert reviewed.rank(RANKINGS["books"], top=5).by_count == placed((8, 2, 2), (7, 1, 5))


@both_rankings
def test_who_is_ranked_comes_with_all_columns_of_the_warehouse(
    reviewed: Reviewed, session: Session, ranking: Ranking
) -> None:
    fill(reviewed, of(1, 3), of(2, 4), subjects=[1, 2])
    subject = ranking.subject
    texts = [column.name for column in subject.columns if column.max_bytes]
    session.run(
        f"update goodreads_warehouse.{subject.name} set "
        + ", ".join(f"{name} = '{name} of ' || cast({subject.key} as varchar(20))" for name in texts)
    )
    columns = ", ".join(subject.column_names)

    reviewed.rank(ranking, top=5)

    held = session.rows(f"select {columns} from goodreads_warehouse.{subject.name} order by {subject.key}")
    for table in (ranking.by_count, ranking.by_rating, ranking.best):
        copied = session.rows(f"select {columns} from goodreads_analytics.{table} order by {subject.key}")
        assert copied == held


@both_rankings
def test_ranking_again_leaves_nothing_of_the_last_time(reviewed: Reviewed, ranking: Ranking) -> None:
    fill(reviewed, of(1, 3), of(2, 4), subjects=[1, 2])
    first = reviewed.rank(ranking, top=5)
    assert reviewed.rank(ranking, top=5) == first
    fill(reviewed, of(2, 4), subjects=[1, 2])
    ranked = reviewed.rank(ranking, top=5)
    assert ranked.by_count == ranked.by_rating == ranked.best == placed((2, 1, 4))


ids = st.one_of(st.none(), st.integers(0, 6))  # 0 and 6 are in no warehouse
stars = st.one_of(
    st.none(), st.integers(0, 5).map(Decimal), st.sampled_from([Decimal("0.5"), Decimal("4.25")])
)
instants = st.sampled_from([INSIDE, INSIDE, INSIDE, START, BEFORE, LAST, END])


@pytest.mark.slow
@settings(max_examples=20)
@given(
    reviews=st.lists(st.builds(Review, ids, ids, stars, instants), max_size=16),
    authors=st.permutations(range(1, 6)),
    books=st.permutations(range(1, 6)),
    top=st.integers(1, 4),
)
def test_any_reviews_are_ranked_as_plain_python_ranks_them(
    reviewed: Reviewed, reviews: list[Review], authors: list[int], books: list[int], top: int
) -> None:
    reviewed.fill(reviews, authors=authors, books=books)
    by_author = [(review.author, review) for review in reviews]
    by_book = [(review.book, review) for review in reviews]
    assert reviewed.rank(RANKINGS["authors"], top) == rank(by_author, authors, top)
    assert reviewed.rank(RANKINGS["books"], top) == rank(by_book, books, top)


def test_the_span_of_the_reviews_covers_all_and_the_window_counts_its_start_and_not_its_end(
    reviewed: Reviewed, session: Session
) -> None:
    moments = [INSIDE, START, BEFORE, LAST, END]
    reviewed.fill([Review(1, 1, None, moment) for moment in moments])
    assert session.rows(statements.review_span()) == [("2020-01-31", "2020-03-01", 3)]


@pytest.mark.slow
def test_a_past_window_has_tables_of_its_own_and_leaves_the_current_ones(
    reviewed: Reviewed, session: Session
) -> None:
    fill(reviewed, of(1, 3), of(2, 4, captured=BEFORE), subjects=[1, 2])
    current = reviewed.rank(RANKINGS["books"], top=5)
    session.run(statements.set_window(PAST), window_start="2020-01-01", window_end=str(START))

    for _ in range(2):
        session.run(*statements.analytics(RANKINGS["books"].tables, 5, PAST))

    rows = session.rows(f"select place, book_id, review_count from {PAST}.popular_books_review_count")
    assert rows == [(1, 2, 1)]
    for names in (f"select * from {schema}.best_books" for schema in ("goodreads_analytics", PAST)):
        assert len(session.rows(names)) == 1
    assert session.rows("select book_id from goodreads_analytics.best_books") == [(1,)]
    assert current.best == placed((1, 1, 3))
    assert session.rows(statements.review_span(PAST))[0][2] == 1


def test_making_the_tables_again_keeps_the_window(reviewed: Reviewed, session: Session) -> None:
    reviewed.fill([])
    session.run(*statements.create_tables())
    rows = session.rows("select window_start, window_end from goodreads_analytics.review_window")
    assert rows == [(str(START), str(END))]
