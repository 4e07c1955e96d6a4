"""What a person sees while the demo goes on."""

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table

from contract.ledger import ROWS, word_of
from demo.figures import Figures, rows_of
from operations.executions import Execution

_SHOWN_RUNS = 8


def scene(figures: Figures) -> RenderableType:
    """The way of the reviews from left to right, and the runs below, the newest first."""
    return Group(_way(figures), _runs(figures))


def _way(figures: Figures) -> Table:
    table = Table(title="reviews on their way", title_justify="left")
    for place in ("published", "captured", "in the spool", "in the landing zone", "in the warehouse"):
        table.add_column(place, justify="right")
    table.add_row(
        f"{figures.published:,}",
        f"{figures.captured:,}",
        f"{figures.spooled_files:,} files",
        f"{figures.landed_files:,} files",
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
