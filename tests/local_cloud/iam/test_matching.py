"""Wildcards, variables and condition operators, against the rules of the IAM User Guide."""

import fnmatch
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_cloud.iam import conditions
from local_cloud.iam.matching import PolicyError, action, arn, text

_WORDS = st.text(alphabet="abAB*?./-", max_size=8)
_KEYS = frozenset({"aws:x", "aws:principaltag"})


@given(_WORDS, _WORDS)
def test_wildcards_mean_what_they_mean_in_file_names(pattern: str, value: str) -> None:
    assert text(pattern, variables=False)(value, {}) == fnmatch.fnmatchcase(value, pattern)


@given(st.text(max_size=8), st.text(max_size=8))
def test_without_a_wildcard_a_pattern_matches_only_itself(pattern: str, value: str) -> None:
    plain = re.sub(r"[*?$]", "", pattern)
    assert text(plain, variables=True)(value, {}) == (plain == value)


@given(st.from_regex(r"[A-Za-z]{1,6}:[A-Za-z*?]{1,6}", fullmatch=True))
def test_the_case_of_an_action_does_not_matter(pattern: str) -> None:
    assert action(pattern.lower())(pattern.upper().replace("*", "X").replace("?", "X"), {})


def test_an_action_without_a_service_is_an_error() -> None:
    with pytest.raises(PolicyError, match="'GetObject' is no action"):
        action("GetObject")


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/run=1/x", True),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b", False),
        ("arn:aws:s3:::B", "arn:aws:s3:::b", False),
        ("arn:aws:states:*:1:execution:p:*", "arn:aws:states:r:1:execution:p:n", True),
        ("arn:aws:states:*:execution:p:*", "arn:aws:states:r:1:execution:p:n", False),
        ("arn:*:sns:r:1:t", "arn:aws:sns:r:1:t", True),
    ],
)
def test_a_wildcard_of_an_arn_stays_within_its_part(pattern: str, value: str, fits: bool) -> None:
    assert arn(pattern, variables=False)(value, {}) is fits


def test_what_is_no_arn_is_an_error() -> None:
    with pytest.raises(PolicyError, match=r"expected arn:partition:"):
        arn("goodreads-landing/*", variables=False)


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        ("home/${aws:x}/*", "home/a*/file", True),
        ("home/${aws:x}/*", "home/ab/file", False),
        ("home/${aws:y}/*", "home//file", False),
        ("home/${aws:y, 'all'}", "home/all", True),
        ("star ${*} ${?} ${$}", "star * ? $", True),
        ("star ${*}", "star x", False),
    ],
)
def test_a_variable_is_filled_in_and_is_no_wildcard(pattern: str, value: str, fits: bool) -> None:
    assert text(pattern, variables=True)(value, {"aws:x": "a*"}) is fits


def test_a_variable_may_be_part_of_an_arn() -> None:
    match = arn("arn:aws:s3:::b/${aws:PrincipalTag/team}/*", variables=True)
    assert match("arn:aws:s3:::b/red/x", {"aws:principaltag/team": "red"})
    assert not match("arn:aws:s3:::b/blue/x", {"aws:principaltag/team": "red"})


def _holds(operator: str, values: object, found: object) -> bool:
    condition = conditions.compiled({operator: {"aws:X": values}}, _KEYS, variables=True)
    return condition({} if found is None else {"aws:x": found})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("operator", "values", "found", "holds"),
    [
        ("StringEquals", ["a", "b"], "b", True),
        ("StringEquals", "a*", "ab", False),
        ("StringEquals", "a", "A", False),
        ("StringEqualsIgnoreCase", "a", "A", True),
        ("StringNotEquals", ["a", "b"], "b", False),
        ("StringNotEquals", "a", "b", True),
        ("StringLike", "a*", "ab", True),
        ("StringNotLike", "a*", "ab", False),
        ("ArnLike", "arn:aws:s3:::b*", "arn:aws:s3:::bc", True),
        ("ArnEquals", "arn:aws:s3:::b*", "arn:aws:s3:::bc", True),
        ("ArnLike", "arn:aws:*:::b", "arn:aws:s3:r::b", False),
        ("ArnNotLike", "arn:aws:s3:::b*", "arn:aws:s3:::bc", False),
        ("Bool", "true", "true", True),
        ("Bool", False, "true", False),
        ("NumericLessThan", 1.2, "1.3", False),
        ("NumericLessThan", "1.2", "1.1", True),
        ("NumericGreaterThanEquals", ["2"], "2.0", True),
        ("NumericNotEquals", "2", "2.0", False),
    ],
)
def test_an_operator_compares_as_the_guide_says(
    operator: str, values: object, found: str, holds: bool
) -> None:
    assert _holds(operator, values, found) is holds


@pytest.mark.parametrize(
    ("operator", "holds"),
    [
        ("StringEquals", False),
        ("StringEqualsIfExists", True),
        ("StringNotEquals", True),
        ("Bool", False),
        ("BoolIfExists", True),
        ("ArnNotLike", True),
        ("ForAnyValue:StringEquals", False),
        ("ForAnyValue:StringNotEquals", False),
        ("ForAllValues:StringEquals", True),
    ],
)
def test_a_key_that_the_request_lacks(operator: str, holds: bool) -> None:
    values = "true" if "Bool" in operator else "arn:aws:s3:::b" if "Arn" in operator else "a"
    assert _holds(operator, values, None) is holds


@pytest.mark.parametrize(
    ("found", "asked", "holds"),
    [(None, "true", True), (None, "false", False), ("a", "false", True), ("a", "true", False)],
)
def test_null_asks_whether_the_key_is_absent(found: str | None, asked: str, holds: bool) -> None:
    assert _holds("Null", asked, found) is holds


@given(st.lists(st.sampled_from("abc"), min_size=1), st.lists(st.sampled_from("abc"), min_size=1))
def test_the_set_operators_are_all_and_any(found: list[str], values: list[str]) -> None:
    assert _holds("ForAllValues:StringEquals", values, found) == (set(found) <= set(values))
    assert _holds("ForAnyValue:StringEquals", values, found) == bool(set(found) & set(values))
    assert _holds("ForAnyValue:StringNotEquals", values, found) == bool(set(found) - set(values))


@pytest.mark.parametrize(
    "operator",
    ["IpAddress", "DateLessThan", "StringMatches", "BoolNot", "NullIfExists", "EachValue:StringEquals"],
)
def test_an_operator_that_is_not_known_is_an_error_and_no_yes(operator: str) -> None:
    with pytest.raises(PolicyError, match=operator):
        _holds(operator, "true", "true")


def test_a_key_that_no_call_has_is_an_error_and_no_yes() -> None:
    with pytest.raises(PolicyError, match="'aws:sourceip' is not known on this machine"):
        conditions.compiled({"StringLike": {"aws:SourceIp": "10.*"}}, _KEYS, variables=True)


def test_several_values_need_a_set_operator() -> None:
    with pytest.raises(PolicyError, match="ForAnyValue or ForAllValues"):
        _holds("StringEquals", "a", ["a", "b"])
