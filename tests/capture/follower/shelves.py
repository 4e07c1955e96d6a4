"""Shelf feeds as Goodreads serves them, with their oddities, and a plain reading of them by ElementTree."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from html import escape
from xml.etree import ElementTree as ET

from capture import ids
from capture.errors import Away, Unavailable
from capture.follower.client import Answered, Validators
from capture.follower.feeds import Feed
from capture.follower.reading import items_of
from capture.spool.spool import Record
from capture.text import plain_text
from catalog import DATASETS, VERSION

READER = "4622890"
FEED = Feed(READER, "read")

_SITE = "https://www.goodreads.com"


@dataclass(frozen=True)
class Entry:
    """A review as its reader left it. `number` gives the ids of the review and, if no other is given, of the book."""

    number: int
    rating: str = "4"
    review: str = ""
    author: str = "Ursula K. Le Guin"
    book: int = 0
    title: str = "The Dispossessed (Hainish Cycle #6)"
    shelves: str = ""
    pages: str = "<num_pages>341</num_pages>"
    read_at: str = ""
    added: str = "Mon, 06 Mar 2017 12:02:40 -0800"
    guid: str = ""
    published: str = "1974"

    @property
    def review_id(self) -> str:
        return str(3_000_000_000 + self.number)

    @property
    def xml(self) -> str:
        link = self.guid or f"{_SITE}/review/show/{self.review_id}?utm_medium=api&utm_source=rss"
        book = self.book or 13_000 + self.number
        image = f"https://i.gr-assets.com/images/S/compressed.photo.goodreads.com/books/1353467455l/{book}"
        return f"""
    <item>
      <guid><![CDATA[{link}]]></guid>
      <pubDate><![CDATA[{self.added}]]></pubDate>
      <title><![CDATA[{self.title}]]></title>
      <link><![CDATA[{link}]]></link>
      <book_id>{book}</book_id>
      <book_image_url><![CDATA[{image}._SY75_.jpg]]></book_image_url>
      <book_small_image_url><![CDATA[{image}._SX50_.jpg]]></book_small_image_url>
      <book_medium_image_url><![CDATA[{image}._SX98_.jpg]]></book_medium_image_url>
      <book_large_image_url><![CDATA[{image}.jpg]]></book_large_image_url>
      <book_description><![CDATA[Shevek, a <i>brilliant</i> physicist,<br />decides to act.]]></book_description>
      <book id="{book}">
        {self.pages}
      </book>
      <author_name>{escape(self.author)}</author_name>
      <isbn>0061054887</isbn>
      <user_name>Ada</user_name>
      <user_rating>{self.rating}</user_rating>
      <user_read_at><![CDATA[{self.read_at}]]></user_read_at>
      <user_date_added><![CDATA[{self.added}]]></user_date_added>
      <user_date_created><![CDATA[{self.added}]]></user_date_created>
      <user_shelves>{self.shelves}</user_shelves>
      <user_review><![CDATA[{self.review}]]></user_review>
      <average_rating>4.24</average_rating>
      <book_published>{self.published}</book_published>
      <description><![CDATA[<a href="{_SITE}/book/show/{book}"><img alt="cover" /></a><br/> author: {self.author}]]></description>
    </item>"""


ODD = (
    Entry(1, rating="0", published="", pages="<num_pages></num_pages>"),
    Entry(2, added="", read_at="Wed, 07 Aug 2019 16:55:23 -0700"),
    Entry(3, book=13_651, review="read it twice"),
    Entry(4, book=13_651, title="The Dispossessed", read_at="Wed, 07 Aug 2019 16:55:23 -0700"),
    Entry(5, shelves="to-read, own-physical"),
    Entry(6, review="<b>Oh &amp; ah!</b><br /><br />I &lt;3 it, &quot;really&quot;"),
    Entry(7, author="Ursula  K. Le Guin"),
    Entry(8, author="ursula k le guin"),
    Entry(9, author=""),
    Entry(10, author="J. R. R. Tolkien & Co", title='Q&A: "Élan" <i>'),
)


def many(count: int) -> list[Entry]:
    """As many entries, the odd ones first."""
    return [*ODD, *(Entry(number, rating=str(number % 6)) for number in range(11, count + 1))]


def page_xml(entries: Iterable[Entry]) -> bytes:
    """A page with these entries."""
    items = "".join(entry.xml for entry in entries)
    return f"""<?xml version="1.0"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom">
  <channel>
    <xhtml:meta xmlns:xhtml="http://www.w3.org/1999/xhtml" name="robots" content="noindex" />
    <title>Ada's bookshelf: read</title>
    <copyright><![CDATA[Copyright (C) 2026 Goodreads Inc. All rights reserved.]]></copyright>
    <link><![CDATA[{_SITE}/review/list_rss/{READER}?shelf=read]]></link>
    <atom:link href="{_SITE}/review/list_rss/{READER}?shelf=read" rel="self" type="application/rss+xml"/>
    <description><![CDATA[Ada's bookshelf: read]]></description>
    <language>en-US</language>
    <ttl>60</ttl>{items}
  </channel>
</rss>
""".encode()


def plain_rows(body: bytes, reader: str = READER) -> dict[str, list[Record]]:
    """The records of a page of a reader, each key once, read without the follower's own reading; their version is left out."""
    found: dict[str, dict[str, Record]] = {dataset.name: {} for dataset in DATASETS}
    for item in ET.fromstring(body).iter("item"):  # noqa: S314 - made by this module
        for name, key, values in _plain(item, reader):
            if key:
                found[name].setdefault(key, values)
    return {
        dataset.name: [
            {column: row.get(column, "") for column in dataset.column_names if column != VERSION.name}
            for row in found[dataset.name].values()
        ]
        for dataset in DATASETS
    }


def _plain(item: ET.Element, reader: str) -> Iterator[tuple[str, str, Record]]:
    def text(path: str) -> str:
        return (item.findtext(path) or "").strip()

    def date(value: str) -> str:
        if not value:
            return ""
        weekday, day, month, year, time, zone = value.replace(",", "").split()
        return f"{weekday} {month} {day} {time} {zone} {year}"

    def moment(value: str) -> datetime:
        return datetime.strptime(value, "%a, %d %b %Y %H:%M:%S %z")

    since = max(filter(None, (text("user_date_added"), text("user_read_at"))), key=moment, default="")
    changed = text("pubDate")
    is_before = bool(changed and since) and moment(changed) < moment(since)

    review_id = text("guid").rpartition("/")[2].partition("?")[0]
    name, user = plain_text(text("author_name")), plain_text(text("user_name"))
    title = plain_text(text("title"))
    author_id, book_id = str(ids.of_author(name) or ""), text("book_id")
    yield "authors", author_id, {"author_id": author_id, "name": name}
    yield (
        "books",
        book_id,
        {
            "book_id": book_id,
            "title": title,
            "title_without_series": title.partition(" (")[0] if "#" in title else title,
            "image_url": text("book_image_url"),
            "book_url": f"{_SITE}/book/show/{book_id}",
            "num_pages": text("book/num_pages"),
            "average_rating": text("average_rating"),
            "description": plain_text(text("book_description")),
            "authors": author_id,
            "published": text("book_published"),
        },
    )
    yield (
        "reviews",
        review_id,
        {
            "review_id": review_id,
            "user_id": reader,
            "book_id": book_id,
            "author_id": author_id,
            "review_text": plain_text(text("user_review")),
            "review_rating": text("user_rating"),
            "review_added_date": date(since),
            "review_updated_date": "" if is_before else date(changed),
            "review_url": f"{_SITE}/review/show/{review_id}",
        },
    )
    yield (
        "users",
        reader,
        {
            "user_id": reader,
            "user_name": user,
            "user_display_name": user,
            "profile_link": f"{_SITE}/user/show/{reader}",
        },
    )


@dataclass
class Shelf:
    """A source without a network: the shelves of readers; `size` reviews a page, 304 for pages that stay as they are."""

    entries: dict[Feed, list[Entry]]
    size: int = 100
    failing: dict[Feed, Away | Unavailable] = field(default_factory=dict)
    asked: list[tuple[str, int, bool]] = field(default_factory=list)
    """The reader, the page, and whether the request was for the case that it has changed."""

    def page(self, feed: Feed, number: int, known: Validators | None) -> Answered | None:
        self.asked.append((feed.user_id, number, known is not None))
        if error := self.failing.get(feed):
            raise error
        body = self.body(feed, number)
        validators = Validators(etag=str(hash(body)))
        if known == validators:
            return None
        read = items_of(body)
        return Answered(read.items, read.unread, validators)

    def body(self, feed: Feed, number: int) -> bytes:
        start = (number - 1) * self.size
        return page_xml(self.entries[feed][start : start + self.size])

    def change(self, feed: Feed, number: int, **changes: str) -> None:
        """Change an entry, which comes to the front as the site sorts it."""
        entries = self.entries[feed]
        (old,) = [entry for entry in entries if entry.number == number]
        entries.remove(old)
        entries.insert(0, replace(old, **changes))  # type: ignore[arg-type]


class Clock:
    """The time, and a stop that is never set: its waits take no time but move the clock."""

    def __init__(self) -> None:
        self.now = datetime(2020, 2, 19, 21, 38, tzinfo=UTC).timestamp()
        self.waited: list[float] = []

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)

    def wait(self, seconds: float) -> bool:
        self.waited.append(seconds)
        self.now += seconds
        return False

    def is_set(self) -> bool:
        return False
