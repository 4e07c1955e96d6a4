"""A deployment without a state machine: four zones, a warehouse and a lease on the local endpoint."""

import json
from dataclasses import dataclass
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from mypy_boto3_s3 import S3Client

from catalog import REVIEWS, USERS
from contract.checks import checks_key
from contract.keys import bucket_name, lease_table_name
from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.state import StateFolder
from operations.forget.rows import Rows
from operations.forget.zones import Place, places_of
from operations.query import query_here
from operations.warehouse import Warehouse
from operations.zones import Zones
from sql import checks, statements
from tests.e2e.records import NOON, csv_file
from tests.local_cloud.conftest import Endpoint
from tests.operations.conftest import endpoint, environment
from tests.sql.engine import Result, filled

__all__ = ["endpoint", "environment"]

ZONES = ("landing", "working", "processed", "quarantine")
ME, OTHER = 9070707070, 9071717171
RUN = "run=r1"
SENDING = "_make_api_call"
"""Every request of every client goes through this method of botocore."""


def user(key: int) -> dict[str, str]:
    return {"user_id": str(key), "user_name": f"name of {key}", "record_create_timestamp": NOON}


def review(key: int, writer: int) -> dict[str, str]:
    text = f"words\nof {writer}"
    return {
        "review_id": str(key),
        "user_id": str(writer),
        "review_text": text,
        "record_create_timestamp": NOON,
    }


USERS_FILE = csv_file([user(ME), user(OTHER)], USERS)
REVIEWS_FILE = csv_file([review(1, ME), review(2, OTHER)], REVIEWS)


@dataclass(frozen=True)
class Deployed:
    """Everything that `forget` reaches, filled with two users and a review of each."""

    state: StateFolder
    s3: S3Client

    def bucket(self, zone: str) -> str:
        return bucket_name("goodreads", zone, ACCOUNT, REGION)

    def put(self, zone: str, key: str, content: bytes) -> str:
        """Write an object; its ETag."""
        return self.s3.put_object(Bucket=self.bucket(zone), Key=key, Body=content)["ETag"]

    def fill(self) -> None:
        """Empty everything, then let each zone hold both users."""
        for zone in ZONES:
            for entry in self.s3.list_objects_v2(Bucket=self.bucket(zone)).get("Contents", []):
                self.s3.delete_object(Bucket=self.bucket(zone), Key=entry["Key"])
        published = self.put("landing", "users/published.csv", USERS_FILE)
        self.put("landing", "reviews/new.csv", REVIEWS_FILE)
        self.put("working", f"{RUN}/users/00000-user.csv", USERS_FILE)
        self.put("working", f"{RUN}/plan.json", b"{}")
        violated = [{"table": "users", "rule": "range", "examples": [str(ME), str(OTHER)]}]
        results = {"stage": "AuditStaging", "checks": violated}
        self.put("working", checks_key("r1", "AuditStaging"), json.dumps(results).encode())
        self.put("processed", f"{RUN}/users/part-0.parquet", _parquet({"user_id": [ME, OTHER]}))
        self.put("processed", f"{RUN}/users/.part-0.parquet.crc", b"of the whole file")
        lines = [{"dataset": "users", "raw": None, "row": user(key)} for key in (ME, OTHER)]
        self.put(
            "quarantine",
            f"{RUN}/users/part-0.json",
            "".join(f"{json.dumps(line)}\n" for line in lines).encode(),
        )
        self.put("quarantine", f"{RUN}/files/00001-odd.csv", REVIEWS_FILE)
        self.put("quarantine", f"{RUN}/files/00001-odd.csv.reason.json", b"{}")
        self._fill_warehouse(published)
        boto3.client("dynamodb").put_item(
            TableName=lease_table_name("goodreads"), Item={"lease": {"S": "pipeline"}}
        )

    def _fill_warehouse(self, etag: str) -> None:
        tables = ("users", "reviews", "ledger", "ledger_files", "ledger_forgotten", "left_out")
        row = "record_create_timestamp, record_hash) values"
        self.sql(
            *(f"delete from goodreads_warehouse.{table}" for table in tables),
            *(f"delete from goodreads_staging.{table}" for table in ("users", "reviews")),
            *(
                statement
                for schema in ("goodreads_warehouse", "goodreads_staging")
                for statement in (
                    f"insert into {schema}.users (user_id, {row} ({ME}, getdate(), 1), ({OTHER}, getdate(), 1)",
                    f"insert into {schema}.reviews (review_id, user_id, {row} (1, {ME}, getdate(), 1), (2, {OTHER}, getdate(), 1)",
                )
            ),
            *(
                f"insert into goodreads_warehouse.ledger values ('r1', '{table}', 1, 2, 2, 0, 0, 0, 0, true, true, getdate())"
                for table in ("users", "reviews")
            ),
            "insert into goodreads_warehouse.ledger_files values "
            f"('r1', 'users', 'users/published.csv', '{etag}', 1, 2, 0, null, true, getdate())",
        )

    def sql(self, *sqls: str) -> None:
        """Run statements as one transaction."""
        Warehouse().run(*sqls)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        return query_here(self.state, sql)[1]

    def violated(self) -> list[Result]:
        """The checks of the warehouse that are violated, and block."""
        *counted, selected = filled(checks.warehouse_checks())
        self.sql(*counted)
        results = [Result(*row) for row in self.query(selected)]
        return [result for result in results if result.severity == "block" and result.violations != 0]

    def objects(self) -> dict[str, bytes]:
        """Every object of every zone."""
        return {
            f"{zone}/{entry['Key']}": self.s3.get_object(Bucket=self.bucket(zone), Key=entry["Key"])[
                "Body"
            ].read()
            for zone in ZONES
            for entry in self.s3.list_objects_v2(Bucket=self.bucket(zone)).get("Contents", [])
        }

    def lease(self) -> dict[str, Any]:
        found = boto3.client("dynamodb").get_item(
            TableName=lease_table_name("goodreads"), Key={"lease": {"S": "pipeline"}}
        )
        return dict(found["Item"])

    def places(self, stored: Rows) -> list[Place]:
        return places_of(Zones.of("goodreads", ACCOUNT, REGION), stored.has_published)


def _parquet(columns: dict[str, list[int]]) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    return bytes(sink.getvalue())


@pytest.fixture(scope="module")
def empty_place(endpoint: Endpoint) -> Deployed:
    place = Deployed(endpoint.state, boto3.client("s3"))
    for zone in ZONES:
        (endpoint.state.buckets / place.bucket(zone)).mkdir(parents=True)
    boto3.client("dynamodb").create_table(
        TableName=lease_table_name("goodreads"),
        AttributeDefinitions=[{"AttributeName": "lease", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "lease", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    place.sql(*statements.create_tables(), *statements.create_staging())
    return place


@pytest.fixture
def place(empty_place: Deployed) -> Deployed:
    empty_place.fill()
    return empty_place
