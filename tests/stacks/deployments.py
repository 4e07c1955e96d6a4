"""A synthesized deployment, read back from the files that synthesis wrote."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from app import build
from stacks import ROOT
from stacks.compute.library_archive import ARCHIVE_KEY, LOCK
from tests.assemblies import made_once

_MIB = 1024**2

TUNED: dict[str, Any] = {
    "schedule": "cron(0 7 ? * MON-FRI *)",
    "schedule_timezone": "Europe/Berlin",
    "late_after_minutes": 5000,
    "emr_core_count": 4,
    "emr_ebs_gib": 96,
    "emr_generation": 2,
    "redshift_node_type": "ra3.xlplus",
    "redshift_node_count": 3,
    "redshift_port": 5431,
    "redshift_database": "books",
    "redshift_admin_user": "keeper",
    "redshift_user": "loader",
    "redshift_scaling_clusters": 3,
    "redshift_readers_priority": "normal",
    "analytics_window_days": 14,
    "analytics_top": 5,
    "batch_max_files": 9000,
    "batch_max_bytes": 8192 * _MIB,
    "copy_files_per_task": 150,
    "copy_bytes_per_task": 512 * _MIB,
    "copy_concurrency": 7,
    "authors_reject_limit_percent": 11,
    "books_reject_limit_percent": 22,
    "reviews_reject_limit_percent": 33,
    "users_reject_limit_percent": 44,
    "run_timeout_minutes": 90,
    "step_timeout_minutes": 70,
    "statement_timeout_minutes": 16,
    "statement_poll_seconds": 3,
    "archive_retention_days": 500,
    "landing_retention_days": 3,
    "processed_retention_days": 4,
    "quarantine_retention_days": 60,
    "reports_retention_days": 70,
    "audit_retention_days": 200,
    "log_retention_days": 14,
}
"""Other figures and names than the defaults."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """What synthesis wrote for an app whose stacks are called `{name}-...`."""

    name: str
    folder: Path

    @property
    def template_files(self) -> list[Path]:
        return sorted(self.folder.glob("*.template.json"))

    def template(self, stack: str) -> dict[str, Any]:
        """The template of the stack `{name}-{stack}`."""
        text = (self.folder / f"{self.name}-{stack}.template.json").read_text()
        template: dict[str, Any] = json.loads(text)
        return template

    def resources(self, stack: str, kind: str) -> list[dict[str, Any]]:
        """The resources of type `AWS::{kind}`, with all their attributes."""
        found = self.template(stack)["Resources"].values()
        return [resource for resource in found if resource["Type"] == f"AWS::{kind}"]

    def properties(self, stack: str, kind: str) -> list[dict[str, Any]]:
        """The properties of the resources of type `AWS::{kind}`."""
        return [resource["Properties"] for resource in self.resources(stack, kind)]

    @property
    def findings(self) -> dict[str, str]:
        """What validation reported: message by rule. Accepted findings are not among them."""
        report = json.loads((self.folder / "validation-report.json").read_text())
        violations = [violation for plugin in report["pluginReports"] for violation in plugin["violations"]]
        return {violation["ruleName"]: violation["description"] for violation in violations}


def shared(factory: pytest.TempPathFactory, **settings: object) -> Deployment:
    """The deployment of `cdk.json` with some settings changed, synthesized once for all workers; to be read only."""
    folder = made_once(factory, "deployment", settings, lambda folder: synthesize(folder, **settings))
    return Deployment(name=str(_context(settings)["name"]), folder=folder)


def synthesize(folder: Path, **settings: object) -> None:
    """Write the deployment of `cdk.json` with some settings changed into the folder."""
    app = App(context=_context(settings), outdir=str(folder))
    build(app)
    try:
        app.synth()
    except RuntimeError as error:
        if "ValidationFailed" not in str(error):  # findings have a test of their own
            raise


def _context(settings: Mapping[str, object]) -> dict[str, Any]:
    stand_in = {ARCHIVE_KEY: str(LOCK)}  # the libraries are downloaded only where they are to be deployed
    return {**json.loads((ROOT / "cdk.json").read_text())["context"], **stand_in, **settings}
