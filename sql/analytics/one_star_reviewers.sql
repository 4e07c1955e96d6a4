-- Users with $one_star_ratings ratings or more in the window, none of which is above one star.
insert into $schema.$table (
$columns
)
select
    reviews.user_id,
    count(*) as review_count,
    count(nullif(reviews.review_rating, 0)) as rating_count,
    count(distinct reviews.book_id) as book_count
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
