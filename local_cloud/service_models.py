"""What botocore and moto know of AWS's services, read once a process.

Every session of botocore would read the models again, and moto makes many sessions. moto's server would list the folders of its services for
each request.
"""

from functools import cache

import botocore.session
from botocore.loaders import Loader, create_loader
from moto import backends

_list_of_moto_modules = backends.list_of_moto_modules


def read_once() -> None:
    """Let all sessions and all requests of this process share what is read."""
    botocore.session.create_loader = _loader_of
    backends.list_of_moto_modules = _modules


@cache
def _loader_of(search_path: str | None = None) -> Loader:
    return create_loader(search_path)


@cache
def _modules() -> tuple[str, ...]:
    return tuple(_list_of_moto_modules())
