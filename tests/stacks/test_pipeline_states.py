"""The order of the states: what comes before what, on every path."""

import json
import re
from collections import Counter

import pytest

from stacks.settings.polling import STATEMENTS, TURNS
from tests.stacks.deployments import Deployment
from tests.stacks.state_machine import FAILURE, REPORTS, StateMachine, levels, reachable, retries

IDLE = [
    "AcquireLease",
    "PlanCopies",
    "AnythingToDo?",
    "ReleaseIdleLease",
    "WriteReportOfIdleRun",
    "NothingToDo",
]
WORKING = {"Task", "Parallel", "Map", "Pass"}
RELEASES = ["ReleaseLease", "ReleaseIdleLease", "ReleaseLeaseAfterFailure"]
ACKNOWLEDGING = {"AcknowledgeLanding", "AcknowledgeFilesWithoutRows"}
DELETING = {*ACKNOWLEDGING, "DropPublished"}
MIGRATED = ["AnythingToDo?", "CreateWarehouse", "CompareCatalog", "CatalogIsNewer?"]
LANDED = {"AnythingToDo?": "CreateWarehouse", "AnythingLeft?": "MatchLedger"}
NEW = {**LANDED, "AnythingNew?": "CopyToWorking"}
CHECKS_AND_ANALYTICS = [
    "CountWarehouseViolations",
    "CheckWarehouse",
    "SetReviewWindow",
    "Analytics",
    "ReadAnalytics",
    "CountAnalyticsViolations",
    "CheckAnalytics",
    "PastWindow?",
    "CatchingUp?",
]
FINISH = ["ReportRun", "ReleaseLease", "WriteReport", "AnyRejects?", "Succeeded"]


UNFINISHED = {"Variable": "$.lease.item.unfinished_run.S", "IsPresent": True}
ANY_BATCH = {"Variable": "$.plan.batches[0]", "IsPresent": True}
ASKED = {"Variable": "$.plan.window_asked", "BooleanEquals": True}
DECISIONS = {
    "StillHeld?": ({"Variable": "$.Item.holder", "IsPresent": True}, "CommandHolds?", "AcquireLease"),
    "CommandHolds?": (
        {"Variable": "$.Item.holder.S", "StringMatches": "command:*"},
        "CountSkippedRun",
        "DescribeHolder",
    ),
    "HolderRuns?": (
        {"Variable": "$.execution.Status", "StringEquals": "RUNNING"},
        "CountSkippedRun",
        "TakeOverLease",
    ),
    "PastWindow?": (
        {"Variable": "$.plan.window.past", "IsPresent": True},
        "SetPastReviewWindow",
        "CatchingUp?",
    ),
    "AnythingToDo?": ({"Or": [UNFINISHED, ANY_BATCH, ASKED]}, "CreateWarehouse", "ReleaseIdleLease"),
    "Prepared?": (
        {"Variable": "$.prepared", "IsPresent": True},
        "ReleaseLeaseAfterFailure",
        "PrepareWarehouse",
    ),
    "CatalogIsNewer?": (
        {"Variable": "$.migration.is_newer", "BooleanEquals": True},
        "MigrateWarehouse",
        "UnfinishedRun?",
    ),
    "UnfinishedRun?": (UNFINISHED, "ReadUnfinishedLedger", "AnythingLeft?"),
    "AnythingLeft?": (ANY_BATCH, "MatchLedger", "WindowLeft?"),
    "WindowLeft?": (
        {"And": [ASKED, {"Not": {"Variable": "$.checks.CheckAnalytics.checks", "IsPresent": True}}]},
        "CountWarehouseViolations",
        "ReportRun",
    ),
    "AnythingNew?": (ANY_BATCH, "CopyToWorking", "CountWarehouseViolations"),
    "AnyRows?": (
        {"Variable": "$.plan.has_rows", "BooleanEquals": True},
        "ArrangeStep",
        "AcknowledgeFilesWithoutRows",
    ),
    "CatchingUp?": (
        {
            "And": [
                {"Variable": "$.ledger.statement", "StringEquals": ""},
                {"Not": {"Variable": "$.acknowledged", "IsPresent": True}},
            ]
        },
        "MarkCaughtUp",
        "ReportRun",
    ),
    "AnyRejects?": (
        {"Variable": "$.report.has_rejects", "BooleanEquals": True},
        "SucceededWithRejects",
        "Succeeded",
    ),
}
"""Of each decision: the condition, where the run goes if it holds, and where if not."""


@pytest.fixture(scope="module")
def machine(deployment: Deployment) -> StateMachine:
    return StateMachine.of(deployment)


def test_a_run_with_rows_goes_from_landing_to_fresh_analytics(machine: StateMachine) -> None:
    assert machine.path({**NEW, "AnyRows?": "ArrangeStep"}) == [
        "AcquireLease",
        "PlanCopies",
        *MIGRATED,
        "UnfinishedRun?",
        "AnythingLeft?",
        "MatchLedger",
        "DropPublished",
        "AnythingNew?",
        "CopyToWorking",
        "ConfirmCopies",
        "AnyRows?",
        "ArrangeStep",
        "TransformToProcessed",
        "QuarantineUnreadable",
        "ConfirmLease",
        "LoadStaging",
        "CountStagingViolations",
        "AuditStaging",
        "MarkUnfinished",
        "PublishWarehouse",
        "ReadLedger",
        "AcknowledgeLanding",
        *CHECKS_AND_ANALYTICS,
        *FINISH,
    ]


def test_every_decision_is_taken_as_the_table_says(machine: StateMachine) -> None:
    found = {}
    for name, state in machine.states.items():
        if state["Type"] == "Choice":
            (rule,) = state["Choices"]
            condition = {key: value for key, value in rule.items() if key != "Next"}
            found[name] = (condition, rule["Next"], state["Default"])
    assert found == DECISIONS


def test_a_run_with_nothing_to_do_ends_after_the_listing_without_emr_or_redshift(
    machine: StateMachine,
) -> None:
    assert machine.path({}) == IDLE
    for each in machine.nested:
        if each.name in IDLE:
            assert not each.around
            assert "elasticmapreduce" not in each.resource
            assert "redshift" not in each.resource
            assert each.state["Type"] not in {"Parallel", "Map"}


def test_files_without_rows_are_acknowledged_without_a_spark_step(machine: StateMachine) -> None:
    path = machine.path(NEW)
    assert path[path.index("CopyToWorking") :] == [
        "CopyToWorking",
        "ConfirmCopies",
        "AnyRows?",
        "AcknowledgeFilesWithoutRows",
        "WindowLeft?",
        *FINISH,
    ]


def test_a_window_that_was_asked_for_is_analysed_though_nothing_has_landed(machine: StateMachine) -> None:
    asked = {"AnythingToDo?": "CreateWarehouse", "WindowLeft?": "CountWarehouseViolations"}
    path = machine.path({**asked, "CatchingUp?": "MarkCaughtUp"}, until="MarkCaughtUp")
    start = ["AcquireLease", "PlanCopies", *MIGRATED, "UnfinishedRun?", "AnythingLeft?", "WindowLeft?"]
    assert path == [*start, *CHECKS_AND_ANALYTICS, "MarkCaughtUp"]


def test_it_is_analysed_after_files_without_rows_which_are_not_looked_at_again(machine: StateMachine) -> None:
    path = machine.path({**NEW, "WindowLeft?": "CountWarehouseViolations"})
    assert path[path.index("AcknowledgeFilesWithoutRows") :] == [
        "AcknowledgeFilesWithoutRows",
        "WindowLeft?",
        *CHECKS_AND_ANALYTICS,
        *FINISH,
    ]
    assert machine.states["AcknowledgeFilesWithoutRows"]["ResultPath"] == "$.acknowledged"
    writing = [name for name, state in machine.states.items() if state.get("ResultPath") == "$.acknowledged"]
    assert writing == ["AcknowledgeFilesWithoutRows"]


def test_files_that_were_all_published_before_are_not_copied_but_analytics_follow(
    machine: StateMachine,
) -> None:
    path = machine.path({**LANDED, "CatchingUp?": "MarkCaughtUp"}, until="MarkCaughtUp")
    start = ["MatchLedger", "DropPublished", "AnythingNew?"]
    assert path[path.index("MatchLedger") :] == [*start, *CHECKS_AND_ANALYTICS, "MarkCaughtUp"]


@pytest.mark.parametrize("landed", [{}, {**NEW, "AnyRows?": "ArrangeStep"}])
def test_what_the_last_run_left_undone_is_made_up_for_before_anything_new_and_also_without(
    machine: StateMachine, landed: dict[str, str]
) -> None:
    start = ["AcquireLease", "PlanCopies", *MIGRATED, "UnfinishedRun?", "ReadUnfinishedLedger"]
    unfinished = {
        "AnythingToDo?": "CreateWarehouse",
        "UnfinishedRun?": "ReadUnfinishedLedger",
        "CatchingUp?": "MarkCaughtUp",
    }
    path = machine.path({**unfinished, **landed}, until="MarkCaughtUp")
    assert path == [*start, *CHECKS_AND_ANALYTICS, "MarkCaughtUp"]
    assert machine.states["MarkCaughtUp"]["Next"] == "AnythingLeft?"


def test_tables_follow_a_newer_catalog_one_statement_at_a_time_before_anything_uses_them(
    machine: StateMachine,
) -> None:
    path = machine.path({**NEW, "CatalogIsNewer?": "MigrateWarehouse"})
    start = ["CatalogIsNewer?", "MigrateWarehouse", "RecordCatalog", "UnfinishedRun?"]
    assert path[path.index("CatalogIsNewer?") :][:4] == start
    assert machine.states["MigrateWarehouse"]["MaxConcurrency"] == 1
    (alter,) = [each for each in machine.nested if each.name == "AlterTable: submit"]
    assert alter.resource.endswith("executeStatement")
    assert alter.state["Parameters"]["Sql.$"] == "$.input"


def test_what_a_run_has_made_up_for_is_read_from_the_ledger_and_reported(machine: StateMachine) -> None:
    ledger, report = machine.states["ReadUnfinishedLedger"], machine.states["ReportRun"]
    assert ledger["ResultPath"] == "$.unfinished"
    assert ledger["ResultSelector"] == {"statement.$": "$[0].statement.Id"}
    assert report["Parameters"] == {
        "run_id.$": "$$.Execution.Name",
        "plan.$": "$.plan",
        "ledger_statement.$": "$.ledger.statement",
        "unfinished_statement.$": "$.unfinished.statement",
        "checks.$": "$.checks",
    }
    for name in ("AcquireLease", "TakeOverLease"):
        assert machine.states[name]["ResultSelector"]["unfinished"] == {"statement": ""}
    writing = [name for name, state in machine.states.items() if state.get("ResultPath") == "$.unfinished"]
    assert writing == ["ReadUnfinishedLedger"]


def test_nothing_that_a_run_knows_is_lost_on_its_way(machine: StateMachine) -> None:
    """A state without a ResultPath puts its result in the place of all that the states before it have found out."""
    taking = {
        name for name, each in machine.states.items() if "ResultPath" not in each and each["Type"] in WORKING
    }
    assert taking == {
        "ReadLease"
    }  # AcquireLease and TakeOverLease begin the state data, this one comes before
    begins = {name for name, state in machine.states.items() if state.get("ResultPath") == "$"}
    assert begins == {"AcquireLease", "TakeOverLease"}


def test_until_its_own_publish_was_read_from_the_ledger_a_run_catches_up(machine: StateMachine) -> None:
    for name in ("AcquireLease", "TakeOverLease"):
        assert machine.states[name]["ResultSelector"]["ledger"] == {"statement": ""}
    writing = [name for name, state in machine.states.items() if state.get("ResultPath") == "$.ledger"]
    assert writing == ["ReadLedger"]


def test_every_state_of_every_level_is_reachable(machine: StateMachine) -> None:
    found = list(levels(machine.definition))
    assert len(found) == 34
    for level in found:
        assert reachable(level["States"], level["StartAt"]) == set(level["States"])


def test_every_task_but_the_report_is_tried_again(machine: StateMachine) -> None:
    for each in machine.tasks():
        if each.name in REPORTS:
            continue
        assert each.state["Retry"][-1] == {
            "ErrorEquals": ["States.ALL"],
            "IntervalSeconds": 2,
            "MaxAttempts": 1 if each.name == "TransformToProcessed" else 4,
            "BackoffRate": 2,
            "MaxDelaySeconds": 30,
            "JitterStrategy": "FULL",
        }, each.name


def test_errors_of_the_functions_that_the_next_try_would_meet_again_are_not_retried(
    machine: StateMachine,
) -> None:
    functions = [each for each in machine.tasks("<Functions") if each.name not in REPORTS]
    assert len(functions) == 13
    for each in functions:
        assert each.state["Retry"][0] == {
            "ErrorEquals": [
                "InvalidExecutionInput",
                "MigrationRefusedError",
                "DataQualityError",
                "NotPublishedError",
            ],
            "MaxAttempts": 0,
        }


def test_every_way_to_an_end_writes_a_report_and_no_report_changes_the_way(machine: StateMachine) -> None:
    assert {each.name for each in machine.tasks("<FunctionsWriteReport")} == set(REPORTS)
    for name, after in REPORTS.items():
        state = machine.states[name]
        assert state["Next"] == after
        assert state["Catch"] == [{"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": after}]
        assert state["ResultPath"] is None
        assert state["TimeoutSeconds"] == 30
        assert retries(state, "States.Timeout") == retries(state, "Lambda.ServiceException") == 0
        assert set(state["Parameters"]) == {
            "execution.$",
            "run_id.$",
            "state.$",
            "started.$",
            "ended.$",
            "input.$",
            "known.$",
            "deployment",
            "resources",
            "warehouse",
        }
    start = machine.definition["StartAt"]
    ends = {name for name, state in machine.states.items() if state["Type"] in {"Succeed", "Fail"}}
    assert machine.reachable(start, without=REPORTS).isdisjoint(ends)


def test_a_run_goes_on_without_what_only_the_report_needs(machine: StateMachine) -> None:
    reading = machine.states["ReadAnalytics"]
    assert reading["Next"] == "CountAnalyticsViolations"
    assert reading["Catch"] == [
        {"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": "CountAnalyticsViolations"}
    ]
    assert reading["ResultPath"] == "$.analytics"


def test_the_lease_is_given_back_before_the_report_is_written(machine: StateMachine) -> None:
    start = machine.definition["StartAt"]
    assert machine.reachable(start, without=RELEASES) & set(REPORTS) == {"WriteReportOfSkippedRun"}


def test_every_error_of_every_task_but_the_report_leads_to_the_failure_states(machine: StateMachine) -> None:
    for each in machine.tasks():
        if each.name in REPORTS or each.name.startswith(("ReadAnalytics: ", "ReadPastAnalytics: ")):
            continue
        catches = [
            catch
            for outer in (*each.around, each)
            for catch in outer.state.get("Catch", [])
            if catch["ErrorEquals"] == ["States.ALL"] and catch["Next"] in FAILURE
        ]
        assert len(catches) == 1, each.name
        assert catches[0]["ResultPath"] != "$", each.name  # the failure states read what the run knows


def test_each_check_judges_the_violations_that_were_counted_just_before(machine: StateMachine) -> None:
    counted_by = {
        "AuditStaging": "CountStagingViolations",
        "CheckWarehouse": "CountWarehouseViolations",
        "CheckAnalytics": "CountAnalyticsViolations",
        "CheckPastAnalytics": "CountPastAnalyticsViolations",
    }
    for name, count in counted_by.items():
        assert machine.states[count]["Next"] == name
        assert machine.states[count]["ResultPath"] == "$.quality"
        (loop,) = (each for each in machine.nested if each.name == count)
        last = len(loop.state["Parameters"]["statements"])  # selects the results
        assert machine.states[name]["ResultPath"] == f"$.checks.{name}"
        assert machine.states[name]["Parameters"] == {
            "run_id.$": "$$.Execution.Name",
            "stage": name,
            "statement.$": f"States.Format('{{}}:{last}', $.quality.statement)",
        }
    assert {place.name for place in machine.tasks("<FunctionsCheckQuality")} == set(counted_by)


def test_whoever_is_told_of_a_failure_learns_which_run_and_why(machine: StateMachine) -> None:
    told = machine.states["NotifyFailure"]["Parameters"]
    assert told["TopicArn"].startswith("<Alerts")
    assert told["Subject"] == "goodreads: a run has failed"
    assert told["Message.$"] == (
        "States.Format($.message.text, $$.Execution.Name, $.failure.Error, $$.Execution.Name, $$.Execution.Id, $$.Execution.Name, $.failure.Cause)"
    )
    text = machine.states["WordFailure"]["Result"]["text"]
    assert text.startswith("A run of the pipeline goodreads has failed.\n\nRun:   {}\nError: {}\n")
    assert text.endswith("\n\nCause, as it was told:\n{}\n")
    assert "docs/runbook.md has a section named after the error" in text
    assert ".venv/bin/pipeline history {} --name goodreads --aws\n" in text
    assert text.count("{}") == 6
    assert re.search(r"/s3/object/<\S*Reports\S*>\?region=\S+&prefix=run={}/index.html\n", text)


def test_the_failure_states_release_the_lease_tell_and_fail(machine: StateMachine) -> None:
    assert machine.reachable(FAILURE[0]) == set(FAILURE)
    assert machine.states["ReleaseLeaseAfterFailure"]["Next"] == "WordFailure"
    assert machine.states["WordFailure"]["Next"] == "NotifyFailure"
    assert machine.states["NotifyFailure"]["Next"] == "WriteReportOfFailedRun"
    assert machine.states["Failed"] == {
        "Type": "Fail",
        "ErrorPath": "$.failure.Error",
        "CausePath": "$.failure.Cause",
    }


def test_every_end_but_skipped_comes_after_the_lease_was_given_back(machine: StateMachine) -> None:
    ends = {name for name, state in machine.states.items() if state["Type"] in {"Succeed", "Fail"}}
    assert ends == {"Succeeded", "SucceededWithRejects", "NothingToDo", "Failed", "Skipped"}
    assert not [name for name, state in machine.states.items() if state.get("End")]
    start = machine.definition["StartAt"]
    assert machine.reachable(start, without=RELEASES) & ends == {"Skipped"}


def test_only_the_holder_gives_the_lease_back_and_only_a_finished_run_says_so(machine: StateMachine) -> None:
    names = [*RELEASES, "MarkUnfinished", "MarkCaughtUp", "ConfirmLease"]
    found = {name: machine.states[name]["Parameters"] for name in names}
    given_back = "attribute_not_exists(holder) OR holder = :me"  # also a request that is repeated
    assert {
        name: (update["UpdateExpression"], update["ConditionExpression"]) for name, update in found.items()
    } == {
        "ReleaseLease": (
            "REMOVE holder, unfinished_run",
            (
                "holder = :me OR (attribute_not_exists(holder)"
                " AND (attribute_not_exists(unfinished_run) OR unfinished_run = :run))"
            ),
        ),
        "ReleaseIdleLease": ("REMOVE holder", given_back),
        "ReleaseLeaseAfterFailure": ("REMOVE holder", given_back),
        "MarkUnfinished": ("SET unfinished_run = :run", "holder = :me"),
        "MarkCaughtUp": ("REMOVE unfinished_run", "holder = :me"),
        "ConfirmLease": ("SET confirmed_at = :now", "holder = :me"),
    }
    for update in found.values():
        values = update["ExpressionAttributeValues"]
        assert values[":me"] == {"S.$": "$$.Execution.Id"}
        assert values.get(":run", {"S.$": "$$.Execution.Name"}) == {"S.$": "$$.Execution.Name"}


def test_a_run_that_meets_a_live_holder_touches_nothing(machine: StateMachine) -> None:
    assert machine.states["AcquireLease"]["Catch"][0] == {
        "ErrorEquals": ["DynamoDB.ConditionalCheckFailedException"],
        "ResultPath": "$",
        "Next": "ReadLease",
    }
    on_the_way = machine.reachable("ReadLease", without=["AcquireLease", "TakeOverLease"], errors=False)
    assert on_the_way == {
        "ReadLease",
        "StillHeld?",
        "CommandHolds?",
        "DescribeHolder",
        "HolderRuns?",
        "CountSkippedRun",
        "WriteReportOfSkippedRun",
        "Skipped",
    }
    assert machine.states["CountSkippedRun"]["Parameters"]["MetricData"] == [
        {
            "MetricName": "RunsSkipped",
            "Dimensions": [{"Name": "service", "Value": "plan_copies"}],
            "Value": 1,
            "Unit": "Count",
        }
    ]


def test_the_lease_is_read_consistently_and_step_functions_says_whether_its_holder_runs(
    machine: StateMachine,
) -> None:
    assert machine.states["ReadLease"]["Parameters"]["ConsistentRead"] is True
    look = machine.states["DescribeHolder"]
    assert look["Resource"].endswith(":aws-sdk:sfn:describeExecution")
    assert look["Parameters"] == {"ExecutionArn.$": "$.Item.holder.S"}
    assert (look["ResultSelector"], look["ResultPath"]) == ({"Status.$": "$.Status"}, "$.execution")
    assert look["Catch"][0] == {  # forgotten by Step Functions, so it cannot run
        "ErrorEquals": ["Sfn.ExecutionDoesNotExistException"],
        "ResultPath": "$.execution",
        "Next": "TakeOverLease",
    }
    observed = machine.states["TakeOverLease"]["Parameters"]["ExpressionAttributeValues"][":observed"]
    assert observed == {"S.$": "$.Item.holder.S"}


def test_every_holder_gets_a_greater_fencing_token(machine: StateMachine) -> None:
    conditions = {}
    for name in ("AcquireLease", "TakeOverLease"):
        parameters = machine.states[name]["Parameters"]
        assert parameters["UpdateExpression"].endswith("ADD fencing_token :one")
        assert parameters["ExpressionAttributeValues"][":one"] == {"N": "1"}
        conditions[name] = parameters["ConditionExpression"]
    assert conditions == {
        "AcquireLease": "attribute_not_exists(holder) OR holder = :me",
        "TakeOverLease": "holder = :observed OR holder = :me",
    }
    arguments = machine.states["ArrangeStep"]["Parameters"]["arguments.$"]
    assert "'--fencing-token', $.lease.fencing_token, " in arguments


def test_nothing_works_without_the_lease(machine: StateMachine) -> None:
    assert machine.definition["StartAt"] == "AcquireLease"
    assert machine.reachable("ReadLease", without=["AcquireLease", "TakeOverLease"]).isdisjoint(
        {"PlanCopies", *DELETING, "PublishWarehouse"}
    )


def test_landing_is_acknowledged_after_the_publish_on_every_path(machine: StateMachine) -> None:
    start = machine.definition["StartAt"]
    for needed in (
        "ConfirmCopies",
        "ConfirmLease",
        "PublishWarehouse",
        "ReadLedger",
        "MarkUnfinished",
        "AuditStaging",
        "CountStagingViolations",
    ):
        assert "AcknowledgeLanding" not in machine.reachable(start, without=[needed]), needed


def test_the_only_states_that_delete_come_after_the_ledger_was_asked(machine: StateMachine) -> None:
    assert {each.name for each in machine.tasks("<FunctionsAcknowledgeLanding")} == ACKNOWLEDGING
    assert {each.name for each in machine.tasks("<FunctionsDropPublished")} == {"DropPublished"}
    assert machine.reachable(machine.definition["StartAt"], without=["MatchLedger"]).isdisjoint(DELETING)


def test_what_is_dropped_is_what_the_last_statement_of_the_match_has_found(
    machine: StateMachine,
) -> None:
    parameters = machine.states["DropPublished"]["Parameters"]
    statements = machine.states["MatchLedger"]["Parameters"]["statements"]
    assert parameters["statement.$"] == f"States.Format('{{}}:{len(statements)}', $.matched.statement)"
    assert "inner join goodreads_warehouse.ledger_files as published" in statements[-1]


def test_nothing_comes_between_the_publish_and_the_acknowledgement_but_the_reading_of_the_ledger(
    machine: StateMachine,
) -> None:
    assert machine.states["PublishWarehouse"]["Next"] == "ReadLedger"
    assert machine.states["ReadLedger"]["Next"] == "AcknowledgeLanding"
    parameters = machine.states["AcknowledgeLanding"]["Parameters"]
    assert parameters == {"run_id.$": "$$.Execution.Name", "ledger_statement.$": "$.ledger.statement"}


def test_only_files_without_rows_are_acknowledged_without_the_ledger(machine: StateMachine) -> None:
    assert machine.states["AcknowledgeFilesWithoutRows"]["Parameters"] == {"run_id.$": "$$.Execution.Name"}
    leading = [name for name, state in machine.states.items() if "AcknowledgeFilesWithoutRows" in str(state)]
    assert leading == ["AnyRows?"]


def test_the_copy_is_spread_over_the_batches_of_the_plan(machine: StateMachine) -> None:
    state = machine.states["CopyToWorking"]
    assert (state["ItemsPath"], state["MaxConcurrency"]) == ("$.plan.batches", 10)
    assert state["ItemSelector"] == {"batch.$": "$$.Map.Item.Value", "run_id.$": "$$.Execution.Name"}


def test_the_spark_step_works_in_the_folders_of_its_own_run(machine: StateMachine) -> None:
    arguments = machine.states["ArrangeStep"]["Parameters"]["arguments.$"]
    assert arguments.startswith("States.Array('spark-submit', '--deploy-mode', 'client', ")
    for option, zone in (("--plan", "Working"), ("--processed", "Processed"), ("--quarantine", "Quarantine")):
        folder = arguments.split(f"'{option}', ")[1].split(", $$.Execution.Name)")[0]
        assert folder.startswith(f"States.Format('s3://<goodreads-storage:ExportsOutputRef{zone}")
        assert folder.endswith("/run={}/copied.json'" if option == "--plan" else "/run={}'")
    assert "'--run-id', $$.Execution.Name, " in arguments


def test_a_spark_step_that_timed_out_is_not_started_again_beside_the_first_one(machine: StateMachine) -> None:
    step = machine.states["TransformToProcessed"]
    assert retries(step, "States.Timeout") == 0
    assert retries(step, "States.TaskFailed") == 1
    assert retries(step, "ElasticMapReduce.ThrottlingException") == 1


def test_a_run_waits_for_its_spark_step_and_ends_it_in_time(
    machine: StateMachine, deployment: Deployment
) -> None:
    step = machine.states["TransformToProcessed"]
    assert step["Resource"].endswith(":states:::elasticmapreduce:addStep.sync")
    assert step["Parameters"]["Step"] == {
        "Name.$": "$$.Execution.Name",
        "ActionOnFailure": "CONTINUE",  # the cluster stays for the next run
        "HadoopJarStep": {"Jar": "command-runner.jar", "Args.$": "$.step.arguments"},
    }
    assert step["TimeoutSeconds"] == 2700 < machine.definition["TimeoutSeconds"] == 3600
    # with this right Step Functions cancels the step of a task that has timed out, or of an execution that was stopped
    assert "elasticmapreduce:CancelSteps" in json.dumps(deployment.properties("pipeline", "IAM::Policy"))


def test_the_plan_knows_when_the_execution_started_and_what_it_was_given(machine: StateMachine) -> None:
    assert machine.states["PlanCopies"]["Parameters"] == {
        "run_id.$": "$$.Execution.Name",
        "started.$": "$$.Execution.StartTime",
        "input.$": "$$.Execution.Input",
    }


def test_a_run_with_rejects_succeeds_by_another_name(machine: StateMachine) -> None:
    for name in ("Succeeded", "SucceededWithRejects"):
        assert machine.states[name]["Type"] == "Succeed"
        assert machine.states[name]["OutputPath"] == "$.report"


def test_the_definition_fits_into_step_functions_and_its_template_into_cloudformation(
    machine: StateMachine, deployment: Deployment
) -> None:
    assert len(machine.text.encode()) < 1_000_000
    assert len((deployment.folder / "goodreads-pipeline.template.json").read_bytes()) < 1_000_000


def test_a_run_sends_as_many_statements_as_its_history_is_sized_for(machine: StateMachine) -> None:
    """A run that makes up for an unfinished one, with a window of the past, goes twice through the analytics of both windows."""
    repeated = machine.reachable("CountWarehouseViolations", without=["CatchingUp?"], errors=False)
    names = [(each.around[0] if each.around else each).name for each in machine.tasks("xecuteStatement")]
    at_once = [count - 1 for count in Counter(names).values()]
    sent = [*names, *(name for name in names if name in repeated)]
    assert len(sent) + 2 == STATEMENTS  # two more for a migration of three changes
    assert STATEMENTS - 2 * sum(at_once) == TURNS
