"""The console's answers, by the application's own client, over an endpoint with a cluster, a state machine and alarms."""

import json
import re
from email.message import EmailMessage
from html import unescape
from pathlib import Path
from typing import Any

import boto3
import pytest
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from local_cloud.mailbox import Mailbox
from local_cloud.state import StateFolder
from operations.console.app import HEADER, application
from operations.console.runs import PAGE
from operations.console.tables import MOST_ROWS, Tables
from operations.warehouse import Warehouse
from report import SCHEMA
from tests.local_cloud.conftest import Endpoint
from tests.local_cloud.waiting import until
from tests.operations.console.past import ended, reported, spoilt

OURS = "the-token"
WAITING = json.dumps({"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}}})
PAGES = ("/", "/start", "/tables", "/alarms", "/mail")


@pytest.fixture(scope="module")
def client(endpoint: Endpoint) -> FlaskClient:
    boto3.client("stepfunctions").create_state_machine(
        name="goodreads", definition=WAITING, roleArn="arn:aws:iam::123456789012:role/any"
    )
    warehouse = Warehouse(user="goodreads_pipeline")
    warehouse.run("create schema goodreads_warehouse", "create table goodreads_warehouse.books (id bigint)")
    warehouse.run("create schema goodreads_staging", "create table goodreads_staging.books (id bigint)")
    warehouse.run("insert into goodreads_warehouse.books values (9223372036854775807), (null)")
    return application(endpoint.state, OURS).test_client()


def posted(client: FlaskClient, path: str, body: Any, token: str | None = OURS) -> tuple[int, dict[str, Any]]:
    answer = client.post(path, json=body, headers={HEADER: token} if token is not None else {})
    found: dict[str, Any] = answer.get_json()
    return answer.status_code, found


def asked(client: FlaskClient, sql: str) -> dict[str, Any]:
    return posted(client, "/query", {"sql": sql})[1]


def running() -> list[str]:
    client = boto3.client("stepfunctions")
    (machine,) = client.list_state_machines()["stateMachines"]
    found = client.list_executions(stateMachineArn=machine["stateMachineArn"], statusFilter="RUNNING")
    return [one["name"] for one in found["executions"]]


# ---- who may


@pytest.mark.parametrize("token", [None, "", "another", "the-token2"])
@pytest.mark.parametrize("path", ["/runs", "/query"])
def test_nothing_starts_without_the_token(client: FlaskClient, path: str, token: str | None) -> None:
    status, answer = posted(client, path, {"deployment": "goodreads", "sql": "select 1"}, token)
    assert status == 403
    assert "open the address that `make up` has printed" in answer["error"]
    assert running() == []


def test_the_token_in_an_address_or_a_form_is_none(client: FlaskClient) -> None:
    answer = client.post(f"/query?token={OURS}", data={"sql": "select 1", HEADER: OURS})
    assert answer.status_code == 403


def test_another_site_is_not_told_that_it_may_send_the_token(client: FlaskClient) -> None:
    answer = client.options("/query", headers={"Origin": "http://evil.example"})
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:4512", "127.0.0.1.evil.example", "10.0.0.1", ""]
)
@pytest.mark.parametrize("path", [*PAGES, "/library/d3.js", "/static/console.js"])
def test_a_name_that_somebody_gave_this_machine_is_refused(client: FlaskClient, path: str, host: str) -> None:
    assert client.get(path, headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("host", ["127.0.0.1:4512", "localhost:4512", "localhost"])
def test_this_machine_has_two_names(client: FlaskClient, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("path", [*PAGES, "/no-such-page"])
def test_only_the_consoles_own_files_run_in_a_page_and_nobody_frames_it(
    client: FlaskClient, path: str
) -> None:
    headers = client.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "Set-Cookie" not in headers
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "/runs/..%2Fendpoint/run.json",
        "/runs/%2E%2E%2Fendpoint/run.json",
        "/runs/../endpoint.json",
        "/runs/..%5Cendpoint/page",
        "/runs/a%00b/run.json",
        f"/runs/{'a' * 200}/run.json",
        "/library/..%2Fpage.py",
        "/library/page.py",
        "/static/..%2Fapp.py",
        "/static/%2Fetc%2Fpasswd",
        "/mail/..%2F..%2Fendpoint",
        "/mail/1.eml",
        "/tables/goodreads_warehouse/..%2Fbooks",
    ],
)
def test_no_address_leads_out_of_the_folder(client: FlaskClient, path: str) -> None:
    answer = client.get(path, follow_redirects=True)
    assert answer.status_code == 404
    assert b"http://localhost" not in answer.data  # as endpoint.json has it


# ---- the tables


@pytest.mark.parametrize(
    "sql",
    [
        "insert into goodreads_warehouse.books values (1)",
        "delete from goodreads_warehouse.books",
        "truncate goodreads_warehouse.books",
        "drop table goodreads_warehouse.books",
        "create table goodreads_warehouse.more (id bigint)",
        "create schema more",
        'grant role goodreads_readers to "IAM:ada"',
        "create user ada password disable",
        "select * from goodreads_staging.books",
    ],
)
def test_redshift_refuses_what_is_no_query_of_a_reader(client: FlaskClient, sql: str) -> None:
    error = asked(client, sql)["error"]
    assert "permission denied" in error or "must be" in error
    assert asked(client, "select count(*) from goodreads_warehouse.books")["rows"] == [["2"]]


def test_a_query_reads_no_file_of_this_machine(client: FlaskClient, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\nsecret\n")
    for sql in (f"select * from read_csv('{secret}')", f"select * from '{secret}'"):
        assert "Cannot access file" in asked(client, sql)["error"]


def test_values_come_as_texts_and_a_large_number_stays_exact(client: FlaskClient) -> None:
    answer = asked(client, "select id from goodreads_warehouse.books order by id nulls last")
    assert answer["rows"] == [["9223372036854775807"], [None]]
    assert answer["columns"] == ["id"]
    assert not answer["more"]


@pytest.mark.parametrize("limit", ["", " limit 5000", " limit all"])
def test_a_large_answer_is_its_first_rows(client: FlaskClient, limit: str) -> None:
    numbers = (
        "with recursive numbers(n) as (select 1 as n union all select n + 1 from numbers where n < 1500)"
    )
    answer = asked(client, f"{numbers} select n from numbers{limit}")
    assert len(answer["rows"]) == MOST_ROWS
    assert answer["more"]


def test_the_limit_of_a_query_stays(client: FlaskClient) -> None:
    answer = asked(client, "select id from goodreads_warehouse.books limit 1")
    assert len(answer["rows"]) == 1
    assert not answer["more"]


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("", "there is no query; expected one in Redshift SQL"),
        ("selec 1", "syntax error"),
        ("select * from goodreads_warehouse.nothing", "nothing"),
    ],
)
def test_what_is_wrong_with_a_query_is_told(client: FlaskClient, sql: str, told: str) -> None:
    status, answer = posted(client, "/query", {"sql": sql})
    assert status == 400
    assert told in answer["error"]


@pytest.mark.parametrize("body", [[], "select 1", None])
def test_a_body_that_is_no_object_is_refused(client: FlaskClient, body: Any) -> None:
    assert posted(client, "/query", body) == (
        400,
        {"error": "expected a JSON object as the body of the request"},
    )


@pytest.mark.slow
def test_a_query_that_would_run_for_ever_is_cancelled_and_makes_room(
    endpoint: Endpoint, client: FlaskClient
) -> None:
    impatient = application(endpoint.state, OURS, tables=Tables(timeout=1, at_once=1)).test_client()
    endless = "with recursive numbers(n) as (select 1 as n union all select n from numbers) select count(*) from numbers"
    for _ in range(2):
        assert "took longer than 1 s and was cancelled" in asked(impatient, endless)["error"]
    assert asked(client, "select 1 as one")["rows"] == [["1"]]


@pytest.mark.usefixtures("client")
def test_more_queries_than_the_console_may_run_are_told_to_wait(endpoint: Endpoint) -> None:
    client = application(endpoint.state, OURS, tables=Tables(at_once=0)).test_client()
    assert "wait for one of them" in asked(client, "select 1")["error"]


def test_a_table_has_a_preview(client: FlaskClient) -> None:
    assert "goodreads_warehouse.books" in client.get("/tables").text
    assert "goodreads_staging" not in client.get("/tables").text
    page = client.get("/tables/goodreads_warehouse/books").text
    assert "9223372036854775807" in page
    assert "NULL" in page


@pytest.mark.parametrize(
    "path",
    [
        "/tables/goodreads_staging/books",
        "/tables/x/books; drop table y",
        "/mail/7",
        "/runs/none",
        "/runs/none/page",
    ],
)
def test_what_is_not_there_is_told(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "<h1>This did not work</h1>" in answer.text
    assert "there is no" in answer.text


# ---- a start


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"window_start": "yesterday"}, "window_start is 'yesterday', expected a date or timestamp"),
        ({"window_start": "2020-03-01", "window_end": "2020-02-01"}, "is empty"),
        ({"replace_current": "yes"}, "replace_current is 'yes', expected true or false"),
        ({"accept_rejects": "yes"}, "accept_rejects is 'yes', expected true or false"),
        ({"window_begin": "2020-03-01"}, "found the fields window_begin, expected window_start"),
        ({"deployment": "other"}, "there is no deployment 'other' here"),
    ],
)
def test_an_input_that_the_run_would_refuse_starts_nothing(
    client: FlaskClient, fields: dict[str, Any], told: str
) -> None:
    status, answer = posted(client, "/runs", {"deployment": "goodreads", **fields})
    assert status == 400
    assert told in answer["error"]
    assert running() == []


def nothing_new(client: FlaskClient, address: str) -> bool:
    news = client.get(address).get_json()
    return bool(client.get(f"{address}?after={news['last']}").get_json() == news)


def test_a_started_run_has_the_input_of_the_form_and_is_in_the_list(client: FlaskClient) -> None:
    fields = {
        "deployment": "goodreads",
        "window_start": "2020-02-01",
        "window_end": "",
        "replace_current": False,
        "accept_rejects": False,
    }
    status, answer = posted(client, "/runs", fields)
    stepfunctions = boto3.client("stepfunctions")
    arn = f"arn:aws:states:us-east-1:123456789012:execution:goodreads:{answer['name']}"
    try:
        assert status == 201
        assert json.loads(stepfunctions.describe_execution(executionArn=arn)["input"]) == {
            "window_start": "2020-02-01"
        }
        assert "+ Running" in client.get("/").text
        assert "This run goes on" in client.get(f"/runs/{answer['name']}").text
        address = f"/runs/{answer['name']}/news.json"
        assert client.get(address).get_json()["running"]
        until(lambda: nothing_new(client, address))  # the run waits
    finally:
        stepfunctions.stop_execution(executionArn=arn)


def test_an_endpoint_that_does_not_answer_is_told_and_what_to_look_at(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # nobody listens there
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    answer = client.get("/alarms")
    assert answer.status_code == 502
    assert "the endpoint cannot be asked: Could not connect to the endpoint URL" in unescape(answer.text)
    assert "Is `make up` still at work?" in unescape(answer.text)


# ---- the list, mail, alarms


@pytest.fixture
def past(tmp_path: Path, client: FlaskClient) -> tuple[StateFolder, FlaskClient]:
    """A folder of its own, whose endpoint is the module's."""
    assert client
    folder = StateFolder(tmp_path)
    return folder, application(folder, OURS).test_client()


def test_the_list_has_the_runs_of_earlier_endpoints(past: tuple[StateFolder, FlaskClient]) -> None:
    folder, client = past
    ended(
        folder.executions,
        "first",
        place=0,
        read=1200,
        rejected=3,
        state="SucceededWithRejects",
        warnings=("a", "b"),
    )
    ended(folder.executions, "second", place=1, state="Failed")
    page = client.get("/").text
    assert page.rindex(">second<") < page.rindex(">first<")
    assert "✕ Failed" in page
    assert "DataQualityError" in page
    assert "▲ Succeeded with rejects" in page
    assert "1,200" in page
    assert page.count("▲ 2") == 1
    trend = json.loads(page.partition('id="trend">')[2].partition("</script>")[0])
    assert [run["name"] for run in trend] == ["first", "second"]
    assert [run["age"] for run in trend] == [None, 601]  # the second one ended 601 s after the first one


def cells(page: str, run: str) -> dict[str, str]:
    """What the list says of a run, by the names of the columns."""
    row = page.partition(f'<td><a href="/runs/{run}">')[2].partition("</tr>")[0]
    return dict(re.findall(r'<td data-name="([^"]+)"[^>]*>(?:<span[^>]*>)?([^<]*)', row))


def test_the_rows_of_a_run_that_failed_after_its_publish_are_told(
    past: tuple[StateFolder, FlaskClient],
) -> None:
    folder, client = past
    ended(folder.executions, "first", place=0, read=5)
    ended(folder.executions, "second", place=1, state="Failed")
    ended(folder.executions, "third", place=2, state="NothingToDo")
    reported(folder, "second", ("second", 1200, 3), ("second", 34, 0), warnings=2)
    page = client.get("/").text
    assert "Data was last published by" in page
    assert page.partition("Data was last published by")[2].startswith(' <a href="/runs/second">')
    told = cells(page, "second")
    assert (told["Rows read"], told["Refused"], told["Warnings"]) == ("1,234", "3", "▲ 2")
    assert cells(page, "third")["Rows read"] == "0"
    assert cells(page, "third")["Age of data, min"] == "10.0"  # of the second one, not of the first one


def test_a_document_that_is_written_later_is_read_again(past: tuple[StateFolder, FlaskClient]) -> None:
    folder, client = past
    ended(folder.executions, "stopped", state="Failed")
    assert cells(client.get("/").text, "stopped")["Rows read"] == "\N{EN DASH}"
    reported(folder, "stopped", ("stopped", 12, 0))
    assert cells(client.get("/").text, "stopped")["Rows read"] == "12"


@pytest.mark.parametrize("has_document", [True, False])
def test_rows_belong_to_the_run_that_published_them_not_to_the_one_that_made_up_for_it(
    past: tuple[StateFolder, FlaskClient], has_document: bool
) -> None:
    folder, client = past
    ended(folder.executions, "stopped", place=0, state="Failed")
    if has_document:
        ended(folder.executions, "next", place=1)
        reported(folder, "next", ("next", 7, 1), ("stopped", 90, 4))
    else:
        ended(folder.executions, "next", place=1, read=7, rejected=1, made_up_for={"stopped": (90, 4)})
    page = client.get("/").text
    assert [cells(page, "next")[each] for each in ("Rows read", "Refused")] == ["7", "1"]
    assert [cells(page, "stopped")[each] for each in ("Rows read", "Refused")] == ["90", "4"]


def test_a_run_that_only_made_up_for_another_has_read_nothing_and_the_other_one_has_published(
    past: tuple[StateFolder, FlaskClient],
) -> None:
    folder, client = past
    for place, name in enumerate(("stopped", "next", "last")):
        ended(folder.executions, name, place=place, state="Failed" if name == "stopped" else "Succeeded")
    reported(folder, "next", ("stopped", 90, 4))
    page = client.get("/").text
    assert cells(page, "next")["Rows read"] == "0"
    assert page.partition("Data was last published by")[2].startswith(' <a href="/runs/stopped">')
    assert cells(page, "last")["Age of data, min"] == "10.0"  # as the list in the reports zone counts it


def test_the_document_of_a_run_is_as_the_schema_says(past: tuple[StateFolder, FlaskClient]) -> None:
    folder, client = past
    ended(folder.executions, "first", state="Failed")
    found = client.get("/runs/first/run.json").get_json()
    Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(found)
    assert found["failure"]["error"] == "DataQualityError"
    page = client.get("/runs/first/page")
    assert "<title>Failed: goodreads first</title>" in page.text
    assert page.headers["Content-Security-Policy"] == "frame-ancestors 'self'"


def test_without_a_run_the_list_says_what_to_do(past: tuple[StateFolder, FlaskClient]) -> None:
    assert "There is no run yet" in past[1].get("/").text


@pytest.mark.parametrize("runs", [0, 1])
def test_a_page_behind_the_last_one_says_so_and_leads_to_the_first(
    past: tuple[StateFolder, FlaskClient], runs: int
) -> None:
    folder, client = past
    for place in range(runs):
        ended(folder.executions, f"run-{place}", place=place)
    answer = client.get("/?page=99")
    assert answer.status_code == 404
    assert "The list has no page 99: it ends with page 1." in answer.text
    assert '<a href="/">The newest runs</a>' in answer.text
    assert "There is no run yet" not in answer.text


def test_a_page_of_the_list_reads_no_document_of_another_page(past: tuple[StateFolder, FlaskClient]) -> None:
    folder, client = past
    for place in range(2 * PAGE + 1):
        ended(folder.executions, f"run-{place:03}", place=place)
    for place in range(PAGE):  # one more than a page has is read, for the age of the data
        spoilt(folder.executions, f"run-{place:03}")
    page = client.get("/").text
    assert ">run-200<" in page
    assert ">run-100<" not in page
    assert 'href="/?page=2"' in page
    assert "Page 1 of 3" in page


def test_the_newest_run_of_a_page_knows_its_rows_from_a_run_of_the_page_before(
    past: tuple[StateFolder, FlaskClient],
) -> None:
    folder, client = past
    for place in range(PAGE + 1):
        ended(folder.executions, f"run-{place:03}", place=place, state="Succeeded" if place else "Failed")
    reported(folder, "run-001", ("run-000", 90, 4))
    page = client.get("/?page=2").text
    assert cells(page, "run-000")["Rows read"] == "90"
    assert ">run-001<" not in page


def test_an_email_is_shown_as_text(past: tuple[StateFolder, FlaskClient]) -> None:
    folder, client = past
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "<script>alert(1)</script>", "a@x.org", "b@x.org"
    message["Date"] = "Sun, 01 Mar 2020 06:10:00 +0000"
    message.set_content("The run failed.\n<b>not bold</b>\n")
    Mailbox(folder.mail).put(message)
    listed, shown = client.get("/mail").text, client.get("/mail/1").text
    for page in (listed, shown):
        assert "<script>alert" not in page
        assert "<script>alert(1)</script>" in unescape(page)
    assert "&lt;b&gt;not bold&lt;/b&gt;" in shown


def test_without_an_email_the_page_says_what_to_do(past: tuple[StateFolder, FlaskClient]) -> None:
    assert "alarm_email=you@example.com" in past[1].get("/mail").text


def test_an_alarm_that_is_on_comes_first(client: FlaskClient) -> None:
    cloudwatch = boto3.client("cloudwatch")
    for name in ("calm", "loud"):
        cloudwatch.put_metric_alarm(
            AlarmName=f"goodreads-{name}",
            Namespace="x",
            MetricName="y",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
    cloudwatch.set_alarm_state(AlarmName="goodreads-loud", StateValue="ALARM", StateReason="too much <b>")
    page = client.get("/alarms").text
    assert "1 of 2 alarms are on" in page
    assert page.index("goodreads-loud") < page.index("goodreads-calm")
    assert "too much &lt;b&gt;" in page
