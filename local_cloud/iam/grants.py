"""The grants of the deployed policies, and which of them the recorded calls need."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.iam.deployed import MANAGED, Deployed
from local_cloud.iam.judge import Code
from local_cloud.iam.policies import Call, Caller, listed
from local_cloud.iam.record import ADMINISTRATOR, ANY, Recorded, label, resource_kind

_ENDPOINT = "S3's VPC endpoint"
_TRUST = "trust of "


@dataclass(frozen=True, order=True)
class Grant:
    """One action on one resource in one statement.

    `to` is whom the policy of a resource names, `given` the condition keys that the statement asks for.
    """

    holder: str
    effect: str
    action: str
    resource: str
    to: str = ""
    given: str = ""

    def __str__(self) -> str:
        """For people, for the names of tests, and for the patterns of the list of unused grants."""
        deny = "deny " if self.effect == "Deny" else ""
        on = "" if self.resource == ANY else f" on {self.resource}"
        to = f" to {self.to}" if self.to else ""
        given = f" given {self.given}" if self.given else ""
        return f"{self.holder}: {deny}{self.action}{on}{to}{given}"


@dataclass(frozen=True)
class Place:
    """Where a policy document is: of a caller, of a resource, or of the VPC endpoint (`owner` is empty then)."""

    kind: str
    owner: str
    name: str


class Matrix:
    """Grants against calls."""

    def __init__(self, what: Deployed, calls: Iterable[Recorded]) -> None:
        self._what = what
        self._calls = [
            (recorded, self._caller(recorded.caller), self._call(recorded))
            for recorded in calls
            if recorded.caller != ADMINISTRATOR
        ]

    def grants(self) -> Iterator[tuple[Grant, bool]]:
        """Each grant, and whether the calls need it: without it, one of them would be decided in another way."""
        for place, document in self._documents():
            holder = self._holder(place)
            for number, statement in enumerate(listed(document.get("Statement", []))):
                for grant, rest in self._parts(holder, statement):
                    statements = listed(document.get("Statement", []))
                    changed = {
                        **document,
                        "Statement": [*statements[:number], *rest, *statements[number + 1 :]],
                    }
                    yield grant, bool(self.changed_by(self._with(place, changed), holder))

    def changed_by(self, what: Deployed, holder: str = "") -> list[Recorded]:
        """The calls that are decided in another way than they were recorded; with `holder`, only of those that it may decide."""
        code = Code(what)
        own = holder in {label(name) for name in self._what.labels.values()}
        return [
            recorded
            for recorded, caller, call in self._calls
            if (not own or recorded.caller == holder)
            and code.decide(caller, call).allowed is not recorded.allowed
        ]

    def _parts(
        self, holder: str, statement: Mapping[str, Any]
    ) -> Iterator[tuple[Grant, list[dict[str, Any]]]]:
        """Each grant of a statement, and what of the statement is left without it."""
        actions, principals = listed(statement["Action"]), self._principals(statement)
        resources = _groups(statement)
        given = ", ".join(sorted({key for keys in statement.get("Condition", {}).values() for key in keys}))
        for action in actions:
            for resource, whole in resources.items():
                for to in principals:
                    left = []
                    if len(actions) > 1:
                        left.append({**statement, "Action": [one for one in actions if one != action]})
                    if len(resources) > 1:
                        others = [one for one in listed(statement["Resource"]) if one not in whole]
                        left.append({**statement, "Action": action, "Resource": others})
                    if len(principals) > 1:
                        here = {"Resource": whole} if "Resource" in statement else {}
                        names = {"AWS": [one for one in principals if one != to]}
                        left.append({**statement, "Action": action, **here, "Principal": names})
                    named = label(self._what.labels.get(to, to)).replace(ACCOUNT, "<account>")
                    yield (
                        Grant(holder, statement["Effect"], action, self._short(resource), named, given),
                        left,
                    )

    def _with(self, place: Place, document: Mapping[str, Any]) -> Deployed:
        changed = dict(getattr(self._what, place.kind))
        changed |= (
            {place.owner: {**changed[place.owner], place.name: document}}
            if place.owner
            else {place.name: document}
        )
        return Deployed(**{**vars(self._what), place.kind: changed})

    def _documents(self) -> Iterator[tuple[Place, Mapping[str, Any]]]:
        for kind in ("callers", "resources"):
            for owner, documents in getattr(self._what, kind).items():
                for name, document in documents.items():
                    if not name.startswith(MANAGED):  # AWS decides what is in it
                        yield Place(kind, owner, name), document
        for name, document in self._what.endpoint.items():
            yield Place("endpoint", "", name), document

    def _holder(self, place: Place) -> str:
        if not place.owner:
            return _ENDPOINT
        if ":role/" in place.owner or ":user/" in place.owner:
            return f"{_TRUST if place.kind == 'resources' else ''}{label(self._what.labels[place.owner])}"
        return self._short(place.owner)

    @staticmethod
    def _principals(statement: Mapping[str, Any]) -> list[str]:
        principal = statement.get("Principal", "")
        return (
            [principal]
            if isinstance(principal, str)
            else [o for ones in principal.values() for o in listed(ones)]
        )

    def _short(self, resource: str) -> str:
        """Without account, region, and what differs from one deployment to the next."""
        return short(resource if ANY in resource else resource_kind(resource, self._what.labels))

    def _caller(self, name: str) -> Caller:
        if name.endswith(".amazonaws.com"):
            return Caller(name, ACCOUNT, service=name)
        role = next((arn for arn, found in self._what.labels.items() if label(found) == name), "")
        return Caller(f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.rpartition('/')[2]}/s", ACCOUNT, role=role)

    def _call(self, recorded: Recorded) -> Call:
        keys = {key: value.replace(ANY, "x") for key, value in recorded.keys}
        keys |= {"aws:securetransport": "true", "aws:requestedregion": REGION}
        example = self._examples.get(recorded.resource) or recorded.resource.replace(ANY, "x")
        return Call(recorded.action, ANY if recorded.resource == ANY else example, keys)

    @cached_property
    def _examples(self) -> dict[str, str]:
        """A resource of this deployment for each recorded kind that has names of this deployment."""
        named = {
            one
            for _, document in self._documents()
            for statement in listed(document.get("Statement", []))
            for one in listed(statement.get("Resource", []))
            if not one.endswith(ANY)
        }
        known = {*self._what.labels, *self._what.resources, *self._what.tags, *named}
        return {resource_kind(one, self._what.labels): one for one in sorted(known)}


def short(kind: str) -> str:
    """A kind of resource as people read it: `goodreads-landing/*`, `iam:role/goodreads-pipeline-StatementsRole*`."""
    if not kind.startswith("arn:"):
        return kind
    _, _, service, _, _, rest = kind.split(":", 5)
    rest = rest.replace(f"-{ACCOUNT}-{REGION}", "").replace(ACCOUNT, "<account>")
    return rest if service == "s3" else f"{service}:{rest}"


def _groups(statement: Mapping[str, Any]) -> dict[str, list[str]]:
    """The resources of a statement; a bucket and all its objects are one."""
    groups: dict[str, list[str]] = {}
    resources = listed(statement.get("Resource", ANY))
    for one in resources:
        bucket = one.removesuffix("/*")
        groups.setdefault(bucket if bucket in resources else one, []).append(one)
    return groups
