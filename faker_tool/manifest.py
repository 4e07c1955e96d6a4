"""What was generated, and what the pipeline has to make of it, as a JSON document."""

import json
from dataclasses import asdict
from typing import Any

from faker_tool.generate import Manifest
from faker_tool.written import Generated


def manifest_document(manifest: Manifest) -> str:
    """seed, until, faults, and by dataset: records, distinct_keys, files, ledger and rejects (rows by rule).

    `ledger` is what it has to say of a run that takes these files, all of them and no others, after `until` into an
    empty warehouse; `rows_stale` and `rows_duplicate` are null where only their sum can be known. A file that
    `is_truncated` is quarantined as a whole, and its records count nowhere. ValueError if nothing was expected.
    """
    document = {
        "seed": manifest.seed,
        "until": manifest.until.isoformat(),
        "faults": dict(manifest.faults.rates),
        "datasets": {each.dataset: _dataset(each) for each in manifest.datasets},
    }
    return json.dumps(document, indent=2) + "\n"


def _dataset(generated: Generated) -> dict[str, Any]:
    if generated.expected is None:
        raise ValueError(f"the accounting of {generated.dataset} is unknown; generate with expect=True")
    ledger = asdict(generated.expected)
    rejects = ledger.pop("rejects")
    return {
        "records": generated.records,
        "distinct_keys": generated.distinct_keys,
        "ledger": ledger,
        "rejects": rejects,
        "files": [asdict(file) for file in generated.files],
    }
