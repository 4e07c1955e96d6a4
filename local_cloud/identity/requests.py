"""The principal of an HTTP request, and what AWS answers if there is none."""

from dataclasses import dataclass

from local_cloud.identity.principals import KeyRefused, Principal, Problem, principal_of, secret_of
from local_cloud.identity.signatures import Headers, Received, signature_in


def signer(request: Received) -> Principal:
    """Who signed the request, with the secret of his access key. Raises KeyRefused."""
    principal, signature = caller(request.headers), signature_in(request.headers)
    if signature is None or not signature.is_of(request, secret_of(signature.access_key_id)):
        raise KeyRefused(Problem.SIGNATURE)
    return principal


def caller(headers: Headers) -> Principal:
    """Whose access key the request names, for a request whose signature was checked when it came. Raises KeyRefused."""
    signature = signature_in(headers)
    if signature is None:
        raise KeyRefused(Problem.MISSING)
    return principal_of(signature.access_key_id, headers.get("X-Amz-Security-Token"))


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
_OTHER = "The request signature we calculated does not match the signature you provided. Check your "
_WRONG = f"{_OTHER}AWS Secret Access Key and signing method. Consult the service documentation for details."
_QUERY = {
    Problem.UNKNOWN: Refusal("InvalidClientTokenId", _INVALID, 403),
    Problem.EXPIRED: Refusal("ExpiredToken", _ENDED, 403),
    Problem.MISSING: _UNSIGNED,
    Problem.SIGNATURE: Refusal("SignatureDoesNotMatch", _WRONG, 403),
}
_JSON = {
    Problem.UNKNOWN: Refusal("UnrecognizedClientException", _INVALID, 403),
    Problem.EXPIRED: Refusal("ExpiredTokenException", _ENDED, 403),
    Problem.MISSING: Refusal("MissingAuthenticationTokenException", _MISSING, 403),
    Problem.SIGNATURE: Refusal("InvalidSignatureException", _WRONG, 403),
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
        Problem.SIGNATURE: Refusal("SignatureDoesNotMatch", _WRONG, 403),
    },
    "s3": {
        Problem.UNKNOWN: Refusal(
            "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403
        ),
        Problem.EXPIRED: Refusal("ExpiredToken", "The provided token has expired.", 400),
        Problem.MISSING: Refusal("AccessDenied", "Access Denied", 403),
        Problem.SIGNATURE: Refusal("SignatureDoesNotMatch", f"{_OTHER}key and signing method.", 403),
    },
}


def refusal(problem: Problem, protocol: str) -> Refusal:
    """AWS's answer in a service with this protocol, or in `s3`.

    From "Common errors" in the API references of IAM and of DynamoDB, and from the error tables of the EC2 and S3 API references.
    """
    return _REFUSALS[protocol][problem]
