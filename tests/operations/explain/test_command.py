"""`explain` as a person calls it, against an endpoint."""

import json

import pytest
from typer.testing import CliRunner

from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from operations.__main__ import app
from operations.warehouse import Warehouse
from operations.zones import Zones
from sql import statements
from tests.local_cloud.conftest import Endpoint
from tests.operations.conftest import endpoint, environment, signals

__all__ = ["endpoint", "environment", "signals"]

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("signals")]


@pytest.fixture(scope="module")
def deployed(endpoint: Endpoint) -> Endpoint:
    """One book of a run whose files the archive does not hold; it is first in the only ranking that is not empty."""
    found = Zones.of("goodreads", ACCOUNT, REGION)
    for bucket in (found.landing, found.working, found.processed, found.quarantine):
        (endpoint.state.buckets / bucket).mkdir(parents=True)
    Warehouse().run(*statements.create_tables())
    Warehouse().run(
        "insert into goodreads_warehouse.books (book_id, title, record_create_timestamp, record_hash, run_id) "
        "values (5, 'a title', cast('2020-02-19 12:00:00.5' as timestamp), 7, 'r1')",
        "insert into goodreads_warehouse.ledger values ('r1', 'books', 1, 1, 1, 0, 0, 0, 0, true, true, getdate())",
        "insert into goodreads_warehouse.ledger_files values "
        "('r1', 'books', 'book.csv', 'e', 9, 1, 0, null, true, getdate())",
        "insert into goodreads_warehouse.reviews (review_id, book_id, review_rating, record_create_timestamp, record_hash) "
        "values (1, 5, 4, cast('2020-02-19' as timestamp), 1), (2, 5, 0, cast('2020-02-19' as timestamp), 1), "
        "(3, 5, 4, cast('2019-02-19' as timestamp), 1)",
        "update goodreads_analytics.review_window set window_start = cast('2020-02-01' as timestamp), "
        "window_end = cast('2020-03-01' as timestamp)",
        "insert into goodreads_analytics.best_books (place, book_id, title, record_create_timestamp, review_count, "
        "average_review_rating) values (1, 5, 'a title', getdate(), 2, 4)",
    )
    return endpoint


def explained(endpoint: Endpoint, *arguments: str) -> str:
    done = CliRunner().invoke(app, ["explain", *arguments, "--state", str(endpoint.state.root)])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("where", [[], ["--aws", "--user", "goodreads_pipeline"]], ids=["here", "aws"])
def test_a_row_is_explained_in_words(deployed: Endpoint, where: list[str]) -> None:
    lines = explained(deployed, "book", "5", *where).splitlines()
    assert lines == [
        "book_id 5 is in goodreads_warehouse.books, in the version captured at 2020-02-19 12:00:00.5",
        "run r1 published the row",
        "the record that made the row was not found: its file is gone, was not read, or the row was changed by hand",
        "in the window from 2020-02-01 00:00:00 to 2020-03-01 00:00:00: 2 of its 3 reviews, 1 with stars",
        "  popular_books_review_count: the ranking is empty",
        "  popular_books_average_rating: the ranking is empty",
        "  best_books: place 1 of 1 with review_count 2, average_review_rating 4.0000",
        "looked at: 1 file of 1 run in the archive (0 Bytes), and 0 objects of rejects in quarantine",
        "not known: what book.csv of run r1 says: the archive holds it no longer",
    ]


def test_the_same_is_told_as_json(deployed: Endpoint) -> None:
    found = json.loads(explained(deployed, "book", "5", "--json"))
    assert found["row"] == {
        "run_id": "r1",
        "version": {"captured": "2020-02-19T12:00:00.500000Z", "record_hash": "7"},
    }
    assert found["ranked"]["standings"][-1] == {
        "table": "best_books",
        "place": 1,
        "figures": {"review_count": 2, "average_review_rating": "4.0000"},
        "last_place": 1,
        "last_figures": {"review_count": 2, "average_review_rating": "4.0000"},
    }
    assert (found["forgotten"], found["records"], found["rejects"]) == (None, [], [])


def test_an_id_that_is_nowhere_is_told_in_two_lines(deployed: Endpoint) -> None:
    assert explained(deployed, "user", "5").splitlines() == [
        "user_id 5 is not in goodreads_warehouse.users",
        "looked at: 0 files of 0 runs in the archive (0 Bytes), and 0 objects of rejects in quarantine",
    ]


def test_what_cannot_be_explained_is_refused() -> None:
    for arguments in (["shelf", "5"], ["book", "-5"], ["book", "x"]):
        assert CliRunner().invoke(app, ["explain", "--", *arguments]).exit_code == 2
