"""The results of the data-quality rules: the table that keeps them, and the document of a stage that a run leaves."""

from catalog import DATASETS, Column, Type
from contract.keys import run_folder
from contract.ledger import Table

HISTORY_RUNS = 30
"""How many runs the history of a rule tells, the newest first."""

_BEFORE_THE_PUBLISH, _PAST = "AuditStaging", "CheckPastAnalytics"

ANALYTICS_STAGE = "CheckAnalytics"
"""The stage that checks the current analytics; every run that analyses anything comes to it."""

STAGES = {
    _BEFORE_THE_PUBLISH: "goodreads_staging",
    "CheckWarehouse": "goodreads_warehouse",
    ANALYTICS_STAGE: "goodreads_analytics",
    _PAST: "goodreads_past",
}
"""The states that check, in their order, each with the schema of the tables that it checks."""

EXAMPLES = 10
"""How many keys of violating rows a result names at most."""

RESULTS = Table(
    "quality_results",
    (
        Column(name="run_id", type=Type.TEXT, max_bytes=128, required=True, of_the_run=True),
        Column(name="stage", type=Type.TEXT, max_bytes=32, required=True),
        Column(name="table_name", type=Type.TEXT, max_bytes=128, required=True),
        Column(name="column_name", type=Type.TEXT, max_bytes=128, required=True),
        Column(name="rule", type=Type.TEXT, max_bytes=128, required=True),
        Column(name="severity", type=Type.TEXT, max_bytes=8, required=True),
        Column(name="rows_checked", type=Type.BIGINT),
        Column(name="violations", type=Type.BIGINT),
        Column(name="allowed", type=Type.BIGINT, required=True),
        Column(name="found", type=Type.BIGINT),
        Column(name="expected", type=Type.BIGINT),
        Column(name="examples", type=Type.TEXT, max_bytes=256, required=True),
        Column(name="milliseconds", type=Type.BIGINT, of_the_run=True),
        Column(name="checked_at", type=Type.TIMESTAMP, required=True, of_the_run=True),
    ),
)
"""One row for each rule, table and column of each run that has checked it.

A rule is violated if `violations` is not between 0 and `allowed`; without a number it is violated, too. `found` and `expected` are
two numbers that the rule compares. `examples` are keys of violating rows, and never anything that a person wrote. `milliseconds` is
the time of the statement, which several rules share.
"""


def checked_table(stage: str, table: str) -> str:
    """A checked table with its schema. After the analytics some rules count rows of the warehouse: those that no ranking has."""
    of_the_warehouse = stage != _BEFORE_THE_PUBLISH and table in {dataset.name for dataset in DATASETS}
    return f"{STAGES['CheckWarehouse' if of_the_warehouse else stage]}.{table}"


def told_rule(stage: str, rule: str) -> str:
    """A rule in words: of the warehouse's rows that no ranking has there are two, of the current window and of a past one."""
    return f"{rule} of the past window" if stage == _PAST else rule


def is_violated(violations: int | None, allowed: float | None) -> bool:
    """Whether a rule has found more than it allows. A number that nobody knows is not a pass, and one below none is not either."""
    return violations is None or not 0 <= violations <= (allowed or 0)


def checks_key(run_id: str, stage: str) -> str:
    """The key in the working zone of the results of one stage of a run: {"stage", "checks"}."""
    return f"{run_folder(run_id)}/checks/{stage}.json"
