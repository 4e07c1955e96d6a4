"""Composition root: the settings in `cdk.json` become the stacks."""

import os
import sys
from dataclasses import dataclass

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from stacks.compute.stack import ComputeStack
from stacks.monitoring.stack import MonitoringStack
from stacks.network import NetworkStack
from stacks.pipeline import PipelineStack
from stacks.settings.settings import Settings, SettingsError
from stacks.storage import StorageStack
from stacks.warehouse import WarehouseStack


@dataclass(frozen=True, kw_only=True)
class Stacks:
    """One deployment; a stack depends only on those above it."""

    storage: StorageStack
    network: NetworkStack
    warehouse: WarehouseStack
    compute: ComputeStack
    pipeline: PipelineStack
    monitoring: MonitoringStack


def build(app: App, region: str = "") -> Stacks:
    """Adds the stacks to `app`; SettingsError if its context has an unknown setting or a value that is not allowed.

    `region` is where the stacks will be deployed, if that is known.
    """
    settings = Settings.from_context(app.node)
    settings.check_region(region)
    name = settings.name
    storage = StorageStack(app, f"{name}-storage", settings=settings)
    network = NetworkStack(app, f"{name}-network", settings=settings, storage=storage)
    warehouse = WarehouseStack(app, f"{name}-warehouse", settings=settings, network=network, storage=storage)
    compute = ComputeStack(app, f"{name}-compute", settings=settings, network=network, storage=storage)
    pipeline = PipelineStack(
        app, f"{name}-pipeline", settings=settings, storage=storage, warehouse=warehouse, compute=compute
    )
    monitoring = MonitoringStack(
        app, f"{name}-monitoring", settings=settings, pipeline=pipeline, warehouse=warehouse, compute=compute
    )
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    stacks = Stacks(
        storage=storage,
        network=network,
        warehouse=warehouse,
        compute=compute,
        pipeline=pipeline,
        monitoring=monitoring,
    )
    for stack in vars(stacks).values():
        stack.tags.set_tag(
            "project", name
        )  # CloudFormation passes it on to every resource that can have tags
    return stacks


def main() -> None:
    app = App()
    try:
        build(app, os.environ.get("CDK_DEFAULT_REGION", ""))  # the CDK CLI sets it
    except SettingsError as error:
        sys.exit(str(error))
    app.synth()


if __name__ == "__main__":
    main()
