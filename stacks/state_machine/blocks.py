"""Makes the states of the pipeline: tasks with the same retries and the same way out on failure."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from aws_cdk import Aws, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from lambdas.shared.environment import metrics_namespace
from lambdas.shared.errors import PipelineError
from stacks.functions import Functions
from stacks.settings.polling import Polling
from stacks.settings.settings import Settings
from stacks.state_machine.retries import BACK_OFF, NEVER
from stacks.state_machine.run_sql import RunSql, Warehouse

NOT_RETRIED = [error.__name__ for error in PipelineError.__subclasses__()]
"""Errors of the functions that a retry would meet again."""

FAILURE = "$.failure"
"""The path in the state data to the error that ends a run."""

RUN_ID = sfn.JsonPath.string_at("$$.Execution.Name")

Guarded = TypeVar("Guarded", bound="sfn.TaskStateBase | sfn.CustomState | sfn.Parallel | sfn.Map")


class Blocks(Construct):
    """Makes states; an unhandled error of a state leads to `failure`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        functions: Functions,
        warehouse: Warehouse,
        failure: sfn.IChainable,
    ) -> None:
        super().__init__(scope, construct_id)
        self.settings = settings
        self.functions = functions
        self.warehouse = warehouse
        self.permissions: list[
            iam.PolicyStatement
        ] = []  # for the state machine's role, besides those that CDK adds
        self.failure = failure

    def guard(self, state: Guarded) -> Guarded:
        """The same state; its unhandled errors lead to the failure states, which tell the one at FAILURE."""
        state.add_catch(self.failure, result_path=FAILURE)
        return state

    def sql(
        self,
        name: str,
        sql: Sequence[str] | str,
        *,
        parameters: dict[str, str] | None = None,
        result_path: str = sfn.JsonPath.DISCARD,
        guarded: bool = True,
        done_before: str | None = None,
        warehouse: Warehouse | None = None,
    ) -> sfn.Parallel:
        """Statements as one transaction, or one statement with bound parameters (paths into the state data).

        They work as the pipeline's database user, or as that of `warehouse`.
        """
        polling = Polling(
            step_seconds=self.settings.statement_poll_seconds,
            timeout_seconds=60 * self.settings.statement_timeout_minutes,
        )
        run = RunSql(
            self,
            name,
            warehouse=warehouse or self.warehouse,
            polling=polling,
            statements=sql,
            parameters=parameters,
            result_path=result_path,
            done_before=done_before,
        )
        return self.guard(run.state) if guarded else run.state

    def check(
        self, name: str, query_name: str, batch: Sequence[str], *, parameters: dict[str, str] | None = None
    ) -> sfn.Chain:
        """Count violations with a batch that selects them last, then let the function judge them.

        The function raises DataQualityError for a rule that blocks; the warnings are at `$.checks.<name>` afterwards.
        """
        count = self.sql(query_name, batch, parameters=parameters, result_path="$.quality")
        judge = self.invoke(
            name,
            self.functions.check_quality,
            {
                "run_id": RUN_ID,
                "stage": name,
                "statement": sfn.JsonPath.format(
                    f"{{}}:{len(batch)}", sfn.JsonPath.string_at("$.quality.statement")
                ),
            },
            result_path=f"$.checks.{name}",
        )
        return sfn.Chain.start(count).next(judge)

    def invoke(
        self,
        name: str,
        function: lambda_.Function,
        payload: dict[str, Any],
        result_path: str = sfn.JsonPath.DISCARD,
    ) -> tasks.LambdaInvoke:
        """Call a function with a payload."""
        task = self.task(name, function, sfn.TaskInput.from_object(payload), result_path)
        return self.guard(task)

    def task(
        self,
        name: str,
        function: lambda_.Function,
        payload: sfn.TaskInput,
        result_path: str = sfn.JsonPath.DISCARD,
    ) -> tasks.LambdaInvoke:
        """Call a function; the caller handles failures."""
        task = tasks.LambdaInvoke(
            self,
            name,
            lambda_function=function,
            payload=payload,
            payload_response_only=True,
            retry_on_service_exceptions=False,
            result_path=result_path,
        )
        task.add_retry(errors=NOT_RETRIED, **NEVER)
        task.add_retry(**BACK_OFF)
        return task

    def count(self, name: str, metric: str, service: str) -> sfn.CustomState:
        """Add 1 to a metric of the pipeline, one that the function `service` publishes, too."""
        namespace = metrics_namespace(self.settings.name)
        return self.call(
            name,
            "aws-sdk:cloudwatch:putMetricData",
            parameters={
                "Namespace": namespace,
                "MetricData": [
                    {
                        "MetricName": metric,
                        "Dimensions": [{"Name": "service", "Value": service}],
                        "Value": 1,
                        "Unit": "Count",
                    }
                ],
            },
            permissions=[
                iam.PolicyStatement(
                    actions=["cloudwatch:PutMetricData"],
                    resources=["*"],
                    conditions={"StringEquals": {"cloudwatch:namespace": namespace}},
                )
            ],
            retries=[BACK_OFF],
        )

    def call(
        self,
        name: str,
        integration: str,
        *,
        parameters: dict[str, Any],
        permissions: Sequence[iam.PolicyStatement],
        retries: Sequence[Mapping[str, Any]],
        timeout: Duration | None = None,
    ) -> sfn.CustomState:
        """Call a service with these permissions. CDK's own tasks permit a call on every resource, without a condition."""
        state = sfn.CustomState(
            self,
            name,
            state_json={
                "Type": "Task",
                "Resource": f"arn:{Aws.PARTITION}:states:::{integration}",
                "Parameters": parameters,
                "ResultPath": sfn.JsonPath.DISCARD,
                **({"TimeoutSeconds": timeout.to_seconds()} if timeout else {}),
            },
        )
        for retry in retries:
            state.add_retry(**retry)
        self.permissions += permissions
        return state
