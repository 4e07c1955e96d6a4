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
    description="people who wrote or contributed to books",
    landing_name="author",
    key="author_id",
    sort_key="author_id",
    columns=(
        _identifier(name="author_id", description="Goodreads number of the author", required=True),
        _name(name="name", description="name as Goodreads shows it"),
        _word(
            name="role", description="what the person did for the book, like Translator; empty for its author"
        ),
        _link(name="profile_url", description="address of the author's page"),
        _rating(
            name="average_rating",
            description="average of all ratings of the author's books on Goodreads, when captured",
        ),
        _count(name="rating_count", description="ratings of the author's books on Goodreads, when captured"),
        _count(
            name="text_review_count",
            description="reviews with a text of the author's books on Goodreads, when captured",
        ),
        VERSION,
    ),
)

BOOKS = Dataset(
    name="books",
    description="editions of books",
    landing_name="book",
    key="book_id",
    sort_key="book_id",
    columns=(
        _identifier(name="book_id", description="Goodreads number of the edition", required=True),
        _name(name="title", description="title with its series"),
        _name(name="title_without_series", description="title alone"),
        _link(name="image_url", description="address of the cover"),
        _link(name="book_url", description="address of the book's page"),
        _count(name="num_pages", description="pages"),
        _word(name="format", description="binding or medium, like Paperback"),
        _name(name="edition_information", description="what the publisher says of the edition"),
        _name(name="publisher", description="name of the publisher"),
        Column(
            name="publication_day",
            description="day of the publication",
            type=Type.INTEGER,
            minimum=1,
            maximum=31,
        ),
        _year(name="publication_year", description="year of the publication"),
        Column(
            name="publication_month",
            description="month of the publication",
            type=Type.INTEGER,
            minimum=1,
            maximum=12,
        ),
        _rating(name="average_rating", description="average of all ratings on Goodreads, when captured"),
        _count(name="ratings_count", description="ratings on Goodreads, when captured"),
        _prose(
            name="description", description="what the book is about; may contain HTML", missing=("None",)
        ),  # how the original capture wrote "no description"
        _identifier(
            name="authors",
            description="number of the first author",
            reference=Reference("authors", unknown_percent=5),
        ),
        _year(name="published", description="year of the first publication of the work"),
        VERSION,
    ),
)

REVIEWS = Dataset(
    name="reviews",
    description="what users write of books and how many stars they give",
    landing_name="reviews",
    key="review_id",
    sort_key=VERSION.name,  # the analytics window filters on it
    fresh_within_days=30,  # as long as the analytics window is by default: without newer reviews the rankings are empty
    columns=(
        _identifier(name="review_id", description="Goodreads number of the review", required=True),
        _identifier(
            name="user_id",
            description="user who wrote the review",
            reference=Reference("users", unknown_percent=5),
        ),
        _identifier(
            name="book_id",
            description="book that the review is about",
            reference=Reference("books", unknown_percent=5),
        ),
        _identifier(
            name="author_id",
            description="author of the book",
            reference=Reference("authors", unknown_percent=5),
        ),
        _prose(name="review_text", description="text of the review"),
        _rating(name="review_rating", description="stars; 0 means that the user gave none"),
        _count(name="review_votes", description="users who liked the review"),
        _flag(name="spoiler_flag", description="whether the review tells the end"),
        _word(
            name="spoiler_state",
            description="how Goodreads hides the review: none or hidden",
            accepted=Accepted(("none", "hidden")),
        ),
        _instant(name="review_added_date", description="when the review was written"),
        _instant(name="review_updated_date", description="when the review was last changed"),
        _count(name="review_read_count", description="how often the user has read the book"),
        _count(name="comments_count", description="comments on the review"),
        _link(name="review_url", description="address of the review's page"),
        VERSION,
    ),
)

USERS = Dataset(
    name="users",
    description="people who write reviews",
    landing_name="user",
    key="user_id",
    sort_key="user_id",
    columns=(
        _identifier(name="user_id", description="Goodreads number of the user", required=True),
        _name(name="user_name", description="name in the address of the profile"),
        _name(name="user_display_name", description="name as Goodreads shows it"),
        _name(name="location", description="where the user says they live"),
        _link(name="profile_link", description="address of the profile"),
        _url(name="uri", description="identifier of the profile in Goodreads"),
        _link(name="user_image_url", description="address of the picture"),
        _link(name="small_image_url", description="address of the small picture"),
        _flag(name="has_image", description="whether the user has given a picture"),
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
