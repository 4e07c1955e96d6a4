"""Reading XML as xmltodict gives it.

An element is None when it is empty, a str when it has only text, a mapping when it has attributes (`@type`) or children, and a list
when there are several of its name.
"""

from collections.abc import Mapping
from typing import Any

Element = Mapping[str, Any]


def text_of(node: Any) -> str:
    """The text without spaces around; empty for an empty element, one with `nil="true"`, and a missing one."""
    match node:
        case str():
            return node.strip()
        case {"#text": str(text)}:
            return text.strip()
        case [first, *_]:
            return text_of(first)
        case _:
            return ""


def children(node: Any, name: str) -> list[Any]:
    """The child elements of that name: as many as there are, none in an element without children."""
    found = node.get(name) if isinstance(node, Mapping) else None
    if found is None:
        return []
    return found if isinstance(found, list) else [found]


def at(node: Any, path: str) -> Any:
    """The element at a path like `user/id`, the first where there are several; None if there is none."""
    for name in path.split("/"):
        node = next(iter(children(node, name)), None)
    return node
