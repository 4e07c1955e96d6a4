"""The real pipeline on a small load."""

import pytest

from benchmarks import contests
from benchmarks.contests import OURS, run_contest, run_whole
from benchmarks.loads import Load, LoadFolder, ready
from benchmarks.pipeline import processed, step_arguments
from benchmarks.sections import STAGES

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def load(tmp_path_factory: pytest.TempPathFactory) -> Load:
    return ready(LoadFolder.of(tmp_path_factory.mktemp("work"), 0.0001))


def test_the_pipeline_is_measured_state_by_state_and_its_spark_step_competes(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = run_whole(load, runs=1)

    (run,) = runs.pipeline
    assert STAGES.keys() <= run.states.keys()
    assert run.process.seconds > run.execution.seconds > run.states["TransformToProcessed"].seconds > 0
    assert run.process.cpu_seconds > run.states["TransformToProcessed"].cpu_seconds > 0
    assert runs.duckdb[0].cpu_seconds > 0
    assert runs.cluster[0].cpu_seconds > 0
    assert not (load.folder.path / "state-cluster").exists()

    monkeypatch.setattr(contests, "OTHERS", {"duckdb_alone": "DuckDB"})  # the other tests have the slow ones
    output = processed(load, step_arguments(load))
    before = {(path, path.stat().st_mtime_ns) for path in output.glob("*/*.parquet")}

    contest = run_contest(load, runs=1)

    assert {name: len(rounds) for name, rounds in contest.used.items()} == {OURS: 1, "duckdb_alone": 1}
    assert before.isdisjoint((path, path.stat().st_mtime_ns) for path in output.glob("*/*.parquet"))
    assert {each.dataset: each.rows for each in contest.rows["duckdb_alone"]}.keys() == load.records.keys()
    assert [each.checksum for each in contest.rows["duckdb_alone"]] == [
        each.reference_checksum for each in contest.rows["duckdb_alone"]
    ]
    assert not (load.folder.path / "duckdb_alone").exists()
