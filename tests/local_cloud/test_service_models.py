"""The models of services are read once, however many sessions there are."""

import botocore.session
import pytest
from botocore.loaders import JSONFileLoader

from local_cloud import service_models


def test_a_second_session_reads_no_model_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(botocore.session, "create_loader", botocore.session.create_loader)
    read: list[str] = []
    load = JSONFileLoader.load_file

    def noted(loader: JSONFileLoader, path: str) -> object:
        read.append(path)
        return load(loader, path)

    monkeypatch.setattr(JSONFileLoader, "load_file", noted)
    service_models.read_once()
    first = botocore.session.Session().get_service_model("sqs")
    known = len(read)
    assert botocore.session.Session().get_service_model("sqs").operation_names == first.operation_names
    assert len(read) == known
