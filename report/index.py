"""The list of the newest runs of the reports zone: one line a run, as data and as a page."""

from collections.abc import Mapping, Sequence
from html import escape
from string import Template
from typing import Any

from contract.checks import is_violated
from report.document import Document, rows_of_run
from report.page import MARKED, in_script, policy, style, with_libraries
from report.times import moment

MOST_RUNS = 500

_CHARTED = 100
"""Runs in the charts."""

_NUMBERS = ("Seconds", "Files", "Rows read", "Refused", "Violated rules", "Age of data, min", "USD")
_LEVELS = {"failed": "bad", "succeeded_with_rejects": "warn"}

_PAGE = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="$policy">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>Runs of $deployment</title>
<link rel="icon" href="data:,">
<style>$style
td { white-space: nowrap; }
</style>
</head>
<body>
<main>
<h1>Runs of $deployment</h1>
<p>$told</p>
<script type="application/json" id="trend">$trend</script>
<div class="trend" id="charts"></div>
<div class="scroll" tabindex="0" role="region" aria-label="Runs">
<table>
<thead><tr><th scope="col">Run</th><th scope="col">Outcome</th><th scope="col">Started (UTC)</th>$heads</tr></thead>
<tbody>
$rows
</tbody>
</table>
</div>
</main>
$scripts
</body>
</html>
""")


def with_run(runs: Sequence[Mapping[str, Any]], made: Document) -> list[Mapping[str, Any]]:
    """The list with this run in it once, the newest first, by name those of one moment, and not more than MOST_RUNS."""
    others = [run for run in runs if run["run_id"] != made["run_id"]]
    newest_first = sorted(
        [line_of(made), *others], key=lambda run: (str(run["started"]), str(run["run_id"])), reverse=True
    )
    return newest_first[:MOST_RUNS]


def line_of(made: Document) -> dict[str, Any]:
    """What the list says of a run; `blocking` and `warnings` are violated rules. Rows of runs that it made up for are in no number."""
    run_id, datasets = made["run_id"], made["datasets"]
    own = rows_of_run(run_id, datasets)
    violated = [check for check in made["checks"] if is_violated(check["violations"], check["limit"])]
    return {
        "run_id": run_id,
        "outcome": made["outcome"],
        "started": made["started"],
        "ended": made["ended"],
        "seconds": made["seconds"],
        "files": made["files"]["total"],
        "rows": made["throughput"]["rows"],
        "refused": sum(rows["quarantined"] for rows in own) if datasets else None,
        "made_up_for": sorted({rows["run_id"] for rows in datasets} - {run_id}),
        "blocking": sum(check["severity"] == "block" for check in violated),
        "warnings": sum(check["severity"] == "warn" for check in violated),
        "usd": made["cost"]["usd"],
    }


def index_page(deployment: str, runs: Sequence[Mapping[str, Any]]) -> str:
    """The list as a page that loads nothing; each run leads to its own."""
    aged = _with_ages(runs)
    charted = [_charted(run) for run in reversed(aged[:_CHARTED]) if run.get("ended")]
    scripts = with_libraries("trend.js")
    newest = next((run for run in runs if _has_published(run)), None)
    published = f" Data was last published by {_publisher(newest)}." if newest else ""
    return _PAGE.substitute(
        policy=escape(policy(scripts)),
        style=style(),
        deployment=escape(deployment),
        told=escape(f"The newest {len(runs):,} runs, the newest first.{published}"),
        trend=in_script(charted),
        heads="".join(f'<th scope="col" class="number">{column}</th>' for column in _NUMBERS),
        rows="\n".join(map(_row, aged)),
        scripts="\n".join(f"<script>{script}</script>" for script in scripts),
    )


def _has_published(run: Mapping[str, Any]) -> bool:
    """Also a run that failed afterwards: rows are counted when they are published. A run that made up for another brought that one's rows to the readers."""
    return bool((run["rows"] or run.get("made_up_for")) and run.get("ended"))


def _publisher(run: Mapping[str, Any]) -> str:
    """The run whose rows this run published or, without rows of its own, made up for."""
    return str(run["run_id"] if run["rows"] else run["made_up_for"][-1])


def _with_ages(newest_first: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each run with the age of the published data at its end, in seconds: until then readers saw what runs before had published."""
    last = None
    aged = list[dict[str, Any]]()
    for run in reversed(newest_first):
        ended = moment(run["ended"]) if run.get("ended") else None
        aged.append({**run, "age": (ended - last).total_seconds() if ended and last else None})
        if _has_published(run):
            last = ended
    return aged[::-1]


def _charted(run: Mapping[str, Any]) -> dict[str, Any]:
    """A run as trend.js reads it."""
    return {
        "name": run["run_id"],
        "outcome": run["outcome"],
        "seconds": run["seconds"],
        "read": run["rows"],
        "rejected": run["refused"],
        "age": run["age"],
    }


def _row(run: Mapping[str, Any]) -> str:
    name, outcome = escape(str(run["run_id"])), str(run["outcome"])
    level = _LEVELS.get(outcome) or ("warn" if run.get("warnings") else "")
    age = None if run["age"] is None else round(run["age"] / 60, 1)
    numbers = [_number(run[each]) for each in ("seconds", "files", "rows", "refused")]
    usd = "" if run.get("usd") is None else f"{run['usd']:.3f}"
    numbers += [_violated(run), _number(age), usd]
    started = escape(str(run["started"])[:19].replace("T", " "))
    told = escape(MARKED.get(outcome, outcome))
    cells = "".join(
        f'<td class="number" data-name="{column}">{number}</td>'
        for column, number in zip(_NUMBERS, numbers, strict=True)
    )
    return (
        f'<tr class="{level}"><td><a href="run={name}/index.html">{name}</a></td>'
        f'<td data-name="Outcome">{told}</td><td data-name="Started (UTC)">{started}</td>{cells}</tr>'
    )


def _violated(run: Mapping[str, Any]) -> str:
    """Empty for a run of an older version, whose line does not tell it."""
    if "warnings" not in run:
        return ""
    told = [f'<span class="bad">✕ {run["blocking"]:,} blocked</span>'] if run["blocking"] else []
    told += [f'<span class="warn">▲ {run["warnings"]:,} warned</span>'] if run["warnings"] else []
    return " ".join(told) or "0"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,}"
