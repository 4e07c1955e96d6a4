"""The analytics tables, each declared once: their statements, checks, data dictionary and place in a run's report follow.

A table has a name, a column that is its key, its columns with their descriptions, and a statement in sql/analytics that fills it from the reviews
of the window.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from catalog import AUTHORS, BOOKS, Dataset
from sql.template import column_list, definitions

CURRENT, PAST = "goodreads_analytics", "goodreads_past"
"""The schemas: of the window that ends with the run, and of the past window that somebody asked for last."""

PRIOR_WEIGHT = 5
"""How many ratings the average of all ratings weighs in a weighted rating (the `m` of IMDb's formula)."""

RISING_REVIEWS = 5
"""Fewer reviews than these in a window say nothing about growth."""

BURST_REVIEWS = 10
BURST_FACTOR = 5
"""A burst: so many reviews of a book on one day, and so many times as many as on an average other day."""

ONE_STAR_RATINGS = 5
EARLY_REVIEWS = 3
"""Fewer are noise: everybody dislikes a book now and then, and publishers give away a few copies before the publication."""


@dataclass(frozen=True)
class Measure:
    """A column of an analytics table. `definition` is its type in Redshift, `bounds` are inclusive; the report shows it if `is_told`."""

    name: str
    definition: str
    description: str
    bounds: tuple[int, int] | None = None
    is_told: bool = True

    @property
    def kind(self) -> str:
        """What the values are: integer, number, boolean, date or text."""
        return _KINDS[self.definition.split("(")[0].removesuffix(" not null")]


_KINDS = {
    "bigint": "integer",
    "boolean": "boolean",
    "date": "date",
    "decimal": "number",
    "integer": "integer",
    "timestamp": "text",
    "varchar": "text",
}


@dataclass(frozen=True, kw_only=True)
class Table:
    """An analytics table.

    `statement` is a file in sql/analytics that fills the table; it gets `schema`, `table`, `key`, `columns`, `top` and the `names`. `order` is how people
    read the rows; the report of a run shows `told` of them in this order: those that come first by `told_first` (default: `order`). A table with a column `place` has at most as many rows as the setting analytics_top says. `rules` are files in
    sql/quality that apply besides unique, range and top, and get the same names.
    """

    name: str
    title: str
    description: str
    key: str
    columns: tuple[Measure, ...]
    order: str
    statement: str
    rules: tuple[str, ...]
    names: Mapping[str, str | int] = field(default_factory=dict)
    told: int = 10
    told_first: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "told_first", self.told_first or self.order)

    @property
    def definitions(self) -> dict[str, str]:
        """The type of each column, with NOT NULL if it is required."""
        return {column.name: column.definition for column in self.columns}

    @property
    def told_columns(self) -> tuple[Measure, ...]:
        """The columns that the report of a run shows."""
        return tuple(column for column in self.columns if column.is_told)

    @property
    def has_places(self) -> bool:
        """Whether the rows are numbered 1, 2, 3 and so on, up to the top."""
        return "place" in self.definitions


_PLACE = Measure("place", "integer not null", "rank: 1 is the first")
_REVIEWS = Measure(
    "review_count", "bigint not null", "reviews in the window, also those without a rating or with 0 stars"
)
_RATINGS = Measure(
    "rating_count", "bigint not null", "reviews in the window with a rating (0 stars are none)"
)
_AVERAGE = Measure(
    "average_review_rating",
    "decimal(5, 4)",
    "average of the ratings in the window; NULL without a rating",
    (0, 5),
)


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """The tables about one dataset by what reviews say of it. `reference` is its key in reviews, `label` the column that people know it by."""

    subject: Dataset
    reference: str
    label: str

    @property
    def by_count(self) -> str:
        """The table of the most reviewed."""
        return f"popular_{self.subject.name}_review_count"

    @property
    def by_rating(self) -> str:
        """The table of the highest plain averages."""
        return f"popular_{self.subject.name}_average_rating"

    @property
    def best(self) -> str:
        """The table of those who are in both."""
        return f"best_{self.subject.name}"

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables in the order in which they are built."""
        subject = self.subject.name
        return (
            self._copy(
                self.by_count,
                f"Most reviewed {subject}",
                f"The {subject} with the most reviews in the window. Only {subject} that the warehouse holds.",
                "popular",
                measure="review_count",
            ),
            self._copy(
                self.by_rating,
                f"Highest rated {subject}",
                f"The {subject} with the highest average rating, however few ratings it rests on. Only {subject} that the warehouse holds.",
                "popular",
                measure="average_review_rating",
            ),
            self._copy(
                self.best,
                f"Best {subject}",
                f"The {subject} that are both among the most reviewed and among the highest rated.",
                "best",
                by_count=self.by_count,
                by_rating=self.by_rating,
                rated_columns=column_list(self.subject.columns, "rated."),
            ),
            self._weighted(
                "weighted_rating",
                f"Highest weighted rating: {subject}",
                f"The {subject} with the highest weighted rating: a single review of five stars does not win.",
            ),
            self._weighted(
                "wilson_score",
                f"Most surely liked {subject}",
                f"The {subject} with the highest lower bound for the share of four and five stars: many good ratings beat a few perfect ones.",
            ),
            self._rising(),
        )

    def _copy(self, name: str, title: str, description: str, statement: str, **names: str) -> Table:
        """A table with all columns of the author or book, which must be in the warehouse."""
        own = (
            Measure(
                column,
                definition,
                f"`{column}` of `goodreads_warehouse.{self.subject.name}`",
                is_told=column in {self.subject.key, self.label},
            )
            for column, definition in definitions(self.subject.columns).items()
        )
        return self._table(
            name,
            title,
            description,
            (_PLACE, *own, _REVIEWS, _AVERAGE),
            statement,
            ("matches_warehouse",),
            subject_columns=column_list(self.subject.columns),
            **names,
        )

    def _weighted(self, measure: str, title: str, description: str) -> Table:
        columns = (
            _RATINGS,
            _AVERAGE,
            Measure("prior_rating", "decimal(5, 4) not null", "average of all ratings in the window", (0, 5)),
            Measure(
                "weighted_rating",
                "decimal(5, 4) not null",
                f"the average with {PRIOR_WEIGHT} more ratings of `prior_rating` (Bayesian, IMDb's formula)",
                (0, 5),
            ),
            Measure(
                "positive_share",
                "decimal(5, 4) not null",
                "share of the ratings with four stars or more",
                (0, 1),
            ),
            Measure(
                "wilson_score",
                "decimal(5, 4) not null",
                "lower bound of the Wilson interval (95 %) of `positive_share`",
                (0, 1),
            ),
        )
        return self._table(
            f"popular_{self.subject.name}_{measure}",
            title,
            f"{description} A subject that the warehouse lacks is ranked by its id.",
            (_PLACE, *self._named(), _REVIEWS, *columns),
            "weighted",
            ("matches_reviews",),
            measure=measure,
            prior_weight=PRIOR_WEIGHT,
        )

    def _rising(self) -> Table:
        columns = (
            Measure(
                "windows_compared",
                "integer not null",
                "how many of the three windows before hold any review",
                (1, 3),
            ),
            Measure(
                "earlier_review_average", "decimal(18, 4) not null", "reviews in an average window before"
            ),
            Measure(
                "growth",
                "decimal(18, 4) not null",
                "(`review_count` + 1) / (`earlier_review_average` + 1), above 1",
            ),
        )
        return self._table(
            f"rising_{self.subject.name}",
            f"Rising {self.subject.name}",
            f"The {self.subject.name} whose reviews have grown most against the three windows of the same length before; at least "
            f"{RISING_REVIEWS} reviews. A subject that the warehouse lacks is ranked by its id.",
            (_PLACE, *self._named(), _REVIEWS, *columns),
            "rising",
            ("matches_reviews",),
            minimum=RISING_REVIEWS,
        )

    def _named(self) -> tuple[Measure, Measure, Measure]:
        found = definitions(self.subject.columns)
        return (
            Measure(
                self.subject.key, "bigint not null", f"the id that the reviews name, of `{self.subject.name}`"
            ),
            Measure(
                self.label, found[self.label], f"`{self.label}` of `goodreads_warehouse.{self.subject.name}`"
            ),
            Measure("is_known", "boolean not null", "whether the warehouse holds the record of this id"),
        )

    def _table(
        self,
        name: str,
        title: str,
        description: str,
        columns: tuple[Measure, ...],
        statement: str,
        rules: tuple[str, ...],
        **names: str | int,
    ) -> Table:
        shared = {"subject": self.subject.name, "reference": self.reference, "label": self.label}
        return Table(
            name=name,
            title=title,
            description=description,
            key=self.subject.key,
            columns=columns,
            order="place",
            statement=statement,
            rules=rules,
            names={**shared, **names},
        )


RANKINGS = {
    "authors": Ranking(subject=AUTHORS, reference="author_id", label="name"),
    "books": Ranking(subject=BOOKS, reference="book_id", label="title"),
}

_BOOK = Measure("book_id", "bigint not null", "the book's id")
_TITLE = Measure(
    "title", definitions(BOOKS.columns)["title"], "its title; NULL if the warehouse lacks the book"
)
_USER = Measure("user_id", "bigint not null", "the user's id")

REVIEW_TABLES = (
    Table(
        name="review_coverage",
        title="Reviews by whether their subject is known",
        description="How many reviews of the window name an author, a book and a user that the warehouse holds. Reviews of unknown authors and books have no place in "
        "`popular_*_review_count`, `popular_*_average_rating` and `best_*`.",
        key="subject",
        columns=(
            Measure("subject", "varchar(16) not null", "`authors`, `books` or `users`"),
            Measure("review_count", "bigint not null", "reviews in the window"),
            Measure("known_review_count", "bigint not null", "reviews whose subject is in the warehouse"),
            Measure(
                "unknown_review_count",
                "bigint not null",
                "reviews that name a subject which is not in the warehouse",
            ),
            Measure("unnamed_review_count", "bigint not null", "reviews that name no such subject"),
            Measure(
                "unknown_subject_count", "bigint not null", "distinct subjects that are not in the warehouse"
            ),
        ),
        order="subject",
        statement="review_coverage",
        rules=("coverage",),
    ),
    Table(
        name="rating_distribution",
        title="Ratings by stars",
        description="How many reviews of the window gave how many stars.",
        key="stars",
        columns=(
            Measure(
                "stars",
                "integer not null",
                "0 (not rated) to 5; a part of a star is rounded, never to 0",
                (0, 5),
            ),
            _REVIEWS,
            Measure("share", "decimal(5, 4)", "share of the reviews; NULL without reviews", (0, 1)),
        ),
        order="stars",
        statement="rating_distribution",
        rules=("adds_up",),
    ),
    Table(
        name="reviews_per_day",
        title="Reviews a day",
        description="The reviews of the window by the day on which they were captured. A day without reviews has no row.",
        key="captured_day",
        columns=(
            Measure("captured_day", "date not null", "the day, UTC"),
            _REVIEWS,
            _RATINGS,
            _AVERAGE,
            Measure("reviewer_count", "bigint not null", "distinct users who wrote them"),
            Measure("book_count", "bigint not null", "distinct books that they are about"),
        ),
        order="captured_day",
        statement="reviews_per_day",
        told=100,
        told_first="captured_day desc",
        rules=("adds_up",),
    ),
    Table(
        name="active_reviewers",
        title="Most active reviewers",
        description="The users with the most reviews in the window, also users that the warehouse lacks.",
        key="user_id",
        columns=(
            _PLACE,
            _USER,
            Measure("is_known", "boolean not null", "whether the warehouse holds the user"),
            _REVIEWS,
            _RATINGS,
            _AVERAGE,
            Measure("active_days", "bigint not null", "distinct days on which the reviews were captured"),
        ),
        order="place",
        statement="active_reviewers",
        rules=("matches_reviews",),
        names={"reference": "user_id"},
    ),
    Table(
        name="review_bursts",
        title="Flag: bursts of reviews",
        description=f"Books that got {BURST_REVIEWS} reviews or more on one day, and {BURST_FACTOR} times as many as on an average other day with reviews. "
        "Look at the reviews: nothing is deleted, and the rankings count them.",
        key="book_id",
        columns=(
            _BOOK,
            _TITLE,
            Measure(
                "burst_day",
                "date not null",
                "the day with the most reviews, UTC; when added, or captured if that is unknown",
            ),
            Measure("burst_review_count", "bigint not null", "reviews of that day"),
            Measure("burst_rating_count", "bigint not null", "those of them with a rating"),
            Measure("burst_average_rating", "decimal(5, 4)", "their average rating", (0, 5)),
            Measure(
                "usual_review_count",
                "decimal(18, 4)",
                "reviews on an average other day with reviews; NULL without one",
            ),
            _REVIEWS,
        ),
        order="burst_review_count desc, book_id asc",
        statement="review_bursts",
        rules=("matches_reviews",),
        names={"reference": "book_id", "burst_reviews": BURST_REVIEWS, "burst_factor": BURST_FACTOR},
    ),
    Table(
        name="one_star_reviewers",
        title="Flag: users who only give one star",
        description=f"Users with {ONE_STAR_RATINGS} ratings or more in the window, none above one star. Nothing is deleted, and the rankings count their reviews.",
        key="user_id",
        columns=(
            _USER,
            _REVIEWS,
            _RATINGS,
            Measure("book_count", "bigint not null", "distinct books that they reviewed"),
        ),
        order="rating_count desc, user_id asc",
        statement="one_star_reviewers",
        rules=("matches_reviews",),
        names={"reference": "user_id", "one_star_ratings": ONE_STAR_RATINGS},
    ),
    Table(
        name="early_reviews",
        title="Flag: reviews before the publication",
        description=f"Books of which {EARLY_REVIEWS} reviews or more were added before the book was published. Nothing is deleted, and the rankings count them.",
        key="book_id",
        columns=(
            _BOOK,
            _TITLE,
            Measure("publication_year", "integer not null", "year of the publication"),
            Measure("publication_month", "integer", "month; an unknown one counts as January"),
            Measure("publication_day", "integer", "day; an unknown one counts as the first"),
            Measure(
                "early_review_count",
                "bigint not null",
                "reviews in the window that were added before that day",
            ),
            _REVIEWS,
        ),
        order="early_review_count desc, book_id asc",
        statement="early_reviews",
        rules=("matches_reviews",),
        names={"reference": "book_id", "early_reviews": EARLY_REVIEWS},
    ),
)

GROUPS: dict[str, tuple[Table, ...]] = {
    **{name: ranking.tables for name, ranking in RANKINGS.items()},
    "reviews": REVIEW_TABLES,
}
"""The tables by the transaction that rebuilds them, in the order in which they are built."""

TABLES = tuple(table for group in GROUPS.values() for table in group)

FIRST_TABLES = tuple(table for table in TABLES if table.statement in {"popular", "best"})
"""The tables that a warehouse may have from before the pipeline had a database user of its own: their owner may be another user."""
