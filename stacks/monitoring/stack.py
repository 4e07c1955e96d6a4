"""Alarms that reach a person, and the dashboard that the person opens."""

from aws_cdk import Annotations, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.compute.stack import ComputeStack
from stacks.monitoring.alarms import Alarms
from stacks.monitoring.dashboard import Dashboard
from stacks.monitoring.metrics import Pipeline
from stacks.settings.settings import Settings
from stacks.warehouse import WarehouseStack


class MonitoringStack(Stack):
    """The alarms, who is told of them, and the dashboard."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        pipeline: Pipeline,
        warehouse: WarehouseStack,
        compute: ComputeStack,
    ) -> None:
        super().__init__(scope, construct_id)
        self._admit_alarms(pipeline.alerts)
        if not settings.alarm_email:
            Annotations.of(self).add_warning_v2(
                "goodreads:nobody-is-told",
                "nobody is told of alarms and of runs that fail: set alarm_email to an address, "
                "cdk deploy --all -c alarm_email=you@example.com",
            )
        else:
            sns.Subscription(
                self,
                "AlarmEmail",
                topic=pipeline.alerts,
                protocol=sns.SubscriptionProtocol.EMAIL,
                endpoint=settings.alarm_email,
            )
        alarms = Alarms(self, settings=settings, pipeline=pipeline)
        alarms.watch_runs()
        alarms.watch_landing()
        alarms.watch_data()
        alarms.watch_emr(compute.cluster_id_for(self))
        alarms.watch_redshift(warehouse.cluster_identifier)
        Dashboard(
            self,
            "Dashboard",
            settings=settings,
            pipeline=pipeline,
            warehouse=warehouse,
            compute=compute,
            alarm_names=alarms.names,
        )

    def _admit_alarms(self, topic: sns.Topic) -> None:
        # A topic with a policy of its own no longer admits the account's alarms by default.
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisAccount",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )
