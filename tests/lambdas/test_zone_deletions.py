"""Deletions: many with one request, each under its own condition."""

from collections import Counter

import pytest

from lambdas.shared import zone
from tests.lambdas.zones import LocalZones


def versions(zones: LocalZones) -> dict[str, str]:
    return {item.key: item.etag for item in zones.run().landing.objects()}


def asked(zones: LocalZones) -> Counter[str]:
    """Counts the requests from now on."""
    counts = Counter[str]()
    zones.s3.meta.events.register("before-call.s3", lambda model, **_: counts.update([model.name]))
    return counts


def test_many_objects_are_deleted_with_few_requests(
    zones: LocalZones, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zone, "_DELETED_TOGETHER", 2)
    for number in range(5):
        zones.land(f"authors/{number}.csv")
    landed, requests = versions(zones), asked(zones)

    assert zones.run().landing.delete_if_unchanged(list(landed.items())) == [True] * 5
    assert requests == {"DeleteObjects": 3}
    assert zones.landed() == []


def test_what_changed_or_is_gone_is_told_of_each_object_and_the_others_are_deleted(zones: LocalZones) -> None:
    for number in range(4):
        zones.land(f"authors/{number}.csv")
    zones.land("authors/carriage\rreturn.csv")
    landed = versions(zones)
    zones.land("authors/1.csv", b"newer")
    (zones.folder / zones.environment.landing_bucket / "authors" / "2.csv").unlink()
    requests = asked(zones)

    told = zones.run().landing.delete_if_unchanged(list(landed.items()))

    assert dict(zip(landed, told, strict=True)) == {
        "authors/0.csv": True,
        "authors/1.csv": False,
        "authors/2.csv": False,
        "authors/3.csv": True,
        "authors/carriage\rreturn.csv": True,
    }
    assert requests == {"DeleteObjects": 1, "DeleteObject": 3}
    assert zones.landed() == ["authors/1.csv"]


def test_an_error_that_is_no_change_is_raised(zones: LocalZones) -> None:
    zones.land("author.csv")
    landed = versions(zones)
    zones.s3.meta.events.register(
        "after-call.s3.DeleteObjects",
        lambda parsed, **_: parsed.update(Deleted=[], Errors=[{"Key": "author.csv"}]),
    )
    bucket = zones.folder / zones.environment.landing_bucket
    zones.before("DeleteObject", lambda _request: bucket.rmdir())

    with pytest.raises(zones.s3.exceptions.NoSuchBucket):
        zones.run().landing.delete_if_unchanged(list(landed.items()))


def test_nothing_is_asked_for_nothing(zones: LocalZones) -> None:
    requests = asked(zones)
    assert zones.run().landing.delete_if_unchanged([]) == []
    assert not requests
