"""Which policies allow and which deny: the order of statements, resource policies, trust, keys and the VPC endpoint."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_cloud.iam.decisions import Decision, Policies, decide
from local_cloud.iam.matching import PolicyError
from local_cloud.iam.policies import Call, Caller, Policy, read

_ACCOUNT = "123456789012"
_ROLE = f"arn:aws:iam::{_ACCOUNT}:role/r"
_SESSION = Caller(f"arn:aws:sts::{_ACCOUNT}:assumed-role/r/s", _ACCOUNT, role=_ROLE)
_ALARM = Caller("cloudwatch.amazonaws.com", _ACCOUNT, service="cloudwatch.amazonaws.com")
_GET = Call("s3:GetObject", "arn:aws:s3:::b/k")


def _policy(*statements: dict[str, Any]) -> Policy:
    made = [{"Effect": "Allow", "Action": "s3:*", "Resource": "*", **one} for one in statements]
    return read("p", {"Version": "2012-10-17", "Statement": made}, frozenset({"aws:x"}))


def _reason(policies: Policies, caller: Caller = _SESSION, call: Call = _GET) -> str:
    return decide(caller, call, policies).reason


_STATEMENTS = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Deny"]),
        "Action": st.sampled_from(["s3:GetObject", "s3:Get*", "S3:GETOBJECT", "s3:PutObject", "*"]),
        "Resource": st.sampled_from(["*", "arn:aws:s3:::b/*", "arn:aws:s3:::b", "arn:aws:s3:::b/k"]),
    }
)


@pytest.mark.slow
@given(st.lists(_STATEMENTS, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_statements_and_policies_does_not_matter(statements: list[Any], chance: Any) -> None:
    reason = _reason(Policies([_policy(*statements)]))
    mixed = statements[:]
    chance.shuffle(mixed)
    cut = chance.randint(0, len(mixed))
    assert _reason(Policies([_policy(*mixed[:cut]), _policy(*mixed[cut:])])) == reason


@given(st.lists(_STATEMENTS, max_size=6))
def test_a_deny_beats_every_allow(statements: list[Any]) -> None:
    deny = {"Effect": "Deny", "Action": "s3:GetObject"}
    assert (
        _reason(Policies([_policy(*statements, deny)])) == "with an explicit deny in an identity-based policy"
    )


@given(st.lists(_STATEMENTS, max_size=6), _STATEMENTS)
def test_another_allow_takes_no_right_away(statements: list[Any], more: Any) -> None:
    if not _reason(Policies([_policy(*statements)])):
        assert not _reason(Policies([_policy(*statements, more | {"Effect": "Allow"})]))


def test_the_message_names_the_session_the_action_the_resource_and_the_kind_of_policy() -> None:
    assert decide(_SESSION, _GET, Policies()).message == (
        "User: arn:aws:sts::123456789012:assumed-role/r/s is not authorized to perform: s3:GetObject on resource: "
        '"arn:aws:s3:::b/k" because no identity-based policy allows the s3:GetObject action'
    )


@pytest.mark.parametrize(
    ("principal", "allowed"),
    [
        ("*", True),
        ({"AWS": "*"}, True),
        ({"AWS": _ROLE}, True),
        ({"AWS": _SESSION.arn}, True),
        ({"AWS": [f"arn:aws:iam::{_ACCOUNT}:root"]}, False),
        ({"AWS": _ACCOUNT}, False),
        ({"AWS": "arn:aws:iam::210987654321:root"}, False),
        ({"Service": "cloudwatch.amazonaws.com"}, False),
    ],
)
def test_within_an_account_the_policy_of_the_resource_is_enough_if_it_names_the_caller(
    principal: Any, allowed: bool
) -> None:
    assert decide(_SESSION, _GET, Policies(resource=[_policy({"Principal": principal})])).allowed is allowed


def test_a_deny_of_a_bucket_beats_the_role_that_allows() -> None:
    bucket = _policy({"Effect": "Deny", "Principal": {"AWS": f"arn:aws:iam::{_ACCOUNT}:root"}})
    assert _reason(Policies([_policy({})], [bucket])) == "with an explicit deny in a resource-based policy"


def test_a_service_has_only_what_the_resource_allows() -> None:
    publish = Call("sns:Publish", "arn:aws:sns:r:1:t")
    topic = _policy({"Action": "sns:Publish", "Principal": {"Service": "cloudwatch.amazonaws.com"}})
    assert not _reason(Policies(resource=[topic]), _ALARM, publish)
    other = _policy({"Action": "sns:Publish", "Principal": {"Service": "events.amazonaws.com"}})
    assert _reason(Policies(resource=[other]), _ALARM, publish) == (
        "because no resource-based policy allows the sns:Publish action"
    )


def _decided(action: str, identity: bool, principal: Any) -> Decision:
    call = Call(action, _ROLE)
    own = [_policy({"Action": action})] if identity else []
    resource = [_policy({"Action": action, "Principal": principal})] if principal else []
    return decide(_SESSION, call, Policies(own, resource))


@pytest.mark.parametrize("action", ["sts:AssumeRole", "kms:Decrypt"])
def test_roles_and_keys_have_to_allow_it_themselves(action: str) -> None:
    kind = "role trust" if action == "sts:AssumeRole" else "resource-based"
    root = {"AWS": f"arn:aws:iam::{_ACCOUNT}:root"}
    assert _decided(action, True, None).reason == f"because no {kind} policy allows the {action} action"
    assert (
        _decided(action, False, root).reason == f"because no identity-based policy allows the {action} action"
    )
    assert _decided(action, True, root).allowed
    assert _decided(action, False, {"AWS": _ROLE}).allowed


def test_what_comes_through_the_vpc_endpoint_needs_its_policy_too() -> None:
    own = _policy({})
    assert not _reason(Policies([own], endpoint=[_policy({"Principal": "*"})]))
    elsewhere = _policy({"Principal": "*", "Resource": "arn:aws:s3:::other/*"})
    assert _reason(Policies([own], endpoint=[elsewhere])) == (
        "because no VPC endpoint policy allows the s3:GetObject action"
    )
    deny = _policy({"Principal": "*"}, {"Principal": "*", "Effect": "Deny"})
    assert _reason(Policies([own], endpoint=[deny])) == "with an explicit deny in a VPC endpoint policy"
    assert _reason(Policies([own], endpoint=[])) == (
        "because no VPC endpoint policy allows the s3:GetObject action"
    )


def test_notaction_and_notresource_mean_the_rest() -> None:
    rest = {"Effect": "Deny", "NotAction": "s3:Put*", "NotResource": "arn:aws:s3:::b/*"}
    statement = {k: v for k, v in rest.items() if k != "Action"}
    policy = read("p", {"Version": "2012-10-17", "Statement": statement}, frozenset())
    assert not policy.denies(_SESSION, _GET)
    assert policy.denies(_SESSION, Call("s3:GetObject", "arn:aws:s3:::c/k"))
    assert not policy.denies(_SESSION, Call("s3:PutObject", "arn:aws:s3:::c/k"))


@pytest.mark.parametrize(
    "statement",
    [
        {"NotPrincipal": "*"},
        {"Principal": {"Federated": "x"}},
        {"Effect": "allow"},
        {"Condition": {"IpAddress": {"aws:x": "10.0.0.0/8"}}},
        {"Condition": {"StringEquals": {"aws:y": "1"}}},
        {"Resource": "b/*"},
        {"NotAction": "s3:*"},
    ],
)
def test_what_cannot_be_judged_is_an_error_that_names_the_policy(statement: dict[str, Any]) -> None:
    with pytest.raises(PolicyError, match=r"^policy p: "):
        _policy(statement)


def test_a_deny_of_everybody_denies_services_too() -> None:
    for everybody in ("*", {"AWS": "*"}):
        deny = _policy({"Effect": "Deny", "Principal": everybody}, {"Principal": {"Service": _ALARM.service}})
        assert (
            _reason(Policies(resource=[deny]), _ALARM) == "with an explicit deny in a resource-based policy"
        )
