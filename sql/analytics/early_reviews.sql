-- Books of which $early_reviews reviews or more were added before the book was published.
-- An unknown month or day of the publication counts as the first one: nothing is flagged that may have been added afterwards.
-- Dates are compared as numbers like 20200219, because a publication date may be one that no calendar has, such as February 31.
insert into $schema.$table (
$columns
)
with dated as (
    select
        reviews.book_id,
        books.title,
        books.publication_year,
        books.publication_month,
        books.publication_day,
        case
            when
                reviews.review_added_date is not null
                and books.publication_year is not null
                and extract(year from reviews.review_added_date) * 10000
                + extract(month from reviews.review_added_date) * 100
                + extract(day from reviews.review_added_date)
                < books.publication_year * 10000
                + coalesce(books.publication_month * 100 + coalesce(books.publication_day, 1), 101)
                then 1
        end as is_early
    from goodreads_warehouse.reviews as reviews
    cross join $schema.review_window as covered
    inner join goodreads_warehouse.books as books
        on reviews.book_id = books.book_id
    where
        reviews.record_create_timestamp >= covered.window_start
        and reviews.record_create_timestamp < covered.window_end
)

select
    book_id,
    title,
    publication_year,
    publication_month,
    publication_day,
    count(is_early) as early_review_count,
    count(*) as review_count
from dated
group by book_id, title, publication_year, publication_month, publication_day
having count(is_early) >= $early_reviews
