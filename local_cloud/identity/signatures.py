"""AWS Signature Version 4: botocore computes the signature of a received request again, with the secret of the request's access key.

The rules: AWS IAM User Guide, "Create a signed AWS API request". What is not asked: how old the signature is, and in S3 whether the
body has the digest that its header promises (a second reading of all data). Presigned addresses are refused: nothing here makes one.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Protocol

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

_SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/,\s]+)/(?P<day>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, *"
    r"SignedHeaders=(?P<headers>[^,\s]+), *Signature=(?P<signature>[0-9a-f]{64})"
)
_DIGEST = "x-amz-content-sha256"
_BY_HEADER_ALONE = ("UNSIGNED-PAYLOAD", "STREAMING-")  # begin what a client writes in place of the digest


class Headers(Protocol):
    """The headers of a request, found whatever the case of their names: http.server and werkzeug have a class each."""

    def get(self, name: str, /) -> str | None:
        """The header's value."""


@dataclass(frozen=True)
class Received:
    """A request as it came over the wire: `target` is the path with the query, not decoded; S3's requests are judged without a `body`."""

    method: str
    target: str
    headers: Headers
    body: bytes | None = None


@dataclass(frozen=True)
class Signature:
    """What the header Authorization says."""

    access_key_id: str
    region: str
    service: str
    headers: tuple[str, ...]
    value: str

    def is_of(self, request: Received, secret: str) -> bool:
        """Whether the owner of the secret has signed the request."""
        given = {name: request.headers.get(name) for name in self.headers}
        date, digest = given.get("x-amz-date"), request.headers.get(_DIGEST)
        present = {name: value for name, value in given.items() if value is not None}
        if date is None or len(present) != len(given):
            return False
        if request.body is None:
            if digest is None:  # S3 wants the header in every request
                return False
        elif digest and not _fits(digest, request.body):
            return False
        known = AWSRequest(request.method, f"http://here{request.target}", present, request.body)
        known.context["timestamp"] = date
        kind = S3SigV4Auth if self.service == "s3" else SigV4Auth
        auth = kind(Credentials(self.access_key_id, secret), self.service, self.region)
        text = auth.string_to_sign(known, auth.canonical_request(known))
        return hmac.compare_digest(auth.signature(text, known), self.value)


def signature_in(headers: Headers) -> Signature | None:
    """The signature of a request; None if there is none, or one of another version."""
    found = _SIGNED.fullmatch((headers.get("Authorization") or "").strip())
    if not found:
        return None
    return Signature(
        found["key"],
        found["region"],
        found["service"],
        tuple(found["headers"].split(";")),
        found["signature"],
    )


def _fits(digest: str, body: bytes) -> bool:
    return digest.startswith(_BY_HEADER_ALONE) or digest == hashlib.sha256(body).hexdigest()
