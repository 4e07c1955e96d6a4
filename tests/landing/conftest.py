"""An endpoint without a deployment, for what puts files into its buckets."""

from tests.local_cloud.conftest import endpoint

__all__ = ["endpoint"]
