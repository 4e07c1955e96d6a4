"""`rebuild`: a table's files on their way from the archive into the landing zone."""

import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import boto3
import pytest
from rich.console import Console
from typer.testing import CliRunner

from catalog import AUTHORS
from contract.keys import copied_key, dataset_folder, empty_folder, file_name, lease_table_name
from contract.plan import Plan, PlannedFile
from lambdas.shared.recognise import dataset_of
from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from operations.__main__ import app
from operations.errors import OperationError
from operations.rebuild.archive import landing_key
from operations.rebuild.command import show
from operations.rebuild.rebuilding import Rebuild
from operations.warehouse import Warehouse
from operations.zones import Zones
from sql import statements
from tests.local_cloud.conftest import Endpoint

pytestmark = pytest.mark.usefixtures("signals")


@pytest.fixture(scope="module")
def zones(endpoint: Endpoint) -> Zones:
    """The zones of a deployment that consists only of the buckets, the lease and the tables."""
    found = Zones.of("goodreads", ACCOUNT, REGION)
    for bucket in (found.landing, found.working):
        (endpoint.state.buckets / bucket).mkdir(parents=True)
    boto3.client("dynamodb").create_table(
        TableName=lease_table_name("goodreads"),
        KeySchema=[{"AttributeName": "lease", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "lease", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    Warehouse().run(*statements.create_tables())
    return found


@pytest.fixture
def rebuild(zones: Zones) -> Rebuild:
    """A rebuild of the authors; nothing is in the ledger, in landing and in the archive."""
    made = Rebuild(dataset=AUTHORS, name="goodreads", zones=zones, warehouse=Warehouse())
    for table in ("ledger", "ledger_files", "files_to_land", "authors", "books"):
        made.warehouse.run(f"delete from goodreads_warehouse.{table}")
    for bucket in (zones.landing, zones.working):
        for item in zones.s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            zones.s3.delete_object(Bucket=bucket, Key=item["Key"])
    hold(None)
    return made


def hold(holder: str | None) -> None:
    """Give the lease to an execution, or to nobody."""
    item = {"lease": {"S": "pipeline"}, **({"holder": {"S": holder}} if holder else {})}
    boto3.client("dynamodb").put_item(TableName=lease_table_name("goodreads"), Item=item)


def planned(run: str, number: int, key: str, **more: object) -> PlannedFile:
    target = dataset_folder(run, "authors") + file_name(number, key)
    values = {"key": key, "etag": f'"{number}"', "size": 9, "target": target, "dataset": "authors", **more}
    return PlannedFile(**values)  # type: ignore[arg-type] # which the caller names


def publish(
    rebuild: Rebuild,
    run: str,
    *files: PlannedFile,
    columns: Sequence[str] = AUTHORS.column_names,
    kept: bool = True,
) -> None:
    """What a run leaves behind: its files in the ledger, its plan and its copies in the archive."""
    for file in files:
        rebuild.warehouse.run(
            "insert into goodreads_warehouse.ledger_files values "
            "(:run, 'authors', :key, :etag, 9, 5, 0, null, true, getdate())",
            run=run,
            key=file.key,
            etag=file.etag,
        )
    put(rebuild, copied_key(run), Plan(run_id=run, files=files).to_json().encode())
    for target in (file.target for file in files if kept):
        put(rebuild, target, content(target, columns))


def content(target: str, columns: Sequence[str] = AUTHORS.column_names) -> bytes:
    """A header and a record of the copy's own."""
    text = f"{','.join(columns)}\n{target}\n".encode()
    return gzip.compress(text, mtime=0) if target.endswith(".gz") else text


def cut_as_an_earlier_version_did(rebuild: Rebuild, file: PlannedFile, parts: int) -> list[str]:
    """Replace the copy of a published file of run r1 by parts; the parts' keys."""
    folder, _, name = file.target.rpartition("/")
    keys = [f"{folder}/{name[:5]}-part={part:05d}-after={part * 7}-{name[6:]}" for part in range(parts)]
    s3, bucket = rebuild.zones.s3, rebuild.zones.working
    s3.delete_object(Bucket=bucket, Key=file.target)
    for key in keys:
        put(rebuild, key, content(key))
    document = json.loads(s3.get_object(Bucket=bucket, Key=copied_key("r1"))["Body"].read())
    for entry in document["files"]:
        entry["parts"] = [{"target": key, "records": 7} for key in keys if entry["key"] == file.key]
    put(rebuild, copied_key("r1"), json.dumps(document).encode())
    return keys


def put(rebuild: Rebuild, key: str, content: bytes) -> None:
    rebuild.zones.s3.put_object(Bucket=rebuild.zones.working, Key=key, Body=content)


def landed(rebuild: Rebuild) -> dict[str, bytes]:
    """Key and content of what is in landing."""
    s3, bucket = rebuild.zones.s3, rebuild.zones.landing
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def to_land(rebuild: Rebuild) -> list[str]:
    _, rows = rebuild.warehouse.run("select file_key from goodreads_warehouse.files_to_land order by 1")
    return [key for (key,) in rows]


def in_ledger(rebuild: Rebuild) -> list[str]:
    _, rows = rebuild.warehouse.run("select file_key from goodreads_warehouse.ledger_files order by 1")
    return [key for (key,) in rows]


@pytest.mark.slow
def test_every_file_of_the_table_is_landed_again_from_the_archive_as_it_was(rebuild: Rebuild) -> None:
    publish(rebuild, "r1", planned("r1", 0, "author.csv"), planned("r1", 1, "authors/old names/b.CSV.gz"))
    publish(rebuild, "r2", planned("r2", 0, "author.csv"))

    rebuild.run(allow_missing=False)

    copies = {
        "authors/rebuild-r1/00000-author.csv": "run=r1/authors/00000-author.csv",
        "authors/rebuild-r1/00001-b.CSV.gz": "run=r1/authors/00001-b.CSV.gz",
        "authors/rebuild-r2/00000-author.csv": "run=r2/authors/00000-author.csv",
    }
    assert landed(rebuild) == {key: content(copy) for key, copy in copies.items()}
    assert (in_ledger(rebuild), to_land(rebuild)) == ([], [])
    assert {dataset_of(key) for key in copies} == {AUTHORS}


@pytest.mark.slow
def test_a_file_that_was_cut_is_landed_again_in_its_parts(rebuild: Rebuild) -> None:
    file = planned("r1", 3, "authors/big.csv")
    publish(rebuild, "r1", file, planned("r1", 4, "authors/whole.csv"))
    parts = cut_as_an_earlier_version_did(rebuild, file, 3)
    cut, whole = rebuild.run(allow_missing=False)
    copies = [*parts, "run=r1/authors/00004-whole.csv"]
    assert landed(rebuild) == {landing_key(AUTHORS, "r1", copy): content(copy) for copy in copies}
    assert (len(cut.copies), len(whole.copies)) == (3, 1)


def test_a_file_that_holds_nothing_is_landed_again_too(rebuild: Rebuild) -> None:
    publish(rebuild, "r1", planned("r1", 0, "author.csv", target=f"{empty_folder('r1')}00000-author.csv"))
    rebuild.run(allow_missing=False)
    assert sorted(landed(rebuild)) == ["authors/rebuild-r1/00000-author.csv"]


def test_what_other_tables_have_in_the_ledger_stays(rebuild: Rebuild) -> None:
    publish(rebuild, "r1", planned("r1", 0, "author.csv"))
    rebuild.warehouse.run("update goodreads_warehouse.ledger_files set dataset = 'books'")
    rebuild.warehouse.run(
        "insert into goodreads_warehouse.books (book_id, record_create_timestamp, record_hash) values (1, getdate(), 1)"
    )
    assert rebuild.run(allow_missing=False) == []
    assert (in_ledger(rebuild), landed(rebuild)) == (["author.csv"], {})
    assert rebuild.warehouse.run("select count(*) from goodreads_warehouse.books")[1] == [(1,)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "gone", ["the plan", "a copy", "one part of two", "the present catalog does not take it"]
)
def test_a_file_that_cannot_be_landed_again_stops_the_rebuild_before_anything_changes(
    rebuild: Rebuild, gone: str
) -> None:
    file = planned("r1", 0, "author.csv")
    columns = AUTHORS.column_names[1:] if "catalog" in gone else AUTHORS.column_names
    publish(rebuild, "r1", file, columns=columns, kept=gone != "a copy")
    publish(rebuild, "r2", planned("r2", 0, "authors/fine.csv"))
    if gone in ("the plan", "one part of two"):
        key = copied_key("r1") if "plan" in gone else cut_as_an_earlier_version_did(rebuild, file, 2)[1]
        rebuild.zones.s3.delete_object(Bucket=rebuild.zones.working, Key=key)

    with pytest.raises(OperationError, match=r"^nothing was changed: 1 of 2 files, with 5 rows") as raised:
        rebuild.run(allow_missing=False)

    why = gone if "catalog" in gone else "the archive holds it no longer"
    assert f"\n  author.csv of run r1: {why}" in str(raised.value)
    assert (in_ledger(rebuild), landed(rebuild)) == (["author.csv", "authors/fine.csv"], {})

    rebuild.run(allow_missing=True)

    assert sorted(landed(rebuild)) == ["authors/rebuild-r2/00000-fine.csv"]
    assert (in_ledger(rebuild), to_land(rebuild)) == ([], ["author.csv"])


@pytest.mark.slow
def test_a_rebuild_that_was_stopped_goes_on_where_it_was(
    rebuild: Rebuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(rebuild, "r1", planned("r1", 0, "author.csv"))

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("operations.rebuild.rebuilding.land_again", stop)
        with pytest.raises(KeyboardInterrupt):
            rebuild.run(allow_missing=False)
    assert (in_ledger(rebuild), to_land(rebuild), landed(rebuild)) == ([], ["author.csv"], {})

    rebuild.run(allow_missing=False)
    assert (sorted(landed(rebuild)), to_land(rebuild)) == (["authors/rebuild-r1/00000-author.csv"], [])


@pytest.fixture
def at_work() -> Iterator[str]:
    """An execution that runs until the test ends; its ARN."""
    client = boto3.client("stepfunctions")
    waits = '{"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 3600, "End": true}}}'
    role = "arn:aws:iam::123456789012:role/waits"
    machine = client.create_state_machine(name="waits", definition=waits, roleArn=role)["stateMachineArn"]
    holder = client.start_execution(stateMachineArn=machine, name="run-7")["executionArn"]
    yield holder
    client.stop_execution(executionArn=holder)


def test_while_a_run_is_at_work_nothing_changes(rebuild: Rebuild, at_work: str) -> None:
    publish(rebuild, "r1", planned("r1", 0, "author.csv"))
    hold(at_work)
    with pytest.raises(OperationError, match=r"^the run run-7 is at work: nothing was changed"):
        rebuild.run(allow_missing=False)
    assert (in_ledger(rebuild), landed(rebuild)) == (["author.csv"], {})


def test_the_lease_of_a_dead_run_is_taken_over_and_given_back_before_the_files_are_landed(
    rebuild: Rebuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(rebuild, "r1", planned("r1", 0, "author.csv"))
    hold("arn:aws:states:us-east-1:123456789012:execution:goodreads:dead")
    seen: list[dict[str, Any]] = []

    def look(*_: object) -> None:
        key = {"lease": {"S": "pipeline"}}
        table = lease_table_name("goodreads")
        seen.append(dict(boto3.client("dynamodb").get_item(TableName=table, Key=key)["Item"]))

    monkeypatch.setattr("operations.rebuild.rebuilding.land_again", look)
    rebuild.run(allow_missing=False)
    assert [sorted(item) for item in seen] == [["fencing_token", "lease"]]


@pytest.mark.slow
def test_files_of_more_runs_than_one_statement_takes_are_all_landed(
    rebuild: Rebuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operations.rebuild.rebuilding._RUNS_AT_ONCE", 2)
    for number in range(5):
        publish(rebuild, f"r{number}", planned(f"r{number}", 0, "author.csv"))
    rebuild.run(allow_missing=False)
    assert len(landed(rebuild)) == 5
    assert to_land(rebuild) == []


def test_looking_first_changes_nothing_and_says_what_would_be_done(rebuild: Rebuild) -> None:
    publish(rebuild, "r1", planned("r1", 0, "author.csv"))
    publish(rebuild, "r2", planned("r2", 0, "authors/[gone].csv"), kept=False)
    console = Console(width=200, record=True)
    show(console, "authors", rebuild.files(), dry_run=True)
    said = console.export_text()
    assert "would empty goodreads_warehouse.authors and land again: 1 file of 1 run, 5 rows" in said
    assert "authors/[gone].csv" in said
    assert "the archive holds it no longer" in said
    assert (in_ledger(rebuild), landed(rebuild)) == (["author.csv", "authors/[gone].csv"], {})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ledger"], "no dataset is named 'ledger'; there are authors, books, reviews, users"),
        (["books"], "there is no warehouse in"),
    ],
)
def test_what_cannot_be_rebuilt_is_told_at_once(tmp_path: Path, arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(app, ["rebuild", *arguments, "--state", str(tmp_path / "none")])
    assert result.exit_code == 1
    assert said in result.stderr
