"""What a request needs: the table calls.toml."""

import string
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.iam.policies import Call

_HERE = {"region": REGION, "account": ACCOUNT}
_TABLE = Path(__file__).with_name("calls.toml")
_DENIED = {"code": "AccessDeniedException", "status": 400}
_OF_THE_CALLER = (
    "aws:principalarn",
    "aws:principalaccount",
    "aws:userid",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceowner",
    "aws:sourcevpce",
    "kms:calleraccount",
    "kms:viaservice",
    "aws:resourceaccount",
    "s3:resourceaccount",
    "s3:tlsversion",
)
_TAGS = ("aws:requesttag", "aws:resourcetag", "elasticmapreduce:resourcetag")


class UnknownCallError(Exception):
    """The table does not say what an operation needs."""


@dataclass(frozen=True)
class Refusal:
    """How a service says no: the code of the error and the status of the answer."""

    code: str
    status: int


def calls_of(service: str, operation: str, members: Mapping[str, Any]) -> list[Call]:
    """The actions on resources that a request needs; UnknownCallError for an operation that the table lacks."""
    try:
        needs: Sequence[Mapping[str, Any]] = table()[service][operation]["needs"]
    except KeyError:
        raise UnknownCallError(
            f"nobody has said what {service}:{operation} needs: add it to {_TABLE.name}"
        ) from None
    given = {**_HERE, **{name: value for name, value in members.items() if value is not None}}
    found = [
        _call(need, given)
        for need in needs
        if need.get("when", "region") in given and need.get("unless") not in given
    ]
    if needs and not found:
        raise UnknownCallError(f"{_TABLE.name} says nothing of {service}:{operation} with these members")
    return found


def refusal(service: str) -> Refusal:
    """How the service says no."""
    return Refusal(**table()["refusals"].get(service, _DENIED))


@cache
def known_keys() -> frozenset[str]:
    """The condition keys, in lower case, that calls have here, and those that are known to be absent."""
    keys = {
        key.lower()
        for operations in table().values()
        for operation in operations.values()
        if isinstance(operation, dict)
        for need in operation.get("needs", ())
        for key in need.get("keys", ())
    }
    return frozenset({*keys, *table()["everywhere"], *table()["absent"], *_OF_THE_CALLER, *_TAGS})


@cache
def table() -> Mapping[str, Any]:
    """The table as it stands in the file."""
    return tomllib.loads(_TABLE.read_text(encoding="utf-8"))


def _call(need: Mapping[str, Any], given: Mapping[str, Any]) -> Call:
    keys = {**table()["everywhere"], **need.get("keys", {})}
    context = {
        key.lower(): str(value) for key, text in keys.items() if (value := _filled(text, given)) is not None
    }
    resource = _filled(need["resource"], given)
    if resource is None:
        raise UnknownCallError(f"a request without a resource: {need['action']} on {need['resource']}")
    return Call(need["action"], resource, context, tuple(need.get("kms", ())))


def _filled(template: str, given: Mapping[str, Any]) -> str | None:
    """The text with the members in their places; None if one is absent."""
    names = [name for _, name, _, _ in string.Formatter().parse(template) if name]
    if any(name not in given for name in names):
        return None
    whole = [given[name] for name in names if str(given[name]).startswith("arn:")]
    return str(whole[0]) if whole else template.format(**given)
