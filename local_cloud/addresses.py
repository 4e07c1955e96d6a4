"""Where an endpoint listens, and what makes AWS clients talk to it."""

import os
from dataclasses import dataclass

REGION = "us-east-1"
ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET = "test", "test"
"""The access key of the person at the keyboard."""


@dataclass(frozen=True)
class Addresses:
    """The control plane's address and that of S3."""

    url: str
    s3_url: str

    def variables(self) -> dict[str, str]:
        """Environment variables with which boto3, the AWS CLI and the CDK CLI talk to the endpoint."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ENDPOINT_URL_S3": self.s3_url,
            "AWS_ACCESS_KEY_ID": ADMINISTRATOR_KEY,
            "AWS_SECRET_ACCESS_KEY": ADMINISTRATOR_SECRET,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }

    def adopt(self) -> None:
        """Let this process and its children talk to the endpoint."""
        os.environ.update(self.variables())
        for other in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
            os.environ.pop(other, None)
