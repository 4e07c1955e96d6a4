"""Every figure of the settings, where the deployed parts work with it: two that are mixed up have other values here."""

import json
import re
from typing import Any

import pytest

from catalog import DATASETS
from sql.rankings import TABLES
from tests.stacks.deployments import TUNED, Deployment
from tests.stacks.state_machine import StateMachine

_OF_THE_FUNCTIONS = (
    "analytics_window_days",
    "batch_max_files",
    "batch_max_bytes",
    "copy_files_per_task",
    "copy_bytes_per_task",
)


@pytest.fixture(scope="module")
def machine(tuned: Deployment) -> StateMachine:
    return StateMachine.of(tuned)


def only(values: set[Any]) -> Any:
    """The one value that is found wherever it is looked for."""
    (value,) = values
    return value


def expiring(tuned: Deployment) -> dict[str, int]:
    """The days after which a zone's objects are deleted; in landing, the days for older versions."""
    days = {}
    for bucket in tuned.properties("storage", "S3::Bucket"):
        zone = bucket["BucketName"]["Fn::Join"][1][0].removeprefix("goodreads-").removesuffix("-")
        rules = bucket["LifecycleConfiguration"]["Rules"]
        older = [
            rule["NoncurrentVersionExpiration"] for rule in rules if "NoncurrentVersionExpiration" in rule
        ]
        expired = {rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule}
        if zone == "logs":
            (audit,) = [rule["ExpirationInDays"] for rule in rules if rule.get("Prefix") == "redshift/"]
            days["audit"], expired = audit, expired - {audit}
        days[zone] = only(expired or {rule["NoncurrentDays"] for rule in older})
    return days


def test_a_schedule_at_times_has_its_expression_and_its_zone(tuned: Deployment) -> None:
    (schedule,) = tuned.properties("pipeline", "Scheduler::Schedule")
    when = (schedule["ScheduleExpression"], schedule["ScheduleExpressionTimezone"], schedule["State"])
    assert when == (TUNED["schedule"], TUNED["schedule_timezone"], "ENABLED")
    assert not [rule for rule in tuned.properties("pipeline", "Events::Rule") if "ScheduleExpression" in rule]


def test_every_function_has_its_own_figures_of_the_settings(tuned: Deployment) -> None:
    for function in tuned.properties("pipeline", "Lambda::Function"):
        variables = function["Environment"]["Variables"]
        for name in _OF_THE_FUNCTIONS:
            assert variables[name.upper()] == str(TUNED[name]), (function["Handler"], name)


def test_a_run_a_step_and_a_statement_have_their_times(machine: StateMachine) -> None:
    assert machine.definition["TimeoutSeconds"] == 60 * TUNED["run_timeout_minutes"]
    assert machine.states["TransformToProcessed"]["TimeoutSeconds"] == 60 * TUNED["step_timeout_minutes"]
    submitted = [each.state["ResultSelector"] for each in machine.nested if each.name.endswith(": submit")]
    waits = [result["longest_wait"] for result in submitted]
    # waits of 3, 6, ... 75 s take 975 s in all, and of 3, 6, ... 72 s only 900 s of the 960
    assert waits == [75] * 25
    steps = [
        each.state["Parameters"]["wait.$"] for each in machine.nested if each.name.endswith(": back off")
    ]
    assert set(steps) == {f"States.MathAdd($.wait, {TUNED['statement_poll_seconds']})"}
    assert machine.states["CopyToWorking"]["MaxConcurrency"] == TUNED["copy_concurrency"]


def test_the_statements_have_their_limits(machine: StateMachine) -> None:
    text = {each.name: str(each.state) for each in machine.nested}
    for ranking in ("RankAuthors", "RankBooks", "RankReviews", "RankPastBooks"):
        assert set(re.findall(r"place <= (\d+)", text[ranking])) == {str(TUNED["analytics_top"])}
    checked = re.findall(r"expected_place > (\d+)", text["CountAnalyticsViolations"])
    assert checked == [str(TUNED["analytics_top"])] * sum(table.has_places for table in TABLES)
    limits = dict(
        re.findall(
            r"'(\w+)' as dataset,\\n +'' as column_name,\\n +'more_than_(\d+)_percent",
            text["CountStagingViolations"],
        )
    )
    assert limits == {d.name: str(TUNED[f"{d.name}_reject_limit_percent"]) for d in DATASETS}


def test_what_a_run_leaves_behind_stays_as_long_as_the_settings_say(tuned: Deployment) -> None:
    assert expiring(tuned) == {
        "landing": TUNED["landing_retention_days"],
        "working": TUNED["archive_retention_days"],
        "processed": TUNED["processed_retention_days"],
        "quarantine": TUNED["quarantine_retention_days"],
        "reports": TUNED["reports_retention_days"],
        "logs": TUNED["log_retention_days"],
        "audit": TUNED["audit_retention_days"],
    }
    groups = tuned.properties("pipeline", "Logs::LogGroup")
    assert {group["RetentionInDays"] for group in groups} == {TUNED["log_retention_days"]}


def test_the_clusters_have_their_nodes(tuned: Deployment) -> None:
    (emr,) = tuned.properties("compute", "EMR::Cluster")
    core = emr["Instances"]["CoreInstanceGroup"]
    (disk,) = core["EbsConfiguration"]["EbsBlockDeviceConfigs"]
    assert core["InstanceCount"] == TUNED["emr_core_count"]
    assert disk["VolumeSpecification"]["SizeInGB"] == TUNED["emr_ebs_gib"]
    (redshift,) = tuned.properties("warehouse", "Redshift::Cluster")
    found = (redshift["NodeType"], redshift["NumberOfNodes"], redshift["Port"])
    assert found == (TUNED["redshift_node_type"], TUNED["redshift_node_count"], TUNED["redshift_port"])


def test_every_statement_uses_the_database_and_the_user_that_were_created(
    tuned: Deployment, machine: StateMachine
) -> None:
    (redshift,) = tuned.properties("warehouse", "Redshift::Cluster")
    assert (redshift["DBName"], redshift["MasterUsername"]) == ("books", "keeper")
    submits = [each.state["Parameters"] for each in machine.tasks("xecuteStatement")]
    assert len(submits) == 25
    for submit in submits:
        prepares = submit["StatementName"] in {"PrepareWarehouse", "CreateUser", "HandOverWarehouse"}
        where = (submit["ClusterIdentifier"], submit["Database"], submit["DbUser"])
        assert where == ("goodreads", "books", "keeper" if prepares else "loader")
        if submit["StatementName"] == "CreateUser":
            assert submit["Sql"] == "create user loader password disable"
        if submit["StatementName"] == "HandOverWarehouse":
            assert submit["Sqls"][0] == "grant create on database books to loader"
    policies = str(tuned.properties("pipeline", "IAM::Policy"))
    for name in ("dbuser:goodreads/loader", "dbuser:goodreads/keeper", "dbname:goodreads/books"):
        assert name in policies


def test_readers_wait_in_a_queue_of_their_own_priority_and_other_clusters_help_them(
    tuned: Deployment,
) -> None:
    (group,) = tuned.properties("warehouse", "Redshift::ClusterParameterGroup")
    values = {each["ParameterName"]: each["ParameterValue"] for each in group["Parameters"]}
    assert values["max_concurrency_scaling_clusters"] == str(TUNED["redshift_scaling_clusters"])
    readers, others, _ = json.loads(values["wlm_json_configuration"])
    assert (readers["user_role"], readers["priority"], readers["concurrency_scaling"]) == (
        ["goodreads_readers"],
        TUNED["redshift_readers_priority"],
        "auto",
    )
    assert (others["priority"], others["concurrency_scaling"]) == ("high", "off")
    assert "user_role" not in others
