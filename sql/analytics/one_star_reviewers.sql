-- Users with $one_star_ratings ratings or more in the window, none of which is above one star.
-- Only their books are counted: to tell apart the books of each user would take most of the time.
insert into $schema.$table (
$columns
)
with flagged as (
    select
        reviews.user_id,
        count(*) as review_count,
        count(nullif(reviews.review_rating, 0)) as rating_count
    from goodreads_warehouse.reviews as reviews
    cross join $schema.review_window as covered
    where
        reviews.record_create_timestamp >= covered.window_start
        and reviews.record_create_timestamp < covered.window_end
        and reviews.user_id is not null
    group by reviews.user_id
    having
        count(nullif(reviews.review_rating, 0)) >= $one_star_ratings
        and max(reviews.review_rating) <= 1
)

select
    flagged.user_id,
    flagged.review_count,
    flagged.rating_count,
    count(distinct reviews.book_id) as book_count
from flagged
inner join goodreads_warehouse.reviews as reviews
    on flagged.user_id = reviews.user_id
cross join $schema.review_window as covered
where
    reviews.record_create_timestamp >= covered.window_start
    and reviews.record_create_timestamp < covered.window_end
group by flagged.user_id, flagged.review_count, flagged.rating_count
