"""Authors, books, reviews and users as Goodreads describes them."""

from functools import partial

from catalog.model import VERSION, Accepted, Column, Dataset, Pattern, Reference, Type

_INT_MAX = 2**31 - 1

_identifier = partial(Column, type=Type.BIGINT, minimum=0, maximum=2**63 - 1)
_count = partial(Column, type=Type.INTEGER, minimum=0, maximum=_INT_MAX)
_rating = partial(Column, type=Type.RATING, minimum=0, maximum=5)
_year = partial(Column, type=Type.INTEGER, minimum=-4000, maximum=9999)
_flag = partial(Column, type=Type.BOOLEAN)
_instant = partial(Column, type=Type.OFFSET_TIMESTAMP)
_url = partial(Column, type=Type.TEXT, max_bytes=2048)
_name = partial(Column, type=Type.TEXT, max_bytes=1024)
_link = partial(_url, pattern=Pattern("^https?://"))
_word = partial(Column, type=Type.TEXT, max_bytes=256)
_prose = partial(Column, type=Type.TEXT, max_bytes=65535)  # the widest VARCHAR Redshift has

AUTHORS = Dataset(
    name="authors",
    landing_name="author",
    key="author_id",
    sort_key="author_id",
    columns=(
        _identifier(name="author_id", required=True),
        _name(name="name"),
        _word(name="role"),
        _link(name="profile_url"),
        _rating(name="average_rating"),
        _count(name="rating_count"),
        _count(name="text_review_count"),
        VERSION,
    ),
)

BOOKS = Dataset(
    name="books",
    landing_name="book",
    key="book_id",
    sort_key="book_id",
    columns=(
        _identifier(name="book_id", required=True),
        _name(name="title"),
        _name(name="title_without_series"),
        _link(name="image_url"),
        _link(name="book_url"),
        _count(name="num_pages"),
        _word(name="format"),
        _name(name="edition_information"),
        _name(name="publisher"),
        Column(name="publication_day", type=Type.INTEGER, minimum=1, maximum=31),
        _year(name="publication_year"),
        Column(name="publication_month", type=Type.INTEGER, minimum=1, maximum=12),
        _rating(name="average_rating"),
        _count(name="ratings_count"),
        _prose(name="description", missing=("None",)),  # how the original capture wrote "no description"
        _identifier(name="authors", reference=Reference("authors", unknown_percent=5)),
        _year(name="published"),
        VERSION,
    ),
)

REVIEWS = Dataset(
    name="reviews",
    landing_name="reviews",
    key="review_id",
    sort_key=VERSION.name,  # the analytics window filters on it
    fresh_within_days=30,  # as long as the analytics window is by default: without newer reviews the rankings are empty
    columns=(
        _identifier(name="review_id", required=True),
        _identifier(name="user_id", reference=Reference("users", unknown_percent=5)),
        _identifier(name="book_id", reference=Reference("books", unknown_percent=5)),
        _identifier(name="author_id", reference=Reference("authors", unknown_percent=5)),
        _prose(name="review_text"),
        _rating(name="review_rating"),
        _count(name="review_votes"),
        _flag(name="spoiler_flag"),
        _word(name="spoiler_state", accepted=Accepted(("none", "hidden"))),
        _instant(name="review_added_date"),
        _instant(name="review_updated_date"),
        _count(name="review_read_count"),
        _count(name="comments_count"),
        _link(name="review_url"),
        VERSION,
    ),
)

USERS = Dataset(
    name="users",
    landing_name="user",
    key="user_id",
    sort_key="user_id",
    columns=(
        _identifier(name="user_id", required=True),
        _name(name="user_name"),
        _name(name="user_display_name"),
        _name(name="location"),
        _link(name="profile_link"),
        _url(name="uri"),
        _link(name="user_image_url"),
        _link(name="small_image_url"),
        _flag(name="has_image"),
        VERSION,
    ),
)

DATASETS = (AUTHORS, BOOKS, REVIEWS, USERS)


def dataset_named(name: str) -> Dataset:
    """The dataset of that name; ValueError that lists the known ones otherwise."""
    for dataset in DATASETS:
        if dataset.name == name:
            return dataset
    raise ValueError(f"no dataset is named {name!r}; there are {', '.join(d.name for d in DATASETS)}")
