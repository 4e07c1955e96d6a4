"""`explain` tells where a record is ranked and which flags name it, in the current and in the past window."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from catalog import AUTHORS, BOOKS, DATASETS, REVIEWS, USERS, Dataset
from contract.ledger import subject_of
from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.redshift import RedshiftEngine
from local_cloud.state import StateFolder
from operations.__main__ import app
from operations.explain.display import document
from operations.explain.stored import Flag, Ranked, Standing, figures
from operations.zones import Zones
from sql import forgetting, statements
from sql.rankings import CURRENT, FIRST_TABLES, GROUPS, PAST, TABLES
from tests.local_cloud.redshift.conftest import Session
from tests.operations.conftest import environment, signals
from tests.operations.documented import documented
from tests.operations.explain.delivered import Delivered

__all__ = ["environment", "signals"]

ANN, BOB, CAROL = 71, 72, 73
"""Ann gives one star only, Bob and Carol like everything; Bob wrote in January, too. The warehouse holds none of the users."""

AUTHOR = 1
EARLY, BURST, QUIET = 3, 4, 5
"""Books: one that Ann reviewed before its publication, one that got ten reviews of Carol on one day, and one with Bob's reviews."""

ONE_STAR = {"review_count": 5, "rating_count": 5, "book_count": 1}
EARLY_REVIEWS = {
    "publication_year": 2020,
    "publication_month": 6,
    "publication_day": None,
    "early_review_count": 5,
    "review_count": 5,
}
DAY_OF_BURST = "2020-02-10"

ANN_IN_FEBRUARY = (
    "is_known False, review_count 5, rating_count 5, average_review_rating 1.0000, active_days 5"
)
BOB_IN_FEBRUARY = "is_known False, review_count 1, rating_count 0, active_days 1"
BOB_IN_JANUARY = "is_known False, review_count 2, rating_count 2, average_review_rating 4.0000, active_days 2"
THE_BURST = f"burst_day {DAY_OF_BURST}, burst_review_count 10, burst_rating_count 10, burst_average_rating 5.0000, review_count 10"


def filled() -> list[str]:
    """Reviews 1 to 5 are Ann's, 11 to 20 Carol's; Bob's are 31 in February, 32 and 33 in January."""
    reviews = [
        *((number, EARLY, ANN, 1, f"2020-02-0{number}") for number in range(1, 6)),
        *((number, BURST, CAROL, 5, DAY_OF_BURST) for number in range(11, 21)),
        (31, QUIET, BOB, 0, "2020-02-19"),
        *((number, QUIET, BOB, 4, f"2020-01-{number - 20}") for number in (32, 33)),
    ]
    books = [(EARLY, 2020, 6), (BURST, 1999, 1), (QUIET, 1999, 1)]
    version = "record_create_timestamp, record_hash"
    return [
        *(f"delete from goodreads_warehouse.{dataset.name}" for dataset in DATASETS),
        f"insert into goodreads_warehouse.authors (author_id, {version}) values ({AUTHOR}, cast('2020-01-01' as timestamp), 0)",
        f"insert into goodreads_warehouse.books (book_id, publication_year, publication_month, {version}) values "
        + rows(f"{book}, {year}, {month}, cast('2020-01-01' as timestamp), 0" for book, year, month in books),
        "insert into goodreads_warehouse.reviews "
        f"(review_id, author_id, book_id, user_id, review_rating, review_added_date, {version}) values "
        + rows(
            f"{number}, {AUTHOR}, {book}, {user}, {stars}, cast('{day}' as timestamp), cast('{day}' as timestamp), 0"
            for number, book, user, stars, day in reviews
        ),
    ]


def rows(values: Iterable[str]) -> str:
    return ", ".join(f"({each})" for each in values)


def analysed(session: Session, schema: str, start: str, end: str) -> None:
    """As a run does over a window."""
    session.run(statements.set_window(schema), window_start=start, window_end=end)
    for tables in GROUPS.values():
        session.run(*statements.analytics(tables, 10, schema))


@pytest.fixture
def reviewed(delivered: Delivered) -> Delivered:
    """The analytics of February; there are none of a past window."""
    delivered.session.run(*filled())
    analysed(delivered.session, CURRENT, "2020-02-01", "2020-03-01")
    delivered.session.run(*(f"drop table if exists {PAST}.{table.name}" for table in TABLES))
    return delivered


def ranked(reviewed: Delivered, dataset: Dataset, key: int) -> Ranked:
    found = reviewed.explained(key, dataset=dataset).ranked
    assert found
    return found


def flagged(reviewed: Delivered, dataset: Dataset, key: int) -> dict[tuple[str, int], object]:
    """{table and the id that it names: its figures}."""
    return {(flag.table, flag.id): flag.figures for flag in ranked(reviewed, dataset, key).flags}


def place(found: Ranked | None, table: str) -> tuple[int | None, int | None]:
    """The place, and the last one."""
    assert found
    (standing,) = (each for each in found.standings if each.table == table)
    return standing.place, standing.last_place


def test_a_user_has_a_place_among_the_reviewers_also_if_the_warehouse_lacks_the_user(
    reviewed: Delivered,
) -> None:
    last = {"is_known": False, "review_count": 1, "rating_count": 0, "average_review_rating": None}
    found = reviewed.explained(CAROL, dataset=USERS)
    assert found.row is None
    assert found.ranked
    assert (found.ranked.reviews, found.ranked.reviews_in_window) == (10, 10)
    assert found.ranked.standings == (
        Standing(
            table="active_reviewers",
            place=1,
            figures={
                "is_known": False,
                "review_count": 10,
                "rating_count": 10,
                "average_review_rating": "5.0000",
                "active_days": 1,
            },
            last_place=3,
            last_figures={**last, "active_days": 1},
        ),
    )
    assert place(ranked(reviewed, USERS, BOB), "active_reviewers") == (3, 3)
    assert place(ranked(reviewed, USERS, 9), "active_reviewers") == (None, 3)


def test_a_user_who_only_gives_one_star_is_told_as_flagged(reviewed: Delivered) -> None:
    assert flagged(reviewed, USERS, ANN) == {("one_star_reviewers", ANN): ONE_STAR}
    assert flagged(reviewed, USERS, BOB) == {("one_star_reviewers", BOB): None}


@pytest.mark.slow
def test_the_flags_of_a_book_are_told_beside_its_places(reviewed: Delivered) -> None:
    assert flagged(reviewed, BOOKS, EARLY) == {
        ("review_bursts", EARLY): None,
        ("early_reviews", EARLY): EARLY_REVIEWS,
    }
    found = flagged(reviewed, BOOKS, BURST)
    burst = {
        "burst_day": DAY_OF_BURST,
        "burst_review_count": 10,
        "burst_rating_count": 10,
        "burst_average_rating": "5.0000",
        "usual_review_count": None,
        "review_count": 10,
    }
    assert found == {("review_bursts", BURST): burst, ("early_reviews", BURST): None}
    assert place(ranked(reviewed, BOOKS, BURST), "popular_books_review_count") == (1, 3)


def test_no_flag_names_authors(reviewed: Delivered) -> None:
    found = ranked(reviewed, AUTHORS, AUTHOR)
    assert found.flags == ()
    assert place(found, "popular_authors_review_count") == (1, 1)


def test_the_figures_of_a_ranking_are_all_its_numbers_also_under_the_name_of_a_column_of_the_record(
    reviewed: Delivered,
) -> None:
    found = {each.table: each.figures for each in ranked(reviewed, AUTHORS, AUTHOR).standings}
    for name in ("popular_authors_weighted_rating", "popular_authors_wilson_score"):
        assert list(found[name]) == [
            "is_known",
            "review_count",
            "rating_count",
            "average_review_rating",
            "prior_rating",
            "weighted_rating",
            "positive_share",
            "wilson_score",
        ]
        assert (found[name]["review_count"], found[name]["rating_count"]) == (16, 15)
    # this table copies the record, whose ratings were counted on Goodreads
    assert found["popular_authors_review_count"].keys() == {"review_count", "average_review_rating"}


@pytest.mark.parametrize("dataset", [AUTHORS, BOOKS, USERS], ids=lambda each: each.name)
def test_no_table_loses_a_number_of_its_own(dataset: Dataset) -> None:
    for table in (each for each in TABLES if each.key == dataset.key and each not in FIRST_TABLES):
        row = dict.fromkeys(table.definitions, 0)
        numbers = {each.name for each in table.columns if each.kind != "text"} - {"place", table.key}
        assert figures(dataset, table, row).keys() >= numbers


def test_the_flags_of_a_review_are_those_of_its_book_and_its_user(reviewed: Delivered) -> None:
    found = ranked(reviewed, REVIEWS, 1)
    assert (found.reviews, found.reviews_in_window, found.standings) == (1, 1, ())
    assert found.flags == (
        Flag(table="review_bursts", key="book_id", id=EARLY, figures=None),
        Flag(table="early_reviews", key="book_id", id=EARLY, figures=EARLY_REVIEWS),
        Flag(table="one_star_reviewers", key="user_id", id=ANN, figures=ONE_STAR),
    )
    assert ranked(reviewed, REVIEWS, 32).reviews_in_window == 0
    assert reviewed.explained(99, dataset=REVIEWS).ranked is None


def test_a_review_without_a_user_has_the_flags_of_its_book_alone(reviewed: Delivered) -> None:
    reviewed.session.run("update goodreads_warehouse.reviews set user_id = null where review_id = 1")
    assert [flag.key for flag in ranked(reviewed, REVIEWS, 1).flags] == ["book_id", "book_id"]


@pytest.mark.slow
def test_the_past_window_is_told_beside_the_current_one(reviewed: Delivered) -> None:
    assert reviewed.explained(BOB, dataset=USERS).ranked_past is None
    analysed(reviewed.session, PAST, "2020-01-01", "2020-02-01")

    found = reviewed.explained(BOB, dataset=USERS)
    assert place(found.ranked, "active_reviewers") == (3, 3)
    assert place(found.ranked_past, "active_reviewers") == (1, 1)
    assert found.ranked_past
    assert (found.ranked_past.reviews_in_window, found.ranked_past.ratings_in_window) == (2, 2)
    assert found.ranked_past.window_end.isoformat() == "2020-02-01T00:00:00+00:00"

    book = reviewed.explained(QUIET, dataset=BOOKS)
    assert place(book.ranked_past, "popular_books_review_count") == (1, 1)
    early = reviewed.explained(EARLY, dataset=BOOKS)
    assert early.ranked_past
    assert [flag.figures for flag in early.ranked_past.flags] == [None, None]
    review = reviewed.explained(33, dataset=REVIEWS)
    assert review.ranked_past
    assert review.ranked_past.reviews_in_window == 1


def test_tables_that_an_older_deployment_lacks_are_not_told(reviewed: Delivered) -> None:
    reviewed.session.run("drop table goodreads_analytics.one_star_reviewers")
    assert ranked(reviewed, USERS, ANN).flags == ()
    reviewed.session.run("drop table goodreads_analytics.active_reviewers")
    assert reviewed.explained(ANN, dataset=USERS).ranked is None


def test_of_a_user_who_was_forgotten_neither_place_nor_flag_is_told(reviewed: Delivered) -> None:
    """The tables name the user until the next run makes them again."""
    batch = forgetting.forget(USERS, set(), also_later=True)
    reviewed.session.run(*batch, id=str(ANN), subject=subject_of(USERS.name, ANN))
    assert document(reviewed.explained(ANN, dataset=USERS)).keys() == {"dataset", "key", "forgotten"}
    assert reviewed.explained(1, dataset=REVIEWS).ranked is None


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    """A state folder with both windows, on which no endpoint runs."""
    state = StateFolder(tmp_path)
    zones = Zones.of("goodreads", ACCOUNT, REGION)
    for bucket in (zones.landing, zones.working, zones.processed, zones.quarantine):
        (state.buckets / bucket).mkdir(parents=True)
    with RedshiftEngine(database=state.warehouse, buckets=state.buckets) as engine:
        session = Session(engine)
        session.run(*statements.create_tables(), *filled())
        analysed(session, CURRENT, "2020-02-01", "2020-03-01")
        analysed(session, PAST, "2020-01-01", "2020-02-01")
    return state


def said(folder: StateFolder, *arguments: str) -> str:
    done = CliRunner().invoke(app, ["explain", *arguments, "--state", str(folder.root)])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.slow
@pytest.mark.usefixtures("environment", "signals")
def test_places_and_flags_are_told_in_words_and_as_json_without_an_endpoint(folder: StateFolder) -> None:
    user = said(folder, "user", str(ANN)).splitlines()
    assert user[1:-1] == [
        "in the window from 2020-02-01 00:00:00 to 2020-03-01 00:00:00: 5 of its 5 reviews, 5 with stars",
        f"  active_reviewers: place 2 of 3 with {ANN_IN_FEBRUARY}; the last place, 3, has {BOB_IN_FEBRUARY}",
        "  one_star_reviewers: flagged with review_count 5, rating_count 5, book_count 1",
        "in the past window from 2020-01-01 00:00:00 to 2020-02-01 00:00:00: 0 of its 5 reviews, 0 with stars",
        f"  active_reviewers: not ranked; the last place, 1, has {BOB_IN_JANUARY}",
        "  one_star_reviewers: not flagged",
    ]
    review = said(folder, "review", "11").splitlines()
    assert review[2:-2] == [
        "the review is in the window from 2020-02-01 00:00:00 to 2020-03-01 00:00:00",
        f"  review_bursts: its book_id {BURST} is flagged with {THE_BURST}",
        f"  early_reviews: its book_id {BURST} is not flagged",
        f"  one_star_reviewers: its user_id {CAROL} is not flagged",
        "the review is outside the past window from 2020-01-01 00:00:00 to 2020-02-01 00:00:00",
        f"  review_bursts: its book_id {BURST} is not flagged",
        f"  early_reviews: its book_id {BURST} is not flagged",
        f"  one_star_reviewers: its user_id {CAROL} is not flagged",
    ]
    found = json.loads(said(folder, "book", str(BURST), "--json"))
    assert set(found) == documented()["explain"]
    assert found["ranked"]["flags"][0]["figures"]["burst_day"] == DAY_OF_BURST
    assert found["ranked_past"]["flags"][0] == {
        "table": "review_bursts",
        "key": "book_id",
        "id": BURST,
        "figures": None,
    }
