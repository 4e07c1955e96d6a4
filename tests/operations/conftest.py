"""An endpoint without a deployment, for the commands that look at one."""

from tests.local_cloud.conftest import endpoint, environment

__all__ = ["endpoint", "environment"]
