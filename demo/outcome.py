"""What came of it: the sum, and the analytics."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from local_cloud.state import StateFolder
from operations import display
from operations.warehouse_query import query_here

_REVIEW_IDS = "select review_id from goodreads_warehouse.reviews"
_ANALYTICS = {
    "the most reviewed books": """
        select place, title, review_count, average_review_rating
        from goodreads_analytics.popular_books_review_count order by place
    """,
    "the best rated authors": """
        select place, name, review_count, average_review_rating
        from goodreads_analytics.popular_authors_average_rating order by place
    """,
    "the books among both the most reviewed and the best rated": """
        select place, title, review_count, average_review_rating
        from goodreads_analytics.best_books order by place
    """,
}


@dataclass(frozen=True)
class Sum:
    """The reviews at the start of the way and at its end, by id."""

    published: Sequence[int]
    stored: Sequence[int]

    @property
    def holds(self) -> bool:
        """Whether the warehouse has each published review exactly once, and no other."""
        return sorted(self.published) == sorted(self.stored)

    def __str__(self) -> str:
        lost, strange = set(self.published) - set(self.stored), set(self.stored) - set(self.published)
        difference = "the same ids" if self.holds else f"{len(lost):,} are missing, {len(strange):,} unknown"
        return (
            f"published by Goodreads: {len(self.published):,}; "
            f"rows in goodreads_warehouse.reviews: {len(self.stored):,}; {difference}"
        )


def summed_up(published: Iterable[int], folder: StateFolder) -> Sum:
    """The reviews published, and those that the warehouse has."""
    _, rows = query_here(folder, _REVIEW_IDS)
    return Sum(list(published), [row[0] for row in rows])


def show_analytics(console: Console, folder: StateFolder) -> None:
    """Three of the analytics tables."""
    for title, query in _ANALYTICS.items():
        table: Table = display.rows_table(*query_here(folder, query))
        table.title, table.title_justify = title, "left"
        console.print(table)
