import pytest

from spark_jobs.conf import SPARK_CONF, require_conf


def test_a_session_with_all_settings_is_accepted() -> None:
    require_conf({**SPARK_CONF, "spark.master": "local[2]"})


def test_missing_and_contradicting_settings_are_named_with_the_way_to_give_them() -> None:
    actual: dict[str, str | None] = {**SPARK_CONF, "spark.sql.session.timeZone": "Europe/Berlin"}
    actual["spark.sql.files.ignoreMissingFiles"] = None

    with pytest.raises(ValueError, match="start Spark with the settings this job depends on") as error:
        require_conf(actual)

    assert str(error.value).endswith(
        ": --conf spark.sql.session.timeZone=UTC (it is Europe/Berlin)"
        " --conf spark.sql.files.ignoreMissingFiles=false (it is None)"
    )
