"""Hook into moto: each request has a principal, or is refused before its operation runs."""

import uuid
from collections.abc import Callable
from io import BytesIO
from typing import Any

from moto.core.errors import COMMON_ERROR_CODES
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import get_service_model
from moto.s3.exceptions import S3ClientError
from moto.s3.responses import S3Response

from local_cloud.identity.principals import KeyRefused, Kind, Principal
from local_cloud.identity.requests import caller, refusal, signer
from local_cloud.identity.signatures import Received

_of_s3 = {name: getattr(S3Response, name) for name in ("_bucket_response", "_key_response")}


class _Refused(Exception):  # noqa: N818
    """An error that every service may answer with: "Common errors" in AWS's API references."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def install() -> None:
    """Make moto's servers refuse the requests of nobody, in the words of the service that was asked."""
    BaseResponse._dispatch = _dispatch  # noqa: SLF001 - where moto knows the service and has not yet run the operation
    for name, answer in _of_s3.items():  # moto's S3 has a way in of its own
        setattr(S3Response, name, _for_administrators(answer))


def principal_in(response: Any) -> Principal:
    """The principal of the request that this response of moto answers. Raises KeyRefused."""
    return caller(response.headers)


def refused(response: Any, code: str, message: str, status: int) -> Any:
    """What `_dispatch` or an operation of moto returns to refuse, in the protocol of the service."""
    if code not in COMMON_ERROR_CODES:  # moto warns of codes that the service's model lacks
        COMMON_ERROR_CODES.append(code)
    _, headers, body = response.serialized(ActionResult(_Refused(code, message)))
    headers["status"] = status
    headers["x-amzn-requestid"] = str(uuid.uuid4())
    return status, headers, body


def _dispatch(response: Any, request: Any, full_url: str | None = None, headers: Any = None) -> Any:
    received = _received(request) if request.from_wsgi_server else None
    response.setup_class(request, full_url, headers)
    if received:
        try:
            signer(received)
        except KeyRefused as error:
            protocol = get_service_model(response.boto3_service_name).metadata["protocol"]
            told = refusal(error.problem, protocol)
            return refused(response, told.code, told.message, told.status)
    return response.call_action()


def _received(request: Any) -> Received:
    """The request before moto reads it: a form has no body afterwards, and a compressed body is another one."""
    body = request.stream.read()
    request.stream = BytesIO(body)
    return Received(request.method, request.environ["REQUEST_URI"], request.headers, body)


def _for_administrators(answer: Callable[..., Any]) -> Callable[..., Any]:
    """The S3 of moto judges nobody: roles find their objects at the S3 server."""

    def answer_or_refuse(response: Any, request: Any, *args: Any) -> Any:
        if request.from_wsgi_server:
            received = Received(request.method, request.environ["REQUEST_URI"], request.headers)
            try:
                principal = signer(received)
            except KeyRefused as error:
                told = refusal(error.problem, "s3")
                raise S3ClientError(told.code, told.message) from None
            if principal.kind is not Kind.ADMINISTRATOR:
                where = "objects are served at AWS_ENDPOINT_URL_S3, not at AWS_ENDPOINT_URL"
                raise S3ClientError("AccessDenied", f"User: {principal.caller_arn}: {where}")
        return answer(response, request, *args)

    return answer_or_refuse
