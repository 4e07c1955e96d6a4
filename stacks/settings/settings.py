"""Every tunable of a deployment: typed, bounded, read from the CDK context, with all errors told in one message."""

import difflib
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Annotated, Any, Self

from constructs import Node
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo

from catalog import DATASETS
from stacks.settings.node_types import Nodes, check_port, deployable
from stacks.settings.polling import STATEMENTS, Polling
from stacks.settings.schedule import Cron, Rate, read_schedule

SPARK_VERSION = "3.5.6"
"""The version of `pyspark` in requirements.txt; a test compares the two."""

# https://docs.aws.amazon.com/emr/latest/ReleaseGuide/Spark-release-history.html
SPARK_OF_RELEASE = {
    "emr-7.8.0": "3.5.4",
    "emr-7.9.0": "3.5.5",
    "emr-7.10.0": "3.5.5",
    "emr-7.11.0": "3.5.6",
    "emr-7.12.0": "3.5.6",
    "emr-7.13.0": "3.5.6",
}

# https://github.com/aws-powertools/powertools-lambda-python/blob/develop/.github/workflows/update_ssm.yml writes the
# parameters, and names these regions
POWERTOOLS_REGIONS = (
    "af-south-1", "ap-east-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1",
    "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5",
    "ap-southeast-7", "ca-central-1", "ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1",
    "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "il-central-1",
    "mx-central-1", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
)  # fmt: skip
"""Where AWS publishes the parameter that names the Powertools layer."""

LONGEST_WATCH = 7 * 24 * 60
"""Minutes that an alarm of CloudWatch can look back on: Period times EvaluationPeriods of PutMetricAlarm, seven days."""

_GIB = 1024**3
_COPY_TASKS, _EVENTS_OF_A_COPY = 1000, 7
_OTHER_EVENTS, _EVENTS = 1000, 25_000  # of an execution's history
_ARM = re.compile(r"a1\.|[a-z]+\d+g")  # m6g, c7gn, g5g, but not g5
_INSTANCE_STORE = re.compile(  # m5d, r5dn, m6id, g4dn, i3, d3en; g5, x1 and the like have no d in their names
    r"[a-z]+\d+[a-z]*d[a-z]*\.|(d|f|h|hs|i)\d|(c1|c3|cc2|cr1|dl1|g2|g5|g6e?|m1|m2|m3|p5e?n?|r3|trn1n?|x1e?)\."
)
_LOG_RETENTION_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
                       3288, 3653)  # the values that PutRetentionPolicy of CloudWatch Logs accepts  # fmt: skip


def releases_with(spark_version: str) -> tuple[str, ...]:
    """The known releases with exactly that Spark version, oldest first."""
    return tuple(release for release, spark in SPARK_OF_RELEASE.items() if spark == spark_version)


QUERY_PRIORITIES = ("lowest", "low", "normal")
"""Of the priorities in "Query priority" of Redshift's Database Developer Guide those below the pipeline's, `high`: it never waits for readers."""


class SettingsError(ValueError):
    """A setting is unknown or its value is not allowed; the message names the setting and what is allowed."""


def _whole(default: int, low: int, high: int, meaning: str) -> Any:
    return Field(default, ge=low, le=high, description=f"{meaning}: a whole number from {low} to {high}")


def _reject_limit(dataset: str) -> Any:
    return _whole(
        50, 0, 100, f"percent of rejected {dataset} rows above which a run stops before its publish"
    )


def _text(default: str, pattern: str, meaning: str) -> Any:
    return Field(default, pattern=pattern, description=meaning)


def _one_of(*allowed: Any) -> AfterValidator:
    def check(value: Any) -> Any:
        if value not in allowed:
            raise ValueError(f"{value} is not one of {allowed}")
        return value

    return AfterValidator(check)


class Settings(BaseModel):
    """The settings of one deployment; each description says what the setting means and which values are allowed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(
        "goodreads",
        pattern=r"^[a-z](-?[a-z0-9])+$",  # a bucket name would take two hyphens in a row, a Redshift cluster does not
        max_length=20,
        description="prefix of every name: 2 to 20 lower-case letters and digits, the first a letter, with single "
        "hyphens between them",
    )
    schedule_enabled: bool = Field(default=True, description="whether runs start on schedule: true or false")
    schedule_minutes: int = _whole(10, 1, 1440, "minutes from one scheduled run to the next")
    schedule: str = Field(
        "",
        description="when runs start instead of every schedule_minutes: a rate or a cron expression of EventBridge, like "
        "rate(2 hours) or cron(0 7 * * ? *), or empty",
    )
    schedule_timezone: str = Field(
        "UTC", description="time zone of a cron expression: a name like Europe/Berlin"
    )
    alarm_email: str = _text(
        "", r"^$|^[^@\s]+@[^@\s]+\.[^@\s.]+$", "who is told of alarms: an e-mail address, or empty for nobody"
    )

    capture_principal_arn: str = _text(
        "",
        r"^$|^arn:[a-z-]+:iam::\d{12}:(user|role)/[\w+=,.@/-]+$",
        "who may take the role that lands files: the ARN of the IAM user or role of the machine that captures, or empty for no "
        "such role",
    )

    availability_zones: str = _text(
        "",
        r"^$|^[a-z]{2}(-[a-z]+)+-\d[a-z],[a-z]{2}(-[a-z]+)+-\d[a-z]$",
        "the two availability zones of the network, for node types that are not in every zone: like us-east-1b,us-east-1d (EMR "
        "runs in the first), or empty for the region's first two. They cannot be changed after the first "
        "deployment: other zones mean other subnets",
    )
    powertools_layer: str = _text(
        "",
        r"^$|^arn:[a-z-]+:lambda:[a-z0-9-]+:\d{12}:layer:[\w-]+:\d+$",
        "ARN of a Powertools layer for Python 3.14 on ARM, in regions where AWS publishes no parameter that names it, or empty "
        "to take the ARN from the parameter",
    )

    emr_release: Annotated[str, _one_of(*releases_with(SPARK_VERSION))] = Field(
        "emr-7.13.0",
        description=f"EMR release: {' or '.join(releases_with(SPARK_VERSION))}, which bring the Spark {SPARK_VERSION} "
        "that the job is tested with",
    )
    emr_instance_type: str = _text(
        "m5.xlarge", r"^[a-z][a-z0-9-]*\.[a-z0-9]+$", "type of every EMR node: an EC2 type like m5.xlarge"
    )
    emr_core_count: int = _whole(2, 1, 100, "EMR core nodes, next to the one primary node")
    emr_ebs_gib: int = _whole(64, 32, 16384, "disk of every EMR node in GiB")

    emr_generation: int = _whole(
        1, 1, 999, "raise it to have the EMR cluster made anew, also one that has terminated"
    )

    redshift_node_type: str = _text(
        "dc2.large",
        r"^(dc2|ds2|ra3|rg)\.[0-9a-z]+$",
        "type of the Redshift nodes: like ra3.large, ra3.xlplus or ra3.4xlarge",
    )
    redshift_node_count: int = _whole(2, 1, 128, "Redshift nodes")
    allow_retired_node_types: bool = Field(
        default=False,
        description="whether dc2 and ds2 nodes are deployed as asked, not replaced: true or false",
    )
    redshift_port: int = _whole(5440, 1150, 65535, "port of the warehouse")
    redshift_database: str = _text(
        "goodreads",
        r"^[a-z][a-z0-9_]{0,63}$",
        "database: up to 64 lower-case letters, digits and underscores; it cannot be changed after the first deployment",
    )
    redshift_admin_user: str = _text(
        "pipeline",
        r"^[a-z][a-z0-9_]{0,63}$",
        "master user of the cluster, who hands the tables over to redshift_user and adds readers: up to 64 lower-case letters, "
        "digits and underscores; it cannot be changed after the first deployment",
    )
    redshift_user: str = _text(
        "goodreads_pipeline",
        r"^[a-z][a-z0-9_]{0,63}$",
        "database user as which the pipeline works, the owner of its tables: up to 64 lower-case letters, digits and underscores",
    )
    redshift_scaling_clusters: int = _whole(
        1,
        0,
        10,
        "clusters that Redshift adds at most while readers' queries queue, 0 for none (on ra3.large and on a single node it adds none)",
    )
    redshift_readers_priority: Annotated[str, _one_of(*QUERY_PRIORITIES)] = Field(
        "low",
        description=f"priority of readers' queries, below that of the pipeline: {', '.join(QUERY_PRIORITIES)}",
    )

    analytics_window_days: int = _whole(30, 1, 3650, "days of reviews that the analytics look back on")
    analytics_top: int = _whole(
        10, 1, 1000, "rows at most of each analytics table that ranks (has a column place)"
    )

    batch_max_files: int = _whole(10_000, 1, 100_000, "landing files one run takes at most")
    batch_max_bytes: int = _whole(16 * _GIB, 1, 10 * 1024 * _GIB, "bytes one run takes at most")
    copy_files_per_task: int = _whole(1_000, 1, 10_000, "files one invocation of the copying function takes")
    copy_bytes_per_task: int = _whole(
        _GIB, 1, 64 * _GIB, "bytes one invocation of the copying function takes; a bigger file has its own"
    )
    copy_concurrency: int = _whole(10, 1, 40, "invocations of the copying function at a time")

    authors_reject_limit_percent: int = _reject_limit("authors")
    books_reject_limit_percent: int = _reject_limit("books")
    reviews_reject_limit_percent: int = _reject_limit("reviews")
    users_reject_limit_percent: int = _reject_limit("users")

    run_timeout_minutes: int = _whole(60, 5, 1440, "minutes after which a run is stopped")
    step_timeout_minutes: int = _whole(45, 1, 1440, "minutes after which a Spark step is given up")
    statement_timeout_minutes: int = _whole(20, 1, 1440, "minutes after which an SQL statement is cancelled")
    statement_poll_seconds: int = _whole(2, 1, 60, "seconds between two looks at a running SQL statement")

    archive_retention_days: int = _whole(
        400,
        1,
        3650,
        "days the copies of landed files stay in the working zone, the archive that tables are rebuilt from",
    )
    landing_retention_days: int = _whole(
        7,
        1,
        365,
        "days an overwritten or deleted file of the landing zone or of quarantine can be brought back",
    )
    processed_retention_days: int = _whole(7, 1, 365, "days a run's Parquet stays in the processed zone")
    quarantine_retention_days: int = _whole(90, 1, 3650, "days rejected rows can be replayed")
    reports_retention_days: int = _whole(400, 1, 3650, "days the documents and pages of runs are kept")
    audit_retention_days: int = _whole(
        400, 1, 3650, "days Redshift's audit logs are kept: who signed in, and every statement"
    )
    log_retention_days: Annotated[int, _one_of(*_LOG_RETENTION_DAYS)] = Field(
        30, description=f"days other logs are kept: one of {', '.join(map(str, _LOG_RETENTION_DAYS))}"
    )
    late_after_minutes: int = _whole(
        0,
        0,
        LONGEST_WATCH,
        "minutes without a finished run after which an alarm is raised; with 0 the time follows from the schedule",
    )

    @classmethod
    def from_context(cls, node: Node) -> Self:
        """The settings that `cdk.json` and `-c key=value` give the construct tree of `node`.

        SettingsError names each key that is unknown or whose value is not allowed, and what is allowed.
        """
        return cls.of(node.get_all_context())

    @classmethod
    def of(cls, context: Mapping[str, Any]) -> Self:
        """The settings that a context gives, with keys of others in between; SettingsError as above."""
        _refuse_misspelt(context, known=cls.model_fields)
        try:
            return cls.model_validate({key: context[key] for key in cls.model_fields if key in context})
        except ValidationError as error:
            raise SettingsError(_explain(error, cls.model_fields)) from None

    def check_region(self, region: str) -> None:
        """SettingsError if these settings cannot be deployed in `region`; an empty one is not known and not checked."""
        if not region:
            return
        if not self.powertools_layer and region not in POWERTOOLS_REGIONS:
            raise SettingsError(
                f"AWS publishes no parameter that names the Powertools layer in {region}: set powertools_layer to the ARN of "
                "a layer in this region, AWS's (Powertools' installation page lists those of GovCloud and China) or your own"
            )
        for zone in self.zones:
            if not zone.startswith(region):
                raise SettingsError(
                    f"availability_zones = {self.availability_zones!r} has {zone}, which is not in {region}, the region of "
                    "this deployment: name zones of this region, or deploy to another one"
                )

    @property
    def zones(self) -> list[str]:
        """The availability zones of the network; empty if AWS is to choose."""
        return self.availability_zones.split(",") if self.availability_zones else []

    @property
    def nodes(self) -> Nodes:
        """The Redshift nodes to deploy: the requested ones, or AWS's replacement of a retired type."""
        asked = Nodes(type=self.redshift_node_type, count=self.redshift_node_count)
        return asked if self.allow_retired_node_types else deployable(asked)

    @property
    def reject_limits(self) -> Mapping[str, int]:
        """Percent of rejected rows above which a run stops, by dataset."""
        return {dataset.name: getattr(self, f"{dataset.name}_reject_limit_percent") for dataset in DATASETS}

    @property
    def starts(self) -> Rate | Cron:
        """When runs start."""
        if not self.schedule:
            return Rate(timedelta(minutes=self.schedule_minutes))
        return read_schedule(self.schedule, self.schedule_timezone)

    @property
    def late_after(self) -> int | None:
        """Minutes without a finished run that are too many; None if no alarm of CloudWatch could look back that far.

        A run may come up to 20 minutes late, or take as long as it may, as long as the next one has not begun.
        """
        if self.late_after_minutes:
            return self.late_after_minutes
        apart = self.most_minutes_apart
        late = apart + max(20, min(apart, self.run_timeout_minutes))
        return late if late <= LONGEST_WATCH else None

    @property
    def most_minutes_apart(self) -> int:
        """The longest time from one scheduled run to the next, in minutes."""
        return int(self.starts.apart.longest.total_seconds() / 60)

    @model_validator(mode="after")
    def _starts_runs(self) -> Self:
        if isinstance(self.starts, Rate) and self.schedule_timezone != "UTC":
            raise ValueError(
                f"schedule_timezone = {self.schedule_timezone!r} has no meaning without a cron expression: set schedule to "
                "one like cron(0 7 * * ? *), or remove schedule_timezone"
            )
        apart = self.most_minutes_apart
        if self.schedule_enabled and self.late_after_minutes and self.late_after_minutes <= apart:
            raise ValueError(
                f"late_after_minutes = {self.late_after_minutes} must be above the {apart} minutes that may pass from one "
                "scheduled run to the next: otherwise the alarm would ring between two punctual runs; with 0 it follows from "
                "the schedule"
            )
        return self

    @model_validator(mode="after")
    def _runs_the_libraries(self) -> Self:
        if _ARM.match(self.emr_instance_type):
            raise ValueError(
                f"emr_instance_type = {self.emr_instance_type!r} has ARM processors, and the Spark job's libraries are those "
                "for x86_64: take a type like m5.xlarge or m6i.xlarge"
            )
        return self

    @model_validator(mode="after")
    def _has_no_instance_store(self) -> Self:
        if _INSTANCE_STORE.match(self.emr_instance_type):
            raise ValueError(
                f"emr_instance_type = {self.emr_instance_type!r} has instance stores: EMR encrypts those that are no NVMe SSDs with LUKS "
                "(EMR Management Guide, 'Encryption options', 'Instance store encryption'), each node then asks KMS for a key when it starts "
                "(KMS Developer Guide, 'How Amazon EMR uses AWS KMS'), and the nodes have no route to KMS. Whether a node with NVMe SSDs asks, "
                "too, no guide says. emr_ebs_gib gives the nodes their disk: take a type without stores, like m5.xlarge or m6i.xlarge"
            )
        return self

    @model_validator(mode="after")
    def _zones_differ(self) -> Self:
        if len(self.zones) != len(set(self.zones)):
            raise ValueError(
                f"availability_zones = {self.availability_zones!r} names one zone twice: Redshift's subnets and EMR's are in "
                "two zones"
            )
        return self

    @model_validator(mode="after")
    def _users_differ(self) -> Self:
        if self.redshift_user == self.redshift_admin_user:
            raise ValueError(
                f"redshift_user = {self.redshift_user!r} is the cluster's master user, redshift_admin_user: the pipeline works as a "
                "user of its own, without the rights of a superuser; take another name"
            )
        return self

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for inner in ("step_timeout_minutes", "statement_timeout_minutes"):
            if getattr(self, inner) >= self.run_timeout_minutes:
                raise ValueError(
                    f"{inner} = {getattr(self, inner)} must be below run_timeout_minutes = {self.run_timeout_minutes}: "
                    "lower the first or raise the second"
                )
        # two consecutive tasks together exceed the limit of bytes, or the second would not have begun
        tasks = (
            self.batch_max_files // self.copy_files_per_task
            + 2 * self.batch_max_bytes // self.copy_bytes_per_task
        )
        if tasks > _COPY_TASKS:
            raise ValueError(
                f"batch_max_files = {self.batch_max_files} and batch_max_bytes = {self.batch_max_bytes} in tasks of "
                f"copy_files_per_task = {self.copy_files_per_task} and copy_bytes_per_task = {self.copy_bytes_per_task} may "
                f"make {tasks} copy tasks, and {_COPY_TASKS} fit into the 25,000 events of an execution's history: "
                "lower the first or raise the second"
            )
        poll, run = self.statement_poll_seconds, self.run_timeout_minutes
        statements = STATEMENTS * Polling.shared(step_seconds=poll, run_seconds=60 * run).events
        if statements + _EVENTS_OF_A_COPY * tasks + _OTHER_EVENTS > _EVENTS:
            raise ValueError(
                f"statement_poll_seconds = {poll} and run_timeout_minutes = {run} may make {statements:,} events of looking at "
                f"{STATEMENTS} statements, next to {tasks} copy tasks of {_EVENTS_OF_A_COPY} events each, and an execution's history "
                f"ends with {_EVENTS:,}: raise the first or lower the second"
            )
        if self.copy_files_per_task > self.batch_max_files:
            raise ValueError(
                f"copy_files_per_task = {self.copy_files_per_task} must not exceed batch_max_files = "
                f"{self.batch_max_files}: lower the first or raise the second"
            )
        check_port(self.nodes, self.redshift_port)
        return self


def _refuse_misspelt(context: Mapping[str, Any], *, known: Iterable[str]) -> None:
    """SettingsError for a context key that was meant as a setting but is not one.

    The CDK and its command line keep keys of their own in the context (`@aws-cdk/core:x`, `aws:cdk:x`,
    `availability-zones:x`, `cli-telemetry`). A key that is not a plain identifier belongs to them, unless it resembles a
    setting.
    """
    settings = list(known)
    complaints = []
    for key in context:
        near = difflib.get_close_matches(key, settings, n=1, cutoff=0.75)
        if key not in settings and (key.isidentifier() or near):
            hint = f"did you mean {near[0]}?" if near else f"the settings are {', '.join(settings)}"
            complaints.append(f"{key} is not a setting; {hint}")
    if complaints:
        raise SettingsError("\n".join(complaints))


def _explain(error: ValidationError, fields: Mapping[str, FieldInfo]) -> str:
    """One line for each complaint: the key, the value found, what is allowed, and where to change it."""
    return "\n".join(_line(complaint, fields) for complaint in error.errors(include_url=False))


def _line(complaint: Any, fields: Mapping[str, FieldInfo]) -> str:
    where = "change it in cdk.json or with -c KEY=VALUE"
    if not complaint["loc"]:  # a check across fields names its keys itself
        return f"{complaint['ctx']['error']} ({where})"
    key = complaint["loc"][0]
    return f"{key} = {complaint['input']!r} is not allowed; {fields[key].description} ({where.replace('KEY', key)})"
