"""A file that S3 copies in parts and several tasks read, through one run: it is one file to everybody who asks."""

import csv
import json

import pytest

from catalog import AUTHORS
from faker_tool.faults import Faults
from faker_tool.generate import generate
from faker_tool.written import Generated
from tests.e2e.permissions import new_calls
from tests.e2e.pipeline import Pipeline, Run

pytestmark = pytest.mark.e2e

COPIED_IN_PARTS = 64 * 1024 * 1024


@pytest.fixture(scope="module")
def load(pipeline: Pipeline) -> Generated:
    landing = f"s3://{pipeline.bucket('landing').name}"
    faults = Faults({"bad_type": 0.00005})
    return generate(landing, records=700_000, datasets=[AUTHORS], faults=faults, expect=True).datasets[0]


@pytest.fixture(scope="module")
def records(pipeline: Pipeline, load: Generated) -> list[list[str]]:
    """The records that have landed, in their order."""
    (file,) = load.files
    with (pipeline.bucket("landing") / file.name).open(encoding="utf-8", newline="") as text:
        return list(csv.reader(text))[1:]


@pytest.fixture(scope="module")
def run(pipeline: Pipeline, records: list[list[str]]) -> Run:
    assert len(records) == 700_000
    return pipeline.run({})


def test_it_is_one_file_in_the_ledger(pipeline: Pipeline, load: Generated, run: Run) -> None:
    assert run.final_state == "SucceededWithRejects"
    (file,) = load.files
    assert file.size_bytes > COPIED_IN_PARTS
    assert file.rows_quarantined > 10
    assert pipeline.query(
        "select file_key, size_bytes, rows_read, rows_quarantined from goodreads_warehouse.ledger_files"
    ) == [("author.csv", file.size_bytes, 700_000, file.rows_quarantined)]
    assert pipeline.counts()["authors"] == load.distinct_keys
    assert pipeline.landed() == []


def test_it_is_one_object_in_the_working_zone_as_it_was_landed(
    pipeline: Pipeline, records: list[list[str]], run: Run
) -> None:
    (copied,) = (pipeline.folder_of(run, "working") / "authors").iterdir()
    assert copied.name == "00000-author.csv"
    with copied.open(encoding="utf-8", newline="") as text:
        assert list(csv.reader(text))[1:] == records


def test_each_reject_has_the_number_of_its_record_in_the_landed_file(
    pipeline: Pipeline, load: Generated, records: list[list[str]], run: Run
) -> None:
    quarantine = pipeline.folder_of(run, "quarantine") / "authors"
    rejects = [
        json.loads(line)
        for path in quarantine.glob("*.json")
        for line in path.read_text().split("\n")
        if line
    ]
    assert len(rejects) == load.files[0].rows_quarantined
    assert {reject["file"].rpartition("/")[2] for reject in rejects} == {"00000-author.csv"}
    for reject in rejects:
        landed = dict(zip(AUTHORS.column_names, records[reject["record"] - 1], strict=True))
        assert landed["author_id"] == reject["row"]["author_id"]
        assert "n/a" in landed.values()


@pytest.mark.usefixtures("run")
def test_the_calls_of_the_roles_are_those_of_the_permissions_page(pipeline: Pipeline) -> None:
    assert new_calls(pipeline.folder) == set()
