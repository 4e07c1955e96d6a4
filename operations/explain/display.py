"""What `pipeline explain` prints."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from humanize import naturalsize
from rich.console import Console
from rich.table import Table
from rich.text import Text

from catalog import REVIEWS
from command_line.counting import counted
from operations.explain.explaining import Explanation, LookedAt
from operations.explain.history import DUPLICATE, INSERTED, STALE, UPDATED, Judged, Version
from operations.explain.stored import Flag, Forgotten, Ranked, Standing

_SHOWN = 50
_WORDS = {
    INSERTED: "inserted: the first version of the record",
    UPDATED: "updated: newer than the version before",
    STALE: "lost: older than another version",
    DUPLICATE: "lost: the same version again",
    None: "won within its run; what it met in the warehouse is not known",
}


def document(explanation: Explanation) -> dict[str, Any]:
    """The explanation as JSON: times in ISO 8601, what is unknown is null. A person who was forgotten has no other field."""
    if explanation.forgotten:
        about = {"dataset": explanation.dataset, "key": explanation.key}
        return {**about, "forgotten": _plain(explanation.forgotten)}
    whole: dict[str, Any] = _plain(explanation)
    return whole


def show(console: Console, explanation: Explanation, key_name: str) -> None:
    """The explanation in words and tables."""
    name = f"{key_name} {explanation.key}"
    if explanation.forgotten:
        console.print(Text(f"{name}: {_forgotten(explanation.forgotten)}"), soft_wrap=True)
        return
    for line in _of_row(explanation, name):
        console.print(Text(line), soft_wrap=True)
    if explanation.records:
        console.print(_records_table(explanation))
    if explanation.rejects:
        console.print(_rejects_table(explanation))
    for window, ranked in (("window", explanation.ranked), ("past window", explanation.ranked_past)):
        for line in _of_rankings(ranked, window, key_name) if ranked else ():
            console.print(Text(line), soft_wrap=True)
    console.print(Text(f"looked at: {_looked_at(explanation.looked_at)}"), soft_wrap=True)
    for line in explanation.unknown:
        console.print(Text(f"not known: {line}", style="yellow"), soft_wrap=True)


def _forgotten(forgotten: Forgotten) -> str:
    told = f"forgotten on {forgotten.at:%Y-%m-%d %H:%M:%S} UTC" if forgotten.at else "to be forgotten"
    if forgotten.left_out_since:
        told += f"; later deliveries leave it out since {forgotten.left_out_since:%Y-%m-%d %H:%M:%S} UTC"
    return told


def _of_row(explanation: Explanation, name: str) -> Iterator[str]:
    table = f"goodreads_warehouse.{explanation.dataset}"
    if explanation.made_from:
        yield f"the id is made, not Goodreads' own: from {explanation.made_from}"
    if explanation.row is None:
        yield f"{name} is not in {table}"
        if explanation.records:
            yield "runs have published it: a rebuild that has not ended has emptied the table, or the row was deleted by hand"
        return
    row = explanation.row
    yield f"{name} is in {table}, in the version captured at {_time(row.version.captured)}"
    if row.run_id:
        yield f"run {row.run_id} published the row"
    own = next((each for each in explanation.records if each.is_row), None)
    if own:
        yield f"record {own.record:,} of {own.file} made the row; its copy is {own.copy} in the working zone"
    else:
        yield "the record that made the row was not found: its file is gone, was not read, or the row was changed by hand"


def _records_table(explanation: Explanation) -> Table:
    table = Table(title="its records, in the order of the runs", title_justify="left")
    for heading in ("run", "file", "record", "captured (UTC)", "what became of it"):
        table.add_column(heading, justify="right" if heading == "record" else "left", overflow="fold")
    for each in explanation.records[:_SHOWN]:
        table.add_row(
            Text(each.run_id),
            Text(each.file),
            f"{each.record:,}",
            _time(each.version.captured),
            Text(_fate(each)),
        )
    if len(explanation.records) > _SHOWN:
        table.add_row(f"and {len(explanation.records) - _SHOWN:,} more: --json lists all", "", "", "", "")
    return table


def _fate(each: Judged) -> str:
    told = _WORDS[each.outcome]
    if each.superseded_by:
        told += f"; superseded by run {each.superseded_by}"
    return f"{told}; this is the row" if each.is_row else told


def _rejects_table(explanation: Explanation) -> Table:
    table = Table(title="rejected records that name it", title_justify="left")
    for heading in ("run", "dataset", "file", "record", "rules that it breaks"):
        table.add_column(heading, justify="right" if heading == "record" else "left", overflow="fold")
    for each in explanation.rejects[:_SHOWN]:
        rules = ", ".join(f"{column}: {rule}" if column else rule for column, rule in each.rules)
        doubt = "" if each.certain else " (the number is somewhere in its text)"
        table.add_row(
            Text(each.run_id), each.dataset, Text(each.file), f"{each.record:,}", Text(rules + doubt)
        )
    if len(explanation.rejects) > _SHOWN:
        table.add_row(f"and {len(explanation.rejects) - _SHOWN:,} more: --json lists all", "", "", "", "")
    return table


def _of_rankings(ranked: Ranked, window: str, key_name: str) -> Iterator[str]:
    covered = f"the {window} from {_time(ranked.window_start)} to {_time(ranked.window_end)}"
    if key_name == REVIEWS.key:
        yield f"the review is {'in' if ranked.reviews_in_window else 'outside'} {covered}"
    else:
        yield (
            f"in {covered}: {ranked.reviews_in_window:,} of its {counted(ranked.reviews, 'review')}, "
            f"{ranked.ratings_in_window:,} with stars"
        )
    for standing in ranked.standings:
        yield f"  {standing.table}: {_standing(standing)}"
    for flag in ranked.flags:
        flagged = "" if flag.key == key_name else f"its {flag.key} {flag.id} is "
        yield f"  {flag.table}: {flagged}{_flag(flag)}"


def _flag(flag: Flag) -> str:
    return "not flagged" if flag.figures is None else f"flagged with {_figures(flag.figures)}"


def _standing(standing: Standing) -> str:
    if standing.last_place is None:
        return "the ranking is empty"
    last = f"the last place, {standing.last_place}, has {_figures(standing.last_figures)}"
    if standing.place is None:
        return f"not ranked; {last}"
    told = f"place {standing.place} of {standing.last_place} with {_figures(standing.figures)}"
    return told if standing.place == standing.last_place else f"{told}; {last}"


def _figures(figures: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in figures.items() if value is not None)


def _looked_at(looked: LookedAt) -> str:
    return (
        f"{counted(looked.files, 'file')} of {counted(looked.runs, 'run')} in the archive ({naturalsize(looked.bytes)}), and "
        f"{counted(looked.rejects_objects, 'object')} of rejects in quarantine"
    )


def _time(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S}" + (f".{time.microsecond:06}".rstrip("0") if time.microsecond else "")


def _plain(value: Any) -> Any:  # noqa: PLR0911  # one case a type
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value) if field.repr}
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Version):  # 63 bits: a reader of JSON may take a number for a double
        return {"captured": _plain(value.captured), "record_hash": str(value.record_hash)}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value
