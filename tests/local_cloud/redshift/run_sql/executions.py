"""RunSql, synthesized as the only state of a state machine, deployed and executed."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from aws_cdk import App, DefaultStackSynthesizer, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn

from stacks.settings.polling import Polling
from stacks.state_machine.run_sql import RunSql, Warehouse
from tests.local_cloud.waiting import PATIENCE

NAME = "Statement"
"""The construct's name, and so the StatementName of what it submits."""

ENDLESS = (
    "select count(*) from generate_series(1, 1000000) as a(n), generate_series(1, 1000000) as b(n) "
    "where a.n + b.n = -1"
)
"""A query that runs until it is cancelled."""

PATIENT = Polling(step_seconds=1, timeout_seconds=60)
_numbers = count(1)


@dataclass(frozen=True)
class Ended:
    """How an execution ended, and its history."""

    name: str
    status: str
    error: str | None
    cause: str | None
    output: Any
    events: list[dict[str, Any]]

    @property
    def failure(self) -> tuple[str, str | None, str | None]:
        return self.status, self.error, self.cause


class Runner:
    """Deploys statements as a state machine of their own, once, and executes it."""

    def __init__(self, clients: Callable[[str], Any]) -> None:
        self._cloudformation = clients("cloudformation")
        self._states = clients("stepfunctions")
        self._machines: dict[str, str] = {}

    def run(
        self,
        statements: Sequence[str] | str,
        *,
        polling: Polling = PATIENT,
        parameters: dict[str, str] | None = None,
        **values: str,
    ) -> Ended:
        """An execution to its end; `values` are its input."""
        wanted = repr((statements, polling, parameters))
        if wanted not in self._machines:
            self._machines[wanted] = self._deployed(statements, polling, parameters)
        started = self._states.start_execution(
            stateMachineArn=self._machines[wanted], name=f"run-{next(_numbers)}", input=json.dumps(values)
        )
        return self._ended(str(started["executionArn"]))

    def _ended(self, execution: str) -> Ended:
        deadline = time.monotonic() + PATIENCE
        while (found := self._states.describe_execution(executionArn=execution))["status"] == "RUNNING":
            assert time.monotonic() < deadline, f"{execution} still runs"
            time.sleep(0.05)  # the API has no way to wait for an execution
        return Ended(
            name=found["name"],
            status=found["status"],
            error=found.get("error"),
            cause=found.get("cause"),
            output=json.loads(found["output"]) if "output" in found else None,
            events=list(self._history(execution)),
        )

    def _history(self, execution: str) -> list[dict[str, Any]]:
        pages = self._states.get_paginator("get_execution_history").paginate(executionArn=execution)
        return [event for page in pages for event in page["events"]]

    def _deployed(
        self, statements: Sequence[str] | str, polling: Polling, parameters: dict[str, str] | None
    ) -> str:
        name = f"faults-{next(_numbers)}"
        app = App(analytics_reporting=False)
        stack = Stack(
            app,
            name,
            synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
        )
        role = iam.Role(stack, "Statements", assumed_by=iam.AccountRootPrincipal())
        role.add_to_policy(iam.PolicyStatement(actions=["*"], resources=["*"]))
        sql = RunSql(
            stack,
            NAME,
            warehouse=Warehouse(
                cluster_identifier="goodreads",
                role=role,
                database="dev",
                user="admin",
                copy_role_arn="arn:aws:iam::123456789012:role/copy",
            ),
            polling=polling,
            statements=statements,
            parameters=parameters,
            result_path="$.ran",
        )
        body = sfn.DefinitionBody.from_chainable(sql.state)
        sfn.StateMachine(stack, "Machine", definition_body=body)
        template = app.synth().get_stack_by_name(name).template
        self._cloudformation.create_stack(
            StackName=name, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"]
        )
        resources = self._cloudformation.describe_stack_resources(StackName=name)["StackResources"]
        (machine,) = (
            found["PhysicalResourceId"]
            for found in resources
            if found["ResourceType"] == "AWS::StepFunctions::StateMachine"
        )
        return str(machine)
