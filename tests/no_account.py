"""The tests know nothing of an account, nor of the terminal of whoever runs them. Importing this removes both, before a module looks.

A profile need not exist, and an endpoint that is named would be asked in place of the tests' own. A service that runs tests sets variables
which make Typer and Rich write colours into what they print.
"""

import os

_OF_A_TERMINAL = (
    "COLUMNS",
    "FORCE_COLOR",
    "GITHUB_ACTIONS",
    "LINES",
    "NO_COLOR",
    "PY_COLORS",
    "TERMINAL_WIDTH",
    "TTY_COMPATIBLE",
    "TTY_INTERACTIVE",
)

for _name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[_name]
for _name in _OF_A_TERMINAL:
    os.environ.pop(_name, None)
os.environ |= {
    "AWS_CONFIG_FILE": os.devnull,  # the region of `aws configure` would answer where none is given
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
