"""Deployed code in child processes."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import psutil
import pytest

from landing import disk
from local_cloud.identity import Keys
from local_cloud.lambda_.runtime import Function, LambdaRuntime
from tests.local_cloud.alive import is_alive
from tests.local_cloud.waiting import PATIENCE, until

APP = """
import importlib.util, os, random, subprocess, sys, time

def echo(event, context):
    return event

def variables(event, context):
    return dict(os.environ)

def importable(event, context):
    return [name for name in event if importlib.util.find_spec(name)]

def context(event, context):
    left = context.get_remaining_time_in_millis()
    return [context.function_name, context.invoked_function_arn, context.memory_limit_in_mb, 0 < left <= 600_000]

def process(event, context):
    return os.getpid()

def fail(event, context):
    raise ValueError("window_start is 'tomorrow'")

def talk(event, context):
    print('{"result": "not the answer"}')
    print("to stderr", file=sys.stderr)
    os.write(1, b"past sys.stdout")
    return "the answer"

def meet(event, context):
    open(event["mine"], "w").close()
    while not os.path.exists(event["other"]):
        time.sleep(0.01)
    return os.getpid()

def start(event, context):
    child = subprocess.Popen(["sleep", "600"])
    with open(event, "w") as file:
        file.write(f"{os.getpid()} {child.pid}")

def hang(event, context):
    start(event, context)
    time.sleep(600)

def start_then_hang(event, context):
    start(event, context) if event else time.sleep(600)

def leave(event, context):
    os._exit(3)

def leave_politely(event, context):
    sys.exit("enough")

def cut_off(event, context):
    os.write(int(sys.argv[2]), b'{"result": "half an ans')
    os._exit(1)

def not_json(event, context):
    return {1, 2}

def spoil(event, context):
    import boto3, botocore
    os.environ["LEFT"] = "x"
    os.chdir(event)
    sys.path.append(event)
    boto3.setup_default_session(aws_access_key_id="LEFT")
    botocore.left = True

def look(event, context):
    import boto3, botocore
    keys = boto3.Session().get_credentials().access_key
    left = [name for name in ("LEFT", "OF_SPOIL") if name in os.environ]
    modules = [name for name in ("of_spoil",) if importlib.util.find_spec(name)]
    folders = [os.getcwd(), *sys.path].count(event)
    return [keys, left, modules, folders, boto3.DEFAULT_SESSION is None, hasattr(botocore, "left")]

def chance(event, context):
    return random.random()

def libraries(event, context):
    import boto3
    return boto3.__name__, getattr(boto3, "mine", False), sys.flags.optimize
"""


def zip_of(**files: str) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.py", text)
    return buffer.getvalue()


@dataclass
class Deployed:
    """A function as moto keeps it."""

    handler: str
    code_bytes: bytes = zip_of(app=APP)
    environment_vars: dict[str, str] = field(default_factory=dict)
    timeout: int = PATIENCE
    memory_size: int = 512
    function_name: str = "goodreads-test"
    function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:goodreads-test"
    role: str = "arn:aws:iam::123456789012:role/goodreads-test"


@dataclass
class Sessions:
    """Signs functions in for so many seconds."""

    seconds: int = 3600
    made: int = 0

    def __call__(self, function: Function) -> Keys:
        self.made += 1
        ends = datetime.now(UTC) + timedelta(seconds=self.seconds)
        return Keys(f"KEY-{self.made}", "secret", f"token of {function.role}", ends)


@pytest.fixture
def sessions() -> Sessions:
    return Sessions()


@pytest.fixture
def runtime(tmp_path: Path, sessions: Sessions) -> Iterator[LambdaRuntime]:
    for name in ("functions", "logs"):
        (tmp_path / name).mkdir()
    with closing(
        LambdaRuntime(tmp_path / "functions", tmp_path / "logs", {"AWS_REGION": "us-east-1"}, sessions)
    ) as runtime:
        yield runtime


def result(runtime: LambdaRuntime, function: Deployed, event: Any = None) -> Any:
    answer = runtime.invoke(function, event)
    assert not answer.failed, answer.payload
    return json.loads(answer.payload)


def error(runtime: LambdaRuntime, function: Deployed, event: Any = None) -> dict[str, Any]:
    answer = runtime.invoke(function, event)
    assert answer.failed, answer.payload
    return dict(json.loads(answer.payload))


def log_of(tmp_path: Path) -> str:
    return (tmp_path / "logs" / "lambda-goodreads-test.log").read_text()


@pytest.mark.slow
def test_a_handler_receives_the_event_and_returns_the_result(runtime: LambdaRuntime) -> None:
    event = {"text": 'späte "Rezension"\n', "number": 1.5, "none": None, "list": [True]}
    assert result(runtime, Deployed("app.echo"), event) == event


@pytest.mark.slow
def test_a_handler_sees_its_own_and_the_endpoints_environment_and_nothing_of_this_process(
    runtime: LambdaRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SHELL", "1")
    function = Deployed("app.variables", environment_vars={"LEASE_TABLE": "goodreads-lease"})
    variables = result(runtime, function)
    assert variables["LEASE_TABLE"] == "goodreads-lease"
    assert variables["AWS_REGION"] == "us-east-1"
    assert variables["AWS_LAMBDA_FUNCTION_NAME"] == "goodreads-test"
    assert "SECRET_OF_THE_SHELL" not in variables


@pytest.mark.slow
def test_a_handler_calls_as_its_functions_role(runtime: LambdaRuntime) -> None:
    variables = result(runtime, Deployed("app.variables"))
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    assert [variables[name] for name in names] == ["KEY-1", "secret", f"token of {Deployed.role}"]


@pytest.mark.slow
def test_a_child_whose_session_would_end_during_the_call_is_not_used_again(
    runtime: LambdaRuntime, sessions: Sessions
) -> None:
    function = Deployed("app.variables")
    sessions.seconds = 2 * function.timeout
    assert [result(runtime, function)["AWS_ACCESS_KEY_ID"] for _ in range(2)] == ["KEY-1", "KEY-1"]
    function.timeout *= 3
    assert result(runtime, function)["AWS_ACCESS_KEY_ID"] == "KEY-2"


@pytest.mark.slow
def test_only_what_is_in_the_zip_can_be_imported_and_not_the_repository(runtime: LambdaRuntime) -> None:
    function = Deployed("app.importable", zip_of(app=APP, packaged=""))
    names = ["packaged", "catalog", "lambdas", "local_cloud", "runtime", "boto3"]
    assert result(runtime, function, names) == ["packaged", "boto3"]


@pytest.mark.slow
def test_the_context_names_the_function_and_counts_its_time_down(runtime: LambdaRuntime) -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:goodreads-test"
    assert result(runtime, Deployed("app.context")) == ["goodreads-test", arn, 512, True]


@pytest.mark.slow
def test_an_error_is_answered_in_the_words_of_the_lambda_service(
    runtime: LambdaRuntime, tmp_path: Path
) -> None:
    told = error(runtime, Deployed("app.fail"))
    assert told["errorType"] == "ValueError"
    assert told["errorMessage"] == "window_start is 'tomorrow'"
    assert "in fail\n" in told["stackTrace"][-1]
    assert "ValueError: window_start is 'tomorrow'" in log_of(tmp_path)


@pytest.mark.slow
def test_what_a_handler_prints_goes_to_its_log_and_not_into_the_answer(
    runtime: LambdaRuntime, tmp_path: Path
) -> None:
    assert result(runtime, Deployed("app.talk")) == "the answer"
    for printed in ('{"result": "not the answer"}', "to stderr", "past sys.stdout"):
        assert printed in log_of(tmp_path)


@pytest.mark.slow
def test_calls_one_after_the_other_share_a_warm_process(runtime: LambdaRuntime) -> None:
    function = Deployed("app.process")
    assert result(runtime, function) == result(runtime, function)


@pytest.mark.slow
def test_an_error_leaves_the_process_warm(runtime: LambdaRuntime) -> None:
    def starts() -> int:
        return len([p for p in psutil.Process().children() if "child.py" in " ".join(p.cmdline())])

    error(runtime, Deployed("app.fail"))
    error(runtime, Deployed("app.fail"))
    assert starts() == 1


@pytest.mark.slow
def test_calls_at_the_same_time_get_a_process_each(runtime: LambdaRuntime, tmp_path: Path) -> None:
    left, right = str(tmp_path / "left"), str(tmp_path / "right")
    events = [{"mine": left, "other": right}, {"mine": right, "other": left}]
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda event: result(runtime, Deployed("app.meet"), event), events)
    assert one != other


@pytest.mark.slow
def test_new_code_a_new_handler_or_a_new_environment_gets_a_new_process(runtime: LambdaRuntime) -> None:
    before = result(runtime, Deployed("app.process"))
    code = result(runtime, Deployed("app.process", zip_of(app=f"{APP}\nupdated = True")))
    handler = result(runtime, Deployed("app.same_process", zip_of(app=f"{APP}\nsame_process = process")))
    environment = result(runtime, Deployed("app.process", environment_vars={"A": "b"}))
    assert len({before, code, handler, environment}) == 4


@pytest.mark.slow
def test_a_new_handler_of_the_same_code_takes_over(runtime: LambdaRuntime) -> None:
    assert result(runtime, Deployed("app.echo"), "event") == "event"
    assert error(runtime, Deployed("app.fail"), "event")["errorType"] == "ValueError"


@pytest.mark.slow
def test_nothing_of_one_function_is_left_for_another(runtime: LambdaRuntime, tmp_path: Path) -> None:
    code = zip_of(app=APP, of_spoil="")
    result(runtime, Deployed("app.spoil", code, {"OF_SPOIL": "x"}), str(tmp_path))
    function = Deployed("app.look", function_name="other", role="arn:aws:iam::123456789012:role/other")
    assert result(runtime, function, str(tmp_path)) == ["KEY-2", [], [], 0, True, False]


@pytest.mark.slow
def test_chance_is_another_in_each_process(runtime: LambdaRuntime) -> None:
    chances = {result(runtime, Deployed("app.chance", environment_vars={"A": name})) for name in "abc"}
    assert len(chances) == 3


@pytest.mark.slow
def test_a_library_in_the_zip_comes_before_the_installed_one(runtime: LambdaRuntime) -> None:
    own = Deployed("app.libraries", zip_of(app=APP, boto3="mine = True"))
    assert result(runtime, own) == ["boto3", True, 0]
    assert result(runtime, Deployed("app.libraries")) == ["boto3", False, 0]


@pytest.mark.slow
def test_a_variable_that_python_reads_at_its_start_takes_effect(runtime: LambdaRuntime) -> None:
    function = Deployed("app.libraries", environment_vars={"PYTHONOPTIMIZE": "1"})
    assert result(runtime, function) == ["boto3", False, 1]


@pytest.mark.slow
def test_functions_go_on_after_the_process_that_starts_them_was_killed(runtime: LambdaRuntime) -> None:
    first = psutil.Process(result(runtime, Deployed("app.process")))
    parent = psutil.Process(first.ppid())
    parent.kill()
    psutil.wait_procs([parent])
    assert result(runtime, Deployed("app.process")) != first.pid  # nobody would see how the first one ends
    assert not is_alive(first.pid)


@pytest.mark.slow
def test_a_function_that_takes_too_long_is_ended_with_all_it_has_started_and_can_be_called_again(
    runtime: LambdaRuntime, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    result(runtime, Deployed("app.start_then_hang"), str(pids))
    assert all(is_alive(int(pid)) for pid in pids.read_text().split())
    told = error(runtime, Deployed("app.start_then_hang", timeout=1))
    assert told == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": "goodreads-test timed out after 1 seconds",
    }
    assert not any(is_alive(int(pid)) for pid in pids.read_text().split())
    assert result(runtime, Deployed("app.echo"), "again") == "again"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("handler", "code"), [("app.leave", 3), ("app.leave_politely", 1), ("app.cut_off", 1)]
)
def test_a_process_that_ends_during_a_call_is_an_error_that_names_its_log(
    runtime: LambdaRuntime, tmp_path: Path, handler: str, code: int
) -> None:
    told = error(runtime, Deployed(handler))
    assert told["errorType"] == "Runtime.ExitError"
    assert (
        told["errorMessage"]
        == f"goodreads-test exited with {code}; see {tmp_path}/logs/lambda-goodreads-test.log"
    )
    assert result(runtime, Deployed("app.echo"), "again") == "again"


@pytest.mark.slow
def test_a_process_that_ends_for_a_full_disk_is_an_error_that_names_the_disk(
    runtime: LambdaRuntime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "_ROOM", 1 << 80)
    told = error(runtime, Deployed("app.leave"))["errorMessage"]
    assert told.startswith(
        f"goodreads-test exited with 3; see {tmp_path}/logs/lambda-goodreads-test.log; disk full: "
    )


@pytest.mark.slow
def test_a_process_that_was_killed_while_idle_is_replaced(runtime: LambdaRuntime) -> None:
    function = Deployed("app.process")
    killed = psutil.Process(result(runtime, function))
    killed.kill()
    psutil.wait_procs([killed])
    assert result(runtime, function) != killed.pid


@pytest.mark.slow
def test_big_events_and_answers_pass_without_blocking_each_other(runtime: LambdaRuntime) -> None:
    event = "x" * 5_000_000
    assert result(runtime, Deployed("app.echo"), event) == event


@pytest.mark.slow
def test_a_big_event_for_a_function_that_does_not_read_it_ends_with_the_timeout(
    runtime: LambdaRuntime,
) -> None:
    never_reads = zip_of(app=APP, sitecustomize="import time; time.sleep(600)")
    function = Deployed("app.echo", never_reads, timeout=1)
    assert error(runtime, function, "x" * 5_000_000)["errorType"] == "Sandbox.Timedout"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("handler", "code", "kind", "message"),
    [
        ("missing.handler", APP, "ModuleNotFoundError", "No module named 'missing'"),
        ("app.missing", APP, "AttributeError", "module 'app' has no attribute 'missing'"),
        ("app.echo", "import nothing_of_that_name", "ModuleNotFoundError", "No module named 'nothing_of_that_name'"),
        ("app.echo", "def echo(", "SyntaxError", "'(' was never closed (app.py, line 1)"),
    ],
)  # fmt: skip
def test_a_handler_that_cannot_be_imported_is_an_error_that_says_why(
    runtime: LambdaRuntime, handler: str, code: str, kind: str, message: str
) -> None:
    told = error(runtime, Deployed(handler, zip_of(app=code)))
    assert (told["errorType"], told["errorMessage"]) == (kind, message)


@pytest.mark.slow
def test_a_result_that_is_not_json_is_an_error(runtime: LambdaRuntime) -> None:
    told = error(runtime, Deployed("app.not_json"))
    assert (told["errorType"], told["errorMessage"]) == (
        "TypeError",
        "Object of type set is not JSON serializable",
    )


def made(runtime: LambdaRuntime, function: Deployed) -> None:
    ready = runtime.made(function)
    assert ready
    ready.result(PATIENCE)


@pytest.mark.slow
def test_a_function_that_starts_ahead_has_a_process_and_has_imported_its_handler_before_its_first_event(
    runtime: LambdaRuntime, sessions: Sessions, tmp_path: Path
) -> None:
    imports = tmp_path / "imports"
    code = f"with open({str(imports)!r}, 'a') as file: file.write('x')\n{APP}"
    function = Deployed("app.process", zip_of(app=code))
    runtime.start_ahead()
    made(runtime, function)
    until(imports.exists)
    (child,) = runtime._children  # noqa: SLF001 - there is no other way to see that it is there
    assert result(runtime, function) == child.process.pid
    assert result(runtime, function) == child.process.pid
    assert (sessions.made, imports.read_text()) == (1, "x")


@pytest.mark.slow
def test_idle_processes_of_a_function_end_when_it_has_a_new_version(runtime: LambdaRuntime) -> None:
    old, new = Deployed("app.process"), Deployed("app.process", zip_of(app=APP + "# new"))
    another = Deployed("app.process", function_name="goodreads-other")
    former, others = result(runtime, old), result(runtime, another)
    assert result(runtime, new) != former
    until(lambda: not is_alive(former))
    assert result(runtime, another) == others
    assert [child.process.pid for child in runtime._children] == [others, result(runtime, new)]  # noqa: SLF001


def test_a_function_that_is_made_after_closing_is_no_error(runtime: LambdaRuntime) -> None:
    runtime.start_ahead()
    runtime.close()
    assert runtime.made(Deployed("app.process")) is None


@pytest.mark.slow
def test_a_function_is_started_by_its_first_event_if_nothing_starts_ahead(
    runtime: LambdaRuntime, sessions: Sessions
) -> None:
    assert runtime.made(Deployed("app.echo")) is None
    assert sessions.made == 0
    assert result(runtime, Deployed("app.echo"), 1) == 1


@pytest.mark.slow
def test_what_goes_wrong_ahead_is_told_by_the_first_event(
    runtime: LambdaRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime.start_ahead()
    missing = Deployed("app.missing")
    made(runtime, missing)
    assert error(runtime, missing)["errorType"] == "AttributeError"
    ended = Deployed("app.echo", zip_of(app="import os; os._exit(3)"))
    made(runtime, ended)
    assert error(runtime, ended)["errorType"] == "Runtime.ExitError"

    def refused(_: Function) -> Keys:
        raise RuntimeError("not trusted")

    monkeypatch.setattr(runtime, "_sign_in", refused)
    made(runtime, Deployed("app.echo"))
    with pytest.raises(RuntimeError, match="not trusted"):
        runtime.invoke(Deployed("app.echo"), 1)
    monkeypatch.undo()
    assert result(runtime, Deployed("app.echo"), 1) == 1


@pytest.mark.slow
def test_closing_ends_processes_that_have_started_ahead(runtime: LambdaRuntime) -> None:
    runtime.start_ahead()
    functions = [Deployed("app.process", zip_of(app=f"{APP}\n{number}")) for number in range(5)]
    made(runtime, functions[0])
    for function in functions[1:]:
        runtime.made(function)
    runtime.close()
    ended = [child.process for child in runtime._children]  # noqa: SLF001
    until(lambda: not any(is_alive(process.pid) for process in ended))


@pytest.mark.slow
def test_closing_ends_idle_and_busy_processes(runtime: LambdaRuntime, tmp_path: Path) -> None:
    idle = result(runtime, Deployed("app.process"))
    pids = tmp_path / "pids"
    os.mkfifo(pids)
    with ThreadPoolExecutor(1) as pool:
        busy = pool.submit(runtime.invoke, Deployed("app.hang"), str(pids))
        hanging = [int(pid) for pid in pids.read_text().split()]
        runtime.close()
        assert busy.result().failed
    assert not any(is_alive(pid) for pid in (idle, *hanging))


def test_nothing_starts_after_closing(runtime: LambdaRuntime) -> None:
    runtime.close()
    with pytest.raises(RuntimeError, match="the endpoint is going down"):
        runtime.invoke(Deployed("app.echo"), None)


HOLDER = """
import sys
from pathlib import Path
from local_cloud.lambda_.runtime import LambdaRuntime
from tests.local_cloud.lambda_.test_lambda_runtime import Deployed, Sessions

folder = Path(sys.argv[1])
LambdaRuntime(folder / "functions", folder / "logs", {}, Sessions()).invoke(Deployed("app.hang"), sys.argv[2])
"""


@pytest.mark.slow
def test_a_handler_ends_with_all_it_has_started_when_the_endpoint_is_killed(tmp_path: Path) -> None:
    for name in ("functions", "logs"):
        (tmp_path / name).mkdir()
    pids = tmp_path / "pids"
    os.mkfifo(pids)
    with subprocess.Popen([sys.executable, "-c", HOLDER, tmp_path, pids]) as holder:
        family = [int(pid) for pid in pids.read_text().split()]
        family.append(psutil.Process(family[0]).ppid())  # from which the handler's process was forked
        assert all(map(is_alive, family))
        holder.kill()
    assert len(family) == 3
    until(lambda: not any(map(is_alive, family)))
