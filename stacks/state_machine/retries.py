"""The retries of failed tasks, the same everywhere."""

from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_stepfunctions as sfn

BACK_OFF: dict[str, Any] = {
    "interval": Duration.seconds(2),
    "backoff_rate": 2.0,
    "max_attempts": 4,
    "max_delay": Duration.seconds(30),
    "jitter_strategy": sfn.JitterType.FULL,
}
"""Keyword arguments of `add_retry`: up to 2, 4, 8 and 16 s, drawn at random (full jitter)."""

BUSY: dict[str, Any] = {
    "interval": Duration.seconds(15),
    "backoff_rate": 2.0,
    "max_attempts": 8,
    "max_delay": Duration.minutes(2),
    "jitter_strategy": sfn.JitterType.FULL,
}
"""Keyword arguments of `add_retry` where others have to end first: up to 15, 30, 60 and five times 120 s, drawn at random."""

NEVER: dict[str, Any] = {"max_attempts": 0}
"""Keyword arguments of `add_retry` for errors that a retry would meet again."""
