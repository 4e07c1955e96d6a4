"""A warehouse that holds chosen reviews, and the analytics that Redshift makes of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sql import statements
from sql.rankings import Ranking
from tests.local_cloud.redshift.conftest import Session
from tests.sql.ranking import END, START, Placed, Ranked, Review

_VERSION = "record_create_timestamp, record_hash"


@dataclass(frozen=True)
class Reviewed:
    """Fills the warehouse and ranks what it holds."""

    session: Session

    def fill(
        self, reviews: Sequence[Review], *, authors: Iterable[int] = (), books: Iterable[int] = ()
    ) -> None:
        """Replace the warehouse's rows by these, inserted in the given order; the window is START to END."""
        tables = ("authors", "books", "reviews")
        self.session.run(*(f"delete from goodreads_warehouse.{table}" for table in tables))
        self.session.run(statements.set_window(), window_start=str(START), window_end=str(END))
        self._insert(
            f"authors (author_id, {_VERSION})", (f"{author}, timestamp '{START}', 0" for author in authors)
        )
        self._insert(f"books (book_id, {_VERSION})", (f"{book}, timestamp '{START}', 0" for book in books))
        self._insert(
            f"reviews (review_id, author_id, book_id, review_rating, {_VERSION})",
            (
                f"{number}, {_sql(review.author)}, {_sql(review.book)}, {_sql(review.rating)}, "
                f"timestamp '{review.captured}', 0"
                for number, review in enumerate(reviews)
            ),
        )

    def rank(self, ranking: Ranking, top: int) -> Ranked:
        """The three tables of the ranking, made by its statements."""
        self.session.run(*statements.analytics(ranking.tables, top))
        return Ranked(
            *(
                self._table(table, ranking.subject.key)
                for table in (ranking.by_count, ranking.by_rating, ranking.best)
            )
        )

    def _table(self, table: str, key: str) -> list[Placed]:
        rows = self.session.rows(
            f"select place, {key}, review_count, average_review_rating from goodreads_analytics.{table} "
            "order by place"
        )
        return [
            Placed(place, subject, count, None if average is None else Decimal(average))
            for place, subject, count, average in rows
        ]

    def _insert(self, target: str, rows: Iterable[str]) -> None:
        if values := ", ".join(f"({row})" for row in rows):
            self.session.run(f"insert into goodreads_warehouse.{target} values {values}")


def _sql(value: Any) -> str:
    return "null" if value is None else str(value)
