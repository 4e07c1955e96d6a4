"""Names in S3: the bucket of each zone, and the keys that a run writes.

Everything a run writes is below `run=<run id>/` in its zone:

    working     listed.json, landed.csv      what was found in landing
                plan.json, copied.json       the plan without what was published before, and with what was really copied
                copied/                      a receipt for each copy task
                <dataset>/layout=0/          landed files, those with the same header in one folder
                empty/                       landed files that hold nothing
    processed   <table>/part-*               what COPY loads: the datasets, `accounting` and `files`
    quarantine  <dataset>/part-*             rejected rows
                files/                       landed files that cannot be used, each with `<name>.reason.json` beside it
                unreadable/part-*            which files the Spark job could not read
"""

from urllib.parse import quote

ALL_RUNS = "run="
"""What every key of every run begins with."""

RUN_SLOT = "{}"
"""Stands for the run id in the templates of the state machine, which fills in the execution's name."""

PART = "part-"
"""What the names of the files begin with that the Spark job writes; COPY and people pass over all others."""

UNREADABLE = "unreadable"
REASON = ".reason.json"


def bucket_name(name: str, zone: str, account: str, region: str) -> str:
    """The bucket of a zone (landing, working, processed, quarantine, logs) in the deployment of that name."""
    return f"{name}-{zone}-{account}-{region}"


def run_folder(run_id: str) -> str:
    """The folder of a run, in any zone. To list it add the slash: `run=1` is the beginning of `run=10` too."""
    return f"{ALL_RUNS}{run_id}"


def run_of(key: str) -> str:
    """The run that wrote a key."""
    return key.split("/", maxsplit=1)[0].removeprefix(ALL_RUNS)


def listed_key(run_id: str) -> str:
    """The plan that was made of the listing."""
    return f"{run_folder(run_id)}/listed.json"


def landed_key(run_id: str) -> str:
    """Keys and ETags of the listing as CSV: Redshift looks them up in its ledger."""
    return f"{run_folder(run_id)}/landed.csv"


def plan_key(run_id: str) -> str:
    """The plan without what was published before: what the copy tasks read."""
    return f"{run_folder(run_id)}/plan.json"


def copied_key(run_id: str) -> str:
    """The plan with what was really copied: what the Spark job reads."""
    return f"{run_folder(run_id)}/copied.json"


def receipts_prefix(run_id: str) -> str:
    """What the keys of a run's receipts begin with."""
    return f"{run_folder(run_id)}/copied/"


def receipt_key(run_id: str, batch: int) -> str:
    """What a copy task has copied."""
    return f"{receipts_prefix(run_id)}{batch:05d}.json"


def layout_folder(run_id: str, dataset: str, number: int) -> str:
    """The copies that share a header, in the working zone."""
    return f"{run_folder(run_id)}/{dataset}/layout={number}/"


def empty_folder(run_id: str) -> str:
    """The copies that hold nothing, in the working zone: Spark does not read them."""
    return f"{run_folder(run_id)}/empty/"


def unusable_folder(run_id: str) -> str:
    """The copies that cannot be used, in quarantine."""
    return f"{run_folder(run_id)}/files/"


def unreadable_prefix(run_id: str) -> str:
    """What the keys of the Spark job's list of unreadable files begin with, in quarantine."""
    return f"{run_folder(run_id)}/{UNREADABLE}/{PART}"


NUMBER_DIGITS = 5
"""The names of a copy and of its parts begin with so many digits, which tell the file from the run's other files."""

RECORDS_BEFORE = r"^\d{5}-part=\d+-after=(\d+)-"
"""A pattern for the name of a part: how many records of the landed file are in the parts before it."""


def file_name(number: int, key: str) -> str:
    """The name of a landed file's copy: one that Spark and every file system take, unique within the run.

    People recognise the landing key's last part in it. Spark skips names that start with `_` or `.`, and its paths are
    glob patterns.
    """
    name = quote(key.rpartition("/")[2], safe="").replace("%", "~")
    return f"{number:0{NUMBER_DIGITS}d}-{name[-150:]}"


def file_number(target: str) -> int:
    """The number in the name of a copy."""
    return int(target.rpartition("/")[2][:NUMBER_DIGITS])


def part_name(name: str, part: int, before: int) -> str:
    """The name of a part of the copy called `name`, `before` being the number of records in the parts before it.

    No other name has an equals sign.
    """
    number, _, rest = name.partition("-")
    return f"{number}-part={part:05d}-after={before}-{rest.removesuffix('.gz')}"
