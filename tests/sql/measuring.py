"""What the analytics tables beside the six should say, computed in plain Python: it shares no code with sql/.

Numbers are exact fractions, rounded at the end; only the Wilson score needs floats, for its root.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import sqrt
from typing import NamedTuple, TypeVar

Key = TypeVar("Key", bound=Hashable)
Row = tuple[object, ...]


class Review(NamedTuple):
    """A review as far as the analytics read it."""

    author: int | None
    book: int | None
    user: int | None
    rating: Decimal | None
    captured: datetime
    added: datetime | None = None

    @property
    def stars(self) -> Decimal | None:
        """The rating; None for no rating, which zero stars are, too."""
        return self.rating or None


class Published(NamedTuple):
    """When a book was published: year, month and day."""

    year: int | None = None
    month: int | None = None
    day: int | None = None


@dataclass(frozen=True)
class World:
    """What a warehouse holds, and the window."""

    reviews: Sequence[Review]
    authors: Sequence[int]
    books: Mapping[int, Published]
    users: Sequence[int]
    start: datetime
    end: datetime

    @property
    def inside(self) -> list[Review]:
        """The reviews of the window."""
        return [each for each in self.reviews if self.start <= each.captured < self.end]


def exactly(value: Fraction | float | None) -> Decimal | None:
    """Four decimals, a half rounded up."""
    if value is None:
        return None
    fraction = Fraction(value)
    return (Decimal(fraction.numerator) / Decimal(fraction.denominator)).quantize(
        Decimal("0.0001"), ROUND_HALF_UP
    )


def average(reviews: Iterable[Review]) -> Fraction | None:
    stars = [Fraction(each.stars) for each in reviews if each.stars]
    return sum(stars, Fraction()) / len(stars) if stars else None


def grouped(reviews: Iterable[Review], key: Callable[[Review], Key | None]) -> dict[Key, list[Review]]:
    """The reviews by a key; those without the key are left out."""
    groups: dict[Key, list[Review]] = {}
    for each in reviews:
        if (value := key(each)) is not None:
            groups.setdefault(value, []).append(each)
    return groups


def rated(reviews: Iterable[Review]) -> int:
    return sum(each.stars is not None for each in reviews)


def weighted(
    world: World, subject: Callable[[Review], int | None], known: Iterable[int], *, by: str, top: int
) -> list[Row]:
    """Place, id, known, reviews, ratings, average, prior, weighted rating, positive share, Wilson score."""
    groups = {key: found for key, found in grouped(world.inside, subject).items() if rated(found)}
    prior = average(each for found in groups.values() for each in found)
    rows = []
    for key, found in groups.items():
        stars = [Fraction(each.stars) for each in found if each.stars]
        n = len(stars)
        share = Fraction(sum(each >= 4 for each in stars), n)
        p, z = float(share), 1.96
        wilson = (p + z * z / (2 * n) - z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))) / (1 + z * z / n)
        mean = exactly((sum(stars, Fraction()) + 5 * (prior or 0)) / (n + 5))
        rows.append(
            {
                "fixed": (key, key in set(known), len(found), n),
                "scores": (
                    exactly(average(found)),
                    exactly(prior),
                    mean,
                    exactly(share),
                    exactly(max(wilson, 0.0)),
                ),
                "measure": mean if by == "weighted_rating" else exactly(max(wilson, 0.0)),
            }
        )
    rows.sort(key=lambda row: (-row["measure"], -row["fixed"][2], row["fixed"][0]))  # type: ignore[operator,index]
    return [(place, *row["fixed"], *row["scores"]) for place, row in enumerate(rows[:top], 1)]  # type: ignore[misc]


def rising(
    world: World, subject: Callable[[Review], int | None], known: Iterable[int], *, top: int
) -> list[Row]:
    """Place, id, known, reviews, windows compared, average of the earlier windows, growth."""
    length = world.end - world.start
    windows = [
        [
            each
            for each in world.reviews
            if world.start - n * length <= each.captured < world.start - (n - 1) * length
        ]
        for n in (1, 2, 3)
    ]
    held = sum(bool(window) for window in windows)
    before = Counter(subject(each) for window in windows for each in window)
    rows: list[tuple[Decimal, int, int, Decimal]] = []
    for key, found in grouped(world.inside, subject).items():
        if held and len(found) >= 5:
            usual = Fraction(before[key], held)
            growth = exactly((len(found) + 1) / (usual + 1))
            if growth is not None and growth > 1:
                rows.append((-growth, -len(found), key, exactly(usual) or Decimal()))
    return [
        (place, key, key in set(known), -count, held, usual, -growth)
        for place, (growth, count, key, usual) in enumerate(sorted(rows)[:top], 1)
    ]


def distribution(world: World) -> list[Row]:
    """Stars, reviews, share."""
    counts: Counter[int] = Counter()
    for each in world.inside:
        whole = int(each.stars.quantize(Decimal(1), ROUND_HALF_UP)) if each.stars else 0
        counts[max(whole, 1) if each.stars else 0] += 1
    total = sum(counts.values())
    shares = {stars: Fraction(count, total) for stars, count in counts.items()}
    return [(stars, counts[stars], exactly(shares.get(stars))) for stars in range(6)]


def per_day(world: World) -> list[Row]:
    """Day, reviews, ratings, average, reviewers, books."""
    days = grouped(world.inside, lambda each: each.captured.date())
    return [
        (
            str(day),
            len(found),
            rated(found),
            exactly(average(found)),
            len({each.user for each in found} - {None}),
            len({each.book for each in found} - {None}),
        )
        for day, found in sorted(days.items())
    ]


def reviewers(world: World, *, top: int) -> list[Row]:
    """Place, user, known, reviews, ratings, average, days."""
    groups = sorted(
        grouped(world.inside, lambda each: each.user).items(), key=lambda item: (-len(item[1]), item[0])
    )
    return [
        (
            place,
            user,
            user in world.users,
            len(found),
            rated(found),
            exactly(average(found)),
            len({each.captured.date() for each in found}),
        )
        for place, (user, found) in enumerate(groups[:top], 1)
    ]


def coverage(world: World) -> list[Row]:
    """Subject, reviews, known, unknown, unnamed, distinct unknown subjects."""
    named = {
        "authors": ([each.author for each in world.inside], set(world.authors)),
        "books": ([each.book for each in world.inside], set(world.books)),
        "users": ([each.user for each in world.inside], set(world.users)),
    }
    return [
        (
            subject,
            len(ids),
            sum(each in known for each in ids),
            sum(each is not None and each not in known for each in ids),
            ids.count(None),
            len(set(ids) - known - {None}),
        )
        for subject, (ids, known) in named.items()
    ]


def bursts(world: World) -> list[Row]:
    """Book, day, reviews and ratings of that day, their average, usual reviews, all reviews."""
    rows: list[Row] = []
    for book, found in sorted(grouped(world.inside, lambda each: each.book).items()):
        days: dict[date, list[Review]] = grouped(found, lambda each: (each.added or each.captured).date())
        day = min(days, key=lambda each: (-len(days[each]), each))
        most, others = len(days[day]), len(days) - 1
        usual = Fraction(len(found) - most, others) if others else None
        if most >= 10 and most >= 5 * (usual or 0):
            rows.append(
                (
                    book,
                    str(day),
                    most,
                    rated(days[day]),
                    exactly(average(days[day])),
                    exactly(usual),
                    len(found),
                )
            )
    return rows


def one_star(world: World) -> list[Row]:
    """User, reviews, ratings, books."""
    return [
        (user, len(found), rated(found), len({each.book for each in found} - {None}))
        for user, found in sorted(grouped(world.inside, lambda each: each.user).items())
        if rated(found) >= 5 and all(each.stars <= 1 for each in found if each.stars)
    ]


def early(world: World) -> list[Row]:
    """Book, year, month, day, early reviews, all reviews."""
    rows: list[Row] = []
    for book, found in sorted(grouped(world.inside, lambda each: each.book).items()):
        when = world.books.get(book, Published())
        if when.year is None:
            continue
        first = (when.year, when.month or 1, (when.day or 1) if when.month else 1)
        count = sum(
            (each.added.year, each.added.month, each.added.day) < first for each in found if each.added
        )
        if count >= 3:
            rows.append((book, *when, count, len(found)))
    return rows
