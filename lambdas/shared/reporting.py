"""What the zones and the warehouse know of a run, for its document: the plan, the ledger's lines, the rejects."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from catalog import AUTHORS, BOOKS, DATASETS, USERS
from contract.checks import STAGES, checks_key
from contract.keys import PART, copied_key, listed_key, plan_key, run_folder
from contract.ledger import LedgerLine
from contract.plan import Plan
from lambdas.shared.zone import Zone, raise_unless_changed
from report.analytics import tables
from report.document import AnalyticsTable, Check, Rejects
from report.making import ANALYTICS, PAST_ANALYTICS
from report.rejects import rejects_of

_MOST_BYTES = 16 * 1024 * 1024
"""Rejects are read up to so many bytes: rules are then counted for each of thousands of records, and a flood is not read."""

_PERSON = USERS.key
_WITHOUT_PEOPLE = (AUTHORS.name, BOOKS.name)


@dataclass(frozen=True)
class Evidence:
    """Reads what a run has left in its zones."""

    run_id: str
    working: Zone
    quarantine: Zone

    def plan(self) -> Plan | None:
        """The plan that the run came to last; None if the run had nothing to do, or did not come so far."""
        for key in (copied_key, plan_key, listed_key):
            try:
                return Plan.from_json(self.working.read(key(self.run_id)))
            except ClientError as error:
                raise_unless_changed(error)
        return None

    def rejects(self) -> list[Rejects]:
        """What was refused, by rule."""
        lines, all_lines = self._lines()
        return rejects_of(lines, all_lines=all_lines)

    def checks(self) -> list[Check]:
        """The results of the rules, of the stages that the run has come to.

        Keys of reviews and users are left out, as `pipeline forget` does not look for people in reports.
        """
        found = list[Check]()
        for stage in STAGES:
            try:
                found += json.loads(self.working.read(checks_key(self.run_id, stage)))["checks"]
            except ClientError as error:
                raise_unless_changed(error)
        return [each if each["table"] in _WITHOUT_PEOPLE else {**each, "examples": []} for each in found]

    def _lines(self) -> tuple[list[bytes], bool]:
        """The rejected records, and whether these are all."""
        left, lines = _MOST_BYTES, list[bytes]()
        for dataset in DATASETS:
            for item in self.quarantine.objects(f"{run_folder(self.run_id)}/{dataset.name}/{PART}"):
                content = self.quarantine.read_head(item, left) if left > 0 else None
                if content is None or len(content) < item.size:
                    lines += (content or b"").splitlines()[:-1]  # the last line may be cut
                    return lines, False
                lines += content.splitlines()
                left -= len(content)
        return lines, True


def analytics(
    known: Mapping[str, Any], read: Callable[[str], Iterable[Mapping[str, Any]]]
) -> list[AnalyticsTable]:
    """The first rows of this run's analytics, from the statement that the state data names; none if it has rebuilt none.

    Those of a past window come before the current ones: somebody has asked for them.

    Tables of reviewers are left out: `pipeline forget` does not look for people in reports.
    """
    statement = (known.get(PAST_ANALYTICS) or known.get(ANALYTICS) or {}).get("statement")
    found = tables(read(statement)) if statement else []
    return [table for table in found if all(column["name"] != _PERSON for column in table["columns"])]


def ledger_lines(
    known: Mapping[str, Any], read: Callable[[str], Sequence[LedgerLine]]
) -> Iterator[LedgerLine]:
    """The ledger's lines of the run, and of the run that it made up for, from the statements that the state data names."""
    for place in ("ledger", "unfinished"):
        statement = known.get(place, {}).get("statement")
        if statement:
            yield from read(statement)


def rows_of_files(known: Mapping[str, Any], read: Callable[[str], Mapping[str, int]]) -> Mapping[str, int]:
    """The rows read of the run's files, from the statement that the state data names; empty if the run is not published."""
    statement = known.get("ledger", {}).get("statement")
    return read(statement) if statement else {}
