"""For every check one or more ways to violate it, and it alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain, zip_longest
from typing import NamedTuple

from catalog import DATASETS, REVIEWS, TRAILING, Column, Dataset, Type
from sql.rankings import RANKINGS, TABLES, Measure, Ranking, Table
from tests.sql.sound import DUPLICATE, RECORDS, REJECT_LIMITS, REJECTED, STALE, TOP

STAGING, WAREHOUSE, ANALYTICS = "goodreads_staging", "goodreads_warehouse", "goodreads_analytics"
_GREATEST = {Type.INTEGER: Decimal(2**31 - 1), Type.BIGINT: Decimal(2**63 - 1), Type.RATING: Decimal("9.99")}
"""What the columns of each type can hold."""

FOLLOW = {"reference", "unranked"}
"""Rules that warn after a corruption of another one: a row that is lost or renumbered leaves those that refer to it behind."""


class Check(NamedTuple):
    """A row of what a quality query returns, without the number of violations."""

    schema: str
    table: str
    column: str
    rule: str


@dataclass(frozen=True)
class Corruption:
    """Statements that violate `check` only, which then counts `violations`.

    `file` is the rule's file in sql/quality, without its ending. `examples` are the keys that it names.
    """

    what: str
    file: str
    check: Check
    violations: int
    statements: tuple[str, ...]
    examples: str = ""

    def __str__(self) -> str:
        return f"{self.check.schema}.{self.check.table} {self.check.column} {self.file}: {self.what}"


@dataclass(frozen=True)
class Corruptions:
    """Corruptions that are made at once, so that the rules of a stage are counted once for all of them; no two are of the same table."""

    each: tuple[Corruption, ...]

    @property
    def schema(self) -> str:
        """The schema that all of them are found in."""
        return self.each[0].check.schema

    @property
    def statements(self) -> list[str]:
        """The statements of all."""
        return [statement for corruption in self.each for statement in corruption.statements]

    @property
    def expected(self) -> dict[Check, tuple[int, str]]:
        """The violations and the examples of each violated check."""
        return {corruption.check: (corruption.violations, corruption.examples) for corruption in self.each}

    def concern(self, check: Check) -> bool:
        """Whether the check must be violated, or must not: what merely follows from a corruption may be."""
        return check in self.expected or check.rule not in FOLLOW

    def __str__(self) -> str:
        return f"{self.schema}: " + ", ".join(
            f"{each.check.table} {each.check.column} {each.what}" for each in self.each
        )


def corruptions_at_once() -> list[Corruptions]:
    """All of them, in as few groups as there are corruptions of one table. What may also follow from another corruption stands alone."""
    alone = [each for each in corruptions() if each.check.rule in FOLLOW]
    by_schema: dict[str, dict[str, list[Corruption]]] = {}
    for each in corruptions():
        if each not in alone:
            by_schema.setdefault(each.check.schema, {}).setdefault(each.check.table, []).append(each)
    return [
        *(
            Corruptions(tuple(filter(None, group)))
            for tables in by_schema.values()
            for group in zip_longest(*tables.values())
        ),
        *(Corruptions((each,)) for each in alone),
    ]


def corruptions() -> list[Corruption]:
    """All of them."""
    return [
        *chain.from_iterable(
            _of_the_catalog(schema, dataset) for schema in (STAGING, WAREHOUSE) for dataset in DATASETS
        ),
        *chain.from_iterable(map(_of_the_delivery, DATASETS)),
        *chain.from_iterable(map(_of_the_references, DATASETS)),
        *_of_custom_rules(),
        *chain.from_iterable(_of_the_accounting(dataset.name) for dataset in DATASETS),
        *chain.from_iterable(_of_the_ledger(dataset) for dataset in DATASETS),
        *chain.from_iterable(
            _of_copies(ranking, table)
            for ranking in RANKINGS.values()
            for table in (ranking.by_count, ranking.by_rating, ranking.best)
        ),
        *chain.from_iterable(_of_the_analytics(table) for table in TABLES),
    ]


def _of_the_catalog(schema: str, dataset: Dataset) -> Iterator[Corruption]:
    table, key = f"{schema}.{dataset.name}", dataset.key

    def corruption(what: str, rule: str, column: str, *statements: str) -> Corruption:
        # the row without a key, and the row whose key is the one out of bounds
        examples = "" if (rule, column) == ("required", key) else "1"
        if (rule, column) == ("range", key):
            examples = statements[0].split(" = ")[1].split()[0]
        return Corruption(what, "scan", Check(schema, dataset.name, column, rule), 1, statements, examples)

    yield corruption("repeated", "unique", key, f"update {table} set {key} = 1 where {key} = 4")
    for column in dataset.stored_columns:
        name = column.name
        if column.required:
            yield corruption(
                "missing",
                "required",
                name,
                f"alter table {table} alter column {name} drop not null",
                f"update {table} set {name} = null where {key} = 1",
            )
        for what, value in _out_of_bounds(column):
            yield corruption(what, "range", name, f"update {table} set {name} = {value} where {key} = 1")


def _of_the_delivery(dataset: Dataset) -> Iterator[Corruption]:
    """Rules that only a delivery has to obey."""
    table = f"{STAGING}.{dataset.name}"

    def corruption(
        what: str,
        file: str,
        violations: int,
        *statements: str,
        column: str = "",
        rule: str = "",
        examples: str = "",
    ) -> Corruption:
        check = Check(STAGING, dataset.name, column, rule or file)
        return Corruption(what, file, check, violations, statements, examples)

    for column in dataset.columns:
        changes = {"pattern": column.pattern, "accepted": column.accepted}
        for rule in (rule for rule, declared in changes.items() if declared):
            statement = f"update {table} set {column.name} = 'odd' where {dataset.key} in (1, 3)"
            yield corruption("odd", "scan", 2, statement, column=column.name, rule=rule, examples="1, 3")
        if not column.required:
            yield corruption(
                "empty at once",
                "empty_share",
                RECORDS[dataset.name],
                f"update {table} set {column.name} = null",
                *_earlier_shares(dataset.name, column.name),
                column=column.name,
            )
    earlier = ", ".join(
        f"('e{n}', '{dataset.name}', 0, 1000, 0, 0, 1000, 0, 0, true, true, timestamp '2020-02-19')"
        for n in range(TRAILING.at_least)
    )
    yield corruption("far fewer than usual", "volume", 1, f"insert into {WAREHOUSE}.ledger values {earlier}")


def _earlier_shares(table: str, column: str) -> Iterator[str]:
    """A history of runs in which every value was there."""
    names = "run_id, stage, table_name, column_name, rule, severity, rows_checked, violations, allowed, found, examples, checked_at"
    rows = ", ".join(
        f"('e{n}', 'AuditStaging', '{table}', '{column}', 'empty_share', 'warn', 9, 0, 0, 0, '', timestamp '2020-02-19')"
        for n in range(TRAILING.at_least)
    )
    yield f"insert into {WAREHOUSE}.quality_results ({names}) values {rows}"


def _of_the_references(dataset: Dataset) -> Iterator[Corruption]:
    """Rules about the whole warehouse that only warn."""
    table = f"{WAREHOUSE}.{dataset.name}"
    for column in dataset.columns:
        if column.reference:
            # reviews 5 and 7 are outside the window; books 1 and 3 are as good as any
            keys = "5, 7" if dataset is REVIEWS else "1, 3"
            statement = f"update {table} set {column.name} = 99 where {dataset.key} in ({keys})"
            check = Check(WAREHOUSE, dataset.name, column.name, "reference")
            yield Corruption("to nothing", "scan", check, 2, (statement,), keys)
    if dataset.fresh_within_days is not None:
        late = f"current_date - {dataset.fresh_within_days + 1}"  # the first day too many
        statement = f"update {table} set record_create_timestamp = {late} where {dataset.key} = 7"
        check = Check(WAREHOUSE, dataset.name, "record_create_timestamp", "freshness")
        yield Corruption("nothing new", "scan", check, 1, (statement,))


def _of_custom_rules() -> Iterator[Corruption]:
    yield Corruption(
        "changed before it was written",
        "custom",
        Check(STAGING, "reviews", "", "updated_before_added"),
        1,
        (f"update {STAGING}.reviews set review_updated_date = timestamp '2019-01-01' where review_id = 3",),
        "3",
    )


def _out_of_bounds(column: Column) -> Iterator[tuple[str, Decimal]]:
    if column.bounds:
        minimum, maximum = column.bounds
        step = Decimal("0.01") if column.type is Type.RATING else Decimal(1)
        yield "too small", minimum - step
        if maximum < _GREATEST[column.type]:
            yield "too great", maximum + step


def _of_the_accounting(dataset: str) -> Iterator[Corruption]:
    accounting = f"{STAGING}.accounting"
    files = f"{STAGING}.files"
    staged = RECORDS[dataset]
    read = staged + STALE + DUPLICATE + REJECTED

    def corruption(what: str, file: str, violations: int, *statements: str, rule: str = "") -> Corruption:
        return Corruption(what, file, Check(STAGING, dataset, "", rule or file), violations, statements)

    def update(table: str, changes: str, condition: str) -> str:
        return f"update {table} set {changes} where {condition}"

    line, first_file = f"dataset = '{dataset}'", f"file_key = '{dataset}-1'"
    yield corruption("a row lost", "accounting", 1, update(accounting, "rows_stale = rows_stale - 1", line))
    yield corruption(
        "a row too many", "accounting", 1, update(accounting, "rows_duplicate = rows_duplicate + 1", line)
    )
    yield corruption("more read", "files", 1, update(files, "rows_read = rows_read + 1", first_file))
    yield corruption(
        "fewer rejected", "files", 1, update(files, "rows_quarantined = rows_quarantined - 1", first_file)
    )
    yield corruption(
        "more read and fewer rejected",
        "files",
        2,
        update(files, "rows_read = rows_read + 1, rows_quarantined = rows_quarantined - 1", first_file),
    )
    yield corruption("no file", "files", read + REJECTED, f"delete from {files} where {line}")
    yield corruption(
        "100 more rejects",
        "reject_share",
        100 + REJECTED,
        *(
            update(table, "rows_read = rows_read + 100, rows_quarantined = rows_quarantined + 100", condition)
            for table, condition in ((accounting, line), (files, first_file))
        ),
        rule=f"more_than_{REJECT_LIMITS[dataset]}_percent_rejected",
    )
    of_the_table = f"{STAGING}.{dataset}"
    yield corruption(
        "all but one lost", "rows_staged", staged - 1, f"delete from {of_the_table} where {_key(dataset)} > 1"
    )
    yield corruption("a row twice", "rows_staged", 1, _new_record(STAGING, dataset))
    yield corruption(
        "no line of the accounting", "rows_staged", staged + 1, f"delete from {accounting} where {line}"
    )
    yield corruption(
        "no rows and no line of the accounting",
        "rows_staged",
        1,
        f"delete from {of_the_table}",
        f"delete from {accounting} where {line}",
    )


def _of_the_ledger(dataset: Dataset) -> Iterator[Corruption]:
    ledger = f"{WAREHOUSE}.ledger"
    line = f"dataset = '{dataset.name}'"
    changes = {
        "a record lost": (1, f"delete from {WAREHOUSE}.{dataset.name} where {dataset.key} = 1"),
        "a record too many": (1, _new_record(WAREHOUSE, dataset.name)),
        "a line too small": (2, f"update {ledger} set rows_inserted = rows_inserted - 2 where {line}"),
        "a line lost": (RECORDS[dataset.name], f"delete from {ledger} where {line}"),
        "forgotten, and still there": (
            1,
            f"insert into {WAREHOUSE}.ledger_forgotten values ('subject', '{dataset.name}', 1, timestamp '2020-02-19')",
        ),
    }
    for what, (violations, statement) in changes.items():
        check = Check(WAREHOUSE, dataset.name, "", "ledger")
        yield Corruption(what, "ledger", check, violations, (statement,))


def _of_the_analytics(table: Table) -> Iterator[Corruption]:
    """The table is filled with a good row, or with two, and one of them has the mistake."""
    name = f"{ANALYTICS}.{table.name}"

    def corruption(
        what: str, file: str, column: str, violations: int, *statements: str, good: bool = True
    ) -> Corruption:
        filled = (f"delete from {name}", *_good_rows(table)) if good else ()
        return Corruption(
            what, file, Check(ANALYTICS, table.name, column, file), violations, (*filled, *statements)
        )

    for column in table.columns:
        for what, value in _beyond(column):
            beyond = (
                _add(table, **_NEXT[table.key], **{column.name: value})
                if table.key in _NEXT
                else f"update {name} set {column.name} = {value} where {table.key} = {_SOME[table.key]}"
            )
            yield corruption(what, "range", column.name, 1, beyond, good=table.key in _NEXT)
    if "matches_reviews" in table.rules:
        yield corruption("repeated", "unique", table.key, 1, _add(table, **_FIRST[table.key] | {"place": 2}))
        wrong = {"a count too great": {"review_count": 2}, "no review in the window": {table.key: 1}}
        for what, mistake in wrong.items():
            changed = _add(table, **_NEXT[table.key] | mistake)
            yield corruption(what, "matches_reviews", "review_count", 1, changed)
    if "matches_reviews" in table.rules and table.has_places:
        third = {table.key: 2 if table.key == "user_id" else 4, "place": TOP + 1}
        yield corruption("a gap", "top", "place", 1, _add(table, **_NEXT[table.key] | {"place": 3}))
        yield corruption(
            "one too many", "top", "place", 1, _add(table, **_NEXT[table.key]), _add(table, **third)
        )
    if "adds_up" in table.rules:
        more = f"update {name} set review_count = review_count + 1 where {table.key} = {_SOME[table.key]}"
        yield corruption("a review twice", "adds_up", "review_count", 1, more, good=False)
        yield corruption("no rows", "adds_up", "review_count", 3, f"delete from {name}", good=False)
        repeated = (
            f"update {name} set {table.key} = {_SOME[table.key]} where {table.key} = {_OTHER[table.key]}"
        )
        yield corruption("repeated", "unique", table.key, 1, repeated, good=False)
    if "coverage" in table.rules:
        for part in ("known", "unknown", "unnamed"):
            one_more = (
                f"update {name} set {part}_review_count = {part}_review_count + 1 where subject = 'books'"
            )
            yield corruption(f"one more {part}", "coverage", "review_count", 1, one_more, good=False)
        yield corruption("no rows", "coverage", "review_count", 3, f"delete from {name}", good=False)
        repeated = f"update {name} set subject = 'books' where subject = 'authors'"
        yield corruption("repeated", "unique", "subject", 1, repeated, good=False)


_FIRST: dict[str, dict[str, object]] = {
    "author_id": {"author_id": 2, "place": 1},
    "book_id": {"book_id": 2, "place": 1},
    "user_id": {"user_id": 3, "place": 1},
}
_NEXT: dict[str, dict[str, object]] = {
    "author_id": {"author_id": 3, "place": 2},
    "book_id": {"book_id": 3, "place": 2},
    "user_id": {"user_id": 4, "place": 2},
}
"""Two subjects with one review in the window."""

_SOME = {"stars": "4", "captured_day": "date '2020-02-19'"}
_OTHER = {"stars": "3", "captured_day": "date '2020-02-01'"}


def _good_rows(table: Table) -> Iterator[str]:
    if table.key in _FIRST:
        yield _add(table, **_FIRST[table.key])


def _add(table: Table, **values: object) -> str:
    """A row whose other required columns hold the least that they may."""
    given = {
        column.name: values.get(column.name, _least(column))
        for column in table.columns
        if column.name in values or column.definition.endswith("not null")
    }
    return f"insert into {ANALYTICS}.{table.name} ({', '.join(given)}) values ({', '.join(map(str, given.values()))})"


def _least(column: Measure) -> str:
    if column.name == "review_count":
        return "1"
    kind = column.definition.split(" ")[0]
    return {"boolean": "true", "date": "date '2020-02-19'", "timestamp": "timestamp '2020-02-19'"}.get(
        kind, str(column.bounds[0] if column.bounds else 0)
    )


def _beyond(column: Measure) -> Iterator[tuple[str, Decimal]]:
    if column.bounds:
        minimum, maximum = column.bounds
        step = Decimal("0.0001") if column.definition.startswith("decimal") else Decimal(1)
        yield "too small", minimum - step
        yield "too great", maximum + step


def _of_copies(ranking: Ranking, table: str) -> Iterator[Corruption]:
    """Subjects 2 and 3 are on the places 1 and 2; 4 has a review too, 1 has none, 5 is not in the warehouse."""
    key, name = ranking.subject.key, f"{ANALYTICS}.{table}"
    third = f"insert into {name} (place, {key}, record_create_timestamp, review_count) values ({{}}, 4, timestamp '2020-02-19', 1)"
    changes = {
        ("unique", "repeated"): (1, f"update {name} set {key} = 2 where {key} = 3"),
        ("top", "one too many"): (1, third.format(TOP + 1)),
        ("top", "a gap at the end"): (1, f"update {name} set place = 3 where place = 2"),
        ("top", "a gap at the start"): (2, f"update {name} set place = place + 1"),
        ("top", "a place taken twice"): (1, f"update {name} set place = 1 where place = 2"),
        ("top", "counted from 0"): (2, f"update {name} set place = place - 1"),
        ("matches_warehouse", "a count too great"): (
            1,
            f"update {name} set review_count = 2 where {key} = 3",
        ),
        ("matches_warehouse", "counts too small"): (2, f"update {name} set review_count = 0"),
        ("matches_warehouse", "no review in the window"): (1, f"update {name} set {key} = 1 where {key} = 3"),
        ("matches_warehouse", "not in the warehouse"): (1, f"update {name} set {key} = 5 where {key} = 3"),
    }
    columns = {"unique": key, "top": "place", "matches_warehouse": "review_count"}
    for (rule, what), (violations, statement) in changes.items():
        check = Check(ANALYTICS, table, columns[rule], rule)
        yield Corruption(what, rule, check, violations, (statement,))
    if table == ranking.by_count:
        lost = f"update {WAREHOUSE}.reviews set {ranking.reference} = null where review_id = 4"
        covered = (
            f"update {ANALYTICS}.review_coverage set known_review_count = known_review_count - 1, "
            f"unnamed_review_count = unnamed_review_count + 1 where subject = '{ranking.subject.name}'"
        )
        check = Check(ANALYTICS, "reviews", ranking.reference, "unranked")
        yield Corruption("a review of nothing", "unranked", check, 1, (lost, covered))


def _new_record(schema: str, dataset: str) -> str:
    """A record that was captured after the window."""
    columns = f"{_key(dataset)}, record_create_timestamp, record_hash"
    return f"insert into {schema}.{dataset} ({columns}) values (99, timestamp '2020-03-19', 0)"


def _key(dataset: str) -> str:
    return next(one.key for one in DATASETS if one.name == dataset)
