"""EventBridge's default bus: what Step Functions tells goes to the functions that enabled rules target. moto keeps rules but delivers nothing.

From "Automating event delivery with EventBridge" in the Step Functions Developer Guide, and from "Event patterns" and "Input transformation" in
the EventBridge User Guide.
"""

import json
import logging
import re
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from moto.events.models import events_backends

from local_cloud.account import ACCOUNT
from local_cloud.addresses import REGION
from local_cloud.cloudwatch import target_called
from local_cloud.identity import service_keys

log = logging.getLogger(__name__)

Event = Mapping[str, Any]

_SERVICE = "events.amazonaws.com"
_OF_THE_EXECUTION = ("executionArn", "stateMachineArn", "name", "status", "input")
_VARIABLE = re.compile(r'"(?:[^"\\]|\\.)*"|<([\w.-]+)>')
"""A text of a template, or a variable outside of texts."""
_IN_A_TEXT = re.compile(r"<([\w.-]+)>")


class NotDeliverable(Exception):  # noqa: N818 - it is what EventBridge says
    """The input of a target cannot be made of an event."""


class EventBus:
    """Delivers events one after the other, in a thread of its own: who tells one does not wait for what comes of it."""

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="event-bus")

    def put(self, event: Event) -> None:
        """Deliver an event to the targets of the rules that match it now."""
        for arn, target in list(_targets(event)):
            try:
                delivery = self._worker.submit(_deliver, event, arn, target)
            except RuntimeError:  # a state that outlived the end of its execution has come to its own end
                _tell_of_closed(event, target)
            else:
                delivery.add_done_callback(partial(_tell_if_cancelled, event, target))

    def tell_end(self, description: Mapping[str, Any]) -> None:
        """Put what Step Functions tells of an execution's end. Raises nothing: the interpreter's thread calls it."""
        try:
            self.put(execution_ended(description))
        except Exception:
            log.exception("nobody was told that %s is %s", description["name"], description["status"])

    def close(self) -> None:
        """Wait until what was put is delivered, and deliver nothing more; a function's own timeout bounds the wait.

        After Ctrl-C what has not begun is not delivered, and the log tells it.
        """
        try:
            self._worker.shutdown()
        except BaseException:  # Ctrl-C while it waits
            self._worker.shutdown(wait=False, cancel_futures=True)
            raise


def execution_ended(description: Mapping[str, Any]) -> Event:
    """What Step Functions tells when an execution has ended; the description is that of DescribeExecution, with its times as text.

    The guide's examples have no error and no cause: they are left out here.
    """
    stopped = datetime.fromisoformat(description["stopDate"])
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "account": ACCOUNT,
        "time": f"{stopped:%Y-%m-%dT%H:%M:%SZ}",
        "region": REGION,
        "resources": [description["executionArn"]],
        "detail": {
            **{name: description.get(name) for name in _OF_THE_EXECUTION},
            "startDate": _milliseconds(description["startDate"]),
            "stopDate": _milliseconds(description["stopDate"]),
            "output": description.get("output"),
            "inputDetails": {"included": True},
            "outputDetails": {"included": True} if "output" in description else None,
        },
    }


def input_of(target: Mapping[str, Any], event: Event) -> str:
    """The JSON that a target receives: its own, a part of the event, what its transformer makes, or the event.

    Raises NotDeliverable.
    """
    if "Input" in target:
        return str(target["Input"])
    if "InputTransformer" in target:
        given = target["InputTransformer"]
        return _transformed(given["InputTemplate"], given.get("InputPathsMap", {}), event)
    found = _at(event, target.get("InputPath", "$"))
    if found is _NOTHING:
        raise NotDeliverable(f"the event has no {target['InputPath']}")
    return json.dumps(found)


_NOTHING = object()


def _transformed(template: str, paths: Mapping[str, str], event: Event) -> str:
    """The template with the event's values in place of its variables, as AWS puts them there: a text gets quotes unless it is within some.

    Nothing is escaped, and a variable whose path leads nowhere is left out: what is no JSON then is not delivered.
    """
    values = {name: _at(event, path) for name, path in paths.items()}

    def value(name: str) -> Any:
        if name not in values:
            raise NotDeliverable(f"this machine does not know the variable <{name}>")
        return values[name]

    def within(match: re.Match[str]) -> str:
        found = value(match[1])
        return found if isinstance(found, str) else "" if found is _NOTHING else json.dumps(found)

    def put(match: re.Match[str]) -> str:
        if match[1] is None:
            return _IN_A_TEXT.sub(within, match[0])
        found = value(match[1])
        return f'"{found}"' if isinstance(found, str) else "" if found is _NOTHING else json.dumps(found)

    made = _VARIABLE.sub(put, template)
    try:
        json.loads(made)
    except ValueError as error:
        raise NotDeliverable(f"the input is no JSON: {made} ({error})") from None
    return made


def _at(event: Event, path: str) -> Any:
    """The value at a path in dot notation, the only one that is allowed; _NOTHING if there is none."""
    found: Any = event
    for name in path.split(".")[1:]:
        found = found.get(name, _NOTHING) if isinstance(found, Mapping) else _NOTHING
    return found


def _targets(event: Event) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The targets of the enabled rules that match the event, each with the ARN of its rule."""
    bus = events_backends[ACCOUNT][REGION].event_buses["default"]
    for rule in list(bus.rules.values()):
        pattern = rule.event_pattern
        if rule.state != "ENABLED" or not pattern.get_pattern():
            continue
        try:
            is_match = pattern.matches_event(event)
        except Exception:
            log.exception("%s was not compared with the event that %s", rule.arn, _words(event))
            continue
        if is_match:
            yield from ((rule.arn, target) for target in list(rule.targets))


def _deliver(event: Event, rule: str, target: Mapping[str, Any]) -> None:
    if not target["Arn"].startswith("arn:aws:lambda:"):
        log.warning("%s: the target %s is not called here, only functions are", rule, target["Arn"])
        return
    try:
        answer = _invoke(rule, target["Arn"], input_of(target, event))
    except (ClientError, BotoCoreError, NotDeliverable) as error:
        log.warning("%s was not told that %s: %s", target["Arn"], _words(event), error)
        target_called(rule, failed=True)
        return
    except Exception:  # a fault of this machine, which a Future would keep to itself
        log.exception("%s was not told that %s", target["Arn"], _words(event))
        target_called(rule, failed=True)
        return
    target_called(rule, failed=False)
    if "FunctionError" in answer:  # of an asynchronous invocation AWS tells its caller nothing
        log.warning("%s was told that %s, and failed: see its log", target["Arn"], _words(event))


def _invoke(rule: str, function: str, event: str) -> Mapping[str, Any]:
    """Invoke a function in EventBridge's own name: the function's policy says whether the rule may. moto answers when the function has."""
    keys = service_keys(_SERVICE, source=rule)
    settings = Config(read_timeout=None, retries={"total_max_attempts": 1})
    client = keys.client("lambda", config=settings)
    answer: Mapping[str, Any] = client.invoke(FunctionName=function, InvocationType="Event", Payload=event)
    return answer


def _tell_if_cancelled(event: Event, target: Mapping[str, Any], delivery: Future[None]) -> None:
    if delivery.cancelled():
        _tell_of_closed(event, target)


def _tell_of_closed(event: Event, target: Mapping[str, Any]) -> None:
    log.warning("the endpoint is closed: %s was not told that %s", target["Arn"], _words(event))


def _words(event: Event) -> str:
    return f"{event['detail']['name']} is {event['detail']['status']}"


def _milliseconds(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)
