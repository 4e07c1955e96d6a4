"""PostgreSQL does with the same statements what the local engine does: the same tables, results and refusals."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import DATASETS, dataset_named
from contract.keys import RUN_SLOT, run_folder
from contract.ledger import subject_of
from sql import checks, forgetting, statements
from sql.rankings import GROUPS, TABLES
from tests.local_cloud.redshift.conftest import Session
from tests.sql import sound
from tests.sql.corruptions import ANALYTICS, STAGING, WAREHOUSE, Check, Corruptions, corruptions_at_once
from tests.sql.deliveries import KEYS, ZONE, Delivery, deliveries, write
from tests.sql.engine import Result, checked
from tests.sql.migrating import create, histories, migrate
from tests.sql.rival import Rival, rival

pytestmark = pytest.mark.slow  # the server takes a second to start

ROLE = "arn:aws:iam::123456789012:role/copy"
TOP = 3
WINDOW_BOUNDS = {"window_start": "2020-02-01", "window_end": "2020-03-19 21:38:16.690535"}
WINDOW = "review_window"
LANDED = "landed.csv"
LIMITS = dict.fromkeys((dataset.name for dataset in DATASETS), 20)  # percent
CLOCK = {"published_at", "forgotten_at", "since", "recorded_at", "checked_at", "milliseconds"}
"""The columns that hold when a statement ran."""

FLAGS = ("every_row_is_accounted_for", "the_lease_is_still_held", "every_file_is_counted_once")


@dataclass(frozen=True)
class Forget:
    """A request to forget a record."""

    dataset: str
    key: int
    also_later: bool


@dataclass(frozen=True)
class Rebuild:
    """A table that is emptied, to be landed again."""

    dataset: str


@dataclass(frozen=True)
class Publish:
    """A delivery; if `late`, another run has published since its run was given the lease."""

    delivery: Delivery
    late: bool = False


names = st.sampled_from([dataset.name for dataset in DATASETS])
steps = st.one_of(
    st.builds(Publish, deliveries),
    st.builds(Publish, deliveries, st.booleans()),
    st.builds(Forget, names, st.sampled_from(KEYS), st.booleans()),
    st.builds(Rebuild, names),
)


@dataclass(frozen=True)
class Both:
    """The two engines; what one of them says and the other does not is a failure."""

    local: Session
    rival: Rival
    buckets: Path

    def run(self, *batch: str, **parameters: str) -> None:
        """A batch that both must take."""
        self.local.run(*batch, **parameters)
        self.rival.run(*batch, **parameters)

    def rows(self, sql: str, **parameters: str) -> list[tuple[Any, ...]]:
        """The rows of a query in an order of their own, the same from both."""
        ours, theirs = (sorted(one.rows(sql, **parameters), key=repr) for one in (self.local, self.rival))
        assert ours == theirs, sql
        return ours

    def refused(self, *batch: str) -> set[str]:
        """The flags that both name when they refuse a batch."""
        ours, theirs = (
            {flag for flag in FLAGS if flag in one.error(*batch)} for one in (self.local, self.rival)
        )
        assert ours == theirs
        return ours

    def checked(self, batch: Sequence[str], run: str, *, accept_rejects: str = "false") -> list[Result]:
        """What the checks of a stage count on both; how long each took is not compared."""
        ours, theirs = (
            [
                result._replace(milliseconds=None)
                for result in checked(one, batch, run, accept_rejects=accept_rejects)
            ]
            for one in (self.local, self.rival)
        )
        assert sorted(ours, key=repr) == sorted(theirs, key=repr)
        return ours

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of all tables, the same in both; a column for the time is left out."""
        return {
            f"{schema}.{table}": self.rows(f"select {columns} from {schema}.{table}")
            for schema, table, columns in self._columns()
        }

    def _columns(self) -> Sequence[tuple[str, str, str]]:
        described = self.rows(
            "select table_schema, table_name, ordinal_position, column_name from svv_columns "
            "where table_schema like 'goodreads_%'"
        )
        found: dict[tuple[str, str], dict[int, str]] = {}
        for schema, table, position, column in described:
            if column not in CLOCK:
                found.setdefault((schema, table), {})[position] = column
        return [(*names, ", ".join(columns[n] for n in sorted(columns))) for names, columns in found.items()]

    def empty(self) -> None:
        """Forget every run."""
        self.run(
            *(f"delete from {schema}.{table}" for schema, table, _ in self._columns() if table != WINDOW)
        )


@pytest.fixture(scope="module")
def both(session: Session, buckets: Path) -> Iterator[Both]:
    """Both engines with the tables of the pipeline, made by its own statements."""
    with rival(buckets) as postgres:
        postgres.run(*statements.create_tables(), *statements.create_staging())
        postgres.run(*statements.create_analytics(TABLES))
        yield Both(session, postgres, buckets)


@dataclass
class Story:
    """What happens to a warehouse, step by step; after each step both engines say the same."""

    both: Both
    runs: int = 0
    newest: int = 0

    def take(self, step: Publish | Forget | Rebuild) -> None:
        """One step."""
        self.runs += 1
        match step:
            case Publish():
                self._publish(step, f"r{self.runs}")
            case Forget(dataset, key, also_later):
                batch = forgetting.forget(
                    dataset_named(dataset), [each.name for each in DATASETS], also_later=also_later
                )
                self.both.run(*batch, id=str(key), subject=subject_of(dataset, key))
            case Rebuild(dataset):
                self.both.run(*statements.rebuild(dataset_named(dataset)), rebuild=f"r{self.runs}")
        for each in DATASETS:
            self.both.rows(statements.files_of(each))
        self.both.checked(checks.warehouse_checks(), f"r{self.runs}")

    def _publish(self, step: Publish, run: str) -> None:
        token = self.newest - 1 if step.late else self.runs
        write(step.delivery, run, token, self.both.buckets)
        landed = f"s3://{ZONE}/{run_folder(run)}/{LANDED}"
        *recreate, published = statements.match_ledger(landed, ROLE)
        self.both.run(*recreate)
        self.both.rows(published)
        self.both.run(*statements.load_staging(f"s3://{ZONE}/{run_folder(run)}", ROLE))
        for accepted in ("false", "true"):
            self.both.checked(checks.staging_checks(LIMITS), run, accept_rejects=accepted)
        batch = [statement.replace(RUN_SLOT, run) for statement in statements.publish()]
        if token < self.newest:
            assert self.both.refused(*batch) == {"the_lease_is_still_held"}
        else:
            self.newest = token
            self.both.run(*batch)
        self.both.rows(statements.read_ledger(), run_id=run)

    def rank(self) -> None:
        """Fill the analytics from what is in the warehouse."""
        self.both.run(statements.set_window(), **WINDOW_BOUNDS)
        for tables in GROUPS.values():
            self.both.run(*statements.analytics(tables, TOP))
        self.both.checked(checks.analytics_checks(TOP), f"r{self.runs}")
        self.both.rows(statements.tell_analytics())
        self.both.rows(statements.review_span())


@settings(max_examples=4)
@given(st.lists(steps, min_size=2, max_size=6))
def test_whatever_happens_both_engines_hold_the_same_rows_in_every_table(
    both: Both, happened: list[Publish | Forget | Rebuild]
) -> None:
    both.empty()
    story = Story(both)
    for step in happened:
        story.take(step)
    story.rank()
    both.tables()


@settings(max_examples=3)
@given(histories())
def test_the_steps_from_an_older_catalog_leave_the_same_columns_and_rows_in_both(
    both: Both, versions: list[dict[str, dict[str, str]]]
) -> None:
    both.empty()
    create(both, versions[0])
    for version in versions[1:]:
        migrate(both, version)
        both.tables()


@pytest.fixture(scope="module")
def sound_rival(both: Both) -> Rival:
    """The rival with rows that violate no rule."""
    both.empty()
    sound.fill(both)
    return both.rival


BATCHES = {
    STAGING: checks.staging_checks(sound.REJECT_LIMITS),
    WAREHOUSE: checks.warehouse_checks(),
    ANALYTICS: checks.analytics_checks(sound.TOP),
}


@pytest.mark.parametrize("made", corruptions_at_once(), ids=str)
def test_each_check_counts_the_same_violations_on_the_rival(sound_rival: Rival, made: Corruptions) -> None:
    with sound_rival.connection.transaction(force_rollback=True):
        sound_rival.run(*made.statements)
        found = {
            Check(made.schema, each.table, each.column, each.rule): (each.violations, each.examples)
            for each in checked(sound_rival, BATCHES[made.schema])
            if each.is_violated
        }
    assert {check: counted for check, counted in found.items() if made.concern(check)} == made.expected
