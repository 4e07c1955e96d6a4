"""What the functions ask S3 for a run is what docs/growth.md calculates with."""

from collections import Counter

import pytest
from boto3.s3.transfer import TransferConfig

from benchmarks import growth_plan
from benchmarks.growth_plan import Growth, Requests
from contract.keys import plan_key
from lambdas import confirm_copies, copy_to_working, drop_published, plan_copies
from lambdas.shared import zone
from tests.lambdas.zones import AUTHORS_CSV, LocalZones

MIB = 1024 * 1024
READS = {"GetObject", "HeadObject"}


@pytest.mark.parametrize("files", [1, 5])
def test_the_requests_until_all_is_copied_are_those_that_are_calculated(
    zones: LocalZones, monkeypatch: pytest.MonkeyPatch, files: int
) -> None:
    in_parts = TransferConfig(
        multipart_threshold=8 * MIB, multipart_chunksize=8 * MIB, preferred_transfer_client="classic"
    )
    for module in (zone, growth_plan):
        monkeypatch.setattr(module, "COPYING", in_parts)
    settings = growth_plan.SETTINGS.model_copy(
        update={"copy_files_per_task": zones.environment.copy_files_per_task}
    )
    monkeypatch.setattr(growth_plan, "SETTINGS", settings)
    zones.land("authors/big.csv", AUTHORS_CSV + b"\n" * 17 * MIB)
    for number in range(files):
        zones.land(f"authors/{number}.csv")
    objects = tuple(zones.run().landing.objects())
    asked = Counter[str]()
    zones.s3.meta.events.register("before-call.s3", lambda model, **_: asked.update([model.name]))

    plan_copies.plan_run(zones.run(), "2020-03-01T00:00:00Z")
    plan = drop_published.drop_published(zones.run(), {})
    for batch in range(len(plan.batches(zones.environment.task_limits))):
        copy_to_working.copy_batch(zones.run(), batch)
    confirm_copies.confirm(zones.run())

    reads = sum(count for name, count in asked.items() if name in READS)
    found = Requests(writes=asked.total() - reads, reads=reads)
    assert found == Growth(objects, zones.run().read_plan(plan_key)).copying
