"""QuarantineUnreadable: copies the files that Spark could not read to quarantine, with the reason, and passes on its remarks."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger

from contract.keys import REASON, copied_key, unusable_folder
from contract.plan import Plan, PlannedFile
from lambdas.shared.planning import named, notes_told, summary
from lambdas.shared.run import Run
from lambdas.shared.zone import in_parallel

log = Logger()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{run_id, plan} -> plan; the same plan if Spark has nothing to say about any file."""
    run = Run.of(event)
    plan = dict(event["plan"])
    if problems := {file.key: file.problem for file in run.unreadable()}:
        plan |= summary(quarantine(run, problems), run.environment.task_limits)
    keys = defaultdict[str, list[str]](list)
    for said in run.remarks():
        keys[said.remark].append(said.key)
    remarks = [f"{named(of_remark)}: {remark}" for remark, of_remark in keys.items()]
    for remark in remarks:
        log.warning(remark)
    return plan | {"notes": notes_told([*plan["notes"], *remarks])}


def quarantine(run: Run, problems: Mapping[str, str]) -> Plan:
    """Copy the files, each with its reason beside it; the plan with these files unusable.

    A try that comes after another goes on where that ended: the reason is written last.
    `problems` is {landing key: why Spark could not read the file}.
    """
    copied = run.read_plan(copied_key)
    plan = copied.without(problems)
    explained = {item.key for item in run.quarantine.objects(unusable_folder(run.run_id))}
    pairs = [
        pair
        for pair in zip(copied.files, plan.files, strict=True)
        if pair[0] != pair[1] and f"{pair[1].target}{REASON}" not in explained
    ]
    in_parallel(lambda pair: _copy(run, *pair), pairs)
    return plan


def _copy(run: Run, read: PlannedFile, unusable: PlannedFile) -> None:
    etag = run.working.etag(read.target)  # the ETag of a copy that S3 made in parts is its own
    if not run.working.copy_if_unchanged(
        read.target, etag=etag, size=read.size, to=run.quarantine, target=unusable.target
    ):
        raise OSError(f"{run.working.uri(read.target)} has changed while it was copied to quarantine")
    run.explain(unusable)
    log.warning(unusable.problem, extra={"key": unusable.key})
