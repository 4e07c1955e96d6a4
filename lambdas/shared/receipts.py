"""What the copy tasks of a run have written down: the landing objects that were really copied."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from contract.keys import receipt_key, receipts_prefix
from contract.plan import Part
from lambdas.shared.zone import read_below

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Receipt:
    """A landing object that was copied; to quarantine if it has a `problem`, in `parts` if there are any."""

    key: str
    etag: str
    problem: str | None = None
    parts: tuple[Part, ...] = ()

    @classmethod
    def from_json(cls, entry: dict[str, Any]) -> "Receipt":
        """What `asdict` makes of a receipt, read back."""
        return cls(**{**entry, "parts": tuple(Part(**part) for part in entry["parts"])})


def write_receipts(s3: "S3Client", bucket: str, run_id: str, batch: int, receipts: Iterable[Receipt]) -> None:
    """Write down what a copy task has copied, in place of what an earlier try has written."""
    body = json.dumps([asdict(receipt) for receipt in receipts]).encode()
    s3.put_object(Bucket=bucket, Key=receipt_key(run_id, batch), Body=body)


def read_receipts(s3: "S3Client", bucket: str, run_id: str) -> list[Receipt]:
    """Every object that the run has copied."""
    documents = read_below(s3, bucket, receipts_prefix(run_id))
    return [Receipt.from_json(entry) for document in documents for entry in json.loads(document)]
