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
    counted: dict[tuple[str, str], tuple[int, list[RejectExample]]] = {}
    for line in lines:
        reject = Reject.from_line(line)
        for rule in sorted({violation.rule for violation in reject.violations}):
            number, examples = counted.get((reject.dataset.name, rule), (0, []))
            if len(examples) < _EXAMPLES:
                examples.append(_example(reject))
            counted[reject.dataset.name, rule] = number + 1, examples
    return [
        {"dataset": dataset, "rule": rule, "rows": number if all_lines else None, "examples": examples}
        for (dataset, rule), (number, examples) in sorted(counted.items())
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
