"""Tables and reports as they appear in a terminal that knows no colours."""

import json
import unicodedata
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console, RenderableType

from contract.ledger import ROWS
from operations import display
from operations.executions import Execution, StateVisit
from operations.result import Leader, Result, leaders_table, show
from operations.terminal import Terminal

START = datetime(2020, 2, 19, 21, 38, tzinfo=UTC)
END = datetime(2020, 2, 19, 21, 39, 30, tzinfo=UTC)
MARKUP = "[bold]no[/bold] such column [/x] in [red]"


def terminal() -> Console:
    return Console(file=StringIO(), width=200)


def lines(shown: RenderableType) -> list[str]:
    console = terminal()
    console.print(shown)
    return text_of(console).splitlines()


def text_of(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def reported(execution: Execution) -> str:
    console = terminal()
    display.report(console, execution)
    return text_of(console)


def test_a_cause_with_brackets_is_shown_literally() -> None:
    failed = Execution("run", "FAILED", START, END, error="[Told]", cause=MARKUP)
    assert reported(failed) == f"FAILED [Told]\n{MARKUP}\n"


def test_a_failure_on_a_full_disk_says_what_to_do() -> None:
    cause = 'Could not write file "warehouse.duckdb.wal": No space left on device'
    failed = Execution("run", "FAILED", START, END, error="Redshift.StatementFailed", cause=cause)
    assert reported(failed).splitlines()[-1].startswith("the disk is full: make room on it, and run again")


def test_a_failure_without_a_cause_says_so() -> None:
    assert reported(Execution("run", "ABORTED", START, END)) == "ABORTED \nno cause was given\n"


def test_a_run_that_succeeded_is_reported_with_its_rows_and_notes() -> None:
    rows = {count: number for number, count in enumerate(ROWS, start=1_000)}
    output = {"notes": [f"note.txt: {MARKUP}"], "datasets": {"books": rows}, "left_for_later": 3}
    text = reported(Execution("run", "SUCCEEDED", START, END, output=json.dumps(output)))
    assert f"note: note.txt: {MARKUP}\n" in text
    for number in ("1,000", "1,001", "1,002", "1,003", "1,004", "1,005"):
        assert number in text
    assert "3 files wait for the next run" in text


def test_files_that_were_published_before_are_told_with_what_to_do_to_have_them_read_again() -> None:
    text = reported(Execution("run", "SUCCEEDED", START, END, output='{"published_before": 4}'))
    assert text == (
        "4 files were published before and were not read again; to have a file read again, "
        "land it under another name\n"
    )


def test_a_run_with_nothing_to_do_has_nothing_to_report() -> None:
    assert reported(Execution("run", "SUCCEEDED", START, END, output="{}")) == ""


def test_states_are_shown_with_their_marks_seconds_and_retries() -> None:
    visits = [
        StateVisit("PlanCopies", START, END, failures=2),
        StateVisit("Check [rows]", START, END, failures=1, failed=True),
        StateVisit("Loading", START, None),
    ]
    shown = lines(display.states_table(Execution("run", "ABORTED", START, END), visits))
    assert [line.split() for line in shown[2:5]] == [
        ["✓", "PlanCopies", "(retried", "2x)", "90.0"],
        ["✗", "Check", "[rows]", "90.0"],
        ["-", "Loading", shown[4].split()[-1]],
    ]
    assert shown[5] == "ABORTED after 90.0 s"


def test_executions_are_listed_with_their_errors_as_they_are() -> None:
    shown = lines(display.executions_table([Execution("run-1", "FAILED", START, END, error="[red]Lost[/]")]))
    (row,) = [line for line in shown if "run-1" in line]
    for part in ("FAILED", "2020-02-19 21:38:00", "90.0", "[red]Lost[/]"):
        assert part in row


def test_rows_and_headings_of_a_query_are_shown_literally_and_null_is_not_text() -> None:
    shown = lines(
        display.rows_table(["[red]title", "n"], [("[/x] The [bold]Book[/bold]", None), ("NULL", 1)])
    )
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in shown if "│" in line]
    assert cells == [["[/x] The [bold]Book[/bold]", "NULL"], ["NULL", "1"]]
    assert "[red]title" in shown[1]


WINDOW = {"start": "2026-01-01 00:00:00", "end": "2026-02-01 00:00:00"}
DAYS = (date(2020, 2, 19), date(2020, 2, 29))
AGAIN = (".venv/bin/pipeline", "run", "my folder")
BEST = Leader(1, "The Book", 7, 1234, "4.1250", "4.5000")


def result_shown(result: Result) -> str:
    console = terminal()
    show(console, result, AGAIN)
    return text_of(console)


def test_reviews_outside_the_window_give_a_hint_with_the_command_that_shows_them() -> None:
    hint = Result(WINDOW, 0, DAYS, {}).hint(AGAIN)
    assert hint == (
        "no review was captured between 2026-01-01 00:00:00 and 2026-02-01 00:00:00, so the analytics tables are empty; "
        "the reviews are from 2020-02-19 to 2020-02-29. This shows them:\n"
        ".venv/bin/pipeline run 'my folder' --window-start 2020-02-19 --window-end 2020-03-01"
    )


def test_reviews_inside_the_window_or_none_at_all_give_no_hint() -> None:
    assert Result(WINDOW, 5, DAYS, {}).hint(AGAIN) is None
    assert Result(WINDOW, 0, None, {}).hint(AGAIN) is None


def test_a_result_shows_the_best_with_their_reviews_and_the_page() -> None:
    unknown = Leader(2, None, 99, 3, "4.0000", "5.0000")
    page = Path("reports") / "index.html"
    shown = result_shown(Result(WINDOW, 1300, DAYS, {"books": [BEST, unknown], "authors": []}, page))
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in shown.splitlines() if "│" in line]
    assert shown.startswith("1,300 reviews from 2026-01-01 00:00 to 2026-02-01 00:00 say:\nbest books")
    assert cells == [
        ["1", "The Book", "4.12", "4.50", "1,234"],
        ["2", "99 (not in the warehouse)", "4.00", "5.00", "3"],
    ]
    assert shown.endswith("the page of this run: reports/index.html\n")


TITLES = st.one_of(
    st.text(min_size=1, max_size=320),
    st.text(st.sampled_from("\x1b\x9b\x00\r\n\t[31m本語한אב\u202eé"), min_size=1, max_size=320),
)


@pytest.mark.slow
@example(titles=["x" * 300, "本" * 300, "\x1b[2J" * 60, "a word " * 40], width=60)
@example(titles=["x" * 300, "本" * 300, "\x1b[2J" * 60, "a word " * 40], width=200)
@given(titles=st.lists(TITLES, min_size=1, max_size=5), width=st.sampled_from([60, 80, 200]))
def test_whatever_titles_hold_the_best_are_one_aligned_line_each_and_nothing_that_a_terminal_obeys(
    titles: list[str], width: int
) -> None:
    console = Terminal()
    console.file, console.width = StringIO(), width
    leaders = [Leader(place, title, place, 1234567, "4.1250", "4.5000") for place, title in enumerate(titles)]
    console.print(leaders_table("books", leaders))
    shown = text_of(console)
    obeyed = {"Cc", "Zl", "Zp"}
    assert [each for each in shown if unicodedata.category(each) in obeyed and each != "\n"] == []
    assert set(shown).isdisjoint("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    table = shown.split("\n")[1:-1]
    assert len(table) == len(titles) + 4
    assert len({cell_len(line) for line in table}) == 1
    assert cell_len(table[0]) <= width
    assert all("1,234,567" in line for line in table[3:-1])


def test_where_there_is_no_terminal_each_end_of_a_state_is_one_line_told_once() -> None:
    console = terminal()
    first = StateVisit("Take", START, START + timedelta(seconds=1.25))
    left = StateVisit("Left", START, START + timedelta(seconds=4), failures=1, failed=True)
    right = StateVisit("Right", START, START + timedelta(seconds=3))
    with display.watching(console) as watch:
        watch(Execution("run", "RUNNING", START), [first, StateVisit("Left", START)])
        before = text_of(console)
        watch(Execution("run", "FAILED", START, START + timedelta(seconds=5)), [first, left, right])
    assert before == "2020-02-19T21:38:01Z Take 1.2 s\n"
    assert text_of(console).splitlines()[1:] == [
        "2020-02-19T21:38:03Z Right 3.0 s",
        "2020-02-19T21:38:04Z Left failed 4.0 s",
        "2020-02-19T21:38:05Z FAILED after 5.0 s",
    ]
