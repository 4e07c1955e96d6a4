"""The data-quality checks: a batch of statements per stage, which keeps a result per rule and selects the results last.

The rules about a table's rows are beside its columns in the catalog, and are counted in one scan of the table. A rule in SQL is
a file of sql/quality/custom.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from textwrap import indent

from catalog import DATASETS, TRAILING, Column, Dataset, Severity, dataset_named
from contract.checks import EXAMPLES, HISTORY_RUNS, RESULTS, STAGES
from contract.keys import RUN_SLOT
from sql.rankings import CURRENT, RANKINGS, TABLES, Table
from sql.statements import row_counts
from sql.template import INDENT, column_list, render

ACCEPT_REJECTS = "{accept_rejects}"
"""Stands for `true` or `false` in the statements: whether whoever started the run accepts any share of rejects."""

AUDIT, WAREHOUSE = "AuditStaging", "CheckWarehouse"

_STAGING, _KEPT = STAGES[AUDIT], STAGES[WAREHOUSE]
_RESULTS = column_list(column for column in RESULTS.columns if column.name != "milliseconds")
"""What a rule inserts: the time is known when the next statement begins."""


@dataclass(frozen=True)
class Custom:
    """A rule in SQL: its query selects the keys of the rows that violate it."""

    severity: Severity
    table: str
    rule: str
    query: str


@dataclass(frozen=True)
class Rule:
    """A rule about rows. `condition` is true for a row that violates it; none for a rule about the table's newest record.

    A rule that is not `of_one_row` needs the other rows too: its condition is about `checked_key` and `occurrence`, the number of the row
    among those with the same key.
    """

    column: str
    name: str
    condition: str | None
    severity: Severity = Severity.BLOCK
    allowed_percent: int = 0
    days: int | None = None
    of_one_row: bool = True


def staging_checks(reject_limits: Mapping[str, int]) -> list[str]:
    """Before the publish: what was loaded is complete and obeys the catalog's rules.

    `reject_limits` is the share of rejected rows, in percent, above which a dataset is not published, unless ACCEPT_REJECTS stands
    for `true`.
    """
    own = {"run": RUN_SLOT, "stage": AUDIT}
    complete = (
        check
        for dataset in DATASETS
        for check in (
            render("quality/rows_staged.sql", table=dataset.name, **own),
            render("quality/accounting.sql", table=dataset.name),
            render("quality/files.sql", table=dataset.name),
            render(
                "quality/reject_share.sql",
                table=dataset.name,
                limit=reject_limits[dataset.name],
                accept_rejects=ACCEPT_REJECTS,
            ),
        )
    )
    volume = render("quality/volume.sql", run=RUN_SLOT, **asdict(TRAILING))
    return _kept(
        AUDIT,
        [
            *(_scan(AUDIT, dataset, _STAGING) for dataset in DATASETS),
            render("quality/empty_share.sql", **own, **asdict(TRAILING)),
            render("quality/drop_measures.sql", **own),
            _record(AUDIT, Severity.BLOCK, complete),
            _record(AUDIT, Severity.WARN, [volume]),
            _record(AUDIT, Severity.WARN, (each for dataset in DATASETS for each in _arrived_late(dataset))),
            *(_custom(AUDIT, each) for each in custom_rules()),
        ],
    )


def warehouse_checks() -> list[str]:
    """After the publish: the warehouse obeys the rules, holds what the ledger says, and knows what its rows refer to."""
    counted = (
        render("quality/ledger.sql", counted=indent(row_counts(dataset), INDENT)) for dataset in DATASETS
    )
    return _kept(
        WAREHOUSE,
        [
            *(_scan(WAREHOUSE, dataset, _KEPT) for dataset in DATASETS),
            _record(WAREHOUSE, Severity.BLOCK, counted),
        ],
    )


def analytics_checks(top: int, schema: str = CURRENT) -> list[str]:
    """After the analytics: complete, unrepeated, and equal to what the warehouse says; and what the rankings could not count.

    The tables of a past window are checked in a stage of their own: what was found in the current ones stays beside it.
    """
    (stage,) = (stage for stage, checked in STAGES.items() if checked == schema)
    analysed = (check for table in TABLES for check in _analysed(table, top, schema))
    unranked = (
        render(
            "quality/unranked.sql",
            schema=schema,
            subject=ranking.subject.name,
            key=ranking.subject.key,
            reference=ranking.reference,
        )
        for ranking in RANKINGS.values()
    )
    return _kept(stage, [_record(stage, Severity.BLOCK, analysed), _record(stage, Severity.WARN, unranked)])


def results(run: str, stage: str) -> str:
    """What a run has counted in a stage, with the history of each rule. The run's name has no quotes in it."""
    return render("quality/results.sql", run=run, stage=stage, runs=HISTORY_RUNS)


def newest_run() -> str:
    """The run that has checked last."""
    return render("quality/newest_run.sql")


def rules_of(dataset: Dataset) -> list[Rule]:
    """The rules about the rows of a dataset, in staging or in the warehouse, each once."""
    return [*_always(dataset), *_of_delivery(dataset), *_of_warehouse(dataset)]


def custom_rules() -> list[Custom]:
    """The rules in sql/quality/custom/SEVERITY/TABLE/RULE.sql, in the order of their names."""
    folder = files("sql").joinpath("quality/custom")
    return [
        Custom(severity, table.name, query.name.removesuffix(".sql"), query.read_text(encoding="utf-8"))
        for severity in Severity
        if folder.joinpath(severity.value).is_dir()
        for table in sorted(folder.joinpath(severity.value).iterdir(), key=lambda each: each.name)
        for query in sorted(table.iterdir(), key=lambda each: each.name)
    ]


def _kept(stage: str, counts: Iterable[str]) -> list[str]:
    """The batch of a stage: its earlier results go, the new ones are counted and timed, and selected with those of the runs before."""
    own = {"run": RUN_SLOT, "stage": stage}
    return [
        render("quality/clear.sql", **own),
        *counts,
        render("quality/seconds.sql", **own),
        results(**own),
    ]


def _record(stage: str, severity: Severity, checks: Iterable[str]) -> str:
    return render(
        "quality/record.sql",
        results=_RESULTS,
        run=RUN_SLOT,
        stage=stage,
        severity=severity.value,
        checks=indent("\nunion all\n".join(checks), INDENT),
    )


def _custom(stage: str, custom: Custom) -> str:
    return render(
        "quality/custom.sql",
        results=_RESULTS,
        run=RUN_SLOT,
        stage=stage,
        severity=custom.severity.value,
        table=custom.table,
        rule=custom.rule,
        examples=EXAMPLES,
        query=indent(custom.query.strip(), 2 * INDENT),
    )


def _scan(stage: str, dataset: Dataset, schema: str) -> str:
    """All rules about the rows of a dataset's table; in staging also the number of empty values of each column."""
    delivered = schema == _STAGING
    rules = [*_always(dataset), *(_of_delivery(dataset) if delivered else _of_warehouse(dataset))]
    measured = [column for column in dataset.columns if not column.required] if delivered else []
    referring = [] if delivered else [column for column in dataset.columns if column.reference]
    return render(
        "quality/scan.sql",
        results=_RESULTS,
        run=RUN_SLOT,
        stage=stage,
        schema=schema,
        table=dataset.name,
        key=dataset.key,
        examples=EXAMPLES,
        broken=indent(_bits(_conditions(rules, of_one_row=True)), 3 * INDENT),
        repeated=_bits(_conditions(rules, of_one_row=False)),
        joins="\n".join(join_of(column) for column in referring),
        rules="\n    union all\n".join(_listed(rules, measured)),
        **_emptiness(measured, first=len(rules)),
    )


def _always(dataset: Dataset) -> Iterator[Rule]:
    """The rules that a table obeys before and after the publish."""
    yield Rule(dataset.key, "unique", "occurrence > 1 and checked_key is not null", of_one_row=False)
    for column in dataset.stored_columns:
        if column.required:
            yield Rule(column.name, "required", f"checked.{column.name} is null")
        if column.bounds:
            minimum, maximum = column.bounds
            yield Rule(column.name, "range", f"checked.{column.name} not between {minimum} and {maximum}")


def _of_delivery(dataset: Dataset) -> Iterator[Rule]:
    for column in dataset.columns:
        name = f"checked.{column.name}"
        if accepted := column.accepted:
            values = ", ".join(map(_literal, accepted.values))
            yield Rule(column.name, "accepted", f"{name} not in ({values})", accepted.severity)
        if pattern := column.pattern:
            yield Rule(
                column.name, "pattern", f"not {name} ~ {_literal(pattern.expression)}", pattern.severity
            )


def _of_warehouse(dataset: Dataset) -> Iterator[Rule]:
    for column in dataset.columns:
        if reference := column.reference:
            condition = f"checked.{column.name} is not null and {_known(column)} is null"
            yield Rule(column.name, "reference", condition, reference.severity, reference.unknown_percent)
    if dataset.fresh_within_days is not None:
        yield Rule(
            "record_create_timestamp", "freshness", None, Severity.WARN, days=dataset.fresh_within_days
        )


def _conditions(rules: Iterable[Rule], *, of_one_row: bool) -> Iterator[tuple[int, str]]:
    """The conditions with the rules' numbers."""
    for number, rule in enumerate(rules):
        if rule.condition and rule.of_one_row is of_one_row:
            yield number, rule.condition


def _bits(conditions: Iterable[tuple[int, str]]) -> str:
    """The sum of a bit for each condition that is true: the one with its number. No sum is greater than its type holds: each bit is there once."""
    terms = [f"case when {condition} then {1 << number} else 0 end" for number, condition in conditions]
    return "\n+ ".join(terms) or "0"


def _listed(rules: Iterable[Rule], measured: Iterable[Column]) -> Iterator[str]:
    """A SELECT for each rule, and for each column whose empty values are counted."""
    all_rules = [*rules, *(Rule(column.name, "empty_rows", None, Severity.WARN) for column in measured)]
    for number, rule in enumerate(all_rules):
        values = {
            "number": number,
            "bit": f"cast({1 << number if rule.condition else 0} as bigint)",
            "column_name": _literal(rule.column),
            "rule": _literal(rule.name),
            "severity": _literal(rule.severity.value),
            "allowed_percent": rule.allowed_percent,
            "days": f"cast({'null' if rule.days is None else rule.days} as bigint)",
        }
        yield f"{INDENT}select\n" + ",\n".join(
            f"{2 * INDENT}{value} as {name}" for name, value in values.items()
        )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _known(column: Column) -> str:
    assert column.reference is not None  # noqa: S101 - for the type checker: the callers have looked
    return f"{column.name}_known.{dataset_named(column.reference.dataset).key}"


def join_of(column: Column) -> str:
    """Joins the keys that a column may refer to; each key once, so that no row is counted twice."""
    assert column.reference is not None  # noqa: S101 - as above
    referred = dataset_named(column.reference.dataset)
    alias = f"{column.name}_known"
    return (
        f"{INDENT}left join (\n"
        f"{2 * INDENT}select {referred.key}\n"
        f"{2 * INDENT}from {_KEPT}.{referred.name}\n"
        f"{2 * INDENT}group by {referred.key}\n"
        f"{INDENT}) as {alias}\n"
        f"{2 * INDENT}on checked.{column.name} = {alias}.{referred.key}"
    )


def _emptiness(measured: Sequence[Column], *, first: int) -> dict[str, str]:
    """The parts of the scan that count empty values; the first of `measured` has the number `first` among the rules."""

    def lines(pattern: str) -> str:
        return "".join(
            f"{2 * INDENT}{pattern.format(number=number, bit=1 << number)},\n"
            for number in range(len(measured))
        )

    cases = "\n".join(
        f"{3 * INDENT}when {first + number} then grouped.empty_{number}" for number in range(len(measured))
    )
    empty = ((number, f"checked.{column.name} is null") for number, column in enumerate(measured))
    return {
        "empties": indent(_bits(empty), 3 * INDENT),
        "sums": lines(
            "cast(sum(case when empties & {bit} > 0 then row_count else 0 end) as bigint) as empty_{number}"
        ),
        "zeros": lines("cast(0 as bigint) as empty_{number}"),
        "empty_rows": f"case rules.number\n{cases}\n{2 * INDENT}end" if measured else "cast(null as bigint)",
    }


def _arrived_late(dataset: Dataset) -> Iterator[str]:
    for column in dataset.columns:
        if column.reference:
            referred = dataset_named(column.reference.dataset)
            yield render(
                "quality/arrived_late.sql",
                table=dataset.name,
                column=column.name,
                subject=referred.name,
                key=referred.key,
            )


def _analysed(table: Table, top: int, schema: str) -> Iterator[str]:
    names = {"schema": schema, "table": table.name}
    yield render("quality/unique.sql", **names, column=table.key)
    if table.has_places:
        yield render("quality/top.sql", **names, top=top)
    for column in table.columns:
        if column.bounds:
            minimum, maximum = column.bounds
            yield render("quality/range.sql", **names, column=column.name, minimum=minimum, maximum=maximum)
    for rule in table.rules:
        yield render(f"quality/{rule}.sql", **names, key=table.key, **table.names)
