"""AWS Lambda on one machine: the deployed zip, its handler in a child process."""

from local_cloud.lambda_.hook import install
from local_cloud.lambda_.runtime import LambdaRuntime

__all__ = ["LambdaRuntime", "install"]
