"""The functions, the state machine and its schedule."""

from typing import cast

from aws_cdk import ArnFormat, CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from lambdas.shared.environment import metrics_namespace
from stacks.compute.stack import ComputeStack
from stacks.functions import Functions
from stacks.log_group import log_group
from stacks.nag import accept
from stacks.schedule import RunSchedule
from stacks.settings.settings import Settings
from stacks.state_machine.definition import Definition
from stacks.state_machine.drawing import Drawing
from stacks.state_machine.loading import SparkJob
from stacks.state_machine.run_sql import Warehouse
from stacks.statements_role import StatementsRole
from stacks.stopped_runs import StoppedRuns
from stacks.storage import StorageStack
from stacks.warehouse import WarehouseStack


class PipelineStack(Stack):
    """One execution of the state machine `{name}` when the schedule says; failures go to the topic `alerts`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        storage: StorageStack,
        warehouse: WarehouseStack,
        compute: ComputeStack,
    ) -> None:
        super().__init__(scope, construct_id)
        self.metrics_namespace = metrics_namespace(settings.name)
        role = iam.Role(self, "StateMachineRole", assumed_by=self._step_functions(settings))
        self.alerts = sns.Topic(
            self,
            "Alerts",
            display_name=f"{settings.name} pipeline",
            enforce_ssl=True,
            master_key=self._alerts_key(settings, publisher=role),
        )
        statements = StatementsRole(
            self, "Statements", warehouse=warehouse, user=warehouse.user, submitter=role
        )
        administration = StatementsRole(
            self, "Administration", warehouse=warehouse, user=warehouse.admin_user, submitter=role
        )
        functions = Functions(self, "Functions", settings=settings, storage=storage, statements=statements)
        self.functions = functions.by_name
        self.function_names = functions.names

        def worked_by(role: StatementsRole, user: str) -> Warehouse:
            return Warehouse(
                cluster_identifier=warehouse.cluster_identifier,
                role=role.role,
                database=warehouse.database,
                user=user,
                copy_role_arn=warehouse.copy_role.role_arn,
            )

        definition = Definition(
            self,
            "States",
            settings=settings,
            storage=storage,
            functions=functions,
            warehouse=worked_by(statements, warehouse.user),
            administration=worked_by(administration, warehouse.admin_user),
            job=SparkJob(
                cluster_id=compute.cluster_id_for(self),
                script=compute.transform_script.s3_object_url,
                python_code=compute.python_code.s3_object_url,
            ),
            alerts=self.alerts,
        )
        self.state_machine = sfn.StateMachine(
            self,
            "StateMachine",
            state_machine_name=settings.name,
            role=role,
            definition_body=definition.body,
            timeout=Duration.minutes(settings.run_timeout_minutes),
            tracing_enabled=True,
            logs=sfn.LogOptions(
                # with this prefix the resource policy of CloudWatch Logs stays below its size limit
                destination=log_group(
                    self,
                    "StateMachineLogs",
                    name=f"/aws/vendedlogs/states/{settings.name}",
                    retention_days=settings.log_retention_days,
                ),
                level=sfn.LogLevel.ALL,
                include_execution_data=True,
            ),
        )
        for permission in definition.permissions:
            self.state_machine.add_to_role_policy(permission)
        Drawing(self, "Drawing", machine=self.state_machine).give_to(functions.write_report)
        self._accept_wildcards(settings)
        self.schedule = RunSchedule(self, "Schedule", settings=settings, machine=self.state_machine)
        StoppedRuns(self, "StoppedRuns", settings=settings, machine=self.state_machine, functions=functions)
        CfnOutput(
            self, "StateMachineArn", value=self.state_machine.state_machine_arn, description="the pipeline"
        )
        CfnOutput(self, "AlertsTopicArn", value=self.alerts.topic_arn, description="where failures are told")

    def _step_functions(self, settings: Settings) -> iam.IPrincipal:
        """Step Functions, for this state machine only.

        Step Functions Developer Guide, "Cross-service confused deputy prevention".
        """
        machine = self.format_arn(
            service="states",
            resource="stateMachine",
            resource_name=settings.name,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        return iam.ServicePrincipal("states.amazonaws.com").with_conditions(
            {"ArnLike": {"aws:SourceArn": machine}, "StringEquals": {"aws:SourceAccount": self.account}}
        )

    def _alerts_key(self, settings: Settings, publisher: iam.Role) -> kms.Key:
        """The key of the topic. Who publishes needs rights on it, and AWS's own key for SNS cannot give them to CloudWatch.

        SNS Developer Guide, "Enable compatibility between event sources from AWS services and encrypted topics".
        """
        key = kms.Key(
            self,
            "AlertsKey",
            description=f"alerts of {settings.name}",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.DESTROY,
        )
        key.grant(publisher, "kms:Decrypt", "kms:GenerateDataKey")
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisAccount",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )
        return key

    def _accept_wildcards(self, settings: Settings) -> None:
        functions = [
            self.get_logical_id(cast("lambda_.CfnFunction", function.node.default_child))
            for function in self.functions.values()
        ]
        here = "<AWS::Region>:<AWS::AccountId>"
        accept(
            self.state_machine.role,
            *(f"AwsSolutions-IAM5[Resource::<{name}.Arn>:*]" for name in functions),
            f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:{here}:execution:{settings.name}:*]",
            "AwsSolutions-IAM5[Resource::*]",
            reason="Versions of its own functions, its own executions, and actions without a resource: log delivery, "
            "traces, metrics (of one namespace).",
        )
