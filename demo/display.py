"""What the demo shows: the progress of the reviews while it goes on, and the final count and analytics at the end."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table

from command_line.counting import counted
from contract.ledger import ROWS, word_of
from demo.figures import Figures, rows_of
from local_cloud.state import StateFolder
from operations import display
from operations.executions import Execution
from operations.query import query_here

_SHOWN_RUNS = 8

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


def scene(figures: Figures) -> RenderableType:
    """The progress of the reviews from left to right; below it the runs, the newest first."""
    return Group(_way(figures), _runs(figures))


def _way(figures: Figures) -> Table:
    table = Table(title="progress of the reviews", title_justify="left")
    for heading in ("published", "captured", "in the spool", "in the landing zone", "in the warehouse"):
        table.add_column(heading, justify="right")
    table.add_row(
        f"{figures.published:,}",
        f"{figures.captured:,}",
        counted(figures.spooled_files, "file"),
        counted(figures.landed_files, "file"),
        f"{figures.in_warehouse:,}",
    )
    return table


def _runs(figures: Figures) -> Table:
    # Narrow enough for a terminal of 80 columns.
    table = Table(
        title="runs: rows of all four datasets, read = inserted + ... + quarantined",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=0,
    )
    table.add_column("started")
    table.add_column("status")
    for count in ROWS:
        table.add_column(word_of(count), justify="right")
    for run in figures.runs[:_SHOWN_RUNS]:
        table.add_row(f"{run.started:%H:%M:%S}", run.status, *_rows(run))
    return table


def _rows(run: Execution) -> list[str]:
    datasets = rows_of(run)
    if not datasets:
        return [""] * len(ROWS)
    return [f"{sum(rows[count] for rows in datasets.values()):,}" for count in ROWS]


@dataclass(frozen=True)
class Sum:
    """The ids of the reviews that Goodreads published, and of the rows that the warehouse stored."""

    published: Sequence[int]
    stored: Sequence[int]

    @property
    def holds(self) -> bool:
        """Whether the warehouse has each published review exactly once, and no other."""
        return sorted(self.published) == sorted(self.stored)

    def document(self) -> dict[str, Any]:
        """The counts of ids, and whether the warehouse has each once."""
        published, stored = set(self.published), set(self.stored)
        return {
            "published": len(self.published),
            "stored": len(self.stored),
            "missing": len(published - stored),
            "never_published": len(stored - published),
            "holds": self.holds,
        }

    def __str__(self) -> str:
        counts = self.document()
        difference = "{missing:,} are missing, {never_published:,} were never published"
        return (
            "published by Goodreads: {published:,}; rows in goodreads_warehouse.reviews: {stored:,}; "
            + ("the same ids" if self.holds else difference)
        ).format(**counts)


def summed_up(published: Iterable[int], folder: StateFolder) -> Sum:
    """Compare the published reviews with the reviews in the warehouse of `folder`."""
    _, rows = query_here(folder, _REVIEW_IDS)
    return Sum(list(published), [row[0] for row in rows])


def show_analytics(console: Console, folder: StateFolder) -> None:
    """Print three of the analytics tables."""
    for title, query in _ANALYTICS.items():
        table: Table = display.rows_table(*query_here(folder, query))
        table.title, table.title_justify = title, "left"
        console.print(table)
