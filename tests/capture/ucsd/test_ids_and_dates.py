import string
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.ucsd.dates import version_of, version_on
from capture.ucsd.ids import id_of
from catalog import REVIEWS

digests = st.text("0123456789abcdef", min_size=32, max_size=32)
offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def test_the_id_of_a_hash_is_always_the_same() -> None:
    assert id_of("8842281e1d1347389f2ab93d60773d4d") == 6857497055887572301
    assert id_of("00000000000000000000000000000000") == 4611686018427387904
    assert id_of("ffffffffffffffffffffffffffffffff") == 9223372036854775807


@given(digests)
def test_an_id_is_allowed_by_the_catalog_and_above_all_ids_of_goodreads(digest: str) -> None:
    assert 2**62 <= id_of(digest) <= (REVIEWS.column("review_id").maximum or 0)


@given(digests, st.integers(17, 31), st.sampled_from(string.hexdigits[:16]))
def test_hashes_that_differ_in_their_second_half_have_different_ids(
    digest: str, position: int, digit: str
) -> None:
    other = digest[:position] + digit + digest[position + 1 :]
    assert (id_of(digest) == id_of(other)) == (digest == other)


@given(st.datetimes(datetime(1900, 1, 2), datetime(2099, 12, 30), timezones=offsets))  # noqa: DTZ001 - by timezones
def test_a_date_of_goodreads_becomes_a_version_in_utc(moment: datetime) -> None:
    expected = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    assert version_of(moment.strftime("%a %b %d %H:%M:%S %z %Y")) == expected


def test_a_date_keeps_its_instant() -> None:
    assert version_of("Wed Mar 22 11:37:04 -0700 2017") == "2017-03-22 18:37:04"
    assert version_on("2016-01-14") == "2016-01-14 00:00:00"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2017-03-22",
        "Wed Mar 22 11:37:04 -0700 201",
        "Wed Mrz 22 11:37:04 -0700 2017",
        "Wed Feb 30 11:37:04 -0700 2017",
        "Wed Mar 22 11:37:04 -0700 2017 ",
        "Sat Jan 01 00:00:00 +1200 0001",
    ],
)
def test_what_is_no_date_of_goodreads_is_refused_by_value(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a date like 'Wed Mar 22 11:37:04 -0700 2017'") as refused:
        version_of(text)
    assert repr(text) in str(refused.value)


def test_what_is_no_day_is_refused_by_value() -> None:
    with pytest.raises(ValueError, match=r"'14\.1\.2016' is not a date like '2017-03-22'"):
        version_on("14.1.2016")
