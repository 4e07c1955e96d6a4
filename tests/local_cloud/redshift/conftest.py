"""A warehouse, its buckets, and real boto3 clients against a real moto server."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer
from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient
from mypy_boto3_redshift_data.type_defs import DescribeStatementResponseTypeDef

from local_cloud.redshift import RedshiftEngine, install

CLUSTER = {"ClusterIdentifier": "goodreads", "Database": "dev", "DbUser": "admin"}


def end_of(engine: RedshiftEngine, identifier: str) -> dict[str, Any]:
    """The description of a statement once it has ended, however long a busy machine takes."""
    while (described := engine.describe_statement({"Id": identifier}))["Status"] not in {
        "ABORTED",
        "FAILED",
        "FINISHED",
    }:
        pass  # DescribeStatement itself waits
    return described


class Session:
    """Statements in, rows or errors out, straight on an engine."""

    def __init__(self, engine: RedshiftEngine) -> None:
        self.engine = engine

    def submit(self, *statements: str, **parameters: str) -> str:
        named = [{"name": name, "value": value} for name, value in parameters.items()]
        request: dict[str, Any] = {**CLUSTER, **({"Parameters": named} if named else {})}
        if len(statements) == 1:
            return str(self.engine.execute_statement({**request, "Sql": statements[0]})["Id"])
        return str(self.engine.batch_execute_statement({**request, "Sqls": list(statements)})["Id"])

    def ended(self, identifier: str) -> dict[str, Any]:
        return end_of(self.engine, identifier)

    def run(self, *statements: str, **parameters: str) -> str:
        """Run to the end, which must be FINISHED; the id."""
        ended = self.ended(self.submit(*statements, **parameters))
        assert ended["Status"] == "FINISHED", ended.get("Error")
        return str(ended["Id"])

    def rows(self, sql: str, **parameters: str) -> list[tuple[Any, ...]]:
        """The values of all rows of a query."""
        result = self.engine.get_statement_result({"Id": self.run(sql, **parameters)})
        assert "NextToken" not in result
        return [
            tuple(None if "isNull" in f else next(iter(f.values())) for f in row) for row in result["Records"]
        ]

    def value(self, expression: str, **parameters: str) -> Any:
        """The one value of `select <expression>`."""
        ((value,),) = self.rows(f"select {expression}", **parameters)
        return value

    def error(self, *statements: str, **parameters: str) -> str:
        """The error of statements that must fail."""
        ended = self.ended(self.submit(*statements, **parameters))
        assert ended["Status"] == "FAILED"
        return str(ended["Error"])


@pytest.fixture(scope="module")
def buckets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("s3")
    (folder / "processed").mkdir()
    return folder


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("warehouse") / "warehouse.duckdb"


@pytest.fixture(scope="module")
def engine(database: Path, buckets: Path) -> Iterator[RedshiftEngine]:
    with RedshiftEngine(database, buckets) as engine:
        yield engine


@pytest.fixture(scope="module")
def session(engine: RedshiftEngine) -> Session:
    return Session(engine)


@pytest.fixture(scope="module")
def endpoint(engine: RedshiftEngine) -> Iterator[Callable[[str], Any]]:
    """Makes boto3 clients of a moto server that has the engine installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        install(engine)
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        patch.setenv("AWS_ENDPOINT_URL", url)
        patch.setenv("MOTO_PORT", str(port))  # where moto's Step Functions finds the other services
        yield lambda service: boto3.client(service, endpoint_url=url)  # type: ignore[call-overload]
        server.stop()


@pytest.fixture(scope="module")
def client(endpoint: Callable[[str], Any]) -> Iterator[RedshiftDataAPIServiceClient]:
    client: RedshiftDataAPIServiceClient = endpoint("redshift-data")
    yield client
    client.close()


@pytest.fixture(scope="module")
def ended(client: RedshiftDataAPIServiceClient) -> Callable[[str], DescribeStatementResponseTypeDef]:
    """The description of a statement once it has ended."""

    def wait(identifier: str) -> DescribeStatementResponseTypeDef:
        while (described := client.describe_statement(Id=identifier))["Status"] not in {
            "FINISHED",
            "FAILED",
            "ABORTED",
        }:
            pass  # DescribeStatement itself waits
        return described

    return wait
