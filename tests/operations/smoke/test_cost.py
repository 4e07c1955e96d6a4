"""What is told before money is spent, by the price table of the reports."""

import pytest

from operations.smoke.cost import SMALLEST, estimate
from stacks.settings.settings import Settings


def test_the_smallest_deployment_has_two_nodes_of_emr_and_one_of_redshift() -> None:
    found = estimate(Settings.of(SMALLEST), "us-east-1")
    assert found.an_hour == pytest.approx(2 * (0.192 + 0.048) + 0.543)
    assert found.after(2) == "about $2.05 by list prices of us-east-1"


def test_a_region_without_prices_is_told_those_of_another_one() -> None:
    assert estimate(Settings.of(SMALLEST), "sa-east-1").after(1).endswith("by list prices of us-east-1")


def test_nodes_without_a_price_are_told_as_such() -> None:
    settings = Settings.of({**SMALLEST, "emr_instance_type": "m6i.xlarge"})
    assert "has no price of these nodes" in estimate(settings, "us-east-1").after(1)
