"""The endpoint: moto's server and the S3 server, with real engines behind Lambda, EMR, Redshift and Step Functions."""

import logging
import os
import socket
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import boto3
from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import MotoRequestHandler
from moto.server import ThreadedMotoServer

from landing.disk import disk_full, is_full
from local_cloud import (
    account,
    cloudformation,
    cloudwatch,
    dynamodb,
    emr,
    iam,
    identity,
    lambda_,
    redshift,
    s3,
    scheduler,
    service_models,
    sns,
    step_functions,
)
from local_cloud.addresses import Addresses
from local_cloud.documents import write_document
from local_cloud.emr import SparkCluster, StepRunner
from local_cloud.errors import LocalCloudError
from local_cloud.event_bus import EventBus
from local_cloud.iam import Judge, Record
from local_cloud.lambda_ import LambdaRuntime
from local_cloud.mailbox import Mailbox
from local_cloud.redshift import RedshiftEngine
from local_cloud.s3 import S3Server
from local_cloud.state import Running, StateFolder

log = logging.getLogger(__name__)

_GRACE_SECONDS = 10
_POLL_SECONDS = 0.05


@contextmanager
def serving(
    state: StateFolder,
    purpose: str,
    port: int | None = None,
    *,
    spark: Mapping[str, str] | None = None,
    cluster: bool = False,
) -> Iterator[Addresses]:
    """An endpoint on `port` (S3 on the next one), or on free ports; it and its children end with the block.

    With `spark`, the settings of a Spark step, Spark starts at once and waits for the step; unless the purpose is one `run`, the
    next one starts after each step. With `cluster` steps run on a Spark cluster of several processes.

    Raises LocalCloudError if the folder or a port is in use; at the end of the block, if an execution could not be written down.
    One process can serve one endpoint at a time.
    """
    service_models.read_once()
    lost: list[str] = []
    with ExitStack() as stack:
        stack.enter_context(state.locked())
        if port:
            _require_free(port, port + 1)
        # Both listen before anything else starts: another program could take a port that was only looked up.
        judge = Judge(Record(state.permissions))
        files = S3Server(state.buckets, port + 1 if port else 0, judge)
        files.start()
        stack.callback(files.stop)
        control = stack.enter_context(_control_plane(port or 0))
        _, control_port = control.get_host_and_port()
        addresses = Addresses(f"http://localhost:{control_port}", files.url)
        addresses.adopt()
        os.environ["MOTO_PORT"] = str(control_port)  # moto's interpreter calls other services there
        engine = stack.enter_context(
            RedshiftEngine(state.warehouse, state.buckets, redshift.S3Access(judge), redshift.master_of)
        )
        runtime = stack.enter_context(
            closing(LambdaRuntime(state.functions, state.logs, addresses.variables()))
        )
        nodes = SparkCluster(state.buckets, state.logs / "cluster", files.url) if cluster else None
        if nodes:
            stack.enter_context(closing(nodes))
        steps = stack.enter_context(closing(StepRunner(state.buckets, state.logs, cluster=nodes)))
        if spark:
            steps.start_ahead(spark, again=purpose != "run")
            runtime.start_ahead()
        bus = EventBus()
        _install(state, judge, engine, runtime, steps, bus, lost)
        account.provide()
        stack.callback(control.stop)  # nothing is answered any more while the engines close
        stack.enter_context(closing(bus))  # what the ends of executions lead to needs everything else
        stack.callback(_end_executions, state)
        state.announce(Running(os.getpid(), purpose, addresses.url, addresses.s3_url))
        yield addresses
    if lost:
        raise LocalCloudError(f"{' and '.join(lost)} could not be written down, see above")


def _install(
    state: StateFolder,
    judge: Judge,
    engine: RedshiftEngine,
    runtime: LambdaRuntime,
    steps: StepRunner,
    bus: EventBus,
    lost: list[str],
) -> None:
    def keep(description: dict[str, Any], events: list[dict[str, Any]]) -> None:
        cloudwatch.execution_ended(description)
        path = state.executions / f"{description['name']}.json"
        try:
            write_document(path, {"description": description, "events": events})
        except OSError as error:
            cause = disk_full(state.root) if is_full(error) else str(error)
            name, status = description["name"], description["status"]
            lost.append(name)
            log.warning("%s has ended, %s, but `status` will not know it: %s", name, status, cause)
        bus.tell_end(description)

    identity.install()
    cloudformation.install()
    iam.install(judge)
    s3.install(state.buckets)
    dynamodb.install(state.tables)
    cloudwatch.install()
    sns.install(Mailbox(state.mail))
    lambda_.install(runtime)
    redshift.install(engine)
    emr.install(steps, judge)
    scheduler.install()
    step_functions.install(keep)
    step_functions.remember(state.executions)


@contextmanager
def _control_plane(port: int) -> Iterator[ThreadedMotoServer]:
    for noisy in ("werkzeug", "botocore", "localbucket", "moto", "sqlglot"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    # moto warns about each bucket policy and topic policy that it skips
    warnings.filterwarnings("ignore", message="Tried to parse", module="moto")
    moto_api_backend.reset()  # forget what an earlier endpoint of this process deployed
    MotoRequestHandler.disable_nagle_algorithm = True  # see local_cloud/at_once.py
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _end_executions(state: StateFolder) -> None:
    """Abort every running execution, and wait a few seconds at most for its document. Then every end is written down and on the bus."""
    client = boto3.client("stepfunctions")
    running: list[Path] = []
    for machine in client.list_state_machines()["stateMachines"]:
        found = client.list_executions(stateMachineArn=machine["stateMachineArn"], statusFilter="RUNNING")
        for execution in found["executions"]:
            path = state.executions / f"{execution['name']}.json"
            path.unlink(missing_ok=True)  # the document of its end before a redrive
            client.stop_execution(executionArn=execution["executionArn"], cause="the endpoint went down")
            running.append(path)
    deadline = time.monotonic() + _GRACE_SECONDS
    while not all(path.exists() for path in running) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    with step_functions.ending:  # a document, and the end itself, can be seen before the bus has the event
        pass


def _require_free(*ports: int) -> None:
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                raise LocalCloudError(
                    f"port {port} is in use (the endpoint needs a port for the control plane and the next one for S3); "
                    "end the program that listens there, or give another port: --port"
                ) from None
