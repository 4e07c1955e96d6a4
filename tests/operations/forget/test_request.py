"""A request to forget, on the local endpoint: complete, repeatable, and never beside a run."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient

from catalog import USERS
from contract.keys import lease_table_name
from operations.errors import OperationError
from operations.forget.request import forget_everywhere, look_everywhere
from operations.forget.rows import Rows
from operations.forget.subject import Subject
from operations.forget.zones import Found
from operations.lease import Lease
from operations.warehouse import Warehouse
from tests.operations.forget.conftest import ME, OTHER, REVIEWS_FILE, RUN, SENDING, Deployed

pytestmark = pytest.mark.slow

SUBJECT = Subject(USERS, ME)
ROWS = {
    f"goodreads_{schema}.{table}": 1 for schema in ("warehouse", "staging") for table in ("users", "reviews")
}
IN_ZONES = {
    "landing": Found(2, 2),
    "working": Found(2, 2),
    "processed": Found(1, 1),
    "quarantine": Found(2, 2),
}
CHANGING = {"UpdateItem", "BatchExecuteStatement", "PutObject", "DeleteObject"}

Outcome = tuple[dict[str, int], dict[str, Found]]


def forget(place: Deployed, subject: Subject = SUBJECT, *, also_later: bool = False) -> Outcome:
    stored = Rows(Warehouse())
    return forget_everywhere(
        subject, stored, place.places(stored), Lease("goodreads", subject.command), also_later=also_later
    )


def look(place: Deployed) -> Outcome:
    stored = Rows(Warehouse())
    return look_everywhere(SUBJECT, stored, place.places(stored))


def image(place: Deployed) -> tuple[Any, ...]:
    """Everything that a request can change, but for the fencing token, which counts the tries."""
    return (
        place.objects(),
        *(
            place.query(f"select user_id from {schema}.{table} order by 1")
            for schema in ("goodreads_warehouse", "goodreads_staging")
            for table in ("users", "reviews")
        ),
        place.query(
            "select subject, dataset, rows_forgotten from goodreads_warehouse.ledger_forgotten order by 2"
        ),
        {name: value for name, value in place.lease().items() if name != "fencing_token"},
    )


def test_what_is_found_is_told_by_place_and_a_dry_run_changes_nothing(place: Deployed) -> None:
    before = image(place), place.lease()
    assert look(place) == (ROWS, IN_ZONES)
    assert (image(place), place.lease()) == before
    assert forget(place) == (ROWS, IN_ZONES)


def test_nothing_of_the_person_is_left_anywhere_and_everything_of_others_is(place: Deployed) -> None:
    before = place.objects()
    forget(place)
    after = place.objects()
    assert [key for key, content in after.items() if str(ME).encode() in content] == []
    assert set(before) - set(after) == {
        "landing/users/published.csv",
        f"processed/{RUN}/users/.part-0.parquet.crc",  # the checksum of what the file held before
    }
    others = [key for key, content in before.items() if str(OTHER).encode() in content]
    assert [key for key in others if key in after and str(OTHER).encode() not in after[key]] == []
    assert place.query("select user_id from goodreads_warehouse.reviews") == [(OTHER,)]
    assert place.violated() == []


def test_a_landed_file_stays_to_be_landed_once(place: Deployed) -> None:
    """One that was published is deleted, as the next run would; any other one is taken by the next run, without the person."""
    forget(place)
    landed = {key: content for key, content in place.objects().items() if key.startswith("landing/")}
    header, *_ = REVIEWS_FILE.partition(b"\n")
    assert list(landed) == ["landing/reviews/new.csv"]
    assert landed["landing/reviews/new.csv"].startswith(header + b"\n2,")


def test_a_second_request_finds_nothing_and_changes_nothing(place: Deployed) -> None:
    forget(place)
    before = image(place)
    assert forget(place) == ({}, {zone: Found() for zone in IN_ZONES})
    assert image(place) == before


def test_the_next_run_is_told_to_check_and_to_rebuild_the_analytics(place: Deployed) -> None:
    forget(place)
    assert place.lease() == {
        "lease": {"S": "pipeline"},
        "fencing_token": {"N": "1"},
        "unfinished_run": {"S": "forget"},
    }


def test_the_note_of_a_run_that_did_not_finish_stays(place: Deployed) -> None:
    hold(unfinished_run="r1")
    forget(place)
    assert place.lease()["unfinished_run"] == {"S": "r1"}


class KilledError(Exception):
    """The process has died: nothing that it does afterwards has an effect."""


@contextmanager
def killed_before(number: int) -> Iterator[Counter[str]]:
    """The process dies when it is about to send its `number`-th request that changes something; counts these requests."""
    sent = Counter[str]()
    one_at_a_time = threading.Lock()

    def counted(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        with one_at_a_time:
            sent["changing"] += operation in CHANGING
            if sent["changing"] >= number:
                raise KilledError
        return call(client, operation, parameters)

    call = getattr(BaseClient, SENDING)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseClient, SENDING, counted)
        yield sent


def test_a_request_that_was_killed_anywhere_is_completed_by_the_same_request(place: Deployed) -> None:
    with killed_before(100) as sent:
        forget(place)
    assert sent["changing"] == 14  # lease, note, tables, deletion; seven objects, two checksums; lease
    expected = image(place)
    for number in range(1, sent["changing"] + 1):
        place.fill()
        with killed_before(number), suppress(KilledError):
            forget(place)
        assert place.violated() == [], number
        forget(place)
        assert image(place) == expected, number


def hold(**attributes: str) -> None:
    item = {"lease": {"S": "pipeline"}, **{name: {"S": value} for name, value in attributes.items()}}
    boto3.client("dynamodb").put_item(TableName=lease_table_name("goodreads"), Item=item)


def test_while_a_run_is_at_work_nothing_is_changed(place: Deployed) -> None:
    client = boto3.client("stepfunctions")
    definition = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 3600, "End": True}}}
    role = "arn:aws:iam::123456789012:role/waits"
    machine = client.create_state_machine(name="waits", definition=json.dumps(definition), roleArn=role)
    arn = client.start_execution(stateMachineArn=machine["stateMachineArn"], name="r7")["executionArn"]
    hold(holder=arn)
    before = image(place)
    with pytest.raises(OperationError, match=r"^the run r7 is at work: nothing was changed"):
        forget(place)
    assert image(place) == before
    client.stop_execution(executionArn=arn)
    assert forget(place) == (ROWS, IN_ZONES)  # the run is dead: its lease is taken over
    assert "holder" not in place.lease()


def test_a_dead_run_that_nobody_knows_does_not_block_a_request(place: Deployed) -> None:
    hold(holder="arn:aws:states:us-east-1:123456789012:execution:goodreads:gone")
    assert forget(place) == (ROWS, IN_ZONES)


def test_another_request_waits_for_the_first(place: Deployed) -> None:
    hold(holder="command:forget/users/7")
    with pytest.raises(OperationError, match=r"another command holds the lease: forget/users/7\."):
        forget(place)


def test_a_run_that_begins_at_the_same_moment_wins(place: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    call = getattr(BaseClient, SENDING)

    def overtaken(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        if operation == "UpdateItem":
            hold(holder="arn:aws:states:us-east-1:123456789012:execution:goodreads:faster")
        return call(client, operation, parameters)

    before = image(place)
    with monkeypatch.context() as patch:
        patch.setattr(BaseClient, SENDING, overtaken)
        with pytest.raises(OperationError, match=r"^a run has just begun"):
            forget(place)
    assert image(place)[:-1] == before[:-1]


def test_the_doubtful_file_is_named(place: Deployed) -> None:
    place.put("quarantine", f"{RUN}/files/00002-odd.bin", f"nobody knows {ME}".encode())
    _, found = forget(place)
    assert found["quarantine"].doubtful == [f"s3://{place.bucket('quarantine')}/{RUN}/files/00002-odd.bin"]
