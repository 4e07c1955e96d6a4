"""Metric math: what is understood, and that the rest is refused."""

import pytest

from local_cloud.cloudwatch.expressions import NotUnderstoodError, Value, value_of


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("a", 6.0),
        ("a + 2 * b", 14.0),
        ("(a - b) / b", 0.5),
        ("FILL(a, 0)", 6.0),
        ("FILL(none, 3) + a", 9.0),
        ("none", None),
        ("a + none", None),
        ("none - FILL(a, 0)", None),
        ("a / FILL(none, 0)", None),  # a division by zero has no result
    ],
)
def test_an_expression_has_a_value_where_its_metrics_have_one(expression: str, value: Value) -> None:
    assert value_of(expression, {"a": 6.0, "b": 4.0, "none": None}) == value


@pytest.mark.parametrize(
    "expression",
    [
        "a + unknown",
        "FILL(a, REPEAT)",
        "RATE(a)",
        "MAX([a, a])",
        "a > 1",
        "a ^ 2",
        "-a",
        "IF(a > 1, 1, 0)",
        "SEARCH('{AWS/EC2}', 'Sum')",
        "SELECT MAX(disk_used_percent) FROM CWAgent",
        "'text'",
        "a +",
        "",
    ],
)
def test_what_is_not_understood_is_refused_with_what_is(expression: str) -> None:
    with pytest.raises(NotUnderstoodError, match=r"is not understood here: .+Understood are"):
        value_of(expression, {"a": 1.0})
