"""docs/settings.md, from the settings."""

from stacks.settings.settings import Settings

_INTRODUCTION = """\
# Settings

Made by `make docs` from `stacks/settings/settings.py`. Each is a key of `context` in `cdk.json`; `-c key=value` overrides it for
one synthesis. A value that is not allowed, or a key that does not exist, fails the synthesis with a message that says so.

| key | default | what it is, and what is allowed |
|---|---|---|
"""


def settings_page() -> str:
    """The page in Markdown."""
    rows = (
        f"| `{name}` | `{_shown(field.default)}` | {(field.description or '').replace('|', chr(92) + '|')} |\n"
        for name, field in Settings.model_fields.items()
    )
    return _INTRODUCTION + "".join(rows)


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f"{value}" if value != "" else '""'
