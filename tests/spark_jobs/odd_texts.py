"""Texts that are nearly right, or rightly odd: values with a few changes, drawn by the thousand."""

from collections.abc import Callable, Sequence
from random import Random

from catalog import Column, Type

_BLANKS = (
    *(" ", "  ", "\t", "\n", "\r\n", "\x00", "\x1f", "\x7f", "\x85", "\u00a0", "\u1680", "\u180e", "\u2000"),
    *("\u200a", "\u200b", "\u2028", "\u2029", "\u202f", "\u205f", "\u2060", "\u3000", "\ufeff"),
)
_SIGNS = (
    *("+", "-", ".", ",", ":", "0", "9", "000", "e5", "E-2", "T", "Z", "None", "\ufffd", "👩‍👩‍👧", "é"),
    *("\u0663", "\uff19"),  # digits, but none of ASCII
)
_DIGITS = "0123456789"
WIDEST = 4096
"""Texts as wide as the widest columns would be megabytes, to show what the others show."""

_LIMITS = (0, 1, 5, 31, 9999, 2**31 - 1, 2**31, 2**63 - 1, 2**63, 2**64)
_HALVES = ("00", "99", "004", "125", "994", "995")
_TAILS = ("", "0", "5", "9" * 15, "0" * 15 + "1", "9" * 20, "0" * 17 + "5", "0" * 22 + "1")


def odd_text(column: Column, draw: Random) -> str:
    """A text that may be a value of the column."""
    text = _KINDS[column.type](column, draw)
    for _ in range(draw.choice((0, 0, 1, 2))):
        start = draw.randrange(len(text) + 1)
        gone = draw.choice((0, 0, 1, 2))
        text = text[:start] + draw.choice(("", *_BLANKS, *_SIGNS)) + text[start + gone :]
    return text


def _some(draw: Random, characters: str, most: int) -> str:
    return "".join(draw.choices(characters, k=draw.randint(1, most)))


def _number(_: Column, draw: Random) -> str:
    sign = draw.choice(("", "", "", "+", "-"))
    whole = draw.choice((str(draw.choice(_LIMITS)), str(draw.randint(0, 100)), _some(draw, _DIGITS, 25)))
    zeros = "0" * draw.choice((0, 0, 0, 3, 45))
    fraction = draw.choice(("", "", "", ".", ".0", ".000", f".{_some(draw, _DIGITS, 25)}"))
    return f"{sign}{zeros}{whole}{fraction}"


def _rating(column: Column, draw: Random) -> str:
    if draw.random() < 0.3:
        return _number(column, draw)
    sign, zeros = draw.choice(("", "", "", "+", "-")), "0" * draw.choice((0, 0, 0, 1, 45))
    fraction = draw.choice((draw.choice(_HALVES) + draw.choice(_TAILS), _some(draw, _DIGITS, 25)))
    return f"{sign}{zeros}{draw.choice(('', 0, 1, 4, 4, 5, 5, 6))}.{fraction}"


def _flag(_: Column, draw: Random) -> str:
    word = draw.choice(("true", "false", "t", "f", "true", "false", "tr", "yes", "1", "fal\u017fe"))
    return "".join(draw.choice((letter, letter.upper())) for letter in word)


def _timestamp(_: Column, draw: Random) -> str:
    month = _mostly(draw, ("01", "02", "12"), ("00", "13", "2"))
    day = _mostly(draw, ("01", "19", "28", "29"), ("30", "31", "00", "9"))
    fraction = draw.choice(("", f".{_some(draw, _DIGITS, 10)}", ".999999999"))
    offset = _offset(draw)
    written = draw.choice((offset, offset.replace(":", ""), offset.partition(":")[0]))
    zone = _mostly(draw, ("", "Z", draw.choice("+-") + written), ("z", " UTC", "+1", "+001"))
    date = f"{_year(draw)}-{month}-{day}"
    return f"{date}{_mostly(draw, ' T', 't_')}{_time(draw)}{fraction}{zone}"


def _offset_timestamp(column: Column, draw: Random) -> str:
    if draw.random() < 0.3:
        return _timestamp(column, draw)
    weekday = _mostly(draw, ("Wed", "Sun", "Xyz"), ("sun", "SUN", "Sund"))
    month = _mostly(draw, ("Jan", "Feb", "May", "Sep", "Dec"), ("Abc", "feb", "FEB", "Sept"))
    day = _mostly(draw, ("01", "1", " 9", "19", "28", "29"), ("009", "30", "31", "0", "00", "32"))
    offset = draw.choice("+-") + _offset(draw).replace(":", "")
    return f"{weekday} {month} {day} {_time(draw)} {offset} {_year(draw)}"


def _year(draw: Random) -> str:
    return _mostly(draw, ("2020", "2019", "2000", "1900", "2099"), ("1899", "2100", "0000", "0001", "9999"))


def _time(draw: Random) -> str:
    odd = ("24:00:00", "23:59:60", "23:60:00", "7:00:00", "12:34")
    return _mostly(draw, ("21:38:16", "00:00:00", "23:59:59"), odd)


def _offset(draw: Random) -> str:
    good = ("00:00", "01:00", "05:30", "08:00", "17:59", "18:00", "00:30")
    return _mostly(draw, good, ("18:01", "19:00", "01:60"))


def _mostly(draw: Random, good: Sequence[str], odd: Sequence[str]) -> str:
    return draw.choice(odd if draw.random() < 0.1 else good)


def _text(column: Column, draw: Random) -> str:
    if draw.random() < 0.5 or (column.max_bytes or 0) > WIDEST:
        return "".join(draw.choices((*_BLANKS, *_SIGNS, "a", "None", "日本"), k=draw.randint(0, 4)))
    unit = draw.choice(("a", "é", "日", "👩", "a ", "a  "))
    end = draw.choice(("", "", " ", "\u3000", "\n", "b"))
    # by bytes, so that their number and that of the characters differ
    times = ((column.max_bytes or 0) + draw.randint(-4, 4)) // len(unit.encode())
    return f"{end}{unit * times}{end}"


_KINDS: dict[Type, Callable[[Column, Random], str]] = {
    Type.BIGINT: _number,
    Type.INTEGER: _number,
    Type.RATING: _rating,
    Type.BOOLEAN: _flag,
    Type.TIMESTAMP: _timestamp,
    Type.OFFSET_TIMESTAMP: _offset_timestamp,
    Type.TEXT: _text,
}
