"""Deployments synthesized once for all tests: starting jsii and synthesizing six stacks takes seconds."""

import os
import sys
from pathlib import Path

import pytest

# jsii starts the first `node` on the path while aws_cdk is imported: the pinned one is beside this interpreter.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

from tests.stacks.deployments import TUNED, Deployment, shared


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """The deployment that `cdk.json` describes."""
    return shared(tmp_path_factory)


@pytest.fixture(scope="session")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """A deployment with the other choice wherever a setting switches something on or off."""
    return shared(
        tmp_path_factory,
        name="books-2",
        schedule_enabled="false",
        schedule_minutes="20",
        alarm_email="data@example.org",
        capture_principal_arn="arn:aws:iam::123456789012:user/capture",
        availability_zones="us-east-1b,us-east-1d",
        powertools_layer="arn:aws:lambda:us-east-1:123456789012:layer:Powertools:7",
        allow_retired_node_types="true",
        redshift_node_count="1",
        emr_core_count="5",
        emr_ebs_gib="128",
        log_retention_days="90",
        reviews_reject_limit_percent="5",
    )


@pytest.fixture(scope="session")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """A deployment in which every numeric setting differs from its default, and similar settings differ from each other."""
    return shared(tmp_path_factory, **TUNED)
