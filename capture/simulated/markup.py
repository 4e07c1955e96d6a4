"""XML from Python values, with CDATA sections where Goodreads has them, which xmltodict cannot write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.dom.minidom import Document, Element


@dataclass(frozen=True)
class CData:
    """A text that is written as `<![CDATA[...]]>`."""

    text: str


@dataclass(frozen=True)
class With:
    """Content of an element that has attributes."""

    attributes: Mapping[str, str]
    content: Any = field(default=None)


def document(root: str, content: Any) -> bytes:
    """An indented document in UTF-8.

    Content is None (an empty element), a str, int or Decimal, CData, a mapping of child elements, or With one of these; a list
    as a child's content makes the child once for each item.
    """
    made = Document()
    made.appendChild(_element(made, root, content))
    return made.toprettyxml(indent="  ", encoding="UTF-8")


def _element(made: Document, tag: str, content: Any) -> Element:
    element = made.createElement(tag)
    if isinstance(content, With):
        for name, value in content.attributes.items():
            element.setAttribute(name, value)
        content = content.content
    if isinstance(content, Mapping):
        for child, inner in content.items():
            for each in inner if isinstance(inner, Sequence) and not isinstance(inner, str) else [inner]:
                element.appendChild(_element(made, child, each))
    elif isinstance(content, CData):
        for part in _cdata_parts(content.text):
            element.appendChild(made.createCDATASection(part))
    elif content is not None and content != "":
        element.appendChild(made.createTextNode(str(content)))
    return element


def _cdata_parts(text: str) -> list[str]:
    """The text cut within each `]]>`, which would end the section."""
    first, *others = text.split("]]>")
    parts = [first, *(f">{other}" for other in others)]
    return [part + "]]" for part in parts[:-1]] + parts[-1:]
