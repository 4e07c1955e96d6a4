"""Tables and reports as they appear in a terminal that knows no colours."""

import json
from datetime import UTC, datetime
from io import StringIO

from rich.console import Console, RenderableType

from contract.ledger import ROWS
from operations import display
from operations.executions import Execution, StateVisit
from operations.run import review_span

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


def test_reviews_outside_the_window_give_a_hint_with_the_days_they_are_from() -> None:
    assert review_span([("2020-02-19", "2020-02-20", 0)], WINDOW) == (
        "no review was captured between 2026-01-01 00:00:00 and 2026-02-01 00:00:00, so the analytics tables are empty; "
        "the reviews are from 2020-02-19 to 2020-02-20: give --window-start and --window-end"
    )


def test_reviews_inside_the_window_or_none_at_all_give_no_hint() -> None:
    assert review_span([("2020-02-19", "2026-01-20", 5)], WINDOW) is None
    assert review_span([(None, None, None)], WINDOW) is None
