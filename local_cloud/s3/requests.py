"""Which operation of S3 a request asks for, and its members, by boto3's names."""

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

_BUCKET_QUESTIONS = {
    "location": "GetBucketLocation",
    "encryption": "GetBucketEncryption",
    "versioning": "GetBucketVersioning",
}


def operation_of(
    method: str, bucket: str, key: str, query: Mapping[str, str], headers: Mapping[str, str]
) -> tuple[str, dict[str, str]]:
    """S3's API reference, "Request Syntax" of each operation."""
    members = {"Bucket": bucket, "Key": key}
    source = headers.get("x-amz-copy-source")
    if source:
        members["CopySource"] = unquote(urlsplit(source).path).lstrip("/")
    if etag := headers.get("If-Match", "").replace("*", ""):
        members["IfMatch"] = etag
    for name, member in (("prefix", "Prefix"), ("delimiter", "Delimiter")):
        if name in query:
            members[member] = query[name]
    if not bucket:
        return "ListBuckets", members
    return (_on_object(method, query, copies=bool(source)) if key else _on_bucket(method, query)), members


def _on_bucket(method: str, query: Mapping[str, str]) -> str:
    if method == "GET":
        question = next((operation for name, operation in _BUCKET_QUESTIONS.items() if name in query), None)
        return question or ("ListObjectsV2" if query.get("list-type") == "2" else "ListObjects")
    return {"HEAD": "HeadBucket", "PUT": "CreateBucket", "DELETE": "DeleteBucket"}.get(
        method, "DeleteObjects"
    )


def _on_object(method: str, query: Mapping[str, str], *, copies: bool) -> str:
    if method == "PUT":
        part = "uploadId" in query
        return {(True, True): "UploadPartCopy", (True, False): "UploadPart", (False, True): "CopyObject"}.get(
            (part, copies), "PutObject"
        )
    if method == "POST":
        return "CreateMultipartUpload" if "uploads" in query else "CompleteMultipartUpload"
    if method == "DELETE":
        return "AbortMultipartUpload" if "uploadId" in query else "DeleteObject"
    if method == "HEAD":
        return "HeadObject"
    return "GetObjectTagging" if "tagging" in query else "GetObject"
