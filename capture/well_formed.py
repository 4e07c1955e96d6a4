"""Makes Goodreads' XML well-formed before a parser reads it.

An XML parser ends at the first character that XML 1.0 forbids, and a parser's recovering mode also drops the text around it: libxml2 drops
the whole CDATA section. So the text is made well-formed first; a text that is well-formed already does not change. See decision 26.
"""

import codecs
import re
from collections.abc import Iterator
from html import escape

_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_ENCODING = re.compile(rb"""\s*<\?xml\s[^>]*?encoding\s*=\s*["']([\w.:-]+)""")

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAME_START = r"[A-Za-z_:\x80-\U0010ffff]"
_PART = re.compile(
    r"(?P<kept><!\[CDATA\[.*?(?:\]\]>|\Z)|&(?:amp|lt|gt|quot|apos);)"
    rf"|(?P<dropped><!--.*?(?:-->|\Z)|<\?{_NAME_START}.*?(?:\?>|\Z))"
    r"|(?P<characters>(?:&#(?:[xX][0-9a-fA-F]{1,9}|[0-9]{1,9});)+)"
    rf"|(?P<literal>&|\]\]>|<(?!/?{_NAME_START}))",
    re.DOTALL,
)
_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));")
_LAST_CHARACTER = 0x10FFFF


def decoded(body: bytes) -> str:
    """The text, decoded with the encoding that it declares; bytes that cannot be decoded become U+FFFD.

    Raises LookupError if Python does not know the encoding, and UnicodeError if the encoding cannot read the text at all.
    """
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    declared = _ENCODING.match(body)
    return body.decode(declared[1].decode() if declared else "utf-8", "replace")


def well_formed(text: str) -> str:
    """The text with everything removed or escaped that XML 1.0 forbids in the text of an element.

    A forbidden character is removed; white space becomes a space, and half a character becomes U+FFFD. A reference to a forbidden
    character is treated like the character. `&` and `<` that begin nothing are escaped, and so is the `&` of an entity that XML does not
    declare, like `&nbsp;`. The declaration, comments and everything before the first tag (blank lines, byte-order marks) are removed.
    """
    mended = _PART.sub(_mended, _FORBIDDEN.sub(_allowed, text))
    return mended[mended.find("<") :]


def _allowed(forbidden: re.Match[str]) -> str:
    return " " if forbidden[0].isspace() else ""


def _mended(part: re.Match[str]) -> str:
    match part.lastgroup:
        case "kept":
            return part[0]
        case "characters":
            return "".join(f"&#{ord(character)};" for character in _referred_to(part[0]))
        case "literal":
            return escape(part[0])
        case _:
            return ""


def _referred_to(references: str) -> str:
    """The characters that the references name; some writers name a character beyond U+FFFF by its two halves."""
    numbers = _numbers(references)
    halves = "".join(map(chr, numbers)).encode("utf-16-le", "surrogatepass")
    return _FORBIDDEN.sub(_allowed, halves.decode("utf-16-le", "replace"))


def _numbers(references: str) -> Iterator[int]:
    for reference in _REFERENCE.finditer(references):
        number = int(reference[1], 16) if reference[1] else int(reference[2])
        yield min(number, _LAST_CHARACTER)
