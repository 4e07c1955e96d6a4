"""What is asked for again, and what is not."""

from collections.abc import Callable

import pytest
import xmltodict

from capture.collector.client import PatientClient
from capture.collector.elements import at
from capture.collector.source import Goodreads
from capture.errors import KeyRefused, NotThere, Stopped, Unavailable
from capture.simulated import Fault, SimulatedGoodreads
from capture.stopping import Stop
from tests.capture.collector.conftest import INTERVAL

PASSING = [
    Fault.SERVER_ERROR,
    Fault.UNAVAILABLE,
    Fault.RESET,
    Fault.TRUNCATED,
    Fault.BROKEN_XML,
    Fault.HTML,
]


@pytest.mark.parametrize("fault", PASSING)
def test_a_failure_that_passes_is_not_noticed(
    goodreads: SimulatedGoodreads, source: Goodreads, fault: Fault
) -> None:
    goodreads.faults.script(fault, fault)
    assert source.recent() == [str(review.id) for review in reversed(goodreads.published)]
    assert len(goodreads.requests) == 3


def test_a_failure_that_stays_is_told_after_five_attempts(
    goodreads: SimulatedGoodreads, source: Goodreads
) -> None:
    goodreads.faults.script(*[Fault.SERVER_ERROR] * 100)
    with pytest.raises(Unavailable, match="500"):
        source.recent()
    assert len(goodreads.requests) == 5


@pytest.mark.parametrize(("fault", "error"), [(Fault.REFUSED_KEY, KeyRefused), (Fault.NOT_FOUND, NotThere)])
def test_a_refusal_is_not_asked_for_again(
    goodreads: SimulatedGoodreads, source: Goodreads, fault: Fault, error: type[Exception]
) -> None:
    goodreads.faults.script(fault)
    with pytest.raises(error):
        source.review(str(goodreads.published[0].id))
    assert len(goodreads.requests) == 1


def test_a_server_that_asks_for_a_pause_gets_it(goodreads: SimulatedGoodreads, source: Goodreads) -> None:
    goodreads.faults.script(Fault.TOO_MANY_REQUESTS)
    source.recent()
    first, second = goodreads.requests
    assert second.at - first.at >= 1


def test_the_wish_to_end_cuts_the_pauses_short(
    goodreads: SimulatedGoodreads, source: Goodreads, stop: Stop
) -> None:
    goodreads.faults.rates[Fault.SERVER_ERROR] = 1
    stop.set()
    with pytest.raises(Stopped):
        source.recent()
    assert goodreads.requests == []


def test_a_review_comes_with_its_user_and_all_authors(
    goodreads: SimulatedGoodreads, source: Goodreads
) -> None:
    review = goodreads.published[2]
    found = source.review(str(review.id))
    assert at(found, "user/display_name") == review.user.display_name
    assert at(found, "book/title") == review.book.title


class Odd:
    """A client whose answers are wrong in ways the package stumbles over."""

    def recent_reviews(self) -> None:
        raise KeyError("reviews")

    def review(self, _: str) -> None:
        raise TypeError("'NoneType' object is not subscriptable")


def test_an_answer_that_the_package_stumbles_over_is_unavailable(stop: Stop) -> None:
    source = Goodreads(Odd(), stop, 0.0001)
    with pytest.raises(Unavailable, match="lacks an element: 'reviews'"):
        source.recent()
    with pytest.raises(Unavailable, match="lacks an element"):
        source.review("1")


def test_a_review_without_an_id_is_left_out_however_deep_its_elements_go(
    client_at: Callable[[str], PatientClient], stop: Stop, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = "<a>" * 100_000 + "</a>" * 100_000
    answer = xmltodict.parse(
        f"<GoodreadsResponse><reviews><review>{deep}</review><review><id>7</id></review></reviews></GoodreadsResponse>"
    )
    client = client_at("http://localhost/")
    monkeypatch.setattr(client, "request", lambda *_: answer["GoodreadsResponse"])
    assert Goodreads(client, stop, INTERVAL).recent() == ["7"]
