"""A simulated Goodreads for tests and demos: the API's paths, answers and failures, with made-up books and reviews."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from capture.simulated.faults import Fault, Faults
from capture.simulated.feeds import ALL
from capture.simulated.model import Author, Book, Prose, Review, User
from capture.simulated.site import FEED_PAGE, PAGE, Asked, Publisher, Server, Site
from capture.simulated.world import USERS, World

__all__ = [
    "ALL",
    "FEED_PAGE",
    "PAGE",
    "Asked",
    "Author",
    "Book",
    "Fault",
    "Faults",
    "Prose",
    "Review",
    "SimulatedGoodreads",
    "User",
    "simulated_goodreads",
]


@dataclass(frozen=True)
class SimulatedGoodreads:
    """A running simulation.

    `faults` may be scripted, and its rates changed. The ids of reviews and readers in `gone` answer 404; the readers in `private` show
    their shelves only to whoever gives a key.
    """

    url: str
    requests: Sequence[Asked]
    faults: Faults
    gone: set[int]
    private: set[int]
    _world: World
    _publisher: Publisher

    @property
    def published(self) -> Sequence[Review]:
        """All reviews so far, the oldest first, each with its user, its book and the book's authors."""
        return self._publisher.published

    def publish(self, count: int) -> Sequence[Review]:
        """Publish `count` reviews now; returns them."""
        return self._publisher.publish(count)

    def change(self, review_id: int, **changes: Any) -> Review:
        """Change fields of a published review, as its reader may; returns the review as it is now."""
        return self._publisher.change(review_id, **changes)

    @property
    def readers(self) -> list[int]:
        """The ids of all users, those with the most published reviews first."""
        counts = Counter({user.id: 0 for user in self._world.everybody})
        counts.update(each.user.id for each in self.published)
        return [reader for reader, _ in counts.most_common()]


@contextmanager
def simulated_goodreads(
    *,
    seed: int = 0,
    reviews: int = 0,
    rate: float = 0,
    faults: Mapping[Fault, float] | None = None,
    slow_seconds: float = 5,
    port: int = 0,
    users: int = USERS,
    feed_page: int = FEED_PAGE,
) -> Iterator[SimulatedGoodreads]:
    """Context manager that serves a simulated Goodreads on localhost, in a thread.

    It starts with `reviews` reviews and publishes `rate` more each second. Equal seeds give equal reviews, and equal faults for
    equal requests. `faults` gives the share of the requests that meet each fault; a slow answer takes `slow_seconds`. Port 0
    means any free port. The reviews are by `users` people; a page of a shelf feed has at most `feed_page` reviews.
    """
    world = World(seed, users)
    publisher = Publisher(world, rate)
    publisher.publish(reviews)
    site, plan = Site(world, publisher, feed_page), Faults(seed, faults)
    server = Server(site, plan, port=port, slow_seconds=slow_seconds)
    server.start()
    try:
        yield SimulatedGoodreads(server.url, server.requests, plan, site.gone, site.private, world, publisher)
    finally:
        server.stop()
