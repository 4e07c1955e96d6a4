"""The document's shape as types. `run.schema.json` says what each value means.

Times are ISO 8601 in UTC with milliseconds. What is not known is None, never 0.
"""

from collections.abc import Sequence
from typing import Any, Literal, TypedDict

VERSION = 1

Outcome = Literal["succeeded", "succeeded_with_rejects", "failed", "skipped", "nothing_to_do", "running"]
Status = Literal["succeeded", "failed", "aborted", "running"]
FileOutcome = Literal["published", "quarantined", "empty", "waiting"]
Why = Literal["queue", "retry", "poll"]
Severity = Literal["block", "warn"]


class Payload(TypedDict):
    """What went into a state or came out of it, as JSON text; `cut` if the text is not all of it."""

    text: str
    cut: bool


class Window(TypedDict):
    """`past` is a window that was asked for and ended before the run: its tables stand beside the current ones."""

    start: str
    end: str
    past: bool


class Failure(TypedDict):
    """Why a run failed; `safe` and `to_do` are sentences for the person who reads the page."""

    state: str | None
    error: str
    cause: str
    safe: str
    to_do: str
    runbook: str
    log: str | None


Try = TypedDict("Try", {"from": str, "to": str | None, "error": str | None, "cause": str | None})
"""One attempt of a state; an attempt that succeeded has no error."""

Wait = TypedDict("Wait", {"from": str, "to": str, "why": Why})
"""A time in which a state did no work."""


class State(TypedDict):
    """One visit to a state; `branch` names the parallel state or the iteration of a map that the visit was in.

    `iterations` is the number of a map's iterations. The document has the states of the first iterations and of those that failed.
    """

    name: str
    type: str
    branch: str | None
    status: Status
    entered: str
    ended: str | None
    seconds: float | None
    iterations: int | None
    tries: list[Try]
    waits: list[Wait]
    input: Payload | None
    output: Payload | None


class Node(TypedDict):
    """A state, the middle of its box, and whether other states lie in it."""

    name: str
    type: str
    group: bool
    x: float
    y: float
    width: float
    height: float


Edge = TypedDict("Edge", {"from": str, "to": str, "label": str | None, "points": list[list[float]]})


class Graph(TypedDict):
    """The state machine, laid out."""

    width: float
    height: float
    nodes: list[Node]
    edges: list[Edge]


class File(TypedDict):
    key: str
    dataset: str | None
    bytes: int
    rows: int | None
    outcome: FileOutcome
    note: str | None


class Files(TypedDict):
    """The files of the run; `listed` has the first of them, and those with a note before all others.

    Not among them: files `published_before`, which were not read again, and files `left_for_later`, which the next run takes.
    """

    total: int
    bytes: int
    published_before: int
    left_for_later: int
    listed: list[File]


class Rows(TypedDict):
    """Where the rows of a dataset went; `run_id` is an earlier run if this run made up for it."""

    run_id: str
    dataset: str
    read: int
    inserted: int
    updated: int
    stale: int
    duplicate: int
    quarantined: int


def rows_of_run(run_id: str, datasets: Sequence[Rows]) -> list[Rows]:
    """The rows that the run read itself, without those of an earlier run that it made up for."""
    return [rows for rows in datasets if rows["run_id"] == run_id]


class RejectExample(TypedDict):
    file: str
    record: int
    key: str | None


class Rejects(TypedDict):
    """Records refused by one rule; `rows` is None if there were too many to count them by rule.

    `columns` are those whose values break the rule; none if the record could not be split into fields.
    """

    dataset: str
    rule: str
    columns: list[str]
    rows: int | None
    examples: list[RejectExample]


class Past(TypedDict):
    run_id: str
    violations: int


class Check(TypedDict):
    """What a rule has found; `stage` is the state that checked. `found` and `expected` are two numbers that some rules compare."""

    rule: str
    table: str
    stage: str
    severity: Severity
    violations: int | None
    limit: int | float | None
    found: int | None
    expected: int | None
    says: str | None
    examples: list[str]
    seconds: float | None
    history: list[Past]


class AnalyticsColumn(TypedDict):
    name: str
    description: str | None


class AnalyticsTable(TypedDict):
    """The top of one table; a row has its values in the order of the columns."""

    table: str
    title: str
    columns: list[AnalyticsColumn]
    rows: list[list[Any]]


class Throughput(TypedDict):
    files: int
    bytes: int
    rows: int | None
    bytes_per_second: float | None
    rows_per_second: float | None
    cpu_seconds: float | None


class Refused(TypedDict):
    principal: str
    action: str
    resource: str


class Permissions(TypedDict):
    refused: list[Refused]


class Alarm(TypedDict):
    name: str
    state: str
    why: str | None


class CostPart(TypedDict):
    """One line of the bill; `usd` is None if the price is not known, `estimate` if the quantity is not what AWS will count."""

    service: str
    what: str
    quantity: float | None
    unit: str
    usd: float | None
    estimate: bool


class Prices(TypedDict):
    region: str
    dated: str
    source: str


class Cost(TypedDict):
    """What the run costs; `usd` is the sum of the known parts, or None if no price of the region is known."""

    usd: float | None
    parts: list[CostPart]
    prices: Prices | None


class Link(TypedDict):
    title: str
    href: str


class Document(TypedDict):
    """One run."""

    version: int
    deployment: str
    region: str
    run_id: str
    execution_arn: str
    outcome: Outcome
    started: str
    ended: str | None
    seconds: float | None
    input: Payload | None
    window: Window | None
    failure: Failure | None
    notes: list[str]
    states: list[State]
    graph: Graph | None
    files: Files
    datasets: list[Rows]
    rejects: list[Rejects]
    checks: list[Check]
    analytics: list[AnalyticsTable]
    throughput: Throughput
    permissions: Permissions
    alarms: list[Alarm] | None
    cost: Cost
    lineage: dict[str, Any] | None
    links: list[Link]
