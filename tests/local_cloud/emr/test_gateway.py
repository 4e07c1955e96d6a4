"""Hadoop's view of a bucket: what its WebHDFS client sends, and what is in S3 afterwards."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from local_cloud.addresses import ADMINISTRATOR_KEY
from local_cloud.emr.gateway import HadoopGateway
from local_cloud.identity import Keys
from local_cloud.s3 import S3Server
from tests.local_cloud.waiting import PATIENCE


class Hadoop:
    """Asks as Hadoop does."""

    def __init__(self, gateway: HadoopGateway) -> None:
        self._url = (
            gateway.address("zone").replace("webhdfs://", "http://").replace("/zone", "/webhdfs/v1/zone")
        )

    def ask(
        self, method: str, path: str, operation: str, body: Any = None, **query: str
    ) -> requests.Response:
        return requests.request(
            method, f"{self._url}/{path}", params={"op": operation, **query}, data=body, timeout=PATIENCE
        )

    def write(self, path: str, content: bytes) -> None:
        asked = requests.put(
            f"{self._url}/{path}", params={"op": "CREATE"}, allow_redirects=False, timeout=PATIENCE
        )
        assert asked.status_code == 307
        written = requests.put(asked.headers["Location"], data=iter([content]), timeout=PATIENCE)  # in chunks
        assert written.status_code == 201

    def listed(self, path: str) -> list[tuple[str, str, int]]:
        found = self.ask("GET", path, "LISTSTATUS").json()["FileStatuses"]["FileStatus"]
        return [(each["pathSuffix"], each["type"], each["length"]) for each in found]


@pytest.fixture
def zone(tmp_path: Path) -> Path:
    (tmp_path / "zone").mkdir()
    return tmp_path / "zone"


@pytest.fixture
def hadoop(zone: Path) -> Iterator[Hadoop]:
    s3 = S3Server(zone.parent)
    s3.start()
    gateway = HadoopGateway(s3.url)
    gateway.sign_with(Keys(ADMINISTRATOR_KEY, "test"))
    yield Hadoop(gateway)
    gateway.close()
    s3.stop()


def objects(zone: Path) -> dict[str, bytes]:
    return {
        path.relative_to(zone).as_posix(): path.read_bytes() for path in zone.rglob("*") if path.is_file()
    }


def test_what_hadoop_writes_is_an_object_and_can_be_read_from_any_byte(hadoop: Hadoop, zone: Path) -> None:
    hadoop.write("run=1/a b+c%.json", b"0123456789")
    assert objects(zone) == {"run=1/a b+c%.json": b"0123456789"}
    assert hadoop.ask("GET", "run=1/a b+c%25.json", "OPEN").content == b"0123456789"
    assert hadoop.ask("GET", "run=1/a b+c%25.json", "OPEN", offset="4", length="3").content == b"456"
    assert hadoop.ask("GET", "run=1/a b+c%25.json", "OPEN", offset="10").content == b""


def test_a_folder_is_what_keys_have_in_common_or_what_was_made(hadoop: Hadoop) -> None:
    hadoop.write("run=1/books/part-0", b"1")
    hadoop.write("run=1/list", b"22")
    hadoop.ask("PUT", "run=1/_temporary/0", "MKDIRS")
    assert hadoop.listed("run=1") == [
        ("_temporary", "DIRECTORY", 0),
        ("books", "DIRECTORY", 0),
        ("list", "FILE", 2),
    ]
    assert hadoop.listed("run=1/list") == [("", "FILE", 2)]
    assert hadoop.listed("run=1/_temporary/0") == []


def test_what_is_not_there_is_not_found(hadoop: Hadoop) -> None:
    hadoop.write("run=10/list", b"1")
    answer = hadoop.ask("GET", "run=1", "GETFILESTATUS")
    assert answer.status_code == 404
    assert answer.json()["RemoteException"]["javaClassName"] == "java.io.FileNotFoundException"
    assert hadoop.ask("DELETE", "run=1", "DELETE", recursive="true").json() == {"boolean": False}


def test_a_folder_that_is_renamed_takes_its_objects_along_and_no_others(hadoop: Hadoop, zone: Path) -> None:
    hadoop.ask("PUT", "out/_temporary/0", "MKDIRS")
    hadoop.write("out/_temporary/0/task/part-0", b"1")
    hadoop.write("out/_temporary/0/task-2/part-1", b"2")
    hadoop.ask("PUT", "out/_temporary/0/task", "RENAME", destination="/zone/out/done")
    assert objects(zone) == {"out/done/part-0": b"1", "out/_temporary/0/task-2/part-1": b"2"}


def test_a_folder_that_is_deleted_takes_all_below_it_along(hadoop: Hadoop, zone: Path) -> None:
    hadoop.ask("PUT", "out/_temporary/0", "MKDIRS")
    hadoop.write("out/_temporary/0/part-0", b"1")
    hadoop.write("outer", b"2")
    assert hadoop.ask("DELETE", "out", "DELETE", recursive="true").json() == {"boolean": True}
    assert objects(zone) == {"outer": b"2"}
    assert hadoop.ask("GET", "out", "GETFILESTATUS").status_code == 404


def test_what_s3_refuses_hadoop_is_refused_too(zone: Path) -> None:
    s3 = S3Server(zone.parent)
    s3.start()
    gateway = HadoopGateway(s3.url)
    gateway.sign_with(Keys("AKIANOBODY", "x"))
    answer = Hadoop(gateway).ask("GET", "run=1/list", "GETFILESTATUS")
    gateway.close()
    s3.stop()
    assert answer.status_code == 403
    assert "403" in answer.json()["RemoteException"]["message"]


def test_an_operation_that_is_not_supported_says_so(hadoop: Hadoop) -> None:
    answer = hadoop.ask("POST", "list", "APPEND")
    assert "APPEND of WebHDFS is not supported locally" in answer.json()["RemoteException"]["message"]
