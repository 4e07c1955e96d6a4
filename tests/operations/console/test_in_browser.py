"""The console in a real browser: what a reader sees, with the keyboard alone, in two tabs, and while a run goes on."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import boto3
import pytest
from playwright.sync_api import Browser, Page

from local_cloud.mailbox import Mailbox
from local_cloud.state import StateFolder
from operations.console import Console
from operations.warehouse import Warehouse
from tests.browser.browser import Theme, opened, window
from tests.local_cloud.conftest import Endpoint
from tests.local_cloud.waiting import PATIENCE, until
from tests.operations.console.past import MovedAlong, ended
from tests.report import examples

pytestmark = pytest.mark.slow

HOSTILE = "<script>document.title = 'run'</script>"
PATHS = (
    "",
    "start",
    "tables",
    "tables/goodreads_warehouse/books",
    "alarms",
    "mail",
    "mail/1",
    "no-such-page",
)
SIGHTS: tuple[tuple[int, Theme], ...] = ((360, "light"), (1440, "dark"))
DONE = json.dumps({"StartAt": "Succeeded", "States": {"Succeeded": {"Type": "Succeed"}}})


@pytest.fixture(scope="module")
def console(endpoint: Endpoint) -> Iterator[Console]:
    """The console of a folder with runs, a table, an alarm and an e-mail."""
    boto3.client("stepfunctions").create_state_machine(
        name="goodreads", definition=DONE, roleArn="arn:aws:iam::123456789012:role/any"
    )
    states = ("Succeeded", "SucceededWithRejects", "NothingToDo", "Failed", "Skipped")
    for place in range(30):
        ended(
            endpoint.state.executions,
            f"2020-03-01T{place:02}-00-00-000",
            place=place,
            state=states[place % 5],
            read=20_000 + 900 * place if place % 5 < 2 else 0,
            rejected=40 * place if place % 5 == 1 else 0,
        )
    Warehouse(user="goodreads_pipeline").run(
        "create schema goodreads_warehouse",
        "create table goodreads_warehouse.books (id bigint, title varchar(300))",
        f"insert into goodreads_warehouse.books values (1, '{HOSTILE.replace(chr(39), chr(39) * 2)}'), (2, '百年の孤独'), (3, null)",
    )
    boto3.client("cloudwatch").put_metric_alarm(
        AlarmName="goodreads-run-failed",
        AlarmDescription="A run failed.",
        Namespace="AWS/States",
        MetricName="ExecutionsFailed",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
    )
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = f"{HOSTILE} failed", "a@example.com", "b@example.com"
    message["Date"] = datetime(2020, 3, 1, tzinfo=UTC)
    message.set_content(f"{HOSTILE}\n{'a' * 300}\n")
    Mailbox(endpoint.state.mail).put(message)
    with closing(Console(endpoint.state, 0).start()) as console:
        yield console


def at(console: Console, path: str) -> str:
    return console.address.partition("#")[0] + path


@pytest.mark.parametrize("path", PATHS)
def test_axe_finds_nothing_and_the_page_has_nothing_to_complain_of(
    browser: Browser, console: Console, path: str
) -> None:
    with opened(browser, at(console, path), width=360, theme="light") as page:
        for width, theme in SIGHTS:
            page.page.set_viewport_size({"width": width, "height": 900})
            page.page.emulate_media(color_scheme=theme)
            assert page.violations() == []
            assert not page.is_wider_than_the_screen()
        assert page.page.title() != "run"
        missing = ["Failed to load resource: the server responded with a status of 404 (NOT FOUND)"]
        assert page.complaints == (missing if path == "no-such-page" else [])
        assert not [url for url in page.requests if not url.startswith(at(console, ""))]


@pytest.mark.usefixtures("endpoint")
def test_a_trend_without_a_refused_row_is_drawn_from_nought(browser: Browser, tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    state.executions.mkdir(parents=True, exist_ok=True)
    ended(state.executions, "2020-03-01T00-00-00-000", read=1_500)
    with closing(Console(state, 0).start()) as console, opened(browser, at(console, "")) as page:
        page.page.locator("#charts svg").nth(2).wait_for()
        ticks = page.page.locator("#charts svg").evaluate_all(
            "(all) => all.map((one) => one.querySelector('text').textContent)"
        )
        assert ticks == ["0", "0", "0"]


def test_the_list_draws_the_trend(browser: Browser, console: Console) -> None:
    with opened(browser, at(console, "")) as page:
        page.page.locator("#charts svg").nth(3).wait_for()
        assert page.page.locator("#charts svg rect").count() > 30
        heights = page.page.eval_on_selector_all(
            "#charts svg", "(all) => all.map((one) => one.getBoundingClientRect().height)"
        )
        assert heights == [110.0] * 4  # no chart is made smaller
        assert "30 values are between 20 and 26" in str(
            page.page.locator("#charts [role=img]").first.get_attribute("aria-label")
        )


def test_the_keyboard_alone_asks_a_query_in_a_second_tab(browser: Browser, console: Console) -> None:
    context = window(browser)
    with closing(context):
        first = context.new_page()
        first.goto(console.address)
        first.wait_for_url(at(console, ""))  # the token is not left in the address
        second = context.new_page()
        second.goto(at(console, "tables"))
        tab_to(second, "#sql")
        second.keyboard.type("select id, title from goodreads_warehouse.books order by id")
        second.keyboard.press("Control+Enter")
        second.locator("#answer td").first.wait_for()
        told = ["1", HOSTILE, "2", "百年の孤独", "3", "NULL"]
        assert second.locator("#answer td").all_inner_texts() == told
        assert second.locator("#told").inner_text().startswith("3 rows.")
        second.locator("#sql").fill("delete from goodreads_warehouse.books")
        second.keyboard.press("Control+Enter")
        second.locator("#told.bad").wait_for()
        assert "permission denied" in second.locator("#told").inner_text()
        assert second.locator("#answer td").count() == 0


def test_a_browser_without_the_token_is_told_what_to_open(browser: Browser, console: Console) -> None:
    with opened(browser, at(console, "tables")) as page:
        page.page.locator("#sql").fill("select 1")
        page.page.locator("#query button").click()
        page.page.locator("#told.bad").wait_for()
        assert "open the address that `make up` has printed" in page.page.locator("#told").inner_text()


def test_a_run_is_started_after_its_input_was_mended(browser: Browser, console: Console) -> None:
    context = window(browser)
    with closing(context):
        page = context.new_page()
        page.goto(console.address)
        page.get_by_role("link", name="Start a run").click()
        page.locator("#window_start").fill("2020-13-01")
        page.get_by_role("button", name="Start the run").click()
        page.locator("#told.bad").wait_for()
        assert "window_start is '2020-13-01'" in page.locator("#told").inner_text()
        page.locator("#window_start").fill("2020-02-01")
        page.keyboard.press("Enter")
        page.wait_for_url("**/runs/*")
        assert page.locator("#follow").count() == 1


def test_a_page_that_follows_its_run_keeps_the_readers_place(browser: Browser, endpoint: Endpoint) -> None:
    running, clean = examples.running(), examples.clean()
    one_state_less = {**running, "states": running["states"][:-1]}
    runs = MovedAlong(one_state_less, running, clean)
    with (
        closing(Console(endpoint.state, 0, runs=runs).start()) as console,
        closing(browser.new_page(viewport={"width": 1440, "height": 700})) as page,
    ):
        page.set_default_timeout(PATIENCE * 1000)
        page.goto(at(console, "runs/going"))
        inner = page.frame_locator("#page")
        inner.locator("h1", has_text="Running").wait_for()
        states = inner.locator(".events > details")
        before = states.count()
        inner.locator("#events summary").first.focus()
        page.keyboard.press("Enter")
        inner.locator("#events details[open] pre").first.wait_for()
        page.frames[-1].evaluate("window.scrollTo(0, 400)")
        runs.move_on()
        until(lambda: states.count() == before + 1)
        runs.move_on()
        inner.locator("h1", has_text="Succeeded").wait_for()
        page.locator("#follow", has_text="This run has ended.").wait_for()
        assert page.locator("iframe").count() == 1
        assert page.frames[-1].evaluate("window.scrollY") == 400
        assert inner.locator("#events details[open] pre").count() >= 1
        assert page.frames[-1].evaluate("document.activeElement.closest('section').id") == "events"


def tab_to(page: Page, selector: str) -> None:
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"the key Tab does not lead to {selector}")
