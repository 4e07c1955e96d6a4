"""Pages that shift while they are read, pages with fewer reviews than asked for, any order: what has been seen in the end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.follower.look import Look, Page

WHOLE, NEWS = Look(whole=True), Look(whole=False)
REQUESTS = 400  # of a look, at most


def read(look: Look, page: Callable[[int], Page]) -> tuple[Look, set[str], list[int]]:
    """Look at pages until the look is over: how it ended, the reviews seen, the pages asked for."""
    seen: set[str] = set()
    asked: list[int] = []
    while not look.is_over:
        asked.append(look.page)
        assert len(asked) < REQUESTS
        ids = page(look.page)
        look = look.with_page(ids, has_news=not seen.issuperset(ids))
        seen.update(ids)
    return look, seen, asked


def cut(*pages: str) -> Callable[[int], Page]:
    """A shelf that stays as it is; after its last page come empty ones."""
    return lambda number: tuple(pages[number - 1]) if number <= len(pages) else ()


def test_a_shelf_that_stays_as_it_is_is_read_twice() -> None:
    look, seen, asked = read(WHOLE, cut("abc", "de"))
    assert (look.settled, seen, asked) == (True, set("abcde"), [1, 2, 3, 1, 2, 3])


def test_an_empty_shelf_is_asked_for_twice() -> None:
    look, seen, asked = read(WHOLE, cut())
    assert (look.settled, seen, asked) == (True, set(), [1, 1])


def test_a_short_page_is_not_the_end() -> None:
    assert read(WHOLE, cut("abc", "d", "efg", "h"))[1] == set("abcdefgh")


@pytest.mark.parametrize("repeated", [1, 2])
def test_a_site_that_repeats_a_page_for_ever_ends_the_look(repeated: int) -> None:
    shelf = cut("abc", "de")
    look, seen, asked = read(WHOLE, lambda number: shelf(number) or shelf(repeated))
    assert (look.settled, seen, asked) == (True, set("abcde"), [1, 2, 3] * 2)


def test_a_shelf_that_is_new_each_time_is_given_up_after_five_passes() -> None:
    numbers = count()

    def page(number: int) -> Page:
        return (str(next(numbers)),) if number < 3 else ()

    look, seen, asked = read(WHOLE, page)
    assert (look.settled, len(seen), asked) == (False, 10, [1, 2, 3] * 5)


def test_a_review_that_slips_to_a_page_that_was_read_is_found() -> None:
    answers = iter(["abc", "efg", "", "acd", "efg", "", "acd", "efg", ""])  # b is taken away, d slips
    look, seen, _ = read(WHOLE, lambda _: tuple(next(answers)))
    assert look.settled
    assert seen == set("abcdefg")


def test_a_review_on_two_pages_tells_that_another_may_have_slipped() -> None:
    # in each of the first two passes a review came to the front and was taken away again: f slipped, and no page shows it
    answers = iter([*["abc", "cde", "ghi", ""] * 2, *["abc", "def", "ghi", ""] * 2])
    look, seen, _ = read(WHOLE, lambda _: tuple(next(answers)))
    assert look.settled
    assert seen == set("abcdefghi")


def test_a_short_page_of_known_reviews_is_no_sure_end() -> None:
    answers = iter([*["abc", "c"] * 2, *["abc", "de", ""] * 2])
    look, seen, _ = read(WHOLE, lambda _: tuple(next(answers)))
    assert look.settled
    assert seen == set("abcde")


def test_a_look_at_what_is_new_ends_with_the_first_page_without_news() -> None:
    look, seen, asked = NEWS, set("bcdefg"), []
    for page in ("abc", "def"):
        asked.append(look.page)
        look = look.with_page(tuple(page), has_news=not seen.issuperset(page))
    assert (look.is_over, look.settled, asked) == (True, True, [1, 2])
    assert NEWS.with_page(("a",), has_news=False).is_over


def test_news_on_several_pages_call_for_a_look_at_the_whole_shelf() -> None:
    look = NEWS.with_page(("a",), has_news=True).with_page(("b",), has_news=True)
    assert not look.is_over
    look = look.with_page(("c",), has_news=False)
    assert (look.is_over, look.settled) == (True, False)


@dataclass
class Shelf:
    """A shelf that changes just before each request; `always` are the reviews that were never away."""

    reviews: list[str]
    size: int
    changes: list[list[tuple[str, int]]]
    """What happens before each request: add, touch (comes to the front) or remove, and where."""
    short: int
    """The number of the request whose answer lacks its second half."""
    always: set[str] = field(init=False)
    _asked: int = 0

    def __post_init__(self) -> None:
        self._names = map("new{}".format, count())
        self.always = set(self.reviews)

    def page(self, number: int) -> Page:
        if self._asked < len(self.changes):
            for what, where in self.changes[self._asked]:
                self._change(what, where)
        found = self.reviews[(number - 1) * self.size : number * self.size]
        self._asked += 1
        return tuple(found[: len(found) // 2] if self._asked == self.short else found)

    def _change(self, what: str, where: int) -> None:
        if what == "add":
            self.reviews.insert(where % (len(self.reviews) + 1), next(self._names))
        elif self.reviews:
            review = self.reviews.pop(where % len(self.reviews))
            if what == "touch":
                self.reviews.insert(0, review)
            else:
                self.always.discard(review)


shelves = st.builds(
    Shelf,
    reviews=st.integers(0, 20).map(lambda length: [f"old{number}" for number in range(length)]),
    size=st.integers(3, 5),
    changes=st.lists(
        st.lists(st.tuples(st.sampled_from(["add", "touch", "remove"]), st.integers(0, 12)), max_size=2),
        max_size=25,
    ),
    short=st.integers(0, 12),
)


@pytest.mark.slow
@settings(max_examples=200)
@given(shelves)
def test_whatever_shifts_a_settled_look_has_seen_every_review_that_was_there_all_the_time(
    shelf: Shelf,
) -> None:
    look, seen, _ = read(WHOLE, shelf.page)
    if look.settled:
        assert seen >= shelf.always


@given(shelves)
def test_once_a_shelf_is_at_rest_the_next_looks_see_all_of_it(shelf: Shelf) -> None:
    seen: set[str] = set()
    look = Look(whole=True)
    for _ in range(4):
        look, more, _ = read(WHOLE, shelf.page)
        seen |= more
    shelf.changes.clear()
    look, more, _ = read(WHOLE, shelf.page)
    assert look.settled
    assert more == set(shelf.reviews)


@given(shelves, st.permutations(range(9)))
def test_the_order_of_the_shelf_does_not_matter(shelf: Shelf, order: list[int]) -> None:
    shelf.reviews = [f"old{number}" for number in order]
    shelf.always = set(shelf.reviews)
    look, seen, _ = read(WHOLE, shelf.page)
    assert seen >= shelf.always or not look.settled
