"""AWS Step Functions on one machine: moto's interpreter, with the tasks and calls it lacks."""

from local_cloud.step_functions.earlier import install as remember
from local_cloud.step_functions.hook import install
from local_cloud.step_functions.redrive import ending

__all__ = ["ending", "install", "remember"]
