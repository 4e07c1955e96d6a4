"""What the analytics tables should say, computed in plain Python: it shares no code with sql/."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

START = datetime(2020, 2, 1)  # noqa: DTZ001  # the warehouse's timestamps are UTC and carry no zone
END = datetime(2020, 3, 1)  # noqa: DTZ001
INSIDE = datetime(2020, 2, 19, 21, 38, 16, 690535)  # noqa: DTZ001


class Review(NamedTuple):
    """A review as far as the analytics read it."""

    author: int | None
    book: int | None
    rating: Decimal | None
    captured: datetime = INSIDE


class Placed(NamedTuple):
    """A row of an analytics table, without the columns of its author or book."""

    place: int
    subject: int
    reviews: int
    average: Decimal | None


class _Measured(NamedTuple):
    subject: int
    reviews: int
    average: Decimal | None


@dataclass(frozen=True)
class Ranked:
    """The three tables of a ranking."""

    by_count: list[Placed]
    by_rating: list[Placed]
    best: list[Placed]


def rank(reviewed: Iterable[tuple[int | None, Review]], subjects: Iterable[int], top: int) -> Ranked:
    """`reviewed` pairs each review with the id of its author (or book); `subjects` are the ids in the warehouse."""
    ratings: dict[int, list[Decimal | None]] = {}
    known = set(subjects)
    for subject, review in reviewed:
        if subject in known and START <= review.captured < END:
            ratings.setdefault(subject, []).append(review.rating)
    measured = [_Measured(subject, len(given), _average(given)) for subject, given in ratings.items()]
    most_reviewed = sorted(measured, key=lambda one: (-one.reviews, one.subject))[:top]
    rated = [one for one in measured if one.average is not None]
    best_rated = sorted(rated, key=lambda one: (-(one.average or 0), -one.reviews, one.subject))[:top]
    in_both = [one for one in best_rated if one in most_reviewed]
    return Ranked(_placed(most_reviewed), _placed(best_rated), _placed(in_both))


def _average(given: Sequence[Decimal | None]) -> Decimal | None:
    stars = [rating for rating in given if rating]  # neither NULL nor zero stars are a rating
    return (sum(stars) / Decimal(len(stars))).quantize(Decimal("0.0001")) if stars else None


def _placed(ordered: Iterable[_Measured]) -> list[Placed]:
    return [Placed(place, *one) for place, one in enumerate(ordered, 1)]
