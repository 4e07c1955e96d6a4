"""What the Spark job needs in AWS: its code in the CDK's asset bucket, and its libraries on every node of the cluster."""

from pathlib import Path

from aws_cdk import IgnoreMode, Stack
from aws_cdk import aws_emr as emr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from stacks import ROOT
from stacks.compute.library_archive import ARCHIVE, ARCHIVE_KEY
from stacks.grants import grant_asset
from stacks.settings.settings import SettingsError

_PACKAGES = ("catalog", "contract", "spark_jobs")

_SCRIPT = Path(__file__).with_name("install_libraries.sh")
_FOLDER = "/opt/spark-job"
_MODULES = ("duckdb", "numpy", "pandas", "pyarrow.fs", "pyarrow.parquet")


class JobCode(Construct):
    """spark-submit runs `transform_script`; `python_code` is a zip with the packages that it imports, for `--py-files`."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.transform_script = s3_assets.Asset(
            self, "TransformScript", path=str(ROOT / "spark_jobs" / "transform.py")
        )
        self.python_code = s3_assets.Asset(
            self,
            "PythonCode",
            path=str(ROOT),
            exclude=[
                "*",
                *(f"!{name}{rest}" for name in _PACKAGES for rest in ("", "/**")),
                "**/__pycache__",
            ],
            ignore_mode=IgnoreMode.GIT,
        )

    def grant_read(self, role: iam.Role) -> None:
        """Lets `role` read both files."""
        grant_asset(role, self.transform_script, self.python_code)


class JobLibraries(Construct):
    """`bootstrap_action` makes `python` on each node: an interpreter with the Spark job's libraries."""

    python = f"{_FOLDER}/bin/python"

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self._archive = s3_assets.Asset(self, "Archive", path=str(self._archive_file()))
        self._script = s3_assets.Asset(self, "Script", path=str(_SCRIPT))
        self.bootstrap_action = emr.CfnCluster.BootstrapActionConfigProperty(
            name="install-libraries",
            script_bootstrap_action=emr.CfnCluster.ScriptBootstrapActionConfigProperty(
                path=self._script.s3_object_url,
                args=[Stack.of(self).region, self._archive.s3_object_url, _FOLDER, *_MODULES],
            ),
        )

    def grant_read(self, role: iam.Role) -> None:
        """Lets `role` read the libraries and the script that installs them."""
        grant_asset(role, self._archive, self._script)

    def _archive_file(self) -> Path:
        """SettingsError if the zip does not exist."""
        file = Path(self.node.try_get_context(ARCHIVE_KEY) or ARCHIVE)
        if not file.is_file():
            raise SettingsError(
                f"the Spark job's libraries, {file.name}, were not found in {file.parent.name}: run `make setup`, which "
                "downloads them for the EMR nodes"
            )
        return file
