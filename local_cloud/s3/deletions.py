"""DeleteObjects: many deletions in one request, in XML ("DeleteObjects" in S3's API reference)."""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from localbucket import S3_NAMESPACE, S3Error

_MOST = 1000
_MEMBERS = {"Key", "ETag"}
_NAMESPACE = f"{{{S3_NAMESPACE}}}"


@dataclass(frozen=True)
class Deletion:
    """An object to delete if it has the ETag, if there is one; a quiet request is told of errors only."""

    key: str
    etag: str | None
    is_quiet: bool


def asked(body: bytes, headers: Mapping[str, str]) -> list[Deletion]:
    """The objects of a request; S3Error if S3 would not take it."""
    names = {name.lower() for name in headers}
    if "content-md5" not in names and not any(name.startswith("x-amz-checksum-") for name in names):
        message = "Missing required header for this request: Content-MD5 OR x-amz-checksum-*"
        raise S3Error(HTTPStatus.BAD_REQUEST, "InvalidRequest", message)
    try:
        root = ET.fromstring(body)  # noqa: S314 - from this machine; localbucket reads its requests so too
    except ET.ParseError:
        raise _malformed() from None
    entries = [entry for entry in root if _name(entry) == "Object"]
    members = [{_name(member): member.text or "" for member in entry} for entry in entries]
    if (
        _name(root) != "Delete"
        or not 0 < len(members) <= _MOST
        or not all(each.get("Key") for each in members)
    ):
        raise _malformed()
    if unknown := {name for each in members for name in each} - _MEMBERS:
        message = f"This server deletes by Key and ETag, not by {', '.join(sorted(unknown))}."
        raise S3Error(HTTPStatus.NOT_IMPLEMENTED, "NotImplemented", message)
    is_quiet = any(_name(entry) == "Quiet" and entry.text == "true" for entry in root)
    return [Deletion(each["Key"], each.get("ETag"), is_quiet) for each in members]


def told(key: str, error: S3Error | None) -> ET.Element:
    """The answer's entry for a key."""
    entry = ET.Element("Deleted" if error is None else "Error")
    reason = {} if error is None else {"Code": error.code, "Message": error.message}
    for name, text in {"Key": key, **reason}.items():
        ET.SubElement(entry, name).text = text
    return entry


def _name(element: ET.Element) -> str:
    return element.tag.removeprefix(_NAMESPACE)


def _malformed() -> S3Error:
    message = "The XML you provided was not well-formed or did not validate against our published schema"
    return S3Error(HTTPStatus.BAD_REQUEST, "MalformedXML", message)
