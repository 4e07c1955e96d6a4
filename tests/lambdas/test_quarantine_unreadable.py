import json
from dataclasses import asdict

import pytest
from boto3.s3.transfer import TransferConfig

from contract.plan import Remark, Unreadable
from lambdas import quarantine_unreadable
from lambdas.shared import zone
from tests.lambdas.runs import confirm, copy, plan
from tests.lambdas.zones import AUTHORS_CSV, REVIEWS_CSV, LocalZones


def quarantine(zones: LocalZones, problems: dict[str, str]) -> dict[str, object]:
    """Tell, as the Spark job does, which files it could not read."""
    told = [
        Unreadable(run_id="r1", dataset="authors", key=key, target="any", problem=text)
        for key, text in problems.items()
    ]
    lines = "".join(json.dumps(asdict(file)) + "\n" for file in told)
    if lines:
        zones.s3.put_object(
            Bucket=zones.environment.quarantine_bucket,
            Key="run=r1/unreadable/part-0.json",
            Body=lines.encode(),
        )
    return quarantine_unreadable.handler({"run_id": "r1", "plan": confirm()}, None)


def copied(zones: LocalZones) -> None:
    zones.land("author.csv")
    zones.land("authors/naïve \u2028 name.csv", AUTHORS_CSV + b"\n")
    zones.land("reviews.csv", REVIEWS_CSV)
    for batch in plan(zones):
        copy(batch=batch)


def test_what_spark_could_not_read_is_kept_whole_with_the_reason(zones: LocalZones) -> None:
    copied(zones)
    made = quarantine(zones, {"authors/naïve \u2028 name.csv": "a quote is never closed"})
    assert (made["files"], made["quarantined_files"], made["has_rows"]) == (2, 1, True)
    assert made["notes"] == ["authors/naïve \u2028 name.csv: a quote is never closed"]
    bucket = zones.environment.quarantine_bucket
    (reason,) = (key for key in zones.keys(bucket) if key.endswith(".reason.json"))
    assert zones.content(bucket, reason.removesuffix(".reason.json")) == AUTHORS_CSV + b"\n"
    found = json.loads(zones.content(bucket, reason))
    assert (found["key"], found["problem"]) == ("authors/naïve \u2028 name.csv", "a quote is never closed")


def test_what_spark_remarks_about_files_is_a_note_of_the_run_once(zones: LocalZones) -> None:
    copied(zones)
    said = [("author.csv", "3 records hold nothing"), *((f"part-{n}.csv", "backslashes") for n in range(7))]
    lines = [json.dumps(asdict(Remark(run_id="r1", key=key, remark=remark))) for key, remark in said]
    zones.s3.put_object(
        Bucket=zones.environment.quarantine_bucket,
        Key="run=r1/remarks/part-0.json",
        Body="".join(f"{line}\n" for line in lines).encode(),
    )
    before = confirm()
    made = quarantine(zones, {})
    several = "part-0.csv, part-1.csv, part-2.csv and 4 more: backslashes"
    assert made == before | {"notes": ["author.csv: 3 records hold nothing", several]}


def test_a_copy_that_was_made_in_parts_has_an_etag_of_its_own_and_is_kept_too(
    zones: LocalZones, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = 5 * 1024 * 1024
    in_parts = TransferConfig(
        multipart_threshold=part, multipart_chunksize=part, preferred_transfer_client="classic"
    )
    monkeypatch.setattr(zone, "COPYING", in_parts)
    content = AUTHORS_CSV + b"\n" * part
    zones.land("author.csv", content)
    plan(zones)
    copy()
    made = quarantine(zones, {"author.csv": "cut off"})
    (key,) = (key for key in zones.keys(zones.environment.quarantine_bucket) if key.endswith("author.csv"))
    assert zones.content(zones.environment.quarantine_bucket, key) == content
    assert made["quarantined_files"] == 1


def test_without_an_unreadable_file_nothing_is_written_and_the_plan_stays(zones: LocalZones) -> None:
    copied(zones)
    made = quarantine(zones, {})
    assert (made["files"], made["quarantined_files"], made["window"]) == (3, 0, "kept")
    assert zones.keys(zones.environment.quarantine_bucket) == []


def test_a_second_try_goes_on_where_the_first_one_ended(zones: LocalZones) -> None:
    copied(zones)
    quarantine(zones, {"author.csv": "cut off"})
    copies: list[str] = []
    zones.before("CopyObject", lambda request: copies.append(request["url_path"].rpartition("/")[2]))
    problems = {"author.csv": "cut off", "reviews.csv": "cut off"}
    plan = quarantine_unreadable.quarantine(zones.run(), problems)
    assert [name.partition("-")[2] for name in copies] == ["reviews.csv"]
    assert {file.key for file in plan.files if file.problem} == set(problems)


@pytest.mark.slow
def test_doing_it_twice_changes_nothing(zones: LocalZones) -> None:
    copied(zones)
    problems = {"author.csv": "cut off"}
    once = quarantine(zones, problems)
    before = zones.keys(zones.environment.quarantine_bucket)
    assert quarantine(zones, problems) == once
    assert zones.keys(zones.environment.quarantine_bucket) == before
