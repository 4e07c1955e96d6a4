"""Plain text from what Goodreads serves as HTML."""

import re
from html.parser import HTMLParser

_ROUNDS = 3  # markup, markup that was escaped once more by mistake, and what that leaves
_MARKUP = re.compile("[<&]")
_NEW_LINE = re.compile(r"blockquote|br|d[dt]|div|h[1-6r]|li|p|pre|t[dhr]")


def plain_text(html: str) -> str:
    """What a reader would see, on one line.

    Tags are taken out, and become a space where a browser would start a line; entities are decoded; white space, of any kind and
    length, becomes one space. Markup that was escaped twice (`&amp;lt;b&amp;gt;`, `&amp;amp;`) is treated like the rest.
    """
    text = html
    for _ in range(_ROUNDS):
        if not _MARKUP.search(text):
            break
        text = _decoded(text)
    return " ".join(text.split())


def _decoded(html: str) -> str:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return "".join(reader.parts)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the parser's signature
        self._separate(tag)

    def handle_endtag(self, tag: str) -> None:
        self._separate(tag)

    def set_cdata_mode(self, *_: object, **__: object) -> None:
        """Nothing: or all that follows a `<script>` would be taken for code, and be lost where it does not end."""

    def _separate(self, tag: str) -> None:
        if _NEW_LINE.fullmatch(tag):
            self.parts.append(" ")
