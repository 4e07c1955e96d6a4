"""Makes moto's Step Functions call other services as AWS does: under the state machine's role, or the role of a task's `Credentials`."""

import random
import string
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.config import Config
from moto.settings import moto_server_port
from moto.stepfunctions.parser.asl.component.state.exec.state_task.credentials import StateCredentials
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.utils import boto_client

from local_cloud.identity import Keys, session

_NO_TIMEOUT = 99_999_999  # seconds; a task's own TimeoutSeconds ends its call
_OF_TASKS = Config(
    parameter_validation=False,
    retries={"total_max_attempts": 1},
    connect_timeout=_NO_TIMEOUT,
    read_timeout=_NO_TIMEOUT,
    max_pool_connections=100,  # the iterations of a Map share a client
)
_LEFT = timedelta(minutes=5)  # a session with less time left is renewed
_credentials_of = StateTask._eval_state_credentials  # noqa: SLF001


@dataclass
class _Roles(StateCredentials):  # type: ignore[misc]
    """`role_arn`, the role of a task, and the state machine's own role, which assumes it if they are two.

    `source` is the state machine that Step Functions takes its role for.
    """

    state_machine: str
    source: str


class _Service:
    """Holds the sessions of the roles until shortly before they end, and a client of each service for each of them."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], Keys] = {}
        self._clients: dict[tuple[Keys, str, str], Any] = {}
        self._lock = threading.Lock()

    def client_for(self, region: str, service: str, state_credentials: _Roles) -> Any:
        """A client that calls as the role of the task, with moto's settings for the calls of tasks."""
        with self._lock:
            kind = self._keys(state_credentials, region), region, service
            if kind not in self._clients:
                self._clients[kind] = _client(service, region, kind[0], _OF_TASKS)
            return self._clients[kind]

    def _keys(self, roles: _Roles, region: str) -> Keys:
        both = roles.state_machine, roles.role_arn
        held = self._held.get(both)
        if held is None or held.expires < datetime.now(UTC) + _LEFT:
            self._clients = {kind: client for kind, client in self._clients.items() if kind[0] != held}
            held = self._held[both] = _taken(roles, region)
        return held


def install() -> None:
    """Let every task of a state machine call as its role. A second call forgets the sessions that are held."""
    former, client_for = boto_client.boto_client_for, _Service().client_for
    for module in list(sys.modules.values()):  # each kind of task has imported the function by its name
        if getattr(module, "boto_client_for", None) is former:
            module.boto_client_for = client_for  # type: ignore[attr-defined]
    StateTask._eval_state_credentials = _eval_state_credentials  # noqa: SLF001


def _eval_state_credentials(task: Any, env: Any) -> _Roles:
    machine = env.states.context_object.context_object_data["StateMachine"]["Id"]
    return _Roles(_credentials_of(task, env).role_arn, env.aws_execution_details.role_arn, machine)


def _taken(roles: _Roles, region: str) -> Keys:
    """A new session of the task's role. Step Functions has the state machine's role call AssumeRole for another role."""
    own = session(
        roles.state_machine,
        _session_name(),
        service="states.amazonaws.com",
        source=roles.source,
    )
    if roles.role_arn == roles.state_machine:
        return own
    assumed = _client("sts", region, own).assume_role(
        RoleArn=roles.role_arn, RoleSessionName=_session_name()
    )["Credentials"]
    return Keys(
        assumed["AccessKeyId"], assumed["SecretAccessKey"], assumed["SessionToken"], assumed["Expiration"]
    )


def _client(service: str, region: str, keys: Keys, config: Config | None = None) -> Any:
    address = f"http://localhost:{moto_server_port()}"
    return keys.client(service, region, endpoint_url=address, config=config)


def _session_name() -> str:
    """As CloudTrail shows the sessions of Step Functions: 32 letters by chance."""
    return "".join(random.choices(string.ascii_letters, k=32))  # noqa: S311 - a name, no secret
