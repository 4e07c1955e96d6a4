"""The accounting that a load is expected to have, against a plain reading of its files."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import AUTHORS, DATASETS, Dataset, dataset_named
from faker_tool.faults import OF_FILES, OF_RECORDS, Faults
from faker_tool.generate import generate
from tests.faker_tool.plain_reading import read_files

UNTIL = datetime(2020, 3, 1, tzinfo=UTC)


def require_agreement(
    folder: Path, faults: Faults, *, records: int, seed: int = 0, datasets: Sequence[Dataset] = DATASETS
) -> None:
    """Fails unless each dataset's expectation is what its files hold."""
    made = generate(
        folder,
        records=records,
        seed=seed,
        until=UNTIL,
        datasets=datasets,
        files_of=40_000,
        gzip=True,
        force=True,
        faults=faults,
        expect=True,
    )
    for each in made.datasets:
        found = read_files(dataset_named(each.dataset), [folder / file.name for file in each.files])
        assert each.expected is not None
        assert each.expected.rows_read == found.read
        assert each.expected.rejects == found.rejects
        assert each.expected.rows_quarantined == found.rejects.total()
        assert each.expected.rows_inserted == len(found.versions) == each.distinct_keys
        assert each.expected.rows_stale_or_duplicate == found.accepted - len(found.versions)
        assert (each.expected.rows_stale, each.expected.rows_duplicate) == (found.stale, found.duplicate)
        assert sum(file.is_truncated for file in each.files) == found.truncated


@pytest.mark.slow
@pytest.mark.parametrize("fault", OF_RECORDS)
def test_each_fault_of_records_has_the_effect_it_is_expected_to_have(tmp_path: Path, fault: str) -> None:
    require_agreement(tmp_path, Faults({fault: 0.2}), records=400)


@pytest.mark.slow
@settings(max_examples=15)
@given(
    rates=st.dictionaries(st.sampled_from(OF_RECORDS), st.floats(0, 1 / len(OF_RECORDS))),
    of_files=st.dictionaries(st.sampled_from(OF_FILES), st.floats(0, 1)),
    records=st.integers(1, 600),
    seed=st.integers(0, 2**32),
)
def test_any_mix_of_faults_is_accounted_for(
    tmp_path: Path, rates: dict[str, float], of_files: dict[str, float], records: int, seed: int
) -> None:
    require_agreement(tmp_path, Faults(rates | of_files), records=records, seed=seed)


@pytest.mark.slow
def test_many_versions_of_each_key_are_accounted_for(tmp_path: Path) -> None:
    faults = Faults({"duplicate": 0.1, "late": 0.1, "tie": 0.1})

    require_agreement(tmp_path, faults, records=60_000, datasets=[AUTHORS])
