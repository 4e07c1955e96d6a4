"""Judges the calls that reach the endpoint, by the policies of what is deployed; keeps what was judged."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Protocol

from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.iam.calls import UnknownCallError, calls_of, known_keys, refusal
from local_cloud.iam.decisions import Decision, Policies, decide
from local_cloud.iam.deployed import Deployed, Documents, deployed
from local_cloud.iam.policies import Call, Caller, Policy, read
from local_cloud.identity import Kind, Principal


class Notes(Protocol):
    """Receives each decision, with what was deployed, and what administrators call."""

    def note(self, what: Deployed, decision: Decision) -> None:
        """A call was judged."""

    def note_administrator(self, action: str) -> None:
        """A call was let through."""


class AccessDenied(Exception):  # noqa: N818 - AWS's name
    """A call is refused: `code` and `status` of the service's error, and its message."""

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


class Judge:
    """Decides by the policies of one deployment until `changed` tells that there may be others."""

    def __init__(self, notes: Notes, look: Callable[[], Deployed] = deployed) -> None:
        self._notes = notes
        self._look = look
        self._lock = threading.Lock()
        self._code: Code | None = None

    def changed(self) -> None:
        """Read the policies again before the next decision, also if another thread is reading them now."""
        with self._lock:
            self._code = None

    def require(self, principal: Principal, service: str, operation: str, members: Mapping[str, Any]) -> None:
        """Judge a request, by boto3's names of the service, the operation and its members; AccessDenied if it is refused."""
        if principal.kind is Kind.ADMINISTRATOR:
            self._notes.note_administrator(f"{service}:{operation}")
            return
        try:
            calls = calls_of(service, operation, members)
        except UnknownCallError as error:
            told = refusal(service)
            raise AccessDenied(told.code, f"User: {principal.caller_arn}: {error}", told.status) from None
        for decision in self.decisions(caller_of(principal), calls, principal.user_id):
            if not decision.allowed:
                told = refusal(service)
                raise AccessDenied(told.code, decision.message, told.status)

    def decisions(self, caller: Caller, calls: Iterable[Call], user_id: str = "") -> Iterator[Decision]:
        """Judge each call, and what it takes on the key with which its resource is encrypted."""
        for call in calls:
            yield self.decide(caller, call, user_id)
            for more in self._current().on_key(call):
                yield self.decide(caller, more, user_id)

    def decide(self, caller: Caller, call: Call, user_id: str = "") -> Decision:
        """Judge one action on one resource, and note the decision."""
        code = self._current()
        decision = code.decide(caller, call, user_id)
        self._notes.note(code.deployed, decision)
        return decision

    def trusts(self, role: str, service: str, source: str = "", external_id: str = "") -> bool:
        """Whether a service may take the role for `source`, an ARN; a role that nobody deployed is not judged."""
        what = self._current().deployed
        context = {"aws:sourcearn": source, "sts:externalid": external_id}
        call = Call("sts:AssumeRole", role, {key: value for key, value in context.items() if value})
        return role not in what.labels or self.decide(Caller(service, ACCOUNT, service=service), call).allowed

    def cluster_with(self, role: str) -> str | None:
        """The Redshift cluster that may take the role."""
        return self._current().deployed.attached.get(role)

    def key_of(self, resource: str) -> str | None:
        """The key of KMS that the resource is encrypted with."""
        return self._current().deployed.keys.get(resource)

    def _current(self) -> "Code":
        with self._lock:
            if self._code is None:
                self._code = Code(self._look())
            return self._code


class Code:
    """The policies of one deployment; each is read when the first call needs it."""

    def __init__(self, what: Deployed) -> None:
        self.deployed = what
        self._policies: dict[tuple[str, str], list[Policy]] = {}

    def decide(self, caller: Caller, call: Call, user_id: str = "") -> Decision:
        """Judge one action on one resource."""
        role = caller.role or caller.arn
        through = role in self.deployed.in_vpc and call.action.startswith("s3:")
        call = replace(call, context=self._context(caller, call, user_id, through))
        owner = _owner(call)
        policies = Policies(
            identity=self._read("caller", role, self.deployed.callers),
            resource=self._read("resource", owner, self.deployed.resources),
            endpoint=self._read("endpoint", "", {"": self.deployed.endpoint}) if through else None,
        )
        return decide(caller, call, policies)

    def on_key(self, call: Call) -> Iterator[Call]:
        """The calls to KMS that the service makes for the caller."""
        if key := self.deployed.keys.get(_owner(call)):
            service = call.action.partition(":")[0]
            context = {**call.context, "kms:viaservice": f"{service}.{REGION}.amazonaws.com"}
            for action in call.kms:
                yield Call(action, key, context)

    def _context(self, caller: Caller, call: Call, user_id: str, through: bool) -> dict[str, Any]:
        own: dict[str, Any] = {
            "aws:resourceaccount": ACCOUNT,
            "s3:resourceaccount": ACCOUNT,
            "s3:tlsversion": "1.3",
        }
        if caller.service:
            own |= {"aws:sourceaccount": ACCOUNT}  # what a service does here, it does for this account
            own |= {"aws:sourcearn": caller.source} if caller.source else {}
        else:
            own |= {"aws:principalarn": caller.role or caller.arn, "aws:principalaccount": caller.account}
            own |= {"aws:sourceowner": caller.account}
            if call.action.startswith("kms:"):
                own["kms:calleraccount"] = caller.account
        if user_id:
            own["aws:userid"] = user_id
        if through and (caller.role or caller.arn) not in self.deployed.by_spectrum:
            own["aws:sourcevpce"] = next(iter(self.deployed.endpoint), "")
        for tag, value in self.deployed.tags.get(call.resource, {}).items():
            own |= {f"{prefix}:resourcetag/{tag}".lower(): value for prefix in ("aws", "elasticmapreduce")}
        return own | dict(call.context)

    def _read(self, kind: str, owner: str, documents: Mapping[str, Documents]) -> list[Policy]:
        key = kind, owner
        if key not in self._policies:
            label = self.deployed.labels.get(owner, owner)
            self._policies[key] = [
                read(f"{name} of {label}", document, known_keys())
                for name, document in documents.get(owner, {}).items()
            ]
        return self._policies[key]


def caller_of(principal: Principal) -> Caller:
    """The principal as policies see it."""
    return Caller(
        arn=principal.caller_arn,
        account=ACCOUNT,
        role=principal.arn if principal.kind is Kind.ROLE else "",
        service=principal.arn if principal.kind is Kind.SERVICE else "",
        source=principal.source,
    )


def _owner(call: Call) -> str:
    """The ARN that the resource's policy belongs to: that of the bucket for an object, of the function for a version."""
    if call.resource.startswith("arn:aws:s3:::"):
        return call.resource.partition("/")[0]
    if call.resource.startswith("arn:aws:lambda:"):
        return ":".join(call.resource.split(":")[:7])
    return call.resource
