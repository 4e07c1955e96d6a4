"""What AWS refuses of a request that its sender may make: members that break the service's model, and limits that only guides tell."""

from local_cloud.limits.documented import CALLED, Problem, problem_of
from local_cloud.limits.model import problems

__all__ = ["CALLED", "Problem", "problem_of", "problems"]
