"""A request is known by its signature: what was signed cannot be another request."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from werkzeug.datastructures import Headers

from local_cloud.addresses import ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET, REGION
from local_cloud.identity import KeyRefused, Problem, Received, signer

_TARGET = "/2015-03-31/functions/a%3Ab/invocations?x=1&empty"


def _signed(headers: dict[str, str] | None = None, service: str = "lambda") -> Received:
    host, body = "localhost:5000", b"{}"
    request = AWSRequest("POST", f"http://{host}{_TARGET}", {"Host": host, **(headers or {})}, body)
    kind = S3SigV4Auth if service == "s3" else SigV4Auth
    kind(Credentials(ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET), service, REGION).add_auth(request)
    return Received("POST", _TARGET, Headers(request.headers.items()), None if service == "s3" else body)


@pytest.mark.parametrize("service", ["lambda", "s3"])
def test_what_botocore_signs_is_signed(service: str) -> None:
    signer(_signed(service=service))


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"target": _TARGET.replace("x=1", "x=2")},
        {"target": _TARGET.replace("a%3Ab", "other")},
        {"body": b"[]"},
    ],
)
@pytest.mark.parametrize("digest", [{}, {"X-Amz-Content-SHA256": hashlib.sha256(b"{}").hexdigest()}])
def test_another_request_with_the_same_signature_is_refused(
    change: dict[str, Any], digest: dict[str, str]
) -> None:
    with pytest.raises(KeyRefused) as refused:
        signer(replace(_signed(digest), **change))
    assert refused.value.problem is Problem.SIGNATURE


@pytest.mark.parametrize("name", ["Host", "X-Amz-Date", "X-Amz-Target"])
@pytest.mark.parametrize("value", ["20200101T000000Z", None])
def test_a_signed_header_cannot_be_changed_or_left_out(name: str, value: str | None) -> None:
    request = _signed({"X-Amz-Target": "Lambda.List"})
    signer(request)
    with pytest.raises(KeyRefused):
        signer(_with(request, name, value))


@pytest.mark.parametrize("names", ["host", "x-amz-date"])
def test_a_signature_that_leaves_out_host_or_date_is_refused(names: str) -> None:
    request = _signed()
    words = _headers(request)["Authorization"].replace("host;x-amz-date", names)
    assert names in words
    with pytest.raises(KeyRefused):
        signer(_with(request, "Authorization", words))


def test_a_request_to_s3_has_to_carry_the_digest_of_its_body() -> None:
    with pytest.raises(KeyRefused):
        signer(_with(_signed(service="s3"), "X-Amz-Content-SHA256", None))


def _headers(request: Received) -> Headers:
    assert isinstance(request.headers, Headers)
    return request.headers


def _with(request: Received, name: str, value: str | None) -> Received:
    headers = Headers(_headers(request))
    headers.remove(name)
    if value is not None:
        headers[name] = value
    return replace(request, headers=headers)


def test_a_client_may_leave_the_digest_of_the_body_out_of_its_signature() -> None:
    signer(_signed({"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}))
