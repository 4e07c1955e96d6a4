"""How statements go to Redshift: always by the same loop, the publish as one transaction."""

import json
import re
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_iam as iam
from hypothesis import given
from hypothesis import strategies as st

from catalog import DATASETS
from sql.statements import MIGRATION_STEPS
from stacks.settings.polling import Polling
from stacks.state_machine.run_sql import RunSql, Warehouse
from tests.stacks.deployments import Deployment
from tests.stacks.state_machine import NestedState, StateMachine

STATEMENTS = [
    "CreateWarehouse",
    "PrepareWarehouse",
    "CreateUser",
    "HandOverWarehouse",
    "AlterTable",
    "RecordCatalog",
    "ReadUnfinishedLedger",
    "MatchLedger",
    "LoadStaging",
    "CountStagingViolations",
    "PublishWarehouse",
    "ReadLedger",
    "CountWarehouseViolations",
    "SetReviewWindow",
    "RankAuthors",
    "RankBooks",
    "RankReviews",
    "SetPastReviewWindow",
    "RankPastAuthors",
    "RankPastBooks",
    "RankPastReviews",
    "ReadPastAnalytics",
    "CountPastAnalyticsViolations",
    "ReadAnalytics",
    "CountAnalyticsViolations",
]
CHECKING = ("CountStagingViolations", "CountWarehouseViolations", "CountAnalyticsViolations")
CALLS = {
    "executeStatement": ["submit"],
    "batchExecuteStatement": ["submit"],
    "describeStatement": ["describe", "ask why"],
    "cancelStatement": ["cancel"],
}


@pytest.fixture(scope="module")
def machine(deployment: Deployment) -> StateMachine:
    return StateMachine.of(deployment)


@pytest.fixture(scope="module")
def loops(machine: StateMachine) -> dict[str, NestedState]:
    """The Parallel state of each statement, by its name."""
    return {each.name: each for each in machine.nested if each.name in STATEMENTS}


def branch(loop: NestedState) -> dict[str, Any]:
    """The states of a loop, by what they do: submit, describe, wait and so on."""
    (only,) = loop.state["Branches"]
    return {name.removeprefix(f"{loop.name}: "): state for name, state in only["States"].items()}


def sent(loop: NestedState) -> list[str]:
    """The statements that a loop submits. Those that come from the state data are made from templates."""
    parameters = branch(loop)["submit"]["Parameters"]
    if "Sql.$" in parameters:
        return list(MIGRATION_STEPS.values())
    if "Sql" in parameters:
        return [parameters["Sql"]]
    found: list[str] = parameters.get("Sqls") or loop.state["Parameters"]["statements"]
    return found


def test_every_call_of_the_data_api_is_part_of_one_of_the_loops(
    machine: StateMachine, loops: dict[str, NestedState]
) -> None:
    assert sorted(loops) == sorted(STATEMENTS)
    calls = machine.tasks("redshift")
    assert len(calls) == 4 * len(STATEMENTS)
    for call in calls:
        action = call.resource.rpartition("aws-sdk:redshiftdata:")[2]
        assert call.name.removeprefix(f"{call.around[-1].name}: ") in CALLS[action]
        assert call.around[-1].state == loops[call.around[-1].name].state


def reasons(loop: NestedState) -> list[dict[str, Any]]:
    """The choices of why a statement has failed, without the one that only statements have which can be done before."""
    return [
        choice for choice in branch(loop)["why?"]["Choices"] if not choice["Next"].endswith(": done before")
    ]


def test_every_loop_is_the_same_but_for_what_it_submits_and_its_role(loops: dict[str, NestedState]) -> None:
    def rest(loop: NestedState) -> str:
        states = {
            name: {**state, "Credentials": "a role", **({"Choices": reasons(loop)} if name == "why?" else {})}
            for name, state in branch(loop).items()
            if name not in ("submit", "done before")
        }
        return repr(states).replace(loop.name, "*")

    assert len({rest(loop) for loop in loops.values()}) == 1


def test_a_column_or_a_user_that_an_earlier_attempt_has_made_is_no_failure(
    loops: dict[str, NestedState],
) -> None:
    done = {name for name, loop in loops.items() if "done before" in branch(loop)}
    matched = {}
    for name in done:
        _, choice, _ = branch(loops[name])["why?"]["Choices"]
        matched[name] = choice["StringMatches"]
        assert branch(loops[name])["done before"]["Type"] == "Succeed"
    assert matched == {
        "AlterTable": '*column "* of relation "* already exists*',
        "CreateUser": '*user "*" already exists*',
    }


def test_a_loop_handles_every_way_in_which_a_statement_ends(loops: dict[str, NestedState]) -> None:
    states = branch(loops["PublishWarehouse"])
    assert [choice["Next"].partition(": ")[2] for choice in states["ended?"]["Choices"]] == [
        "finished",
        "ask why",
        "timed out",
        "aborted",
        "goes on",
        "cancel",
    ]
    assert states["submit"]["ResultSelector"]["longest_wait"] == 70
    errors = {name: state["Error"] for name, state in states.items() if state["Type"] == "Fail"}
    assert errors == {
        "conflict": "Redshift.SerializableConflict",
        "failed": "Redshift.StatementFailed",
        "unexplained": "Redshift.StatementFailed",
        "aborted": "Redshift.StatementAborted",
        "timed out": "Redshift.StatementTimedOut",
        "goes on": "Redshift.StatementTimedOut",
    }
    assert states["failed"]["CausePath"] == "$.statement.Error"


def test_a_statement_is_looked_at_again_after_its_cancellation_and_cancelled_once(
    loops: dict[str, NestedState],
) -> None:
    states = branch(loops["PublishWarehouse"])
    cancel, look_again = states["cancel"], states["look again"]
    assert cancel["Retry"][0] == {"ErrorEquals": ["RedshiftData.ValidationException"], "MaxAttempts": 0}
    assert cancel["Next"] == cancel["Catch"][0]["Next"] == "PublishWarehouse: look again"
    assert look_again["Next"] == "PublishWarehouse: describe"
    assert look_again["Parameters"] == {
        "wait": 0,
        "longest_wait": 6,
        "cancelled": True,
        "statement.$": "$.statement",
    }


def test_only_a_serializable_conflict_repeats_the_whole_statement(loops: dict[str, NestedState]) -> None:
    for loop in loops.values():
        assert [retry["ErrorEquals"] for retry in loop.state["Retry"]] == [["Redshift.SerializableConflict"]]
        unexplained, choice = reasons(loop)
        assert (unexplained["Variable"], unexplained["Next"]) == (
            "$.statement.Error",
            f"{loop.name}: unexplained",
        )
        assert (choice["StringMatches"], choice["Next"]) == (
            "*1023*Serializable isolation*",
            f"{loop.name}: conflict",
        )


def test_a_lost_answer_does_not_run_a_statement_twice_and_a_new_attempt_does(
    loops: dict[str, NestedState],
) -> None:
    for loop in loops.values():
        submit = branch(loop)["submit"]
        assert submit["Parameters"]["ClientToken.$"] == (
            f"States.Hash(States.Format('{{}}/{loop.name}/{{}}', $$.Execution.Id, $.begun.at), 'SHA-256')"
        )
        assert [retry["ErrorEquals"] for retry in submit["Retry"]] == [
            ["RedshiftData.ValidationException"],
            ["RedshiftData.ActiveStatementsExceededException"],
            ["States.ALL"],
        ]
        (only,) = loop.state["Branches"]
        assert (
            only["StartAt"] == f"{loop.name}: begin"
        )  # entered once per attempt, never by a retry of submit
        assert branch(loop)["begin"]["Parameters"] == {"at.$": "$$.State.EnteredTime"}
        entering = [name for name, state in branch(loop).items() if f"{loop.name}: begin" in str(state)]
        assert entering == []


def test_the_publish_is_one_transaction_with_the_ledger_and_the_four_tables(
    loops: dict[str, NestedState],
) -> None:
    submit = branch(loops["PublishWarehouse"])["submit"]
    assert submit["Resource"].endswith(":redshiftdata:batchExecuteStatement")
    publish = sent(loops["PublishWarehouse"])
    assert len(publish) <= 40
    kinds = [re.sub(r"(?m)^--.*\n", "", sql).split(" (")[0].splitlines()[0] for sql in publish]
    names = [dataset.name for dataset in DATASETS]
    left_out = [
        statement
        for name in ("authors", "books", "reviews", "users", "reviews")  # reviews for their users' sake too
        for statement in (
            "insert into goodreads_warehouse.ledger_forgotten",
            f"delete from goodreads_staging.{name}",
        )
    ]
    assert kinds == [
        "lock table goodreads_warehouse.ledger",
        *["insert into goodreads_warehouse.ledger"] * 4,
        "insert into goodreads_warehouse.ledger_files",
        *left_out,
        *[f"delete from goodreads_staging.{name}" for name in names],
        *[f"merge into goodreads_warehouse.{name}" for name in names],
    ]
    writing = [
        each.name
        for each in loops.values()
        if re.search(
            r"(insert into|merge into|delete from|update|copy|truncate) goodreads_warehouse\.(?!quality_results)",
            str(sent(each)),
        )
    ]
    assert writing == ["RecordCatalog", "PublishWarehouse"]  # the first is about the tables, not about rows


def test_no_statement_commits_half_of_a_batch(loops: dict[str, NestedState]) -> None:
    for loop in loops.values():
        for sql in sent(loop):
            assert not re.search(r"(?i)\b(truncate|commit|rollback|begin|vacuum)\b", sql), loop.name


def test_every_batch_is_within_the_limits_of_the_data_api(loops: dict[str, NestedState]) -> None:
    for loop in loops.values():
        assert 1 <= len(sent(loop)) <= 40
        assert max(len(sql.encode()) for sql in sent(loop)) < 100_000


def test_the_ledger_is_read_by_a_single_statement_and_results_of_checks_by_the_last_of_a_batch(
    loops: dict[str, NestedState],
) -> None:
    assert branch(loops["ReadLedger"])["submit"]["Resource"].endswith(":executeStatement")
    for name in CHECKING:
        assert branch(loops[name])["submit"]["Resource"].endswith(":batchExecuteStatement")
        assert not any(re.search(r"(?m)^select", sql) for sql in sent(loops[name])[:1])
        assert re.sub(r"(?m)^--.*\n", "", sent(loops[name])[-1]).startswith("select")
    for name in (*CHECKING, "ReadLedger"):
        assert loops[name].state["ResultSelector"] == {"statement.$": "$[0].statement.Id"}


def test_a_stage_keeps_its_results_in_one_transaction_and_a_repeated_one_replaces_them(
    loops: dict[str, NestedState],
) -> None:
    for name in CHECKING:
        first, *counts, _timed, _selected = (re.sub(r"(?m)^--.*\n", "", sql) for sql in sent(loops[name]))
        assert first.startswith("delete from goodreads_warehouse.quality_results")
        written = {re.split(r"\s\(|\n", sql)[0] for sql in counts}
        assert written <= {
            f"{change} goodreads_warehouse.quality_results" for change in ("insert into", "delete from")
        }


def test_the_answer_of_describe_and_the_statements_fit_into_the_state_data(
    loops: dict[str, NestedState],
) -> None:
    """DescribeStatement answers with the text of each statement; Step Functions takes 256 KiB ("Service quotas")."""
    for name in CHECKING:
        assert 2 * len(json.dumps(sent(loops[name])).encode()) < 200_000


def test_the_state_machine_fills_the_runs_name_and_whether_rejects_are_accepted_into_the_audit(
    loops: dict[str, NestedState],
) -> None:
    loop = loops["CountStagingViolations"]
    filled = branch(loop)["submit"]["Parameters"]["Sqls.$"]
    accepting = [number for number, sql in enumerate(sent(loop)) if "_percent_rejected" in sql]
    (number,) = accepting
    call = re.search(rf"States\.Format\(\$\.statements\[{number}\], ([^)]*)\)", filled)
    assert call
    arguments = call[1].split(", ")
    assert len(arguments) == sent(loop)[number].count("{}")
    assert set(arguments) == {"$$.Execution.Name", "$.input.plan.accept_rejects"}
    parts = sent(loop)[number].split("{}")
    for part, argument in zip(parts, arguments, strict=False):
        decides = re.search(r"\bwhen\s+'$", part) is not None
        assert decides is (argument == "$.input.plan.accept_rejects")


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("RecordCatalog", {"run_id": "$$.Execution.Name"}),
        ("ReadLedger", {"run_id": "$$.Execution.Name"}),
        ("ReadUnfinishedLedger", {"run_id": "$.input.lease.item.unfinished_run.S"}),
        (
            "SetReviewWindow",
            {"window_start": "$.input.plan.window.start", "window_end": "$.input.plan.window.end"},
        ),
    ],
)
def test_values_are_bound_and_never_part_of_the_text(
    loops: dict[str, NestedState], name: str, parameters: dict[str, str]
) -> None:
    bound = branch(loops[name])["submit"]["Parameters"]["Parameters"]
    assert {parameter["Name"]: parameter["Value.$"] for parameter in bound} == parameters
    assert set(re.findall(r"(?<!:):(\w+)", sent(loops[name])[0])) == set(parameters)


def test_the_audit_has_the_reject_limit_of_each_dataset(changed: Deployment) -> None:
    (loop,) = (each for each in StateMachine.of(changed).nested if each.name == "CountStagingViolations")
    limits = re.findall(
        r"'(\w+)' as dataset,\s+'' as column_name,\s+'more_than_(\d+)_percent", " ".join(sent(loop))
    )
    assert limits == [("authors", "50"), ("books", "50"), ("reviews", "5"), ("users", "50")]


def test_staging_is_emptied_and_loaded_from_the_folder_of_the_run(loops: dict[str, NestedState]) -> None:
    tables = ["authors", "books", "reviews", "users", "accounting", "files"]
    statements = sent(loops["LoadStaging"])
    assert statements[:6] == [f"delete from goodreads_staging.{table}" for table in tables]
    for sql, table in zip(statements[6:], tables, strict=True):
        assert sql.startswith(f"copy goodreads_staging.{table} (")
        assert sql.count("{}") == 1
        assert f"/run={{}}/{table}/part-'" in sql
    assert named(loops["LoadStaging"]) == [False] * 6 + [True] * 6


def test_what_has_landed_is_looked_up_with_the_list_that_the_run_has_written(
    loops: dict[str, NestedState],
) -> None:
    statements = sent(loops["MatchLedger"])
    assert "/run={}/landed.csv'" in statements[-2]
    assert statements[-2].endswith("format as csv")
    assert named(loops["MatchLedger"]) == [False] * (len(statements) - 2) + [True, False]


def test_the_name_of_the_execution_is_given_for_each_slot_of_each_statement(
    loops: dict[str, NestedState],
) -> None:
    """An intrinsic States.Format with fewer or more values than slots fails the execution."""
    for name in ("MatchLedger", "LoadStaging", "PublishWarehouse"):
        sqls = branch(loops[name])["submit"]["Parameters"]["Sqls.$"]
        given = [part.count("$$.Execution.Name") for part in re.split(r", (?=\$\.s|States)", sqls)]
        assert given == [sql.count("{}") for sql in sent(loops[name])], name


def named(loop: NestedState) -> list[bool]:
    """Of each statement of a batch, whether the execution's name is filled in."""
    text = branch(loop)["submit"]["Parameters"]["Sqls.$"].removeprefix("States.Array(").removesuffix(")")
    return [part.startswith("States.Format(") for part in re.split(r", (?=\$\.|States)", text)]


@given(st.integers(1, 60), st.integers(1, 1440).map(lambda minutes: 60 * minutes))
def test_a_statement_is_given_its_timeout_and_less_than_one_wait_more(step: int, timeout: int) -> None:
    longest = Polling(step_seconds=step, timeout_seconds=timeout).longest_wait
    waits = list(range(step, longest + 1, step))
    assert waits[-1] == longest
    assert sum(waits) >= timeout
    assert sum(waits[:-1]) < timeout


def test_a_batch_of_more_statements_than_the_data_api_takes_is_refused_at_synthesis() -> None:
    stack = Stack(App(), "Test")
    role = iam.Role.from_role_arn(stack, "Statements", "arn:aws:iam::123456789012:role/statements")
    warehouse = Warehouse(cluster_identifier="c", role=role, database="d", user="u", copy_role_arn="role")
    polling = Polling(step_seconds=2, timeout_seconds=60)
    RunSql(stack, "Fits", warehouse=warehouse, polling=polling, statements=["select 1"] * 40)
    for number, statement in enumerate(["select 1", "select '{}'"]):
        with pytest.raises(ValueError, match="a batch holds 41 statements, the Data API takes 40"):
            RunSql(stack, f"Over{number}", warehouse=warehouse, polling=polling, statements=[statement] * 41)
