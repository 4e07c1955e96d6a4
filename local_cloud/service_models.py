"""The models of AWS's services, read once a process: every session of botocore would read them again, and moto makes many sessions."""

from functools import cache

import botocore.session
from botocore.loaders import Loader, create_loader


def read_once() -> None:
    """Let all sessions of this process share what they read."""
    botocore.session.create_loader = _loader_of


@cache
def _loader_of(search_path: str | None = None) -> Loader:
    return create_loader(search_path)
