-- Books of which $early_reviews reviews or more were added before the book was published.
-- An unknown month or day of the publication counts as the first one: nothing is flagged that may have been added afterwards.
-- Dates are compared as numbers like 20200219, because a publication date may be one that no calendar has, such as February 31.
-- A date that is unknown compares as NULL, and flags nothing.
insert into $schema.$table (
$columns
)
with published as (
    select
        book_id,
        title,
        publication_year,
        publication_month,
        publication_day,
        publication_year * 10000
        + coalesce(publication_month * 100 + coalesce(publication_day, 1), 101) as published_on
    from goodreads_warehouse.books
),

counted as (
    select
        reviews.book_id,
        count(
            case
                when
                    extract(year from reviews.review_added_date) * 10000
                    + extract(month from reviews.review_added_date) * 100
                    + extract(day from reviews.review_added_date)
                    < published.published_on
                    then 1
            end
        ) as early_review_count,
        count(*) as review_count
    from goodreads_warehouse.reviews as reviews
    cross join $schema.review_window as covered
    inner join published
        on reviews.book_id = published.book_id
    where
        reviews.record_create_timestamp >= covered.window_start
        and reviews.record_create_timestamp < covered.window_end
    group by reviews.book_id
)

select
    published.book_id,
    published.title,
    published.publication_year,
    published.publication_month,
    published.publication_day,
    counted.early_review_count,
    counted.review_count
from counted
inner join published
    on counted.book_id = published.book_id
where counted.early_review_count >= $early_reviews
