"""Which landed files the ledger holds already. DropPublished deletes those from landing without reading them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from catalog import AUTHORS
from contract.ledger import subject_of
from contract.plan import Plan, PlannedFile
from local_cloud.redshift import RedshiftEngine
from sql import forgetting, statements
from tests.local_cloud.redshift.conftest import Session
from tests.sql.staged import Staged, Version

ODD_KEYS = [
    "authors/a,b.csv",
    'authors/"quoted".csv',
    "authors/two\nlines.csv",
    "authors/old\rmac.csv",
    "authors/ space .csv",
    "authors/Zoë.csv",
    "authors/back\\slash.csv",
    "authors/%_.csv",
    "authors/Ann's.csv",
]


@dataclass(frozen=True)
class Matching:
    """A ledger, and the batch of statements that looks landed files up in it."""

    session: Session
    working: Path
    missing: dict[str, int] = field(default_factory=dict)

    def publish(self, run: str, files: Mapping[str, str]) -> None:
        """Publish a run of those files, {key: ETag}."""
        staged = Staged(self.session)
        quoted = {key.replace("\\", "\\\\").replace("'", "''"): etag for key, etag in files.items()}
        staged.stage(run, files=quoted, token=int(run[1:]))
        staged.publish(run)

    def matched(self, *landed: tuple[str, str]) -> list[tuple[str, ...]]:
        """Key, ETag and publishing run of each landed file (key, ETag) that was published."""
        files = tuple(PlannedFile(key=key, etag=etag, size=1, target="any") for key, etag in landed)
        (self.working / "landed.csv").write_bytes(Plan(run_id="r9", files=files).landed_csv().encode())
        batch = statements.match_ledger("s3://working/landed.csv", "arn:aws:iam::123456789012:role/copy")
        identifier = self.session.run(*batch)
        records: Sequence[Sequence[Mapping[str, str]]] = self.session.engine.get_statement_result(
            {"Id": f"{identifier}:{len(batch)}"}
        )["Records"]
        self.missing.update({row[0]["stringValue"]: int(row[4]["longValue"]) for row in records})
        return sorted(tuple(field["stringValue"] for field in record[:3]) for record in records)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RedshiftEngine, Path]]:
    """A warehouse with the pipeline's tables, and the folder of the working zone that COPY reads."""
    buckets = tmp_path_factory.mktemp("buckets")
    (buckets / "working").mkdir()
    with RedshiftEngine(tmp_path_factory.mktemp("warehouse") / "warehouse.duckdb", buckets) as engine:
        Session(engine).run(*statements.create_tables(), *statements.create_staging())
        yield engine, buckets / "working"


@pytest.fixture
def matching(engine: tuple[RedshiftEngine, Path]) -> Matching:
    """An empty ledger."""
    session = Session(engine[0])
    Staged(session).empty()
    return Matching(session, engine[1])


def test_a_file_is_known_by_its_name_and_its_content(matching: Matching) -> None:
    matching.publish("r1", {"author.csv": '"e1"', "authors/other.csv": '"e2"'})
    assert matching.matched(("author.csv", '"e1"'), ("new.csv", '"e3"')) == [("author.csv", '"e1"', "r1")]


def test_other_content_under_the_same_name_was_never_published(matching: Matching) -> None:
    """The original's files are overwritten under the same four names: matched by name they would be deleted unread."""
    matching.publish("r1", {"author.csv": '"e1"'})
    assert matching.matched(("author.csv", '"e2"')) == []


def test_the_same_content_under_another_name_is_read_again(matching: Matching) -> None:
    """A person who wants a file to be read again lands it under another name."""
    matching.publish("r1", {"author.csv": '"e1"'})
    assert matching.matched(("authors/again.csv", '"e1"')) == []


@pytest.mark.slow
def test_of_several_versions_of_a_name_each_one_that_was_published_is_known(matching: Matching) -> None:
    matching.publish("r1", {"author.csv": '"e1"'})
    matching.publish("r2", {"author.csv": '"e2"'})
    for etag, run in (('"e1"', "r1"), ('"e2"', "r2")):
        assert matching.matched(("author.csv", etag)) == [("author.csv", etag, run)]
    assert matching.matched(("author.csv", '"e3"')) == []


def test_a_ledger_that_is_empty_knows_no_file(matching: Matching) -> None:
    assert matching.matched(("author.csv", '"e1"')) == []


def test_a_file_name_with_any_characters_is_matched(matching: Matching) -> None:
    files = {key: f'"e{number}"' for number, key in enumerate(ODD_KEYS)}
    matching.publish("r1", files)
    found = matching.matched(*files.items(), *((f"{key}x", etag) for key, etag in files.items()))
    assert found == sorted((key, etag, "r1") for key, etag in files.items())


@pytest.mark.parametrize(("lost", "missing"), [("author_id = 1", 1), ("true", 2), ("false", 0)])
def test_a_table_that_has_lost_rows_is_told_with_each_of_its_files(
    matching: Matching, lost: str, missing: int
) -> None:
    staged = Staged(matching.session)
    staged.stage("r1", [Version(1, 5, 0), Version(2, 5, 0)], files={"author.csv": '"e1"'})
    staged.publish("r1")
    matching.session.run(f"delete from goodreads_warehouse.authors where {lost}")
    matching.matched(("author.csv", '"e1"'))
    assert matching.missing == {"author.csv": missing}


def test_what_was_forgotten_is_not_missing(matching: Matching) -> None:
    staged = Staged(matching.session)
    staged.stage("r1", [Version(1, 5, 0), Version(2, 5, 0)], files={"author.csv": '"e1"'})
    staged.publish("r1")
    matching.session.run(*forgetting.forget(AUTHORS, ()), id="1", subject=subject_of("authors", 1))
    matching.matched(("author.csv", '"e1"'))
    assert matching.missing == {"author.csv": 0}


def test_what_an_earlier_run_has_listed_is_forgotten(matching: Matching) -> None:
    matching.publish("r1", {"author.csv": '"e1"'})
    assert matching.matched(("author.csv", '"e1"'))
    assert matching.matched(("new.csv", '"e3"')) == []


def test_the_first_run_of_all_finds_no_table_and_makes_them(tmp_path: Path) -> None:
    (tmp_path / "working").mkdir()
    with RedshiftEngine(tmp_path / "warehouse.duckdb", tmp_path) as engine:
        Session(engine).run(*statements.create_warehouse())
        assert Matching(Session(engine), tmp_path / "working").matched(("author.csv", '"e1"')) == []
