"""The principal of an HTTP request, and what AWS answers if there is none."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from local_cloud.identity.principals import KeyRefused, Principal, Problem, principal_of

_KEY = re.compile(
    r"Credential=([^/,\s]+)/"
)  # AWS4-HMAC-SHA256 Credential=<key>/<date>/<region>/<service>/aws4_request, ...


def caller(headers: Mapping[str, str], query: Mapping[str, str]) -> Principal:
    """Who signed the request, in its headers or, as a presigned address does, in its query.

    The signature itself is not checked: nobody here keeps a secret from the others. Raises KeyRefused.
    """
    signed = _KEY.match(headers.get("Authorization", "").partition(" ")[2])
    if signed:
        return principal_of(signed[1], headers.get("X-Amz-Security-Token"))
    if presigned := query.get("X-Amz-Credential"):
        return principal_of(presigned.partition("/")[0], query.get("X-Amz-Security-Token"))
    raise KeyRefused(Problem.MISSING)


@dataclass(frozen=True)
class Refusal:
    """An error as a service words it, and the HTTP status of the answer."""

    code: str
    message: str
    status: int


_INVALID = "The security token included in the request is invalid."
_ENDED = "The security token included in the request is expired"
_MISSING = "Request is missing Authentication Token"
_UNSIGNED = Refusal("MissingAuthenticationToken", _MISSING, 403)
_QUERY = {
    Problem.UNKNOWN: Refusal("InvalidClientTokenId", _INVALID, 403),
    Problem.EXPIRED: Refusal("ExpiredToken", _ENDED, 403),
    Problem.MISSING: _UNSIGNED,
}
_JSON = {
    Problem.UNKNOWN: Refusal("UnrecognizedClientException", _INVALID, 403),
    Problem.EXPIRED: Refusal("ExpiredTokenException", _ENDED, 403),
    Problem.MISSING: Refusal("MissingAuthenticationTokenException", _MISSING, 403),
}
_REFUSALS = {
    "json": _JSON,
    "rest-json": _JSON,
    "query": _QUERY,
    "rest-xml": _QUERY,
    "ec2": {
        Problem.UNKNOWN: Refusal(
            "AuthFailure", "AWS was not able to validate the provided access credentials", 401
        ),
        Problem.EXPIRED: Refusal("RequestExpired", "Request has expired.", 400),
        Problem.MISSING: _UNSIGNED,
    },
    "s3": {
        Problem.UNKNOWN: Refusal(
            "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403
        ),
        Problem.EXPIRED: Refusal("ExpiredToken", "The provided token has expired.", 400),
        Problem.MISSING: Refusal("AccessDenied", "Access Denied", 403),
    },
}


def refusal(problem: Problem, protocol: str) -> Refusal:
    """AWS's answer in a service with this protocol, or in `s3`.

    From "Common errors" in the API references of IAM and of DynamoDB, and from the error tables of the EC2 and S3 API references.
    """
    return _REFUSALS[protocol][problem]
