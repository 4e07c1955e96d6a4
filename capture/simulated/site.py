"""What Goodreads answers to a path and its parameters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from capture.simulated import answers
from capture.simulated.feed import Feed
from capture.simulated.world import World

PAGE = 30
"""Reviews in an answer of the feed; who asks too seldom misses some, as with the real one."""


@dataclass(frozen=True)
class Answer:
    """Status, body and further headers."""

    status: HTTPStatus
    body: bytes
    content_type: str = "application/xml; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


REFUSED = Answer(HTTPStatus.UNAUTHORIZED, b"Invalid API key.", "text/html; charset=utf-8")
NOT_FOUND = Answer(
    HTTPStatus.NOT_FOUND, b'<?xml version="1.0" encoding="UTF-8"?>\n<error>Page not found</error>\n'
)


@dataclass(frozen=True)
class Site:
    """The pages; `gone` are the ids of reviews that were deleted after they had been in the feed."""

    world: World
    feed: Feed
    gone: set[int] = field(default_factory=set)

    def answer(self, path: str, parameters: Mapping[str, str]) -> Answer:
        """To any path: 401 without a key, 404 where there is no such thing."""
        if not parameters.get("key"):
            return REFUSED
        body = self._body(path.strip("/").removesuffix(".xml"), parameters.get("id", ""))
        return NOT_FOUND if body is None else Answer(HTTPStatus.OK, body)

    def _body(self, page: str, wanted: str) -> bytes | None:
        if page == "review/recent_reviews":
            return answers.recent_reviews(self.feed.published[: -PAGE - 1 : -1])
        shown = {
            "review/show": self._review,
            "book/show": self._book,
            "author/show": self._author,
            "user/show": self._user,
        }.get(page)
        return shown(int(wanted)) if shown and wanted.isdecimal() else None

    def _review(self, wanted: int) -> bytes | None:
        review = self.feed.with_id(wanted)
        return answers.review_show(review) if review and wanted not in self.gone else None

    def _book(self, wanted: int) -> bytes | None:
        book = self.world.book_with(wanted)
        return answers.book_show(book) if book else None

    def _author(self, wanted: int) -> bytes | None:
        author = self.world.author_with(wanted)
        return answers.author_show(author, self.world.books_by(author)) if author else None

    def _user(self, wanted: int) -> bytes | None:
        user = self.world.user_with(wanted)
        return answers.user_show(user) if user else None
