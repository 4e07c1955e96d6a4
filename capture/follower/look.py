"""How a shelf is read page by page, when it ends, and when nothing can have been missed.

The pages of a shelf are cut anew for each request. A review that a reader adds or changes comes to the front and moves the others down: some
are on two pages then. A review that is taken away moves the others up: one of them can slip from a page that is still to be read to a page
that has been read. So one pass over the pages is not enough. A shelf is read whole when two passes in a row found the same reviews on
the same pages, and none of them on two pages:

- a review that slipped up in a pass lies behind one that was taken away. If that one was on a page read before, it is missing in the next pass;
- if it was on no page, it came to the front during the pass, moved the others down, and one of these was on two pages.

An answer may have fewer reviews than asked for. Only a page that is empty, or whose reviews were all on earlier pages, is the end. All this holds
if fewer reviews come to a shelf between two requests than a page has, and a review that was taken away does not come back at once.
"""

from dataclasses import dataclass, replace

Page = tuple[str, ...]
"""The ids of a page's reviews, in the page's order, and then marks of those that could not be read."""

_PASSES = 5


@dataclass(frozen=True)
class Look:
    """How far a look at a shelf has come. A look is at the whole shelf, or at what is new, which is in front."""

    whole: bool
    pages: tuple[Page, ...] = ()
    """What the present pass has read."""
    before: tuple[Page, ...] | None = None
    """What the pass before has read; None in the first pass."""
    passes: int = 1
    is_over: bool = False
    settled: bool = False
    """Whether nothing can have been missed: known once the look is over."""

    @property
    def page(self) -> int:
        """The number of the page to be read next, from 1."""
        return len(self.pages) + 1

    def with_page(self, ids: Page, *, has_news: bool) -> "Look":
        """The look after its next page; `has_news`: whether a review on the page is new or has changed.

        A look at what is new ends at the first page without news. If more than one page had news, a review may have slipped from one
        of them to another, so it is not settled.
        """
        read = replace(self, pages=(*self.pages, ids))
        if not self.whole:
            return read if has_news else replace(read, is_over=True, settled=self.page <= 2)  # noqa: PLR2004 - one page with news, one without
        seen = {each for page in self.pages for each in page}
        if not seen.issuperset(ids):
            return read
        if ids in {(), *self.pages} and self._is_settled(read.pages):
            return replace(read, is_over=True, settled=True)
        if self.passes == _PASSES:
            return replace(read, is_over=True)
        return Look(whole=True, before=read.pages, passes=self.passes + 1)

    def _is_settled(self, pages: tuple[Page, ...]) -> bool:
        ids = [each for page in pages[:-1] for each in page]
        return pages == self.before and len(ids) == len(set(ids))
