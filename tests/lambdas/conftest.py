"""Real servers: S3 over a folder, where every test gets buckets of its own, and the Data API of a warehouse."""

import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer
from mypy_boto3_s3 import S3Client

from lambdas.shared.environment import Environment
from local_cloud.redshift import RedshiftEngine, install
from local_cloud.s3.server import S3Server
from tests.lambdas.warehouse import STATEMENTS_ROLE, STATEMENTS_ROLE_ARN, Ledger
from tests.lambdas.zones import LocalZones
from tests.local_cloud.roles import role

os.environ["POWERTOOLS_METRICS_NAMESPACE"] = "Test"  # Powertools reads it when a handler is imported
_numbers = itertools.count()


@dataclass(frozen=True)
class Server:
    folder: Path
    url: str


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("s3")
    server = S3Server(folder)
    server.start()
    yield Server(folder, server.url)
    server.stop()


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.fixture
def zones(s3_server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalZones]:
    """Empty zones; boto3 and the environment variables lead to them."""
    prefix = f"test-{next(_numbers)}"
    environment = Environment(
        landing_bucket=f"{prefix}-landing",
        working_bucket=f"{prefix}-working",
        quarantine_bucket=f"{prefix}-quarantine",
        reports_bucket=f"{prefix}-reports",
        batch_max_files=10_000,
        batch_max_bytes=10**9,
        copy_files_per_task=2,
        copy_bytes_per_task=10**9,
        analytics_window_days=30,
        statements_role_arn=STATEMENTS_ROLE_ARN,
    )
    for zone in ("landing", "working", "quarantine", "reports"):
        bucket = f"{prefix}-{zone}"
        (s3_server.folder / bucket).mkdir()
    for name, value in environment.as_variables().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3_server.url)
    s3: S3Client = boto3.client("s3")
    yield LocalZones(s3_server.folder, s3, environment)
    s3.close()


@pytest.fixture
def with_settings(zones: LocalZones) -> Callable[..., Environment]:
    """The environment of `zones` with some settings changed."""
    return lambda **settings: replace(zones.environment, **settings)


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ledger, str]]:
    """A warehouse with empty tables, and the address of its Data API."""
    folder = tmp_path_factory.mktemp("warehouse")
    with RedshiftEngine(folder / "warehouse.duckdb", folder) as engine:
        install(engine)
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        ledger = Ledger(engine)
        ledger.create_tables()
        yield ledger, f"http://{host}:{port}"
        server.stop()


@pytest.fixture
def ledger(warehouse: tuple[Ledger, str], zones: LocalZones, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """The ledger, empty; boto3 leads to its warehouse, and to the role of its statements."""
    assert zones  # they set the functions' environment
    found, address = warehouse
    install(found.engine)
    found.run("delete from goodreads_warehouse.ledger")
    for service in ("IAM", "REDSHIFT_DATA", "STS"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", address)
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "reads-a-statement")
    role(STATEMENTS_ROLE, "lambda.amazonaws.com")
    return found
