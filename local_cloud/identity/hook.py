"""Hook into moto: each request has a principal, or is refused before its operation runs."""

from typing import Any

from moto.core.errors import COMMON_ERROR_CODES
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import get_service_model

from local_cloud.identity.principals import KeyRefused, Principal
from local_cloud.identity.requests import caller, refusal


class _Refused(Exception):  # noqa: N818
    """An error that every service may answer with: "Common errors" in AWS's API references."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def install() -> None:
    """Make moto's servers refuse the requests of nobody, in the words of the service that was asked."""
    BaseResponse._dispatch = _dispatch  # noqa: SLF001 - where moto knows the service and has not yet run the operation


def principal_in(response: Any) -> Principal:
    """The principal of the request that this response of moto answers. Raises KeyRefused."""
    return caller(response.headers, response.normalized_request.args)


def refused(response: Any, code: str, message: str, status: int) -> Any:
    """What `_dispatch` or an operation of moto returns to refuse, in the protocol of the service."""
    if code not in COMMON_ERROR_CODES:  # moto warns of codes that the service's model lacks
        COMMON_ERROR_CODES.append(code)
    _, headers, body = response.serialized(ActionResult(_Refused(code, message)))
    headers["status"] = status
    return status, headers, body


def _dispatch(response: Any, request: Any, full_url: str | None = None, headers: Any = None) -> Any:
    response.setup_class(request, full_url, headers)
    if response.is_werkzeug_request:
        try:
            principal_in(response)
        except KeyRefused as error:
            protocol = get_service_model(response.boto3_service_name).metadata["protocol"]
            told = refusal(error.problem, protocol)
            return refused(response, told.code, told.message, told.status)
    return response.call_action()
