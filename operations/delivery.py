"""What a delivery would do: the pipeline runs it on a copy of the warehouse, in a folder that is deleted afterwards."""

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from command_line.counting import counted
from contract.keys import bucket_name, run_folder
from lambdas.shared.recognise import dataset_of
from landing.bucket import BucketStore
from landing.folder import files_of, land
from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.redshift import SqlError, read_only_query
from local_cloud.state import StateFolder
from operations.deployment import deployed_here
from operations.display import accounting_table
from operations.errors import OperationError
from operations.executions import Execution
from operations.run import execution_input_of, run_watched
from spark_jobs.conf import SPARK_CONF
from sql import statements
from sql.rankings import TABLES

Row = tuple[str, int]
"""A ranking, and the id of a book, an author or a user in it."""

_ORDER = {table.name: number for number, table in enumerate(TABLES)}

_SHOWN = 5
"""On the terminal, of each ranking: changes of these places."""


@dataclass(frozen=True)
class Ranked:
    """A place in a ranking; `label` is None of a user, and of a book or author that the warehouse does not hold."""

    place: int
    label: str | None


@dataclass(frozen=True)
class Outcome:
    """What the run on the copy did: its execution, the document that it wrote, and the rankings before and after."""

    execution: Execution
    told: Mapping[str, Any]
    before: Mapping[Row, Ranked]
    after: Mapping[Row, Ranked]

    @property
    def would_publish(self) -> bool:
        """Whether a run would publish the delivery."""
        return self.execution.status == "SUCCEEDED"

    @property
    def would_read_nothing(self) -> bool:
        """Whether a run would succeed and read no file: each was published before, or cannot be used."""
        files = self.told.get("files", {})
        if not self.would_publish or not files.get("published_before"):
            return False
        return bool(files["total"] == sum(file["outcome"] == "quarantined" for file in files["listed"]))

    def document(self, source: Path) -> dict[str, Any]:
        """The answer as JSON has it."""
        files = self.told.get("files", {})
        return {
            "delivery": str(source),
            "would_publish": self.would_publish,
            "error": self.execution.error,
            "cause": self.execution.reason or None,
            "datasets": self.execution.document()["datasets"] or _counts(self.told, self.execution.name),
            "rejects": list(self.told.get("rejects") or []),
            "files": [each for each in files.get("listed", []) if each["note"]],
            "published_before": files.get("published_before"),
            "left_for_later": files.get("left_for_later"),
            "checks": [check for check in self.told.get("checks") or [] if _is_violated(check)],
            "rankings": moves(self.before, self.after) if self.would_publish else [],
        }


def check(source: Path, state: StateFolder, name: str, context: Sequence[str], console: Console) -> Outcome:
    """Run the delivery on a copy of the state folder's warehouse; the state folder stays as it is.

    OperationError if the delivery cannot be read or no file of it names a dataset, or if an endpoint owns the warehouse.
    """
    keys = delivered(source)
    with ExitStack() as stack:
        files = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="delivery-")))
        _gather(keys, files)
        scratch = stack.enter_context(copy_of(state))
        before = _ranked(scratch)
        start, end = _window(scratch)
        with deployed_here(scratch, name, purpose="run", context=context, spark=SPARK_CONF):
            land(files, BucketStore(bucket_name(name, "landing", ACCOUNT, REGION)))
            execution, _ = run_watched(
                console,
                name,
                execution_input_of(start, end, accept_rejects=False, replace_current=True),
            )
        return Outcome(execution, _told(scratch, name, execution.name), before, _ranked(scratch))


def delivered(source: Path) -> dict[str, Path]:
    """{landing key: file}; OperationError if there is nothing to read, or nothing that names a dataset."""
    found = _one_file(source) if source.is_file() else _folder(source)
    for path in found.values():
        try:
            with path.open("rb"):
                pass
        except OSError as error:
            raise OperationError(f"{path} cannot be read: {error.strerror}") from None
    if not any(dataset_of(key) for key in found):
        raise OperationError(
            f"no file of {source} names a dataset; expected author.csv, book.csv, reviews.csv or user.csv "
            "(or .csv files in folders of those names)"
        )
    return found


def _one_file(path: Path) -> dict[str, Path]:
    """A file of a folder like books/ is known by the folder."""
    path = path.absolute()
    return {path.name if dataset_of(path.name) else f"{path.parent.name}/{path.name}": path}


def _folder(folder: Path) -> dict[str, Path]:
    return {path.relative_to(folder).as_posix(): path for path in files_of(folder)}


def _gather(found: Mapping[str, Path], folder: Path) -> None:
    for key, path in found.items():
        target = folder / key
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(path.absolute())


@contextmanager
def copy_of(state: StateFolder) -> Iterator[StateFolder]:
    """A state folder with the same warehouse and the same lease, deleted with the block.

    The lease counts runs by its fencing token, and the ledger refuses a token that it has seen. OperationError if an endpoint
    owns the warehouse: its file is not whole before the endpoint ends.
    """
    with tempfile.TemporaryDirectory(prefix="pipeline-contract-") as made:
        scratch = StateFolder(Path(made))
        if state.warehouse.exists():
            if running := state.running():
                raise OperationError(
                    f"the warehouse of {state.root} is in use: `{running.purpose}`, process {running.pid}, serves it. End it, then "
                    "check the delivery"
                )
            with state.locked():
                for path in state.root.glob(f"{state.warehouse.name}*"):
                    shutil.copy2(path, scratch.root / path.name)
                if (tables := state.root / "tables").is_dir():
                    shutil.copytree(tables, scratch.root / "tables")
        yield scratch


def moves(before: Mapping[Row, Ranked], after: Mapping[Row, Ranked]) -> list[dict[str, Any]]:
    """Whose place in a ranking changes, ranking by ranking; a place is null for one that is not in it."""
    changed = [
        {
            "ranking": ranking,
            "id": number,
            "label": (after.get(key) or before[key]).label,
            "before": before[key].place if key in before else None,
            "after": after[key].place if key in after else None,
        }
        for key in {**after, **before}
        for ranking, number in [key]
    ]
    return sorted(
        (each for each in changed if each["before"] != each["after"]),
        key=lambda each: (_ORDER[each["ranking"]], each["after"] or inf, each["before"]),
    )


def show(console: Console, outcome: Outcome, source: Path) -> None:
    """Print what the delivery would do."""
    document = outcome.document(source)
    console.print(Text(f"{source}{_verdict(outcome, document)}"), soft_wrap=True)
    for line in _not_read(outcome, document):
        console.print(Text(line), soft_wrap=True)
    if document["datasets"]:
        console.print(accounting_table(document["datasets"]))
    for each in document["files"]:
        console.print(Text(f"{each['key']}: {each['note']}"), soft_wrap=True)
    rows = [
        (
            reject["dataset"],
            reject["rule"],
            "" if reject["rows"] is None else f"{reject['rows']:,}",
            _records(reject),
        )
        for reject in document["rejects"]
    ]
    _table(console, "rejected", ("dataset", "rule", "rows", "records"), rows)
    _table(
        console,
        "violated rules",
        ("severity", "table", "rule", "violations"),
        ((each["severity"], each["table"], each["rule"], each["violations"]) for each in document["checks"]),
    )
    _show_moves(console, document["rankings"])


def _verdict(outcome: Outcome, document: Mapping[str, Any]) -> str:
    if outcome.would_read_nothing:
        return f": nothing of it would be read: {_published_before(document['published_before'])}"
    return " would be published" if outcome.would_publish else f" would not be published: {document['cause']}"


def _not_read(outcome: Outcome, document: Mapping[str, Any]) -> Iterator[str]:
    """Which files a run would pass over, where the verdict does not say it."""
    before, later = document["published_before"], document["left_for_later"]
    if before and not outcome.would_read_nothing:
        yield f"not read again: {_published_before(before)}"
    if later:
        yield f"{counted(later, 'file')} would wait for the run after: a run takes at most batch_max_files and batch_max_bytes"


def _published_before(number: int) -> str:
    were = "was" if number == 1 else "were"
    return f"{counted(number, 'file')} {were} published before; to have a file read again, land it under another name"


def _show_moves(console: Console, moved: Sequence[Mapping[str, Any]]) -> None:
    first = [each for each in moved if min(each["before"] or inf, each["after"] or inf) <= _SHOWN]
    _table(
        console,
        "rankings that change",
        ("ranking", "title or name", "id", "before", "after"),
        (
            (each["ranking"], each["label"] or "", each["id"], each["before"] or "-", each["after"] or "-")
            for each in first
        ),
    )
    if more := len(moved) - len(first):
        console.print(Text(f"and {counted(more, 'change')} of later places: --json tells them all"))


def _table(console: Console, title: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    table = Table(title=title, title_justify="left")
    for heading in headings:
        table.add_column(heading)
    for row in rows:
        table.add_row(*(Text(str(value)) for value in row))
    if table.row_count:
        console.print(table)


def _records(reject: Mapping[str, Any]) -> str:
    return ", ".join(f"{each['file']} {each['record'] or ''}".strip() for each in reject["examples"])


def _counts(told: Mapping[str, Any], run: str) -> dict[str, dict[str, Any]]:
    """The accounting of a run that ended before it told it."""
    return {
        each["dataset"]: {f"rows_{name}": each[name] for name in each.keys() - {"dataset", "run_id"}}
        for each in told.get("datasets") or []
        if each["run_id"] == run
    }


def _is_violated(check: Mapping[str, Any]) -> bool:
    return check["violations"] is None or not 0 <= check["violations"] <= check["limit"]


def _told(scratch: StateFolder, name: str, run: str) -> dict[str, Any]:
    """The document of the run; empty if the run could not write it."""
    path = scratch.buckets / bucket_name(name, "reports", ACCOUNT, REGION) / run_folder(run) / "run.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def _window(scratch: StateFolder) -> tuple[str | None, str | None]:
    """The window of the rankings there are: in another one they would change without the delivery, too."""
    rows = _asked(scratch, statements.current_window())
    (start, end) = rows[0] if rows else (None, None)
    return (str(start), str(end)) if start != end else (None, None)  # no run has set the window yet


def _ranked(scratch: StateFolder) -> dict[Row, Ranked]:
    return {
        (table.name, int(number)): Ranked(int(place), label)
        for table in TABLES
        if table.has_places
        for place, number, label in _asked(scratch, statements.places(table))
    }


def _asked(scratch: StateFolder, sql: str) -> list[tuple[Any, ...]]:
    """Nothing if there is no warehouse yet, or an older one without these tables."""
    if not scratch.warehouse.exists():
        return []
    try:
        return read_only_query(scratch.warehouse, sql)[1]
    except SqlError:
        return []
