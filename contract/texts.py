"""Texts of the product's own that have to fit where they are written."""

import unicodedata

_CUT = "…"
_NOT_TEXT = "Cc", "Cs"
"""Unicode's categories of characters that no text of ours needs: control characters, and halves of characters."""


def fitting(text: str, most_bytes: int) -> str:
    """The text in at most that many bytes of UTF-8; a longer one is cut at a character and ends with `…`.

    Control characters, line breaks too, become spaces: Redshift refuses NUL, and logs and mails are read in lines.
    """
    plain = "".join(" " if unicodedata.category(sign) in _NOT_TEXT else sign for sign in text)
    content = plain.encode()
    if len(content) <= most_bytes:
        return plain
    start = content[: most_bytes - len(_CUT.encode())].decode(errors="ignore")
    return f"{start}{_CUT}"
