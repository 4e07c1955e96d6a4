"""Python runs this at its start wherever this folder is in PYTHONPATH: for processes that run deployed code.

Set-up installs the checkout in editable mode, for every Python of .venv. Deployed code must not find there what its zip lacks: on
AWS there is no checkout.
"""

import sys

sys.meta_path[:] = [
    finder
    for finder in sys.meta_path
    if not getattr(finder, "__module__", "").startswith("__editable___goodreads_pipeline")
]
