"""Keys that S3 allows and people use, through every step of the zones."""

import pytest

from contract.plan import LandingObject
from tests.lambdas.zones import AUTHORS_CSV, LocalZones

KEYS = [
    "author.csv",
    "authors/with space.csv",
    "authors/ leading and trailing .csv",
    "authors/größe 日本 😀.csv",
    "authors/cafe\u0301.csv",  # decomposed
    "authors/café.csv",  # composed: another key
    "authors/a+b.csv",
    "authors/100%.csv",
    "authors/a%2Fb.csv",
    "authors/a%20b.csv",
    "authors/a&b=c;d,e@f:g$h.csv",
    "authors/question?mark#hash.csv",
    "authors/'single' \"double\" `back`.csv",
    "authors/<angle> [square] {curly} ~|^.csv",
    "authors/back\\slash.csv",
    "authors/..\\..\\up.csv",
    "authors/line\nend.csv",
    "authors/carriage\rreturn.csv",
    "authors/tab\tbell\x07.csv",
    "authors/.hidden.csv",
    "authors/_underscore.csv",
    "authors/...csv",
    "authors/.../x.csv",
    "authors/*.csv",
    "authors/run=1/x.csv",
    "authors/" + "ä" * 125 + ".csv",  # 254 bytes
    "/".join(["authors", *["x" * 200] * 5]) + ".csv",  # 1,011 bytes
]


def landed(zones: LocalZones) -> dict[str, LandingObject]:
    return {item.key: item for item in zones.run().landing.objects()}


@pytest.mark.parametrize("key", KEYS, ids=ascii)
def test_an_odd_key_is_listed_read_copied_and_deleted_as_any_other(zones: LocalZones, key: str) -> None:
    landing, working = zones.run().landing, zones.run().working
    zones.land(key)
    zones.land("untouched.csv")
    item = landed(zones)[key]
    assert item.size == len(AUTHORS_CSV)
    assert landing.read_head(item, 9) == b"author_id"
    for target in (key, "run=1/authors/00000-name.csv"):
        assert landing.copy_if_unchanged(key, etag=item.etag, size=item.size, to=working, target=target)
        assert zones.content(working.bucket, target) == AUTHORS_CSV
    assert landing.delete_if_unchanged([(key, item.etag)]) == [True]
    assert zones.landed() == ["untouched.csv"]


@pytest.mark.slow
@pytest.mark.parametrize("key", KEYS, ids=ascii)
def test_an_odd_key_that_was_overwritten_is_neither_read_nor_copied_nor_deleted(
    zones: LocalZones, key: str
) -> None:
    landing, working = zones.run().landing, zones.run().working
    zones.land(key)
    item = landed(zones)[key]
    newer = AUTHORS_CSV.replace(b"Ann", b"Bob")
    zones.land(key, newer)
    assert landing.read_head(item, 9) is None
    assert not landing.copy_if_unchanged(key, etag=item.etag, size=item.size, to=working, target="x.csv")
    assert landing.delete_if_unchanged([(key, item.etag)]) == [False]
    assert zones.content(landing.bucket, key) == newer
    assert zones.keys(working.bucket) == []


def test_all_odd_keys_are_one_listing_without_doubles_or_gaps(zones: LocalZones) -> None:
    for key in KEYS:
        zones.land(key)
    assert [item.key for item in zones.run().landing.objects()] == sorted(KEYS, key=str.encode)
    assert sorted(zones.landed()) == sorted(KEYS)
