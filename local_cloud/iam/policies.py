"""A policy document, read once: which of its statements speak about a call."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from local_cloud.iam import conditions
from local_cloud.iam.matching import Context, Match, PolicyError, action, arn

ACCOUNT_ROOT = "account"
"""How a statement may name a caller: his account, so that the caller's own policies decide."""

_VARIABLES_SINCE = "2012-10-17"
_ELEMENTS = {"Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition"}


@dataclass(frozen=True)
class Caller:
    """Who calls: a session of a role (`arn` is the session, `role` the role's ARN), or a service of AWS (`service`) for `source`, an ARN."""

    arn: str
    account: str
    role: str = ""
    service: str = ""
    source: str = ""


@dataclass(frozen=True)
class Call:
    """What is to be judged: one action on one resource, with the condition keys of the request in lower case.

    `kms` are the actions that it takes on the resource's key, if the resource is encrypted with one.
    """

    action: str
    resource: str
    context: Context = field(default_factory=dict)
    kms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Statement:
    """One statement; `names` says whether it names a caller: no, as the caller himself, or as his account."""

    allows: bool
    speaks_about: Callable[[Call], bool]
    names: Callable[[Caller], str | bool]


@dataclass(frozen=True)
class Policy:
    """A policy by the name that refusals and records use."""

    name: str
    statements: Sequence[Statement]

    def denies(self, caller: Caller, call: Call) -> bool:
        """A statement denies the call, whoever else allows it."""
        return any(
            not statement.allows and statement.names(caller) and statement.speaks_about(call)
            for statement in self.statements
        )

    def allows(self, caller: Caller, call: Call) -> bool:
        """A statement allows the call to the caller himself."""
        return any(
            statement.allows and statement.names(caller) is True and statement.speaks_about(call)
            for statement in self.statements
        )

    def delegates(self, caller: Caller, call: Call) -> bool:
        """A statement allows the call to the caller's account: the caller's own policies decide."""
        return any(
            statement.allows and statement.names(caller) == ACCOUNT_ROOT and statement.speaks_about(call)
            for statement in self.statements
        )


def read(name: str, document: Mapping[str, Any], known: Collection[str]) -> Policy:
    """PolicyError, with the policy's name, for what cannot be judged here; `known` are the condition keys of calls."""
    variables = document.get("Version") == _VARIABLES_SINCE
    try:
        statements = [
            _statement(one, known, variables=variables) for one in listed(document.get("Statement", []))
        ]
    except PolicyError as error:
        raise PolicyError(f"policy {name}: {error}") from None
    return Policy(name, statements)


def listed(value: Any) -> list[Any]:
    """The values of an element that may hold one value or a list."""
    return value if isinstance(value, list) else [value]


def _statement(one: Mapping[str, Any], known: Collection[str], *, variables: bool) -> Statement:
    if unknown := one.keys() - _ELEMENTS:
        raise PolicyError(f"this machine does not judge {', '.join(sorted(unknown))}")
    if one["Effect"] not in {"Allow", "Deny"}:
        raise PolicyError(f"the effect '{one['Effect']}' is not Allow or Deny")
    acts = _either(one, "Action", action)
    # a trust policy has no resource: it belongs to one role
    on = _either(one, "Resource", lambda pattern: arn(pattern, variables=variables))
    condition = conditions.compiled(one.get("Condition", {}), known, variables=variables)
    return Statement(
        allows=one["Effect"] == "Allow",
        speaks_about=lambda call: (
            acts(call.action, call.context) and on(call.resource, call.context) and condition(call.context)
        ),
        names=_named(one["Principal"]) if "Principal" in one else lambda _: True,
    )


def _either(one: Mapping[str, Any], element: str, match: Callable[[str], Match]) -> Match:
    """The element, or its opposite: `NotAction` for `Action`."""
    opposite = f"Not{element}"
    if element in one and opposite in one:
        raise PolicyError(f"a statement holds {element} or {opposite}, not both")
    if element not in one and opposite not in one:
        if element == "Action":
            raise PolicyError("a statement holds Action or NotAction")
        return lambda _, __: True
    matches = [match(pattern) for pattern in listed(one.get(element, one.get(opposite)))]
    wanted = element in one
    return lambda value, context: any(fits(value, context) for fits in matches) is wanted


def _named(principal: Any) -> Callable[[Caller], str | bool]:
    """How the Principal element names a caller: IAM User Guide, "AWS JSON policy elements: Principal"."""
    if principal == "*" or "*" in listed(principal.get("AWS", [])):  # the two are the same
        return lambda _: True
    services, accounts = listed(principal.get("Service", [])), listed(principal.get("AWS", []))
    if unknown := principal.keys() - {"Service", "AWS"}:
        raise PolicyError(f"this machine does not judge principals of {', '.join(sorted(unknown))}")

    def names(caller: Caller) -> str | bool:
        if caller.service:
            return caller.service in services
        if {caller.arn, caller.role} & set(accounts):
            return True
        roots = {caller.account, f"arn:aws:iam::{caller.account}:root"}
        return ACCOUNT_ROOT if roots & set(accounts) else False

    return names
