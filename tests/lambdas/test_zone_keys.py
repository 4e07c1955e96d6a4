"""Keys that S3 allows and people use, through every step of the zones."""

import pytest

from contract.plan import LandingObject
from lambdas.shared.zone import copy_if_unchanged, delete_if_unchanged, list_objects, read_head
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
    return {item.key: item for item in list_objects(zones.s3, zones.environment.landing_bucket)}


@pytest.mark.parametrize("key", KEYS, ids=ascii)
def test_an_odd_key_is_listed_read_copied_and_deleted_as_any_other(zones: LocalZones, key: str) -> None:
    landing, working = zones.environment.landing_bucket, zones.environment.working_bucket
    zones.land(key)
    zones.land("untouched.csv")
    item = landed(zones)[key]
    assert item.size == len(AUTHORS_CSV)
    assert read_head(zones.s3, landing, item, 9) == b"author_id"
    for target in (key, "run=1/authors/layout=0/00000-name.csv"):
        assert copy_if_unchanged(zones.s3, (landing, key), item.etag, item.size, (working, target))
        assert zones.content(working, target) == AUTHORS_CSV
    assert delete_if_unchanged(zones.s3, landing, key, item.etag)
    assert zones.landed() == ["untouched.csv"]


@pytest.mark.parametrize("key", KEYS, ids=ascii)
def test_an_odd_key_that_was_overwritten_is_neither_read_nor_copied_nor_deleted(
    zones: LocalZones, key: str
) -> None:
    landing, working = zones.environment.landing_bucket, zones.environment.working_bucket
    zones.land(key)
    item = landed(zones)[key]
    newer = AUTHORS_CSV.replace(b"Ann", b"Bob")
    zones.land(key, newer)
    assert read_head(zones.s3, landing, item, 9) is None
    assert not copy_if_unchanged(zones.s3, (landing, key), item.etag, item.size, (working, "x.csv"))
    assert not delete_if_unchanged(zones.s3, landing, key, item.etag)
    assert zones.content(landing, key) == newer
    assert zones.keys(working) == []


def test_all_odd_keys_are_one_listing_without_doubles_or_gaps(zones: LocalZones) -> None:
    for key in KEYS:
        zones.land(key)
    assert [item.key for item in list_objects(zones.s3, zones.environment.landing_bucket)] == sorted(
        KEYS, key=str.encode
    )
    assert sorted(zones.landed()) == sorted(KEYS)
