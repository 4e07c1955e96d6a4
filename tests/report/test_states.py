"""The states, their tries and waits, from the events of a history."""

import json
from datetime import timedelta

from report.document import State
from report.states import LONGEST_PAYLOAD, MOST_ITERATIONS, error_of, refused_in, states_of, work_of
from tests.report.histories import STARTED, History


def _told(seconds: float) -> str:
    return f"{STARTED + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}.000Z"


def _named(states: list[State], name: str) -> State:
    (found,) = [state for state in states if state["name"] == name]
    return found


def test_a_state_tells_each_try_with_its_error_and_the_waits_between_them() -> None:
    history = History()
    history.enter("PlanCopies")
    history.call(error="Lambda.TooManyRequestsException")
    history.add("LambdaFunctionScheduled", later=5, resource="arn:aws:lambda:us-east-1:1:function:f")
    history.add("LambdaFunctionStarted", later=0)
    history.add("LambdaFunctionSucceeded", output="{}")
    history.leave("PlanCopies")
    (state,) = states_of(history.events)
    assert state["status"] == "succeeded"
    assert state["tries"] == [
        {
            "from": _told(2),
            "to": _told(5),
            "error": "Lambda.TooManyRequestsException",
            "cause": "it was not good",
        },
        {"from": _told(10), "to": _told(11), "error": None, "cause": None},
    ]
    assert state["waits"] == [
        {"from": _told(2), "to": _told(3), "why": "queue"},
        {"from": _told(5), "to": _told(10), "why": "retry"},
    ]


def test_a_state_whose_last_try_failed_has_failed_although_it_was_left() -> None:
    history = History()
    history.enter("AuditStaging")
    history.call(error="DataQualityError")
    history.leave("AuditStaging")
    history.enter("ReleaseLeaseAfterFailure", failure={"Error": "DataQualityError", "Cause": "too many"})
    states = states_of(history.events)
    assert [state["status"] for state in states] == ["failed", "aborted"]
    assert error_of(history.events) == ("DataQualityError", "too many")


def test_a_state_that_is_at_work_is_running_and_has_no_end() -> None:
    history = History()
    history.enter("TransformToProcessed")
    history.add("TaskScheduled", resource="addStep.sync")
    (state,) = states_of(history.events, running=True)
    assert (state["status"], state["ended"], state["seconds"]) == ("running", None, None)
    assert state["tries"][0]["to"] is None


def test_a_statement_is_one_state_that_has_waited_since_the_statement_ended() -> None:
    history = History()
    history.enter("LoadStaging", "Parallel")
    history.add("ParallelStateStarted")
    history.enter("LoadStaging: describe")
    history.add("TaskScheduled", resource="describeStatement")
    answer = {"Status": "FINISHED", "CreatedAt": _told(2), "UpdatedAt": _told(4)}
    history.add("TaskSucceeded", output=json.dumps(answer))
    history.leave("LoadStaging: describe")
    history.enter("LoadStaging: finished", "Succeed")
    history.add("ParallelStateSucceeded")
    history.leave("LoadStaging", "Parallel")
    (state,) = states_of(history.events)
    assert (state["name"], state["status"]) == ("LoadStaging", "succeeded")
    assert state["waits"] == [{"from": _told(4), "to": _told(9), "why": "poll"}]
    assert work_of(history.events).statement_seconds == 2


def test_a_statement_that_failed_tells_what_the_warehouse_said() -> None:
    history = History()
    history.enter("LoadStaging", "Parallel")
    history.add("ParallelStateStarted")
    history.enter("LoadStaging: conflict", "Fail", statement={"Error": "ERROR: 1023"})
    history.add("ParallelStateFailed")
    (state,) = states_of(history.events)
    assert state["status"] == "failed"
    assert (state["tries"][0]["error"], state["tries"][0]["cause"]) == (
        "LoadStaging: conflict",
        "ERROR: 1023",
    )


def test_branches_of_a_parallel_state_that_run_at_once_are_kept_apart() -> None:
    history = History()
    history.enter("Analytics", "Parallel")
    started = history.add("ParallelStateStarted")
    authors = history.enter("RankAuthors", after=started)
    books = history.enter("RankBooks", after=started)
    history.leave("RankBooks", after=books)
    history.leave("RankAuthors", after=authors)
    history.add("ParallelStateSucceeded")
    history.leave("Analytics", "Parallel")
    history.enter("CheckAnalytics")
    states = states_of(history.events)
    assert [(state["name"], state["branch"]) for state in states] == [
        ("Analytics", None),
        ("RankAuthors", "Analytics"),
        ("RankBooks", "Analytics"),
        ("CheckAnalytics", None),
    ]
    assert _named(states, "RankAuthors")["seconds"] == 3
    assert _named(states, "RankBooks")["seconds"] == 1


def test_a_map_has_the_states_of_its_first_iterations_and_of_those_that_failed() -> None:
    history = History()
    history.enter("CopyToWorking", "Map")
    started = history.add("MapStateStarted", length=100)
    for index in range(100):
        history.add("MapIterationStarted", after=started, name="CopyToWorking", index=index)
        history.enter("CopyBatch")
        history.call(error="OSError" if index == 70 else None)
        history.leave("CopyBatch")
        history.add("MapIterationSucceeded", name="CopyToWorking", index=index)
    history.add("MapStateSucceeded")
    history.leave("CopyToWorking", "Map")
    states = states_of(history.events)
    assert states[0]["iterations"] == 100
    branches = [state["branch"] for state in states[1:]]
    assert branches == [f"CopyToWorking[{index}]" for index in (*range(MOST_ITERATIONS), 70)]


def test_the_time_that_a_step_waited_for_the_cluster_is_a_wait() -> None:
    history = History()
    history.enter("TransformToProcessed")
    history.add("TaskScheduled", resource="addStep.sync")
    line = {
        "CreationDateTime": (STARTED + timedelta(seconds=2)).timestamp() * 1000,
        "StartDateTime": _told(12),
    }
    history.add("TaskSucceeded", later=30, output=json.dumps({"Step": {"Status": {"Timeline": line}}}))
    history.leave("TransformToProcessed")
    (state,) = states_of(history.events)
    assert state["waits"] == [{"from": _told(2), "to": _told(12), "why": "queue"}]
    assert work_of(history.events).step_seconds == 30


def test_a_redriven_execution_enters_the_state_that_failed_again() -> None:
    history = History()
    history.enter("PublishWarehouse")
    history.call(error="Bad")
    history.add("ExecutionFailed")
    history.add("ExecutionRedriven")
    history.enter("PublishWarehouse")
    history.call()
    history.leave("PublishWarehouse")
    assert [state["status"] for state in states_of(history.events)] == ["failed", "succeeded"]


def test_long_input_and_output_are_cut_and_say_so() -> None:
    history = History()
    history.enter("PlanCopies", text="x" * 5000)
    history.leave("PlanCopies", text="y")
    (state,) = states_of(history.events)
    assert state["input"] is not None
    assert state["input"]["cut"]
    assert len(state["input"]["text"]) == LONGEST_PAYLOAD
    assert state["output"] == {"text": '{"text": "y"}', "cut": False}


def test_retries_are_transitions_too_and_each_call_of_a_function_has_its_time() -> None:
    history = History()
    history.enter("PlanCopies")
    history.call(error="Bad")
    history.call()
    history.leave("PlanCopies")
    history.enter("AnythingToDo?", "Choice")
    work = work_of(history.events)
    assert work.transitions == 3
    assert work.calls == (("goodreads-plan-copies", 2.0), ("goodreads-plan-copies", 2.0))


def test_a_refused_call_is_known_from_the_cause_of_a_failure() -> None:
    refused = "User: arn:aws:sts::1:assumed-role/plan/run is not authorized to perform: "
    causes = [
        json.dumps(
            {"errorMessage": f'{refused}s3:GetObject on resource: "arn:aws:s3:::b/k" because no policy'}
        ),
        f"{refused}s3:GetObject on resource: arn:aws:s3:::b/k (Service: S3)",
        f"{refused}redshift-data:DescribeStatement",
        "no space left on device",
    ]
    events = [
        {"id": number, "type": "TaskFailed", "taskFailedEventDetails": {"cause": cause}}
        for number, cause in enumerate(causes)
    ]
    who = "arn:aws:sts::1:assumed-role/plan/run"
    assert refused_in(events) == [
        {"principal": who, "action": "redshift-data:DescribeStatement", "resource": "*"},
        {"principal": who, "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k"},
    ]
