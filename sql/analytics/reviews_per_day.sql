-- The reviews of each day of the window, by the UTC day on which they were captured. A day without reviews has no row.
insert into $schema.$table (
$columns
)
select
    cast(reviews.record_create_timestamp as date) as captured_day,
    count(*) as review_count,
    count(nullif(reviews.review_rating, 0)) as rating_count,
    cast(avg(cast(nullif(reviews.review_rating, 0) as decimal(10, 4))) as decimal(5, 4)) as average_review_rating,
    count(distinct reviews.user_id) as reviewer_count,
    count(distinct reviews.book_id) as book_count
from goodreads_warehouse.reviews as reviews
cross join $schema.review_window as covered
where
    reviews.record_create_timestamp >= covered.window_start
    and reviews.record_create_timestamp < covered.window_end
group by cast(reviews.record_create_timestamp as date)
