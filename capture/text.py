"""Plain text from Goodreads' HTML, and titles without their series."""

import re

import pyarrow as pa
import pyarrow.compute as pc
from lxml.etree import HTMLParser

_ROUNDS = (
    3  # one round for markup, one for markup that was escaped again by mistake, one for what that leaves
)
_MARKUP = re.compile("[<&]")
_UNTIDY = (  # in RE2's syntax: markup, or any white space but single spaces between words
    r"[<&\p{Cc}\p{Zl}\p{Zp}\x{a0}\x{1680}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}]|  |^ | $"
)
_TAG = re.compile("</?(?=[a-zA-Z])")
_PREFIX = "x-"
_NEW_LINE = re.compile(f"{_PREFIX}(blockquote|br|d[dt]|div|h[1-6r]|li|p|pre|t[dhr])")
_LAST = "last"
_SERIES = re.compile(r"\s*\([^()]*#[^()]*\)$")  # as in `Dune (Dune Chronicles, #1)`
_QUOTES = str.maketrans({'"': "&quot;", "'": "&#39;"})


def plain_text(html: str) -> str:
    """The text that a reader would see, on one line.

    Tags are removed; where a browser would start a new line, a tag becomes a space. Entities are decoded. Any white space becomes
    one space. Markup that was escaped twice (`&amp;lt;b&amp;gt;`, `&amp;amp;`) is treated like other markup. A tag or a comment that
    never ends counts as text, and a quote that never ends does not count as a quote, so that neither hides the text after it.
    """
    text = html
    for _ in range(_ROUNDS):
        if not _MARKUP.search(text):
            break
        text = _decoded(text)
    return " ".join(text.split())


def without_series(title: str) -> str:
    """The title without the series that Goodreads writes after it, `Dune (Dune Chronicles, #1)`; unchanged if it is nothing but that."""
    return _SERIES.sub("", title) or title


def untidy(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Whether each text may change in `plain_text`: False is certain, True and NULL are not."""
    return pc.match_substring_regex(texts, _UNTIDY)


def _decoded(html: str) -> str:
    before, bracket, after = html.rpartition(">")
    html = before + bracket + after.replace("<", "&lt;")
    reader = _read(html)
    if (
        not reader.reached_the_end
    ):  # a quote or a comment is never closed: read again, every tag ending at the next `>`
        reader = _read(html.translate(_QUOTES).replace("<!", "&lt;!"))
    return "".join(reader.parts)


def _read(html: str) -> "_Reader":
    """Read the tokens of a text and ignore its structure.

    The parser gets each tag, end tags too, as the start of an unknown element. So it does not take the text after `<script>` for
    code, drops no end tag that lacks a start tag, and searches no stack of open elements. A byte-order mark is put in front: without
    it, the parser would drop a byte-order mark with which the text itself begins.
    """
    parser = HTMLParser(target=_Reader(), encoding="utf-8", huge_tree=True)
    parser.feed(f"{_TAG.sub(f'<{_PREFIX}', html)}<{_LAST}>".encode("utf-8-sig", "replace"))
    reader: _Reader = parser.close()
    return reader


class _Reader:
    """Parser target: lxml calls its methods with each token."""

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
