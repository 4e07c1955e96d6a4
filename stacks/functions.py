"""The Lambda functions: one asset with the handlers, the contract and the catalog, one function for each handler."""

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from aws_cdk import ArnFormat, Duration, IgnoreMode, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from lambdas.shared.environment import POWERTOOLS_LAYER, Environment, metrics_namespace
from report.page import LIBRARIES
from stacks import ROOT
from stacks.grants import OF_RUNS, grant_delete, grant_read, grant_tags, grant_write
from stacks.log_group import log_group
from stacks.nag import accept, accept_checkov
from stacks.settings.settings import Settings
from stacks.statements_role import StatementsRole
from stacks.storage import StorageStack

_PACKAGES = ("catalog", "contract", "lambdas", "report")
_LIBRARIES = sorted(
    {
        each.as_posix()
        for name in LIBRARIES
        for path in [Path("node_modules", name)]
        for each in (path, *path.parents)
        if each.name
    }
)
"""The files of node_modules that are in the page of a run, and the folders around them."""

_CODE = [
    "*",
    *(f"!{name}{rest}" for name in _PACKAGES for rest in ("", "/**")),
    *(f"!{name}" for name in _LIBRARIES),
    "**/__pycache__",
]

_ACCEPTED = {
    "CKV_AWS_115": "One run at a time calls the functions one after the other, and copy_concurrency limits the only one that "
    "is called in parallel. A reserved concurrency would be taken from the other functions of the account.",
    "CKV_AWS_116": "A dead-letter queue receives failed asynchronous events. The state machine waits for the functions' answers: it "
    "retries an error, or ends the run with it and tells the topic. Only write_report gets events, of runs that were stopped: Lambda "
    "tries again twice, an alarm tells, and `pipeline report` makes the same page.",
    "CKV_AWS_117": "The functions call S3, STS and the Redshift Data API and connect to nothing in the VPC, where each of these "
    "services would take an endpoint of its own.",
    "CKV_AWS_173": "The variables are names of buckets and roles, and limits: no secret. Lambda encrypts them with its own key.",
}


class Functions(Construct):
    """The functions, each by the name of its handler's module."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        storage: StorageStack,
        statements: StatementsRole,
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self.memory_mb: dict[str, int] = {}
        self._variables = Environment(
            landing_bucket=storage.landing.bucket_name,
            working_bucket=storage.working.bucket_name,
            quarantine_bucket=storage.quarantine.bucket_name,
            reports_bucket=storage.reports.bucket_name,
            batch_max_files=settings.batch_max_files,
            batch_max_bytes=settings.batch_max_bytes,
            copy_files_per_task=settings.copy_files_per_task,
            copy_bytes_per_task=settings.copy_bytes_per_task,
            analytics_window_days=settings.analytics_window_days,
            statements_role_arn=statements.role.role_arn,
        ).as_variables()
        self._code = lambda_.Code.from_asset(str(ROOT), exclude=_CODE, ignore_mode=IgnoreMode.GIT)
        self._powertools = lambda_.LayerVersion.from_layer_version_arn(
            self,
            "Powertools",
            settings.powertools_layer
            or ssm.StringParameter.value_for_string_parameter(self, POWERTOOLS_LAYER),
        )
        self.plan_copies = self._function("plan_copies", memory_mb=1024, minutes=5)
        self.compare_catalog = self._function("compare_catalog", memory_mb=256, minutes=1)
        self.drop_published = self._function("drop_published", memory_mb=1024, minutes=15)
        self.copy_to_working = self._function("copy_to_working", memory_mb=1769, minutes=15)  # one whole CPU
        self.confirm_copies = self._function("confirm_copies", memory_mb=512, minutes=5)
        self.quarantine_unreadable = self._function("quarantine_unreadable", memory_mb=512, minutes=15)
        self.check_quality = self._function("check_quality", memory_mb=256, minutes=1)
        self.acknowledge_landing = self._function("acknowledge_landing", memory_mb=1024, minutes=15)
        self.report_run = self._function("report_run", memory_mb=256, minutes=1)
        self.write_report = self._function("write_report", memory_mb=1024, minutes=1)
        self._grant(storage)
        self._lend(statements)

    @property
    def by_name(self) -> Mapping[str, lambda_.Function]:
        """The functions by the names of their handlers' modules."""
        return {name: value for name, value in vars(self).items() if isinstance(value, lambda_.Function)}

    @property
    def names(self) -> Mapping[str, str]:
        """The functions' own names, by the names of their handlers' modules."""
        return {module: self._name_of(module) for module in self.by_name}

    def _name_of(self, module: str) -> str:
        return f"{self._settings.name}-{module.replace('_', '-')}"

    def _function(self, module: str, *, memory_mb: int, minutes: int) -> lambda_.Function:
        construct_id = module.title().replace("_", "")
        self.memory_mb[self._name_of(module)] = memory_mb
        own_logs = log_group(self, f"{construct_id}Logs", retention_days=self._settings.log_retention_days)
        function = lambda_.Function(
            self,
            construct_id,
            function_name=self._name_of(module),
            handler=f"lambdas.{module}.handler",
            code=self._code,
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            layers=[self._powertools],
            memory_size=memory_mb,
            timeout=Duration.minutes(minutes),
            environment={
                **self._variables,
                "POWERTOOLS_SERVICE_NAME": module,
                "POWERTOOLS_METRICS_NAMESPACE": metrics_namespace(self._settings.name),
                "POWERTOOLS_LOG_LEVEL": "INFO",
            },
            tracing=lambda_.Tracing.ACTIVE,
            log_group=own_logs,
        )
        for finding, reason in _ACCEPTED.items():
            accept_checkov(function, finding, reason=reason)
        _grant_own_logs(function, own_logs)
        return function

    def _grant(self, storage: StorageStack) -> None:
        landing, working, quarantine = storage.landing, storage.working, storage.quarantine
        for function in (
            self.plan_copies,
            self.drop_published,
            self.copy_to_working,
            self.acknowledge_landing,
        ):
            grant_read(function, landing, "*")
        for function, *zones in (
            (self.drop_published, working),
            (self.copy_to_working, working, quarantine),
            (self.confirm_copies, working),
            (self.quarantine_unreadable, working, quarantine),
            (self.acknowledge_landing, working),
            (self.write_report, working, quarantine),
        ):
            for zone in zones:
                grant_read(function, zone, OF_RUNS)
        for function, *zones in (
            (self.plan_copies, working),
            (self.drop_published, working),
            (self.copy_to_working, working, quarantine),
            (self.confirm_copies, working),
            (self.quarantine_unreadable, quarantine),
            (self.check_quality, working),
        ):
            for zone in zones:
                grant_write(function, zone, OF_RUNS)
        grant_read(self.write_report, storage.reports, "*")
        grant_write(self.write_report, storage.reports, "*")
        self._grant_history()
        grant_tags(self.copy_to_working, of=[(landing, "*")], to=[(working, OF_RUNS), (quarantine, OF_RUNS)])
        grant_tags(self.quarantine_unreadable, of=[(working, OF_RUNS)], to=[(quarantine, OF_RUNS)])
        for function in (self.drop_published, self.acknowledge_landing):
            grant_delete(function, landing, "*")
        for function in self.by_name.values():
            accept(
                function,
                "AwsSolutions-IAM5[Resource::*]",
                reason="X-Ray's PutTraceSegments knows no narrower resource.",
            )

    def _grant_history(self) -> None:
        """The history of the deployment's own executions, and nothing else of Step Functions."""
        execution = Stack.of(self).format_arn(
            service="states",
            resource="execution",
            resource_name=f"{self._settings.name}:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        self.write_report.add_to_role_policy(
            iam.PolicyStatement(actions=["states:GetExecutionHistory"], resources=[execution])
        )
        accept(
            self.write_report,
            f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:{self._settings.name}:*]",
            reason="The executions of one state machine: their names are given when they start.",
        )

    def _lend(self, statements: StatementsRole) -> None:
        """The functions that read what a statement of the state machine found."""
        for reader in (
            self.compare_catalog,
            self.drop_published,
            self.check_quality,
            self.acknowledge_landing,
            self.report_run,
            self.write_report,
        ):
            statements.lend_to(cast("iam.IRole", reader.role))


def _grant_own_logs(function: lambda_.Function, own: logs.LogGroup) -> None:
    """Let the function write to its own log group, and to no other.

    The CDK attaches AWS's policy AWSLambdaBasicExecutionRole, which lets a function write to every log group of the account.
    """
    role = cast("iam.CfnRole", cast("iam.IRole", function.role).node.default_child)
    role.managed_policy_arns = None
    own.grant_write(function)
