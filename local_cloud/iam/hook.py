"""Hook into moto: each request of a role, a user or a service is judged before its operation runs, and refused if the service would not take it."""

import copy
import re
from typing import Any

from moto.core.responses import BaseResponse

from local_cloud.iam.deployed import keep_policies_of_roles, keep_roles_of_clusters
from local_cloud.iam.judge import AccessDenied, Judge
from local_cloud.iam.put import install as check_policies_of_buckets
from local_cloud.iam.put import malformed_in, puts_policy
from local_cloud.identity import KeyRefused, Kind, ask_for_trust, principal_in, refused
from local_cloud.limits import CALLED, problem_of

_call_action = BaseResponse.call_action
# operations after which there may be other policies
_CHANGES = re.compile("Add|Attach|Create|Delete|Detach|Execute|Modify|Put|Remove|Set|Tag|Untag|Update")
_WITH_POLICIES = {"cloudformation", "ec2", "emr", "iam", "kms", "lambda", "redshift", "sns"}


def install(judge: Judge) -> None:
    """Make moto's servers ask `judge`. A second call replaces the first judge."""

    def call_action(response: Any) -> Any:
        operation = response._get_action()  # noqa: SLF001 - moto has no public name for it
        if not response.is_werkzeug_request or not operation:
            return _call_action(response)
        try:
            principal = principal_in(response)
        except KeyRefused:  # nobody's request: identity/ answers it
            return _call_action(response)
        service = response.boto3_service_name
        judged = principal.kind is not Kind.ADMINISTRATOR
        members = _members(response) if judged or service in CALLED or puts_policy(service, operation) else {}
        try:
            judge.require(principal, service, operation, members)
        except AccessDenied as denied:
            return refused(response, denied.code, denied.message, denied.status)
        problem = problem_of(principal, service, operation, members) or malformed_in(
            service, operation, members
        )
        if problem:
            return refused(response, problem.code, problem.message, problem.status)
        try:
            return _call_action(response)
        finally:
            if service in _WITH_POLICIES and _CHANGES.match(operation):
                judge.changed()

    BaseResponse.call_action = call_action
    keep_roles_of_clusters()
    keep_policies_of_roles()
    check_policies_of_buckets()
    ask_for_trust(judge.trusts)


def _members(response: Any) -> dict[str, Any]:
    """The members of the request, by their names in the service's model."""
    reader = copy.copy(
        response
    )  # most services of moto read their requests in other ways, and would find these members
    reader.PROTOCOL_PARSER_MAP_TYPE = dict
    reader.parse_parameters(response.normalized_request)
    return dict(reader.params)
