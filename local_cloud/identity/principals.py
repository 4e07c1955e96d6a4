"""The principals of the account, and the access keys with which they sign.

A role's keys are a session of moto's STS, whether somebody called AssumeRole or a service took its role: GetCallerIdentity knows both.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import boto3
from moto.core.utils import utcnow
from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from local_cloud.account import ACCOUNT
from local_cloud.addresses import ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET, REGION

_PARTITION = "aws"
_HOUR = 3600
_NEVER = datetime.max.replace(tzinfo=UTC)


class Kind(Enum):
    """What a principal is; AWS names the first three in `aws:PrincipalType` and the like."""

    ROLE = "a session of a role"
    USER = "a user of IAM"
    SERVICE = "a service of AWS, in its own name"
    ADMINISTRATOR = "the person at the keyboard"


@dataclass(frozen=True)
class Principal:
    """Who calls.

    `arn` is what policies name: the role's ARN, the user's ARN, or a service such as cloudwatch.amazonaws.com. `user_id` is
    `aws:userid`: for a session of a role the role's id, a colon and the session's name. `session` is None without a session.
    `source` is the ARN of what a service acts for, empty if it names nothing.
    """

    kind: Kind
    arn: str
    user_id: str
    session: str | None = None
    source: str = ""

    @property
    def caller_arn(self) -> str:
        """What GetCallerIdentity and AWS's messages call the principal; for a role: arn:aws:sts::<account>:assumed-role/<role>/<session>."""
        if self.session is None:
            return self.arn
        return f"arn:{_PARTITION}:sts::{ACCOUNT}:assumed-role/{self.arn.rpartition('/')[2]}/{self.session}"


@dataclass(frozen=True)
class Keys:
    """What a client signs with; a service's keys have no token and do not expire."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None
    expires: datetime = _NEVER

    def client(self, service: Any, region: str = REGION, **settings: Any) -> Any:
        """A boto3 client that signs with the keys."""
        return boto3.client(
            service,
            region,
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            aws_session_token=self.session_token,
            **settings,
        )

    def variables(self) -> dict[str, str]:
        """Environment variables with which AWS clients sign as the principal."""
        token = {} if self.session_token is None else {"AWS_SESSION_TOKEN": self.session_token}
        return {
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
            **token,
        }


class Problem(Enum):
    """Why a request's keys are nobody's."""

    MISSING = "the request is not signed"
    UNKNOWN = "no principal has the access key, or its session has another token"
    EXPIRED = "the session has ended"
    SIGNATURE = "the request was not signed with the secret of its access key"


class KeyRefused(Exception):  # noqa: N818 - every service has a name of its own for the error
    """A request's keys are nobody's; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


ADMINISTRATOR = Principal(
    Kind.ADMINISTRATOR, f"arn:{_PARTITION}:iam::{ACCOUNT}:user/administrator", "AIDAADMINISTRATOR"
)
_services: dict[str, tuple[Principal, str]] = {}  # access key: the service, secret


class NotTrusted(Exception):  # noqa: N818 - every service has a name of its own for the error
    """The role's trust policy does not let the service take the role."""


Trusts = Callable[[str, str, str], bool]
"""Whether a role's trust policy lets a service take it for a source, an ARN."""

_trusts: list[Trusts] = []


def ask_for_trust(trusts: Trusts) -> None:
    """Let `trusts` decide which service may take which role. A second call replaces the first one's."""
    _trusts[:] = [trusts]


def session(role_arn: str, name: str, *, seconds: int = _HOUR, service: str = "", source: str = "") -> Keys:
    """Keys of a new session of a role, as a service of AWS takes them for what it does in the role's name.

    `service` is the service's principal and `source` the ARN of what the service acts for. Raises NotFoundException if there is no such
    role, NotTrusted if the role does not trust the service.
    """
    if service and not all(trusts(role_arn, service, source) for trusts in _trusts):
        raise NotTrusted(f"{service} is not authorized to assume the provided role {role_arn}")
    iam_backends[ACCOUNT][_PARTITION].get_role_by_arn(role_arn)
    made = sts_backends[ACCOUNT][_PARTITION].assume_role(
        region_name=REGION,
        role_session_name=name,
        role_arn=role_arn,
        policy="",
        duration=seconds,
        external_id="",
    )
    expires = made.expiration.replace(tzinfo=UTC)
    return Keys(made.access_key_id, made.secret_access_key, made.session_token, expires)


def service_keys(service: str, source: str = "") -> Keys:
    """Keys of a service that acts in its own name, such as `cloudwatch.amazonaws.com`: the alarm that publishes to a topic.

    `source` is the ARN of what it acts for: the rule, for EventBridge.
    """
    key = iam_backends[ACCOUNT][_PARTITION].create_temp_access_key()
    principal = Principal(Kind.SERVICE, service, service, source=source)
    _services[key.access_key_id] = principal, key.secret_access_key
    return Keys(key.access_key_id, key.secret_access_key)


def principal_of(access_key_id: str, session_token: str | None = None) -> Principal:
    """Whose key it is; a session's key is only good with the session's token.

    Raises KeyRefused.
    """
    if access_key_id == ADMINISTRATOR_KEY:
        return ADMINISTRATOR
    if known := _services.get(access_key_id):
        return known[0]
    if assumed := sts_backends[ACCOUNT][_PARTITION].get_assumed_role_from_access_key(access_key_id):
        if assumed.session_token != session_token:
            raise KeyRefused(Problem.UNKNOWN)
        if assumed.expiration <= utcnow():
            raise KeyRefused(Problem.EXPIRED)
        return _role_session(assumed)
    if user := iam_backends[ACCOUNT][_PARTITION].get_user_from_access_key_id(access_key_id):
        return Principal(Kind.USER, user.arn, user.id)
    raise KeyRefused(Problem.UNKNOWN)


def secret_of(access_key_id: str) -> str:
    """The secret that belongs to a principal's key. Raises KeyRefused."""
    if access_key_id == ADMINISTRATOR_KEY:
        return ADMINISTRATOR_SECRET
    if known := _services.get(access_key_id):
        return known[1]
    if assumed := sts_backends[ACCOUNT][_PARTITION].get_assumed_role_from_access_key(access_key_id):
        return str(assumed.secret_access_key)
    if user := iam_backends[ACCOUNT][_PARTITION].get_user_from_access_key_id(access_key_id):
        return str(user.get_access_key_by_id(access_key_id).secret_access_key)
    raise KeyRefused(Problem.UNKNOWN)


def _role_session(assumed: Any) -> Principal:
    try:
        role = iam_backends[ACCOUNT][_PARTITION].get_role_by_arn(assumed.role_arn)
    except NotFoundException:  # deleted since: a session of a role that is gone is nobody's
        raise KeyRefused(Problem.UNKNOWN) from None
    # the roles that `cdk bootstrap` makes are the hands of the person who deploys
    kind = Kind.ADMINISTRATOR if role.name.startswith("cdk-") else Kind.ROLE
    return Principal(kind, role.arn, f"{role.id}:{assumed.session_name}", assumed.session_name)
