"""Plain text from what Goodreads serves as HTML."""

import re

from lxml.etree import HTMLParser

_ROUNDS = 3  # markup, markup that was escaped once more by mistake, and what that leaves
_MARKUP = re.compile("[<&]")
_TAG = re.compile("</?(?=[a-zA-Z])")
_PREFIX = "x-"
_NEW_LINE = re.compile(f"{_PREFIX}(blockquote|br|d[dt]|div|h[1-6r]|li|p|pre|t[dhr])")
_LAST = "last"
_QUOTES = str.maketrans({'"': "&quot;", "'": "&#39;"})


def plain_text(html: str) -> str:
    """What a reader would see, on one line.

    Tags are taken out, and become a space where a browser would start a line; entities are decoded; white space, of any kind and
    length, becomes one space. Markup that was escaped twice (`&amp;lt;b&amp;gt;`, `&amp;amp;`) is treated like the rest. A tag or a
    comment that never ends is text, and a quote that never ends is none: neither hides what follows.
    """
    text = html
    for _ in range(_ROUNDS):
        if not _MARKUP.search(text):
            break
        text = _decoded(text)
    return " ".join(text.split())


def _decoded(html: str) -> str:
    before, bracket, after = html.rpartition(">")
    html = before + bracket + after.replace("<", "&lt;")
    reader = _read(html)
    if not reader.reached_the_end:  # a quote or a comment is never closed: now every tag ends at its next `>`
        reader = _read(html.translate(_QUOTES).replace("<!", "&lt;!"))
    return "".join(reader.parts)


def _read(html: str) -> "_Reader":
    """Reads the tokens of a text, and nothing of its structure.

    Each tag, an end tag too, is given to the parser as the start of an element that no browser knows. So the parser does not take
    what follows `<script>` for code, drops no end tag without a start, and searches no stack of open elements. A byte order mark
    goes in front, or the parser would take the text's own first one for it.
    """
    parser = HTMLParser(target=_Reader(), encoding="utf-8", huge_tree=True)
    parser.feed(f"{_TAG.sub(f'<{_PREFIX}', html)}<{_LAST}>".encode("utf-8-sig", "replace"))
    reader: _Reader = parser.close()
    return reader


class _Reader:
    """What lxml calls with each token."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.reached_the_end = False

    def start(self, tag: str, _: object) -> None:
        self.reached_the_end |= tag == _LAST
        if _NEW_LINE.fullmatch(tag):
            self.parts.append(" ")

    def data(self, text: str) -> None:
        self.parts.append(text)

    def close(self) -> "_Reader":
        return self
