"""Submit, wait, describe: one construct for every statement that goes to the Redshift Data API.

The Data API has no `.sync` integration: the construct submits a statement, then describes it until it ends. The loop is
within a Parallel state, so the state machine can repeat it as a whole and catch its failure.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from contract.keys import RUN_SLOT
from stacks.settings.polling import ENDING_WAITS, Polling
from stacks.state_machine.retries import BACK_OFF, BUSY, NEVER

SERIALIZABLE_CONFLICT = "Redshift.SerializableConflict"
FAILED = "Redshift.StatementFailed"
ABORTED = "Redshift.StatementAborted"
TIMED_OUT = "Redshift.StatementTimedOut"

_SLOT = re.compile(r"\{(\w*)\}")
_BATCH_LIMIT = 40  # statements in one BatchExecuteStatement
REFUSED = (
    "RedshiftData.ValidationException"  # of a malformed request, and of cancelling a statement that has ended
)
_FULL = "RedshiftData.ActiveStatementsExceededException"  # of everybody's statements on the cluster
_STATUS = {"Id.$": "$.Id", "Status.$": "$.Status"}
"""What the loop needs of a description: that of a batch has the text of each statement, and a state's data 256 KiB at most."""


@dataclass(frozen=True)
class Warehouse:
    """The cluster for statements, the role that submits them, its database user, and the role with which COPY reads."""

    cluster_identifier: str
    role: iam.IRole
    database: str
    user: str
    copy_role_arn: str


class RunSql(Construct):
    """Runs a batch of statements as one transaction, or one statement with bound parameters.

    `state` ends with `{"statement": <id>}` at `result_path`. In a batch the execution's name replaces each RUN_SLOT, and
    the value at the path `parameters[name]` each `{name}`. The errors of the state machine are StatementFailed with Redshift's message,
    StatementAborted, and StatementTimedOut after the statement was cancelled. A serializable-isolation conflict is
    retried. If a statement finishes just before its cancellation, it has taken effect, so it is a success. So is a statement
    whose error matches `done_before`: an earlier attempt has done it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        warehouse: Warehouse,
        polling: Polling,
        statements: Sequence[str] | str,
        parameters: Mapping[str, str] | None = None,
        result_path: str = sfn.JsonPath.DISCARD,
        done_before: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._name = construct_id
        self._polling = polling
        self._done_before = done_before
        self._role = warehouse.role
        self.state = sfn.Parallel(
            self,
            construct_id,
            parameters={
                "input.$": "$",
                **(
                    {"statements": [_SLOT.sub(RUN_SLOT, each) for each in _checked(statements)]}
                    if self._takes_values(statements)
                    else {}
                ),
            },
            result_selector={"statement.$": "$[0].statement.Id"},
            result_path=result_path,
        )
        submit = self._submit(warehouse, statements, parameters or {})
        # the time at which an attempt enters its first state tells the attempts apart
        begin = sfn.Pass(
            self,
            f"{construct_id}: begin",
            parameters={"at.$": "$$.State.EnteredTime"},
            result_path="$.begun",
        )
        self.state.branch(begin.next(submit).next(self._watch()))
        self.state.add_retry(errors=[SERIALIZABLE_CONFLICT], **BACK_OFF)

    @staticmethod
    def _takes_values(statements: Sequence[str] | str) -> bool:
        return not isinstance(statements, str) and any(map(_SLOT.search, statements))

    def _submit(
        self, warehouse: Warehouse, statements: Sequence[str] | str, parameters: Mapping[str, str]
    ) -> tasks.CallAwsService:
        single = isinstance(statements, str)
        action = "executeStatement" if single else "batchExecuteStatement"
        request: dict[str, Any] = {
            "ClusterIdentifier": warehouse.cluster_identifier,
            "Database": warehouse.database,
            "DbUser": warehouse.user,
            "StatementName": self._name,
            # the same token for every try of this attempt: after a lost answer the statements do not run twice
            "ClientToken": sfn.JsonPath.hash(
                sfn.JsonPath.format(
                    f"{{}}/{self._name}/{{}}", sfn.JsonPath.execution_id, sfn.JsonPath.string_at("$.begun.at")
                ),
                "SHA-256",
            ),
        }
        if single:
            request["Sql"] = statements
            if parameters:
                request["Parameters"] = [
                    {"Name": name, "Value": sfn.JsonPath.string_at(_from_input(path))}
                    for name, path in parameters.items()
                ]
        elif self._takes_values(statements):
            request["Sqls.$"] = _filled_batch(statements, parameters)
        else:
            request["Sqls"] = _checked(statements)
        submit = tasks.CallAwsService(
            self,
            f"{self._name}: submit",
            service="redshiftdata",
            action=action,
            parameters=request,
            **_under(warehouse.role),
            # from here on without the statements: a batch of them would be in the data of every further state
            result_selector={
                "wait": 0,
                "longest_wait": self._polling.longest_wait,
                "cancelled": False,
                "statement": {"Id.$": "$.Id"},
            },
        )
        submit.add_retry(errors=[REFUSED], **NEVER)
        submit.add_retry(errors=[_FULL], **BUSY)
        submit.add_retry(**BACK_OFF)
        return submit

    def _watch(self) -> sfn.IChainable:
        describe = self._call("describe", "describeStatement", "$.statement", result_selector=_STATUS)
        wait = sfn.Wait(
            self, f"{self._name}: wait", time=sfn.WaitTime.seconds_path("$.wait"), comment="longer each time"
        ).next(describe)
        back_off = sfn.Pass(
            self,
            f"{self._name}: back off",
            parameters={
                "wait": sfn.JsonPath.math_add(sfn.JsonPath.number_at("$.wait"), self._polling.step_seconds),
                "longest_wait.$": "$.longest_wait",
                "cancelled.$": "$.cancelled",
                "statement.$": "$.statement",
            },
        ).next(wait)
        status = "$.statement.Status"
        aborted = sfn.Condition.string_equals(status, "ABORTED")
        cancelled = sfn.Condition.boolean_equals("$.cancelled", True)
        too_long = sfn.Condition.number_greater_than_equals_json_path("$.wait", "$.longest_wait")
        timeout = f"{self._name} took longer than {self._polling.timeout_seconds} s"
        return describe.next(
            sfn.Choice(self, f"{self._name}: ended?")
            .when(
                sfn.Condition.string_equals(status, "FINISHED"), sfn.Succeed(self, f"{self._name}: finished")
            )
            .when(sfn.Condition.string_equals(status, "FAILED"), self._failure())
            .when(
                sfn.Condition.and_(aborted, cancelled),
                self._fail("timed out", TIMED_OUT, f"{timeout} and was cancelled"),
            )
            .when(aborted, self._fail("aborted", ABORTED, f"somebody cancelled {self._name} in Redshift"))
            .when(
                sfn.Condition.and_(too_long, cancelled),
                self._fail("goes on", TIMED_OUT, f"{timeout} and still runs although it was to be cancelled"),
            )
            .when(too_long, self._cancel(describe))
            .otherwise(back_off)
        )

    def _cancel(self, describe: sfn.IChainable) -> sfn.IChainable:
        """Cancel, then look again: the statement may have finished a moment ago, or may take a moment to stop."""
        cancel = self._call("cancel", "cancelStatement", sfn.JsonPath.DISCARD, final=[REFUSED])
        look_again = sfn.Pass(
            self,
            f"{self._name}: look again",
            parameters={
                "wait": 0,
                "longest_wait": ENDING_WAITS * self._polling.step_seconds,
                "cancelled": True,
                "statement.$": "$.statement",
            },
        )
        look_again.next(describe)
        cancel.add_catch(look_again, result_path=sfn.JsonPath.DISCARD)
        return cancel.next(look_again)

    def _failure(self) -> sfn.IChainable:
        """Tell a conflict with another transaction from other failures: Redshift reports it as error 1023, in words.

        The description is asked for once more, as a whole: only one of a failed statement has the error.
        """
        error = "$.statement.Error"
        ask = self._call("ask why", "describeStatement", "$.statement")
        conflict = sfn.Fail(self, f"{self._name}: conflict", error=SERIALIZABLE_CONFLICT, cause_path=error)
        failed = sfn.Fail(self, f"{self._name}: failed", error=FAILED, cause_path=error)
        unexplained = self._fail("unexplained", FAILED, f"Redshift gave no reason why {self._name} failed")
        why = sfn.Choice(self, f"{self._name}: why?").when(sfn.Condition.is_not_present(error), unexplained)
        if self._done_before:
            why.when(
                sfn.Condition.string_matches(error, self._done_before),
                sfn.Succeed(self, f"{self._name}: done before"),
            )
        why.when(sfn.Condition.string_matches(error, "*1023*Serializable isolation*"), conflict)
        return ask.next(why.otherwise(failed))

    def _call(
        self,
        what: str,
        action: str,
        result_path: str,
        *,
        final: Sequence[str] = (),
        result_selector: Mapping[str, str] | None = None,
    ) -> tasks.CallAwsService:
        call = tasks.CallAwsService(
            self,
            f"{self._name}: {what}",
            service="redshiftdata",
            action=action,
            parameters={"Id": sfn.JsonPath.string_at("$.statement.Id")},
            **_under(self._role),
            result_selector=result_selector,
            result_path=result_path,
        )
        if final:
            call.add_retry(errors=list(final), **NEVER)
        call.add_retry(**BACK_OFF)
        return call

    def _fail(self, what: str, error: str, cause: str) -> sfn.Fail:
        return sfn.Fail(self, f"{self._name}: {what}", error=error, cause=cause)


def _under(role: iam.IRole) -> dict[str, Any]:
    """Keyword arguments with which a task calls under the role: only the submitter of a statement may ask for it.

    The state machine itself may do no more than assume the role, so that is the permission which the task gives it.
    """
    return {
        "credentials": sfn.Credentials(role=sfn.TaskRole.from_role(role)),
        "iam_action": "sts:AssumeRole",
        "iam_resources": [role.role_arn],
    }


def _checked(statements: Sequence[str]) -> list[str]:
    if len(statements) > _BATCH_LIMIT:
        raise ValueError(f"a batch holds {len(statements)} statements, the Data API takes {_BATCH_LIMIT}")
    return list(statements)


def _filled_batch(statements: Sequence[str], parameters: Mapping[str, str]) -> str:
    """The statements with the execution's name and the parameters in their slots.

    The statements come from the state data: a quotation mark within an intrinsic function's literal would need escaping.
    States.Format knows slots without a name only, and fills them in their order.
    """
    values = {"": "$$.Execution.Name"} | {name: _from_input(path) for name, path in parameters.items()}
    filled = (
        f"States.Format($.statements[{number}], {', '.join(values[name] for name in slots)})"
        if (slots := _SLOT.findall(statement))
        else f"$.statements[{number}]"
        for number, statement in enumerate(statements)
    )
    return f"States.Array({', '.join(filled)})"


def _from_input(path: str) -> str:
    """The path within the loop: the loop has the state data below `input`."""
    return path if path.startswith("$$") else path.replace("$", "$.input", 1)
