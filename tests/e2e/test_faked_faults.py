"""A load with every fault the generator knows, from the generator straight into landing, through one run."""

import json
from collections import Counter
from dataclasses import asdict

import pytest

from catalog import AUTHORS, BOOKS, REVIEWS, USERS
from contract.ledger import ROWS
from faker_tool.faults import DRIFTED_COLUMNS, OF_RECORDS, TRUNCATED_FILE, Faults
from faker_tool.generate import generate
from faker_tool.written import Generated
from tests.e2e.permissions import calls_no_more_made, new_calls
from tests.e2e.pipeline import Pipeline, Run

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.parametrize(
        "pipeline", [False, True], ids=["local Spark", "a cluster"], indirect=True, scope="module"
    ),
]


@pytest.fixture(scope="module")
def load(pipeline: Pipeline) -> dict[str, Generated]:
    """The landed files by dataset: two datasets plain, two compressed, with some compressed files cut off."""
    of_records = dict.fromkeys(OF_RECORDS, 0.02) | {DRIFTED_COLUMNS: 0.3}
    landing = f"s3://{pipeline.bucket('landing').name}"
    plain = generate(
        landing,
        records=3000,
        datasets=[AUTHORS, REVIEWS],
        files_of=200_000,
        faults=Faults(of_records),
        expect=True,
    )
    packed = generate(
        landing,
        records=3000,
        datasets=[BOOKS, USERS],
        files_of=200_000,
        gzip=True,
        faults=Faults(of_records | {TRUNCATED_FILE: 0.3}),
        expect=True,
    )
    return {each.dataset: each for each in plain.datasets + packed.datasets}


@pytest.fixture(scope="module")
def run(pipeline: Pipeline, load: dict[str, Generated]) -> Run:
    assert pipeline.landed() == sorted(file.name for each in load.values() for file in each.files)
    return pipeline.run({})


def test_the_load_has_every_fault(load: dict[str, Generated]) -> None:
    for each in load.values():
        assert each.expected is not None
        assert set(each.expected.rejects) == {
            "field_count",
            "quoting",
            "encoding",
            "required",
            "type",
            "range",
            "too_long",
        }
        assert each.expected.rows_duplicate
        assert each.expected.rows_stale
    assert any(file.is_truncated for each in load.values() for file in each.files)


def test_the_ledger_says_what_was_expected(pipeline: Pipeline, load: dict[str, Generated], run: Run) -> None:
    assert run.final_state == "SucceededWithRejects"
    ledger = pipeline.query(
        f"select dataset, {', '.join(ROWS)} from goodreads_warehouse.ledger "
        f"where run_id = '{run.report['run_id']}'"
    )

    found = {dataset: dict(zip(ROWS, counts, strict=True)) for dataset, *counts in ledger}
    expected = {name: asdict(each.expected) for name, each in load.items() if each.expected}
    assert found == {name: {key: line[key] for key in ROWS} for name, line in expected.items()}


def test_each_file_is_in_the_ledger_with_its_rows(
    pipeline: Pipeline, load: dict[str, Generated], run: Run
) -> None:
    rows = pipeline.query(
        "select file_key, size_bytes, rows_read, rows_quarantined from goodreads_warehouse.ledger_files "
        f"where run_id = '{run.report['run_id']}'"
    )

    files = [file for each in load.values() for file in each.files]
    assert sorted(rows) == sorted(
        (
            file.name,
            file.size_bytes,
            *((0, 0) if file.is_truncated else (file.records, file.rows_quarantined)),
        )
        for file in files
    )


def test_each_reject_is_in_quarantine_under_the_rule_it_breaks(
    pipeline: Pipeline, load: dict[str, Generated], run: Run
) -> None:
    quarantine = pipeline.folder_of(run, "quarantine")

    for dataset, each in load.items():
        lines = [
            json.loads(line)
            for path in quarantine.glob(f"{dataset}/*.json")
            for line in path.read_bytes().splitlines()  # of a text they end at odd characters too
        ]
        rules = Counter(violation["rule"] for line in lines for violation in line["violations"])
        assert each.expected is not None
        assert rules == each.expected.rejects
        assert len(lines) == each.expected.rows_quarantined


def test_a_file_that_is_cut_off_is_in_quarantine_as_a_whole(
    pipeline: Pipeline, load: dict[str, Generated], run: Run
) -> None:
    quarantine = pipeline.folder_of(run, "quarantine")

    reasons = [json.loads(path.read_text()) for path in quarantine.glob("files/*.reason.json")]
    truncated = {file.name for each in load.values() for file in each.files if file.is_truncated}
    assert {reason["key"] for reason in reasons} == truncated
    assert all("cut off" in reason["problem"] for reason in reasons)


@pytest.mark.usefixtures("run")
def test_the_warehouse_has_one_row_for_each_accepted_key(
    pipeline: Pipeline, load: dict[str, Generated]
) -> None:
    assert pipeline.counts() == {name: each.distinct_keys for name, each in load.items()}
    assert pipeline.landed() == []


@pytest.mark.usefixtures("run")
def test_the_calls_of_the_roles_are_those_of_the_permissions_page(pipeline: Pipeline) -> None:
    assert new_calls(pipeline.folder) == set()
    if not pipeline.cluster:  # Hadoop asks for more, and not always for the same
        assert calls_no_more_made(pipeline.folder, "faked_faults.jsonl") == set()
