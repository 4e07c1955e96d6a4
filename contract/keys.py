"""Names in S3 and DynamoDB: the bucket of each zone, the keys that a run writes, and the lease.

Everything a run writes is below `run=<run id>/` in its zone:

    working     listed.json, landed.csv      the listing of landing
                plan.json, copied.json       the plan without files published before, and the plan with the copied files only
                copied/                      a receipt for each copy task
                checks/<stage>.json          the results of the data-quality rules
                <dataset>/                   copies of landed files
                empty/                       copies of landed files without bytes
    processed   <table>/part-*               the files that COPY loads: the datasets, `accounting` and `files`
    reports     run.json, index.html         the document of the run, and its page
                openlineage.ndjson           the run as OpenLineage events
    quarantine  <dataset>/part-*             rejected rows
                files/                       landed files that cannot be used, each with `<name>.reason.json` beside it
                unreadable/part-*            the list of the files that the Spark job could not read
                remarks/part-*               what the Spark job has to say about other files
"""

from urllib.parse import quote

ALL_RUNS = "run="
"""Every key of every run begins with this."""

RUN_SLOT = "{}"
"""Stands for the run id in the templates of the state machine; the state machine fills in the execution's name."""

PART = "part-"
"""The names of the files that the Spark job writes begin with this; COPY and people pass over all others."""

GZIP = ".gz"
UNREADABLE = "unreadable"
REMARKS = "remarks"
REASON = ".reason.json"


def bucket_name(name: str, zone: str, account: str, region: str) -> str:
    """The bucket of a zone (landing, working, processed, quarantine, reports, logs) in the deployment of that name."""
    return f"{name}-{zone}-{account}-{region}"


LEASE = "pipeline"
"""The key of the lease's item."""

COMMAND = "command:"
"""The holder's name begins with this if a person's command holds the lease; the ARN of an execution does not."""


def lease_table_name(name: str) -> str:
    """The table that holds the lease in the deployment of that name."""
    return f"{name}-lease"


def run_folder(run_id: str) -> str:
    """The folder of a run, in any zone. To list it add the slash: `run=10` begins with `run=1` too."""
    return f"{ALL_RUNS}{run_id}"


def run_of(key: str) -> str:
    """The run that wrote a key."""
    return key.split("/", maxsplit=1)[0].removeprefix(ALL_RUNS)


def listed_key(run_id: str) -> str:
    """The plan made from the listing."""
    return f"{run_folder(run_id)}/listed.json"


def landed_key(run_id: str) -> str:
    """Keys and ETags of the listing as CSV: Redshift looks them up in its ledger."""
    return f"{run_folder(run_id)}/landed.csv"


def plan_key(run_id: str) -> str:
    """The plan without files published before; the copy tasks read it."""
    return f"{run_folder(run_id)}/plan.json"


def copied_key(run_id: str) -> str:
    """The plan with the copied files only; the Spark job reads it."""
    return f"{run_folder(run_id)}/copied.json"


def receipts_prefix(run_id: str) -> str:
    """The keys of a run's receipts begin with this."""
    return f"{run_folder(run_id)}/copied/"


def receipt_key(run_id: str, batch: int) -> str:
    """The receipt of a copy task: the files that it copied."""
    return f"{receipts_prefix(run_id)}{batch:05d}.json"


def dataset_folder(run_id: str, dataset: str) -> str:
    """The folder of a dataset's copies, in the working zone."""
    return f"{run_folder(run_id)}/{dataset}/"


def empty_folder(run_id: str) -> str:
    """The folder of copies without bytes, in the working zone; Spark does not read them."""
    return f"{run_folder(run_id)}/empty/"


def unusable_folder(run_id: str) -> str:
    """The folder of copies that cannot be used, in quarantine."""
    return f"{run_folder(run_id)}/files/"


def unreadable_prefix(run_id: str) -> str:
    """The keys of the Spark job's list of unreadable files begin with this, in quarantine."""
    return f"{run_folder(run_id)}/{UNREADABLE}/{PART}"


def remarks_prefix(run_id: str) -> str:
    """The keys of the Spark job's remarks begin with this, in quarantine."""
    return f"{run_folder(run_id)}/{REMARKS}/{PART}"


def document_key(run_id: str) -> str:
    """The document of a run, in the reports zone."""
    return f"{run_folder(run_id)}/run.json"


def page_key(run_id: str) -> str:
    """The page of a run, in the reports zone."""
    return f"{run_folder(run_id)}/index.html"


def lineage_key(run_id: str) -> str:
    """The OpenLineage events of a run, one a line, in the reports zone."""
    return f"{run_folder(run_id)}/openlineage.ndjson"


INDEX = "index.json"
INDEX_PAGE = "index.html"
"""The list of the newest runs in the reports zone, as data and as a page: the only keys there outside of a run's folder."""


NUMBER_DIGITS = 5
"""The name of a copy begins with the file's number in the run, in this many digits."""

RECORDS_BEFORE = r"^\d{5}-part=\d+-after=(\d+)-"
"""A pattern for the name of a part: earlier versions cut big files, and the archive keeps the parts. Its group is the number of
records in the parts before it."""


def file_name(number: int, key: str) -> str:
    """The name of a landed file's copy: Spark and every file system accept it, and it is unique within the run.

    It holds the last part of the landing key, so people recognise the file. The number comes first because Spark skips
    names that start with `_` or `.`; special characters are replaced because Spark's paths are glob patterns. `.gz` is
    in lower case: Spark unpacks by it.
    """
    name = key.rpartition("/")[2]
    if is_gzip(name):
        name = name[: -len(GZIP)] + GZIP
    name = quote(name, safe="").replace("%", "~")
    return f"{number:0{NUMBER_DIGITS}d}-{name[-150:]}"


def is_gzip(key: str) -> bool:
    """Whether the name of a landed file says that its content is gzip."""
    return key.lower().endswith(GZIP)


def file_number(target: str) -> int:
    """The number in the name of a copy."""
    return int(target.rpartition("/")[2][:NUMBER_DIGITS])
