"""Errors between the CDK context and the settings, all told in one message."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo


class SettingsError(ValueError):
    """A setting is unknown or its value is not allowed; the message names the setting and what is allowed."""


def refuse_misspelt(context: Mapping[str, Any], *, known: Iterable[str]) -> None:
    """SettingsError for a context key that was meant as a setting but is not one.

    The CDK and its command line keep keys of their own in the context (`@aws-cdk/core:x`, `aws:cdk:x`,
    `availability-zones:x`, `cli-telemetry`). A key that is not a plain identifier belongs to them, unless it resembles a
    setting.
    """
    settings = list(known)
    complaints = []
    for key in context:
        near = difflib.get_close_matches(key, settings, n=1, cutoff=0.75)
        if key not in settings and (key.isidentifier() or near):
            hint = f"did you mean {near[0]}?" if near else f"the settings are {', '.join(settings)}"
            complaints.append(f"{key} is not a setting; {hint}")
    if complaints:
        raise SettingsError("\n".join(complaints))


def explain(error: ValidationError, fields: Mapping[str, FieldInfo]) -> str:
    """One line for each complaint: the key, the value found, what is allowed, and where to change it."""
    return "\n".join(_line(complaint, fields) for complaint in error.errors(include_url=False))


def _line(complaint: Any, fields: Mapping[str, FieldInfo]) -> str:
    where = "change it in cdk.json or with -c KEY=VALUE"
    if not complaint["loc"]:  # a check across fields names its keys itself
        return f"{complaint['ctx']['error']} ({where})"
    key = complaint["loc"][0]
    return f"{key} = {complaint['input']!r} is not allowed; {fields[key].description} ({where.replace('KEY', key)})"
