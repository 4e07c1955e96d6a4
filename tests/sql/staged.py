"""Staging as a run fills it, and the publish of that run."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from catalog import DATASETS
from contract.checks import RESULTS
from contract.ledger import (
    ACCOUNTING,
    FILES,
    FILES_TO_LAND,
    LEDGER,
    LEDGER_FILES,
    LEDGER_FORGOTTEN,
    LEFT_OUT,
    ROWS,
)
from sql import statements
from tests.local_cloud.redshift.conftest import Session


class Version(NamedTuple):
    """A version of an author: `captured` is the hour of a day, `digest` what the Spark job computes of the content."""

    author: int
    captured: int
    digest: int


@dataclass(frozen=True)
class Staged:
    """Does in Python what the Spark job does with a run's rows, then what Redshift does with them."""

    session: Session

    def empty(self) -> None:
        """Forget every run."""
        ledgers = [LEDGER.name, LEDGER_FILES.name, FILES_TO_LAND.name, LEDGER_FORGOTTEN.name, LEFT_OUT.name]
        ledgers.append(RESULTS.name)
        warehouse = [*(dataset.name for dataset in DATASETS), *ledgers]
        self.session.run(*(f"delete from goodreads_warehouse.{table}" for table in warehouse))
        self._clear()

    def stage(
        self,
        run: str,
        versions: Sequence[Version] = (),
        *,
        token: int = 1,
        files: Mapping[str, str] | None = None,
        quarantined: int = 0,
    ) -> None:
        """Stage the newest version of each author; `files` are keys and ETags, all of them of authors."""
        newest = {version.author: version for version in sorted(versions)}
        same = sum(version == newest[version.author] for version in versions)
        counts = [
            len(versions) + quarantined,
            len(newest),
            len(versions) - same,
            same - len(newest),
            quarantined,
        ]
        self._clear()
        self._insert(
            "authors (author_id, name, record_create_timestamp, record_hash)", map(_row, newest.values())
        )
        self._insert(
            "accounting",
            (
                f"'{run}', '{dataset.name}', {token}, "
                + ", ".join(map(str, counts if dataset.name == "authors" else [0] * len(counts)))
                for dataset in DATASETS
            ),
        )
        self._insert(
            "files",
            (f"'{run}', 'authors', '{key}', '{etag}', 1, 0, 0, null" for key, etag in (files or {}).items()),
        )

    def publish(self, run: str) -> dict[str, int]:
        """Publish what is staged; the ledger's counts of the authors."""
        self.session.run(*_publish(run))
        return self.ledger()[run]

    def refused(self, run: str) -> str:
        """Publish what is staged, which must fail; the error."""
        return self.session.error(*_publish(run))

    def authors(self) -> list[tuple[Any, ...]]:
        """Id, name, version and hash of every author in the warehouse."""
        return self.session.rows(
            "select author_id, name, cast(record_create_timestamp as varchar(32)), record_hash "
            "from goodreads_warehouse.authors order by author_id"
        )

    def ledger(self) -> dict[str, dict[str, int]]:
        """The counts of the authors, by run."""
        lines = self.session.rows(
            f"select run_id, {', '.join(ROWS)} from goodreads_warehouse.ledger where dataset = 'authors'"
        )
        return {run: dict(zip(ROWS, counts, strict=True)) for run, *counts in lines}

    def files(self) -> list[tuple[Any, ...]]:
        """Key and run of every file in the ledger."""
        return self.session.rows(
            "select file_key, run_id from goodreads_warehouse.ledger_files order by 1, 2"
        )

    def _clear(self) -> None:
        tables = [*(dataset.name for dataset in DATASETS), ACCOUNTING.name, FILES.name]
        self.session.run(*(f"delete from goodreads_staging.{table}" for table in tables))

    def _insert(self, target: str, rows: Iterable[str]) -> None:
        if values := ", ".join(f"({row})" for row in rows):
            self.session.run(f"insert into goodreads_staging.{target} values {values}")


def _row(version: Version) -> str:
    captured = f"cast('2020-02-19 {version.captured:02}:00:00' as timestamp)"
    return f"{version.author}, 'author {version.author} of {version.digest}', {captured}, {version.digest}"


def _publish(run: str) -> list[str]:
    return [statement.replace("{}", run) for statement in statements.publish()]
