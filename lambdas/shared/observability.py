"""Structured logs and metrics, the same for every function."""

from aws_lambda_powertools import Logger, Metrics

METRICS_NAMESPACE = "GoodreadsPipeline"

POWERTOOLS_LAYER = "/aws/service/powertools/python/arm64/python3.14/latest"
"""AWS's public parameter with the ARN, in any region, of the layer that holds Powertools."""


def logger() -> Logger:
    """A JSON logger; POWERTOOLS_SERVICE_NAME and POWERTOOLS_LOG_LEVEL come from the stack."""
    return Logger()


def metrics() -> Metrics:
    """CloudWatch metrics in embedded metric format, written with the logs."""
    return Metrics(namespace=METRICS_NAMESPACE)
