"""What starts the runs: an EventBridge rule for a rate, a schedule of EventBridge Scheduler for a time of day."""

from aws_cdk import Annotations, Duration, RemovalPolicy, Stack, TimeZone
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as scheduler_targets
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.settings.schedule import Rate
from stacks.settings.settings import LONGEST_WATCH, Settings


class RunSchedule(Construct):
    """Starts executions of `machine` with an empty input; the metric `failures` counts the starts that failed.

    A rule knows only UTC; EventBridge Scheduler knows time zones, and changes of the clocks in them.
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html

    `failures` names the rule or the group by a name of our own: an export could not go when a rate becomes a cron expression.
    """

    failures: cloudwatch.Metric

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, machine: sfn.StateMachine
    ) -> None:
        super().__init__(scope, construct_id)
        if isinstance(settings.starts, Rate):
            self._start_at_a_rate(settings, machine)
        else:
            self._start_at_times(settings, machine)
        if settings.schedule_enabled and settings.late_after is None:
            Annotations.of(self).add_warning_v2(
                "goodreads:rare-runs",
                f"no alarm tells that a run is late: {settings.schedule} leaves more days between two runs than the "
                f"{LONGEST_WATCH // 1440} that an alarm of CloudWatch looks back on",
            )

    def _start_at_a_rate(self, settings: Settings, machine: sfn.StateMachine) -> None:
        schedule = (
            events.Schedule.expression(settings.schedule)
            if settings.schedule
            else events.Schedule.rate(Duration.minutes(settings.schedule_minutes))
        )
        events.Rule(
            self,
            "Rule",
            rule_name=settings.name,
            description=f"runs {settings.name} by {schedule.expression_string}",
            schedule=schedule,
            enabled=settings.schedule_enabled,
            targets=[
                targets.SfnStateMachine(
                    machine,
                    input=events.RuleTargetInput.from_object({}),
                    role=self._role_of_the_rule(settings.name, machine),
                )
            ],
        )
        self.failures = cloudwatch.Metric(
            namespace="AWS/Events",
            metric_name="FailedInvocations",
            dimensions_map={"RuleName": settings.name},
            statistic=cloudwatch.Stats.SUM,
        )

    def _role_of_the_rule(self, rule: str, machine: sfn.StateMachine) -> iam.Role:
        """The role that EventBridge takes for this rule of this account, and for no other rule.

        EventBridge User Guide, "Cross-service confused deputy prevention" and "Using IAM policy conditions". The CDK gives its role for a
        schedule such conditions, and its role for a rule none.
        """
        arn = Stack.of(self).format_arn(service="events", resource="rule", resource_name=rule)
        return iam.Role(
            machine,
            "EventsRole",  # the id of the CDK's own role: an update changes the role, and replaces nothing
            assumed_by=iam.ServicePrincipal("events.amazonaws.com").with_conditions(
                {
                    "ArnLike": {"aws:SourceArn": arn},
                    "StringEquals": {"aws:SourceAccount": Stack.of(self).account},
                }
            ),
        )

    def _start_at_times(self, settings: Settings, machine: sfn.StateMachine) -> None:
        group = scheduler.ScheduleGroup(  # its metrics have no narrower dimension than the group
            self, "Group", schedule_group_name=settings.name, removal_policy=RemovalPolicy.DESTROY
        )
        scheduler.Schedule(
            self,
            "Times",
            description=f"runs {settings.name} by {settings.schedule} in {settings.schedule_timezone}",
            schedule=scheduler.ScheduleExpression.expression(
                settings.schedule, TimeZone.of(settings.schedule_timezone)
            ),
            schedule_group=group,
            enabled=settings.schedule_enabled,
            target=scheduler_targets.StepFunctionsStartExecution(
                machine, input=scheduler.ScheduleTargetInput.from_object({})
            ),
        )
        self.failures = cloudwatch.Metric(
            namespace="AWS/Scheduler",
            metric_name="TargetErrorCount",
            dimensions_map={"ScheduleGroup": settings.name},
            statistic=cloudwatch.Stats.SUM,
        )
