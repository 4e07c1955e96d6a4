"""Ways to ask a simulated Goodreads."""

import requests
from goodreads.client import GoodreadsClient

from capture.simulated import SimulatedGoodreads
from tests.local_cloud.waiting import PATIENCE


def client(goodreads: SimulatedGoodreads, key: str = "any") -> GoodreadsClient:
    """The wrapper that the collector builds on."""
    made = GoodreadsClient(key, "secret")
    made.base_url = goodreads.url
    return made


def feed(goodreads: SimulatedGoodreads) -> list[int]:
    """Ids of the recent reviews."""
    return [int(review.gid) for review in client(goodreads).recent_reviews()]


def answer(goodreads: SimulatedGoodreads, path: str, **parameters: str | int) -> requests.Response:
    """What comes over HTTP."""
    return requests.get(goodreads.url + path, params={"key": "any", **parameters}, timeout=PATIENCE)
