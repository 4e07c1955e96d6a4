"""CloudFormation on one machine: moto's, with the refusals and the order of a stack's update."""

from local_cloud.cloudformation.hook import install

__all__ = ["install"]
