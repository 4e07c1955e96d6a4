"""What a run refused, by rule, from the lines that the Spark job wrote to quarantine. No text of a record is in the result."""

from collections.abc import Iterable

from contract.rejects import Reject
from report.document import RejectExample, Rejects

_EXAMPLES = 10
_PEOPLE = ("reviews", "users")
"""Datasets whose keys lead to a person: `pipeline forget` does not look for them in reports, so no report has them."""


def rejects_of(lines: Iterable[bytes], *, all_lines: bool) -> list[Rejects]:
    """The rules that the records break, with examples; `rows` is None unless these are all lines.

    A record that breaks two rules counts for both.
    """
    counted: dict[tuple[str, str], tuple[list[Reject], set[str]]] = {}
    for line in lines:
        reject = Reject.from_line(line)
        for violation in reject.violations:
            rejects, columns = counted.setdefault((reject.dataset.name, violation.rule), ([], set()))
            if not rejects or rejects[-1] is not reject:
                rejects.append(reject)
            columns.update(filter(None, [violation.column]))
    return [
        {
            "dataset": dataset,
            "rule": rule,
            "columns": sorted(columns),
            "rows": len(rejects) if all_lines else None,
            "examples": [_example(reject) for reject in rejects[:_EXAMPLES]],
        }
        for (dataset, rule), (rejects, columns) in sorted(counted.items())
    ]


def _example(reject: Reject) -> RejectExample:
    key = (reject.row or {}).get(reject.dataset.key)
    return {
        "file": reject.file.rpartition("/")[2],
        "record": reject.record,
        "key": key
        if key and reject.dataset.name not in _PEOPLE and key.isascii() and key.isdigit()
        else None,
    }
