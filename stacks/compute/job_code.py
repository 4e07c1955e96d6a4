"""The Spark job as files in the CDK's asset bucket."""

from pathlib import Path

from aws_cdk import IgnoreMode
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from stacks.nag import accept_asset_grants

_ROOT = Path(__file__).resolve().parents[2]
_PACKAGES = ("catalog", "contract", "spark_jobs")


class JobCode(Construct):
    """spark-submit runs `transform_script`; `python_code` is a zip with the packages that it imports, for `--py-files`."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.transform_script = s3_assets.Asset(
            self, "TransformScript", path=str(_ROOT / "spark_jobs" / "transform.py")
        )
        self.python_code = s3_assets.Asset(
            self,
            "PythonCode",
            path=str(_ROOT),
            exclude=[
                "*",
                *(f"!{name}{rest}" for name in _PACKAGES for rest in ("", "/**")),
                "**/__pycache__",
            ],
            ignore_mode=IgnoreMode.GIT,
        )

    def grant_read(self, role: iam.Role) -> None:
        """Lets `role` read both files."""
        self.transform_script.grant_read(role)
        self.python_code.grant_read(role)
        accept_asset_grants(role)
