"""What a run has brought: the best books and authors, the reviews that they rest on, and the run's page."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from command_line.counting import counted
from contract.keys import bucket_name, page_key
from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.state import StateFolder
from operations.query import query_here
from sql import statements
from sql.rankings import CURRENT

_MINUTES = len("2020-02-19 21:38")


@dataclass(frozen=True)
class Leader:
    """A book or an author; `label` is None if the warehouse does not hold it, only reviews of it."""

    place: int
    label: str | None
    id: int
    review_count: int
    weighted_rating: str
    average_review_rating: str


@dataclass(frozen=True)
class Result:
    """`reviews` counts those of the window; `days` are the first and the last day of all reviews, None if there is no review."""

    window: Mapping[str, str]
    reviews: int
    days: tuple[date, date] | None
    leaders: Mapping[str, Sequence[Leader]]
    page: Path | None = None

    def document(self, again: Sequence[str]) -> dict[str, Any]:
        """The result as JSON has it."""
        return {
            "reviews": self.reviews,
            **{
                f"best_{subject}": [vars(leader) for leader in leaders]
                for subject, leaders in self.leaders.items()
            },
            "hint": self.hint(again),
            "page": str(self.page) if self.page else None,
        }

    def hint(self, again: Sequence[str]) -> str | None:
        """What to do if the window holds no review; `again` is the command that was given, without a window."""
        if self.reviews or self.days is None:
            return None
        first, last = self.days
        command = [*again, "--window-start", f"{first}", "--window-end", f"{last + timedelta(days=1)}"]
        return (
            f"no review was captured between {self.window['start']} and {self.window['end']}, so the analytics tables are empty; "
            f"the reviews are from {first} to {last}. This shows them:\n{shlex.join(command)}"
        )


def result_of(
    state: StateFolder, deployment: str, run: str, window: Mapping[str, str], schema: str = CURRENT
) -> Result:
    """The result of the run that has just ended, from the warehouse of the state folder."""
    ((first, last, reviews),) = query_here(state, statements.review_span(schema))[1]
    _, rows = query_here(state, statements.leaders(schema))
    bucket = state.buckets / bucket_name(deployment, "reports", ACCOUNT, REGION)
    page = bucket / page_key(run)
    return Result(
        window=window,
        reviews=int(reviews),
        days=(_day(first), _day(last)) if first else None,
        leaders={
            subject: [Leader(*_typed(row[1:])) for row in rows if row[0] == subject]
            for subject in ("books", "authors")
        },
        page=page if page.exists() else None,
    )


def show(console: Console, result: Result, again: Sequence[str]) -> None:
    """Print the best books and authors, the run's page, or how to see reviews where the window holds none."""
    if result.reviews:
        start, end = (result.window[each][:_MINUTES] for each in ("start", "end"))
        console.print(
            Text(
                f"{counted(result.reviews, 'review')} from {start} to {end} {'says' if result.reviews == 1 else 'say'}:"
            )
        )
    for subject, leaders in result.leaders.items():
        if leaders:
            console.print(leaders_table(subject, leaders))
    if hint := result.hint(again):
        console.print(Text(f"note: {hint}", style="yellow"), soft_wrap=True)
    if result.page:
        console.print(Text(f"the page of this run: {result.page}"), soft_wrap=True)


def leaders_table(subject: str, leaders: Sequence[Leader]) -> Table:
    """The first places; a long title is cut, so that each place has one line."""
    table = Table(title=f"best {subject}", title_justify="left")
    table.add_column("", justify="right", no_wrap=True)
    # the one column that is not no_wrap: on a narrow terminal Rich cuts titles, never numbers
    table.add_column(subject.removesuffix("s"), max_width=60)
    for heading in ("weighted", "average", "reviews"):
        table.add_column(heading, justify="right", no_wrap=True)
    for each in leaders:
        label = " ".join(each.label.split()) if each.label else f"{each.id} (not in the warehouse)"
        ratings = (f"{float(rating):.2f}" for rating in (each.weighted_rating, each.average_review_rating))
        title = Text(label, no_wrap=True, overflow="ellipsis")
        table.add_row(str(each.place), title, *ratings, f"{each.review_count:,}")
    return table


def _day(value: Any) -> date:
    """A date of the Data API is text."""
    return value if isinstance(value, date) else date.fromisoformat(value)


def _typed(row: Sequence[Any]) -> tuple[Any, ...]:
    """Decimals as text, which is what the Data API gives."""
    place, label, key, count, weighted, average = row
    return int(place), label, int(key), int(count), str(weighted), str(average)
