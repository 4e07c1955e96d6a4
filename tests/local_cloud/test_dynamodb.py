"""DynamoDB items that outlive the endpoint."""

import errno
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from local_cloud import dynamodb

LEASE = {"lease": {"S": "pipeline"}, "fencing_token": {"N": "7"}, "notes": {"M": {"of": {"L": [{"S": "ä"}]}}}}


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def new_table() -> Any:
    """A client of a moto backend that has just made the table."""
    client = boto3.client("dynamodb")
    client.create_table(
        TableName="goodreads-lease",
        KeySchema=[{"AttributeName": "lease", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "lease", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return client


def items(client: Any) -> list[dict[str, object]]:
    return [dict(item) for item in client.scan(TableName="goodreads-lease")["Items"]]


def test_items_are_back_when_a_new_endpoint_makes_the_table_again(tmp_path: Path) -> None:
    dynamodb.install(tmp_path)
    with mock_aws():
        new_table().put_item(TableName="goodreads-lease", Item=LEASE)
    with mock_aws():
        assert items(new_table()) == [LEASE]


def test_updates_and_deletions_are_kept_as_well(tmp_path: Path) -> None:
    dynamodb.install(tmp_path)
    with mock_aws():
        client = new_table()
        for lease in ("pipeline", "other"):
            client.put_item(TableName="goodreads-lease", Item={"lease": {"S": lease}})
        client.update_item(
            TableName="goodreads-lease",
            Key={"lease": {"S": "pipeline"}},
            UpdateExpression="set holder = :me",
            ExpressionAttributeValues={":me": {"S": "run-1"}},
        )
        client.delete_item(TableName="goodreads-lease", Key={"lease": {"S": "other"}})
    with mock_aws():
        assert items(new_table()) == [{"lease": {"S": "pipeline"}, "holder": {"S": "run-1"}}]


def test_a_table_that_was_deleted_starts_empty(tmp_path: Path) -> None:
    dynamodb.install(tmp_path)
    with mock_aws():
        client = new_table()
        client.put_item(TableName="goodreads-lease", Item=LEASE)
        client.delete_table(TableName="goodreads-lease")
        assert items(new_table()) == []


def test_a_refused_change_is_not_kept(tmp_path: Path) -> None:
    dynamodb.install(tmp_path)
    with mock_aws():
        client = new_table()
        client.put_item(TableName="goodreads-lease", Item=LEASE)
        with pytest.raises(client.exceptions.ConditionalCheckFailedException):
            client.put_item(
                TableName="goodreads-lease",
                Item={"lease": {"S": "pipeline"}},
                ConditionExpression="attribute_not_exists(lease)",
            )
    assert json.loads((tmp_path / "goodreads-lease.json").read_text()) == [LEASE]


def test_a_crash_while_writing_leaves_the_items_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dynamodb.install(tmp_path)
    with mock_aws():
        client = new_table()
        client.put_item(TableName="goodreads-lease", Item=LEASE)

        def half(descriptor: int) -> None:
            os.ftruncate(descriptor, os.fstat(descriptor).st_size // 2)
            raise KeyboardInterrupt

        monkeypatch.setattr(os, "fsync", half)
        with pytest.raises(KeyboardInterrupt):
            client.put_item(TableName="goodreads-lease", Item={"lease": {"S": "second"}})
    monkeypatch.undo()
    assert json.loads((tmp_path / "goodreads-lease.json").read_text()) == [LEASE]


def test_changes_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    dynamodb.install(tmp_path)
    with mock_aws():
        client = new_table()
        with ThreadPoolExecutor(8) as pool:
            for done in [
                pool.submit(client.put_item, TableName="goodreads-lease", Item={"lease": {"S": f"{n:02}"}})
                for n in range(40)
            ]:
                done.result()
    kept = json.loads((tmp_path / "goodreads-lease.json").read_text())
    assert sorted(item["lease"]["S"] for item in kept) == [f"{n:02}" for n in range(40)]


def test_only_one_of_many_takes_the_lease(tmp_path: Path) -> None:
    dynamodb.install(tmp_path)

    def take(holder: int) -> bool:
        try:
            client.put_item(
                TableName="goodreads-lease",
                Item={"lease": {"S": "pipeline"}, "holder": {"N": str(holder)}},
                ConditionExpression="attribute_not_exists(lease)",
            )
        except client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    with mock_aws():
        client = new_table()
        with ThreadPoolExecutor(8) as pool:
            taken = list(pool.map(take, range(20)))
        assert items(client) == [{"lease": {"S": "pipeline"}, "holder": {"N": str(taken.index(True))}}]
    assert taken.count(True) == 1


def test_the_newest_folder_is_the_only_one_that_is_written(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        dynamodb.install(folder)
    with mock_aws():
        new_table().put_item(TableName="goodreads-lease", Item=LEASE)
    assert list(first.iterdir()) == []
    assert [path.name for path in second.iterdir()] == ["goodreads-lease.json"]


def test_a_change_that_a_full_disk_does_not_take_is_refused_with_that_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    dynamodb.install(tmp_path)
    with mock_aws():
        client = new_table()
        monkeypatch.setattr(dynamodb, "write_document", full)
        with pytest.raises(client.exceptions.InternalServerError, match="disk full: "):
            client.put_item(TableName="goodreads-lease", Item=LEASE)
