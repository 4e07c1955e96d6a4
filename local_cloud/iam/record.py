"""Which calls were made and judged: each kind of call once, in the state folder."""

import json
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from local_cloud.documents import write_document
from local_cloud.iam.decisions import Decision
from local_cloud.iam.deployed import Deployed
from local_cloud.iam.policies import Caller

ADMINISTRATOR = "administrator"
ANY = "*"
"""In the place of what differs from run to run."""

_OF_THE_MOMENT = (
    "aws:",
    "s3:tlsversion",
    "s3:resourceaccount",
    "kms:calleraccount",
    "elasticmapreduce:resourcetag/",
    "sts:rolesessionname",
)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_MADE_NAME = re.compile(
    r"[0-9A-F]{8}-[0-9A-Z]{12}$"
)  # the ends of a logical id and of a name that CloudFormation gives
_RUN = re.compile(r"run=[^/]+")


@dataclass(frozen=True, order=True)
class Recorded:
    """A kind of call: who by his name in the templates, or a service; `keys` are the condition keys of the operation."""

    caller: str
    action: str
    resource: str
    allowed: bool
    keys: tuple[tuple[str, str], ...] = field(default=())


class Record:
    """Keeps what it is told in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._calls = folder / "calls.jsonl"
        self._snapshot = folder / "deployed.json"
        self._known = set(recorded(self._calls))
        self._last: Deployed | None = None
        self._lock = threading.Lock()

    def note(self, what: Deployed, decision: Decision) -> None:
        """Keep a decision of the judge, and the policies that it followed."""
        call = decision.call
        keys = {
            key: _value_kind(key, str(value), what)
            for key, value in call.context.items()
            if key == "aws:sourcearn" or not key.startswith(_OF_THE_MOMENT)
        }
        self._keep(
            Recorded(
                name_of(decision.caller, what),
                call.action,
                resource_kind(call.resource, what.labels),
                decision.allowed,
                tuple(sorted(keys.items())),
            )
        )
        if what is not self._last:
            self._last = what
            write_document(self._snapshot, what.as_json())

    def note_administrator(self, action: str) -> None:
        """Keep that the administrator called: nothing is judged."""
        self._keep(Recorded(ADMINISTRATOR, action, ANY, allowed=True))

    def _keep(self, call: Recorded) -> None:
        with self._lock:  # another thread may note the same call at the same time
            if call in self._known:
                return
            self._known.add(call)
            with self._calls.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(call)) + "\n")


def recorded(file: Path) -> Iterator[Recorded]:
    """The kept calls; none if there is no file."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    for line in lines:
        try:
            yield from from_json([json.loads(line)])
        except json.JSONDecodeError:  # a line that a loss of power cut off
            continue


def from_json(calls: Iterable[Mapping[str, object]]) -> Iterator[Recorded]:
    """Calls as JSON keeps them: tuples are lists there."""
    for call in calls:
        keys = call["keys"]
        pairs = sorted((str(key), str(value)) for key, value in keys) if isinstance(keys, list) else []
        yield Recorded(
            str(call["caller"]),
            str(call["action"]),
            str(call["resource"]),
            bool(call["allowed"]),
            tuple(pairs),
        )


def name_of(caller: Caller, what: Deployed) -> str:
    """The name of the role in the templates, without the digits that the CDK adds; or the service."""
    if caller.service:
        return caller.service
    arn = caller.role or caller.arn
    return label(what.labels.get(arn, arn))


def label(logical_id: str) -> str:
    """`CopyRoleA4EADB21` is CopyRole."""
    return re.sub(r"[0-9A-F]{8}$", "", logical_id)


def resource_kind(resource: str, labels: Mapping[str, str]) -> str:
    """The resource, with `*` for what differs from run to run: names of runs and of files, ids that AWS gives."""
    service = resource.split(":")[2] if resource.startswith("arn:") else ""
    if service == "s3":
        bucket, slash, key = resource.partition("/")
        return f"{bucket}{slash}{_key_kind(key)}"
    if service in {"ec2", "elasticmapreduce"}:
        return re.sub(r"/.*", f"/{ANY}", resource)
    if service == "kms":
        return re.sub(r"key/.*", f"key/<{label(labels.get(resource, ANY))}>", resource)
    if service in {"iam", "sns"}:
        return _MADE_NAME.sub(ANY, resource)
    if service == "states" and ":execution:" in resource:
        return f"{resource.rpartition(':')[0]}:{ANY}"
    return re.sub(r"log-stream:.*", f"log-stream:{ANY}", resource)


def _value_kind(key: str, value: str, what: Deployed) -> str:
    """The value of a condition key, with `*` for what differs from run to run."""
    if key == "aws:sourcearn":
        return resource_kind(value, what.labels)
    return _key_kind(value) if key == "s3:prefix" else _kind_of(value)


def _key_kind(key: str) -> str:
    """`run=7/authors/3.csv` is run=*/authors/*, `run=7/plan.json` that of any run, a landed file *, an asset of the CDK its ending."""
    if not key:
        return ""
    if _DIGEST.match(key):
        return _kind_of(key)
    run, *rest = key.split("/")
    if not _RUN.fullmatch(run):
        return ANY
    return "/".join([f"run={ANY}", *(rest if len(rest) == 1 else [*rest[:1], ANY])])


def _kind_of(text: str) -> str:
    named = _DIGEST.sub("<asset>", text)
    return _RUN.sub(f"run={ANY}", named)
