"""EventBridge Scheduler as moto lacks it: its types in CloudFormation, and the refusal of expressions that AWS refuses."""

from typing import Any

from moto.cloudformation.parsing import get_model_list, get_model_map, get_name_type_map
from moto.core.common_models import CloudFormationModel
from moto.events.models import EventsBackend
from moto.scheduler.exceptions import ValidationException
from moto.scheduler.models import EventBridgeSchedulerBackend, scheduler_backends

from stacks.settings.schedule import read_schedule

_put_rule = EventsBackend.put_rule
_create, _update = EventBridgeSchedulerBackend.create_schedule, EventBridgeSchedulerBackend.update_schedule


def install() -> None:
    """Let moto's CloudFormation find the types below, and check each schedule that a rule or EventBridge Scheduler is given."""
    for known in (get_model_list, get_model_map, get_name_type_map):
        known.cache_clear()
    EventsBackend.put_rule = _put_checked_rule
    EventBridgeSchedulerBackend.create_schedule = _checking(_create)
    EventBridgeSchedulerBackend.update_schedule = _checking(_update)


def _put_checked_rule(backend: Any, *args: Any, scheduled_expression: str | None = None, **rest: Any) -> Any:
    if scheduled_expression:
        _refuse_unless_readable(scheduled_expression, "UTC", "Parameter ScheduleExpression is not valid.")
    return _put_rule(backend, *args, scheduled_expression=scheduled_expression, **rest)


def _checking(change: Any) -> Any:
    def changed(backend: Any, **members: Any) -> Any:
        expression = members["schedule_expression"]
        zone = members["schedule_expression_timezone"] or "UTC"
        _refuse_unless_readable(expression, zone, f"Invalid Schedule Expression {expression}.")
        return change(backend, **members)

    return changed


def _refuse_unless_readable(expression: str, zone: str, words: str) -> None:
    """AWS says nothing but the words; the reason follows them. A one-time schedule, at(...), is refused too."""
    try:
        read_schedule(expression, zone)
    except ValueError as reason:
        raise ValidationException(f"{words} ({reason})") from None


class _Named(CloudFormationModel):  # type: ignore[misc]
    """`Ref` is the name, `Fn::GetAtt` knows the ARN."""

    def __init__(self, name: str, arn: str) -> None:
        self.physical_resource_id = name
        self._arn = arn

    @staticmethod
    def cloudformation_name_type() -> str:
        return "Name"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr == "Arn"

    def get_cfn_attribute(self, attribute: str) -> str:
        if attribute != "Arn":
            raise NotImplementedError(f"Fn::GetAtt {attribute} of {{0}}")
        return self._arn

    @staticmethod
    def is_created() -> bool:
        return True


class _Group(_Named, CloudFormationModel):  # type: ignore[misc]  # moto finds direct subclasses only
    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::Scheduler::ScheduleGroup"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, _: Any, account_id: str, region_name: str, **__: Any
    ) -> "_Group":
        group = scheduler_backends[account_id][region_name].create_schedule_group(resource_name, [])
        return cls(group.name, group.arn)

    @staticmethod
    def delete_from_cloudformation_json(
        resource_name: str, _: Any, account_id: str, region_name: str
    ) -> None:
        scheduler_backends[account_id][region_name].delete_schedule_group(resource_name)


class _Schedule(_Named, CloudFormationModel):  # type: ignore[misc]
    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::Scheduler::Schedule"

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **_: Any
    ) -> "_Schedule":
        schedule = scheduler_backends[account_id][region_name].create_schedule(
            name=resource_name,
            group_name=cloudformation_json["Properties"].get("GroupName"),
            action_after_completion=None,
            **_members(cloudformation_json["Properties"]),
        )
        return cls(schedule.name, schedule.arn)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: "_Schedule",
        new_resource_name: str,  # noqa: ARG003  # moto's protocol
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> "_Schedule":
        properties = cloudformation_json["Properties"]
        scheduler_backends[account_id][region_name].update_schedule(
            name=original_resource.physical_resource_id,
            group_name=properties.get("GroupName"),
            **_members(properties),
        )
        return original_resource

    @staticmethod
    def delete_from_cloudformation_json(
        resource_name: str, cloudformation_json: Any, account_id: str, region_name: str
    ) -> None:
        group_name = cloudformation_json["Properties"].get("GroupName")
        scheduler_backends[account_id][region_name].delete_schedule(group_name, resource_name)


def _members(properties: Any) -> dict[str, Any]:
    """What can be updated, as moto names the members."""
    members = {
        "description": "Description",
        "end_date": "EndDate",
        "flexible_time_window": "FlexibleTimeWindow",
        "kms_key_arn": "KmsKeyArn",
        "schedule_expression": "ScheduleExpression",
        "schedule_expression_timezone": "ScheduleExpressionTimezone",
        "start_date": "StartDate",
        "state": "State",
        "target": "Target",
    }
    return {member: properties.get(name) for member, name in members.items()}
