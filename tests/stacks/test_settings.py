import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.shared.environment import POWERTOOLS_LAYER
from stacks import ROOT
from stacks.settings.settings import SPARK_OF_RELEASE, SPARK_VERSION, Settings, SettingsError, releases_with

BOUNDS = {
    name: (field["minimum"], field["maximum"])
    for name, field in Settings.model_json_schema()["properties"].items()
    if "minimum" in field
}


def settings_of(**context: Any) -> Settings:
    return Settings.from_context(App(context=context).node)


def refusal(**context: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        settings_of(**context)
    return str(caught.value)


def test_cdk_json_holds_every_setting_with_its_default_and_nothing_else() -> None:
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    assert {key: value for key, value in context.items() if ":" not in key} == Settings().model_dump()


def test_the_defaults_are_what_was_asked_for() -> None:
    default = Settings()
    assert (default.schedule_minutes, default.emr_instance_type, default.emr_core_count) == (
        10,
        "m5.xlarge",
        2,
    )
    assert (default.redshift_node_type, default.redshift_node_count) == ("dc2.large", 2)
    assert default.batch_max_bytes == 17_179_869_184


def test_values_of_the_command_line_arrive_as_text() -> None:
    given_as_text = settings_of(schedule_minutes="20", schedule_enabled="false")
    assert given_as_text.schedule_minutes == 20
    assert given_as_text.schedule_enabled is False


@settings(max_examples=50)
@given(st.data())
def test_a_number_out_of_bounds_is_refused_with_its_key_its_value_and_the_bounds(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(BOUNDS)))
    low, high = BOUNDS[name]
    value = str(data.draw(st.integers(max_value=low - 1) | st.integers(min_value=high + 1)))
    message = refusal(**{name: value})
    assert message.startswith(f"{name} = {value!r} is not allowed; ")
    assert f": a whole number from {low} to {high} (" in message


def test_a_refused_number_is_explained_with_its_bounds() -> None:
    assert refusal(copy_concurrency="41") == (
        "copy_concurrency = '41' is not allowed; invocations of the copying function at a time: a whole number from 1 "
        "to 40 (change it in cdk.json or with -c copy_concurrency=VALUE)"
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", "Goodreads"),
        ("name", "good--reads"),
        ("name", "goodreads-of-the-world"),
        ("schedule_enabled", "perhaps"),
        ("schedule_minutes", "ten"),
        ("schedule_minutes", "1.5"),
        ("alarm_email", "nobody"),
        ("capture_principal_arn", "capture"),
        ("availability_zones", "us-east-1a"),
        ("powertools_layer", "AWSLambdaPowertools"),
        ("emr_instance_type", "m5"),
        ("emr_release", "emr-7.10.0"),
        ("emr_release", "emr-99.0.0"),
        ("redshift_node_type", "m5.xlarge"),
        ("redshift_user", "Admin"),
        ("log_retention_days", "31"),
    ],
)
def test_a_value_that_is_not_allowed_is_named_with_its_key(key: str, value: str) -> None:
    assert refusal(**{key: value}).startswith(f"{key} = {value!r} is not allowed; ")


def test_every_wrong_value_is_named_at_once() -> None:
    lines = refusal(name="A", analytics_top="0").splitlines()
    assert [line.split(" ")[0] for line in lines] == ["name", "analytics_top"]


@pytest.mark.parametrize("key", ["shedule_minutes", "schedule-minutes", "scheduleMinutes"])
def test_a_misspelt_key_is_refused_with_the_one_that_was_meant(key: str) -> None:
    assert refusal(**{key: "20"}) == f"{key} is not a setting; did you mean schedule_minutes?"


def test_a_key_that_resembles_nothing_is_refused_with_the_list_of_settings() -> None:
    message = refusal(colour="blue")
    assert message.startswith("colour is not a setting; the settings are name, schedule_enabled, ")


@pytest.mark.parametrize(
    "key",
    [
        "@aws-cdk/core:newStyle",
        "aws:cdk:toolkit",
        "availability-zones:account=1:region=eu-west-1",
        "cli-telemetry",
        "acknowledged-issue-numbers",
    ],
)
def test_what_the_cdk_keeps_in_the_context_is_left_alone(key: str) -> None:
    assert settings_of(**{key: False}) == Settings()


@pytest.mark.parametrize(
    ("context", "complaint"),
    [
        ({"step_timeout_minutes": "60"}, "step_timeout_minutes = 60 must be below run_timeout_minutes = 60"),
        (
            {"statement_timeout_minutes": 70},
            "statement_timeout_minutes = 70 must be below run_timeout_minutes = 60",
        ),
        ({"batch_max_files": 100}, "copy_files_per_task = 1000 must not exceed batch_max_files = 100"),
        (
            {"copy_bytes_per_task": 2**25},
            (
                "batch_max_files = 10000 and batch_max_bytes = 17179869184 in tasks of copy_files_per_task = 1000 and "
                "copy_bytes_per_task = 33554432 may make 1034 copy tasks, and 1000 fit"
            ),
        ),
        (
            {"statement_poll_seconds": 1, "run_timeout_minutes": 1440},
            (
                "statement_poll_seconds = 1 and run_timeout_minutes = 1440 may make 34,800 events of looking at 40 statements, next to "
                "42 copy tasks of 7 events each, and an execution's history ends with 25,000"
            ),
        ),
        (
            {"schedule_minutes": 30, "late_after_minutes": 30},
            "late_after_minutes = 30 must be above the 30 minutes that may pass from one scheduled run to the next",
        ),
        (
            {"schedule": "cron(0 7 ? * MON-FRI *)", "late_after_minutes": 4320},
            "late_after_minutes = 4320 must be above the 4320 minutes that may pass",
        ),
        (
            {"schedule": "every morning"},
            "schedule = 'every morning' is not allowed: write it like rate(10 minutes)",
        ),
        (
            {"schedule": "rate(1 hours)"},
            "schedule = 'rate(1 hours)' is not allowed: write it like rate(10 minutes)",
        ),
        (
            {"schedule": "cron(0 7 * * * *)"},
            "schedule = 'cron(0 7 * * * *)' is not allowed: Invalid combination of day-of-month '*' and day-of-week '*'",
        ),
        (
            {"schedule": "cron(0 7 * * ? *)", "schedule_timezone": "Europe/Berlin-Mitte"},
            "schedule_timezone = 'Europe/Berlin-Mitte' is not a time zone",
        ),
        (
            {"schedule": "rate(2 hours)", "schedule_timezone": "Europe/Berlin"},
            "schedule_timezone = 'Europe/Berlin' has no meaning without a cron expression",
        ),
        (
            {"availability_zones": "us-east-1b,us-east-1b"},
            "availability_zones = 'us-east-1b,us-east-1b' names one zone twice",
        ),
        ({"emr_instance_type": "m6g.xlarge"}, "emr_instance_type = 'm6g.xlarge' has ARM processors"),
        ({"emr_instance_type": "c7gn.4xlarge"}, "emr_instance_type = 'c7gn.4xlarge' has ARM processors"),
        (
            {"emr_instance_type": "m5d.xlarge"},
            "emr_instance_type = 'm5d.xlarge' has instance stores: EMR encrypts those that are no NVMe SSDs",
        ),
        ({"emr_instance_type": "r5dn.xlarge"}, "emr_instance_type = 'r5dn.xlarge' has instance stores"),
        ({"emr_instance_type": "i3en.xlarge"}, "emr_instance_type = 'i3en.xlarge' has instance stores"),
        ({"emr_instance_type": "d2.xlarge"}, "emr_instance_type = 'd2.xlarge' has instance stores"),
        ({"emr_instance_type": "g5.xlarge"}, "emr_instance_type = 'g5.xlarge' has instance stores"),
        (
            {"redshift_user": "pipeline"},
            "redshift_user = 'pipeline' is the cluster's master user, redshift_admin_user",
        ),
        (
            {"redshift_port": 5456},
            "redshift_port = 5456 is not allowed for ra3.large: use 5431 to 5455 or 8191 to 8215",
        ),
        ({"redshift_node_type": "dc2.xlarge"}, "redshift_node_type = 'dc2.xlarge' is retired"),
        (
            {"redshift_node_type": "ra3.4xlarge", "redshift_node_count": 1},
            "redshift_node_count = 1 is too few: a cluster of ra3.4xlarge has at least 2 nodes",
        ),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(context: dict[str, Any], complaint: str) -> None:
    assert refusal(**context).startswith(complaint)


@pytest.mark.parametrize("region", ["me-south-1", "cn-north-1", "us-gov-west-1"])
def test_a_region_without_a_powertools_layer_is_refused_unless_the_settings_name_one(region: str) -> None:
    with pytest.raises(SettingsError, match=f"names the Powertools layer in {region}: set powertools_layer"):
        Settings().check_region(region)
    layer = f"arn:aws:lambda:{region}:123456789012:layer:Powertools:1"
    settings_of(powertools_layer=layer).check_region(region)


def test_a_zone_of_another_region_is_refused() -> None:
    zones = settings_of(availability_zones="eu-central-1a,us-east-1b")
    with pytest.raises(SettingsError, match="has us-east-1b, which is not in eu-central-1"):
        zones.check_region("eu-central-1")


def test_a_region_that_is_not_known_yet_is_not_checked() -> None:
    Settings().check_region("")


@pytest.mark.parametrize(
    "instance_type", ["m5.2xlarge", "m5n.xlarge", "inf1.xlarge", "p2.xlarge", "m7i-flex.2xlarge"]
)
def test_nodes_of_any_other_kind_are_deployed_as_asked(instance_type: str) -> None:
    assert settings_of(emr_instance_type=instance_type).emr_instance_type == instance_type


def test_without_a_schedule_nothing_is_late() -> None:
    off = settings_of(schedule_enabled=False, schedule_minutes=30, late_after_minutes=30)
    assert off.late_after_minutes == 30


@pytest.mark.parametrize(
    ("context", "minutes"),
    [
        ({}, 30),
        ({"schedule_minutes": 50}, 100),
        ({"schedule": "rate(2 hours)"}, 180),  # a run may take an hour
        ({"schedule": "rate(2 hours)", "run_timeout_minutes": 100}, 220),
        ({"schedule": "cron(0 7 * * ? *)"}, 1500),
        (
            {"schedule": "cron(0 7 * * ? *)", "schedule_timezone": "Europe/Berlin"},
            1560,
        ),  # in autumn: 25 hours
        ({"schedule": "cron(0 7 ? * MON *)"}, None),  # CloudWatch looks back on seven days
        ({"schedule": "rate(6 days)"}, 6 * 1440 + 60),
        ({"schedule_minutes": 50, "late_after_minutes": 70}, 70),
    ],
)
def test_when_a_run_is_late_follows_from_the_schedule(context: dict[str, Any], minutes: int | None) -> None:
    assert settings_of(**context).late_after == minutes


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (
            {"CDK_CONTEXT_JSON": '{"emr_core_count": "0"}'},
            (
                "emr_core_count = '0' is not allowed; EMR core nodes, next to the one primary node: a whole number from 1 to "
                "100 (change it in cdk.json or with -c emr_core_count=VALUE)\n"
            ),
        ),
        (
            {"CDK_DEFAULT_REGION": "me-central-1"},
            (
                "AWS publishes no parameter that names the Powertools layer in me-central-1: set powertools_layer to the ARN "
                "of a layer in this region, AWS's (Powertools' installation page lists those of GovCloud and China) or your own\n"
            ),
        ),
    ],
)
def test_synthesis_ends_with_one_line_instead_of_a_stack_trace(variables: dict[str, str], said: str) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    process = subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env=os.environ | {"PATH": path} | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 1
    assert process.stderr == said


def pinned(package: str) -> str:
    """The version of a package in requirements.txt."""
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    (pin,) = [line.split()[0] for line in lines if line.startswith(f"{package}==")]
    return pin.removeprefix(f"{package}==")


def test_the_functions_are_tested_with_the_powertools_they_are_deployed_with() -> None:
    assert POWERTOOLS_LAYER.rpartition("/")[2] == pinned("aws-lambda-powertools")


def test_the_job_is_tested_with_the_spark_it_is_deployed_with() -> None:
    assert pinned("pyspark") == SPARK_VERSION
    assert SPARK_OF_RELEASE[Settings().emr_release] == SPARK_VERSION


def test_only_releases_with_exactly_that_spark_qualify() -> None:
    assert releases_with("3.5.6") == ("emr-7.11.0", "emr-7.12.0", "emr-7.13.0")
    assert releases_with("3.5.5") == ("emr-7.9.0", "emr-7.10.0")
    assert releases_with("3.4.0") == ()
