"""The list of the newest runs of the reports zone: one line a run, as data and as a page."""

from collections.abc import Mapping, Sequence
from html import escape
from string import Template
from typing import Any

from report.document import Document

MOST_RUNS = 500

_PAGE = Template("""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Runs of $deployment</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 1rem auto; max-width: 70rem; padding: 0 1rem; }
div { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: .25rem .75rem .25rem 0; text-align: left; border-bottom: 1px solid #8884; white-space: nowrap; }
th.n, td.n { text-align: right; font-variant-numeric: tabular-nums; }
</style>
</head>
<body>
<main>
<h1>Runs of $deployment</h1>
<p>The newest $number runs, the newest first.</p>
<div tabindex="0" role="region" aria-label="Runs">
<table>
<thead><tr><th scope="col">run</th><th scope="col">outcome</th><th scope="col">started</th>\
<th scope="col" class="n">seconds</th><th scope="col" class="n">files</th><th scope="col" class="n">rows</th>\
<th scope="col" class="n">refused rows</th></tr></thead>
<tbody>
$rows
</tbody>
</table>
</div>
</main>
</body>
</html>
""")


def with_run(runs: Sequence[Mapping[str, Any]], made: Document) -> list[Mapping[str, Any]]:
    """The list with this run in it once, the newest first, and not more than MOST_RUNS."""
    others = [run for run in runs if run["run_id"] != made["run_id"]]
    newest_first = sorted([line_of(made), *others], key=lambda run: str(run["started"]), reverse=True)
    return newest_first[:MOST_RUNS]


def line_of(made: Document) -> dict[str, Any]:
    """What the list says of a run."""
    datasets = made["datasets"]
    return {
        "run_id": made["run_id"],
        "outcome": made["outcome"],
        "started": made["started"],
        "seconds": made["seconds"],
        "files": made["files"]["total"],
        "rows": made["throughput"]["rows"],
        "refused": sum(rows["quarantined"] for rows in datasets) if datasets else None,
        "usd": made["cost"]["usd"],
    }


def index_page(deployment: str, runs: Sequence[Mapping[str, Any]]) -> str:
    """The list as a page; each run leads to its own."""
    rows = "\n".join(map(_row, runs))
    return _PAGE.substitute(deployment=escape(deployment), number=len(runs), rows=rows)


def _row(run: Mapping[str, Any]) -> str:
    name = escape(str(run["run_id"]))
    numbers = "".join(
        f'<td class="n">{_number(run[each])}</td>' for each in ("seconds", "files", "rows", "refused")
    )
    outcome = escape(str(run["outcome"]).replace("_", " "))
    return (
        f'<tr><td><a href="run={name}/index.html">{name}</a></td><td>{outcome}</td>'
        f"<td>{escape(str(run['started']))}</td>{numbers}</tr>"
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,}"
