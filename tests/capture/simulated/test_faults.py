"""Every fault as a client sees it, and when it comes."""

import time
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from capture.simulated import Fault, Faults, SimulatedGoodreads, simulated_goodreads
from capture.simulated.faults import parsed_rates
from tests.local_cloud.waiting import PATIENCE


def ask(goodreads: SimulatedGoodreads) -> requests.Response:
    return requests.get(f"{goodreads.url}review/recent_reviews.xml", params={"key": "any"}, timeout=PATIENCE)


@pytest.mark.parametrize(
    ("fault", "status", "text"),
    [
        (Fault.SERVER_ERROR, 500, ""),
        (Fault.UNAVAILABLE, 503, "over capacity"),
        (Fault.TOO_MANY_REQUESTS, 429, "Retry later"),
        (Fault.HTML, 200, "<!DOCTYPE html>"),
        (Fault.REFUSED_KEY, 401, "Invalid API key."),
        (Fault.NOT_FOUND, 404, "<error>"),
    ],
)
def test_a_fault_answers_instead_of_the_site(fault: Fault, status: int, text: str) -> None:
    with simulated_goodreads(reviews=3, faults={fault: 1}) as goodreads:
        answer = ask(goodreads)
        assert answer.status_code == status
        assert text in answer.text
        assert "<review>" not in answer.text


def test_too_many_requests_says_when_to_come_again() -> None:
    with simulated_goodreads(faults={Fault.TOO_MANY_REQUESTS: 1}) as goodreads:
        assert ask(goodreads).headers["Retry-After"] == "1"


def test_broken_xml_is_half_of_the_answer_as_if_it_were_whole() -> None:
    with simulated_goodreads(reviews=3) as goodreads:
        right = ask(goodreads).content
        goodreads.faults.script(Fault.BROKEN_XML)
        assert ask(goodreads).content == right[: len(right) // 2]


@pytest.mark.parametrize(
    ("fault", "part"),
    [
        (Fault.BLANK_LINES, b"\xef\xbb\xbf\n \r\n<?xml"),
        (Fault.CONTROL_CHARACTERS, b"<title>&#4;&#xFFFE;"),
        (Fault.CONTROL_CHARACTERS, b"<![CDATA[\x04"),
        (Fault.UNCLOSED_TAG, b"<body><br><!["),
        (Fault.IMPOSSIBLE_VALUES, b"<publication_month>13</publication_month>"),
        (Fault.IMPOSSIBLE_VALUES, b"<votes>-3</votes>"),
    ],
)
def test_an_odd_answer_is_the_right_one_with_something_amiss(fault: Fault, part: bytes) -> None:
    with simulated_goodreads(reviews=3) as goodreads:
        right = ask(goodreads).content
        goodreads.faults.script(fault)
        assert part in ask(goodreads).content
        assert part not in right


def test_a_truncated_answer_breaks_off() -> None:
    broken_off = pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead")
    with simulated_goodreads(reviews=3, faults={Fault.TRUNCATED: 1}) as goodreads, broken_off:
        ask(goodreads)


def test_a_reset_connection_brings_no_answer() -> None:
    was_reset = pytest.raises(requests.exceptions.ConnectionError, match="reset by peer")
    with simulated_goodreads(faults={Fault.RESET: 1}) as goodreads, was_reset:
        ask(goodreads)


def test_a_slow_answer_outlasts_the_client_and_does_not_hold_the_server_up() -> None:
    with simulated_goodreads(reviews=3, slow_seconds=600) as goodreads:
        goodreads.faults.script(Fault.SLOW)
        client = HTTPConnection(urlsplit(goodreads.url).netloc, timeout=0.1)
        with closing(client):
            client.request("GET", "/review/recent_reviews.xml?key=any")
            while not goodreads.requests:  # or the other request could meet the fault
                time.sleep(0.01)
            assert ask(goodreads).status_code == 200
            with pytest.raises(TimeoutError):
                client.getresponse()


def test_a_slow_answer_is_the_right_one() -> None:
    with simulated_goodreads(reviews=3, slow_seconds=0.01) as goodreads:
        right = ask(goodreads).content
        goodreads.faults.script(Fault.SLOW)
        assert ask(goodreads).content == right


def test_a_script_comes_before_the_rates_and_in_its_order() -> None:
    faults = Faults(rates={Fault.RESET: 1})
    faults.script(Fault.SERVER_ERROR, None, Fault.HTML)
    assert [faults.next() for _ in range(4)] == [Fault.SERVER_ERROR, None, Fault.HTML, Fault.RESET]


def test_rates_can_be_changed_while_it_runs() -> None:
    with simulated_goodreads(faults={Fault.SERVER_ERROR: 1}) as goodreads:
        assert ask(goodreads).status_code == 500
        goodreads.faults.rates.clear()
        assert ask(goodreads).status_code == 200
        assert [asked.fault for asked in goodreads.requests] == [Fault.SERVER_ERROR, None]


def test_rates_are_shares_of_the_requests_and_the_same_for_the_same_seed() -> None:
    rates = {Fault.SERVER_ERROR: 0.2, Fault.RESET: 0.1}
    one, other = Faults(5, rates), Faults(5, rates)
    drawn = [one.next() for _ in range(1000)]
    assert drawn == [other.next() for _ in range(1000)]
    assert 150 < drawn.count(Fault.SERVER_ERROR) < 250
    assert 60 < drawn.count(Fault.RESET) < 140


@given(st.dictionaries(st.sampled_from(Fault), st.floats(0, 0.1), max_size=9))
def test_rates_are_read_as_they_are_written(rates: dict[Fault, float]) -> None:
    assert parsed_rates(f"{fault}={rate}" for fault, rate in rates.items()) == rates


@pytest.mark.parametrize(
    ("texts", "complaint"),
    [
        (["lightning=0.1"], "'lightning=0.1' names no fault; the faults are server_error, unavailable"),
        (["slow"], "'slow' has no rate from 0 to 1; write it like slow=0.05"),
        (["slow=x"], "'slow=x' has no rate from 0 to 1"),
        (["slow=nan"], "'slow=nan' has no rate from 0 to 1"),
        (["slow=-0.1"], "'slow=-0.1' has no rate from 0 to 1"),
        (["slow=1.1"], "'slow=1.1' has no rate from 0 to 1"),
        (["slow=0.6", "html=0.6"], "the rates of the faults add up to 1.2, expected at most 1"),
    ],
)
def test_a_rate_that_cannot_be_is_refused(texts: list[str], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parsed_rates(texts)
