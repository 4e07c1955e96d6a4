"""What is known of services is read once, however many sessions and requests there are."""

import os

import botocore.session
import pytest
from botocore.loaders import JSONFileLoader
from moto import backends

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


def test_the_services_of_moto_are_listed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = set(backends.list_of_moto_modules())
    monkeypatch.setattr(backends, "list_of_moto_modules", backends.list_of_moto_modules)
    monkeypatch.setattr(botocore.session, "create_loader", botocore.session.create_loader)
    service_models.read_once()
    assert set(backends.list_of_moto_modules()) == listed

    def listdir(path: str) -> list[str]:
        raise AssertionError(f"{path} is listed again")

    monkeypatch.setattr(os, "listdir", listdir)
    assert "stepfunctions" in backends.list_of_moto_modules()
