from pathlib import Path

from stacks.settings.emr_releases import SPARK_OF_RELEASE, SPARK_VERSION, releases_with
from stacks.settings.settings import Settings

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements.txt"


def test_the_job_is_tested_with_the_spark_it_is_deployed_with() -> None:
    pins = [line.split()[0] for line in REQUIREMENTS.read_text().splitlines() if line.startswith("pyspark==")]
    assert pins == [f"pyspark=={SPARK_VERSION}"]
    assert SPARK_OF_RELEASE[Settings().emr_release] == SPARK_VERSION


def test_only_releases_with_exactly_that_spark_qualify() -> None:
    assert releases_with("3.5.6") == ("emr-7.11.0", "emr-7.12.0", "emr-7.13.0")
    assert releases_with("3.5.5") == ("emr-7.9.0", "emr-7.10.0")
    assert releases_with("3.4.0") == ()
