-- When the reviews that the warehouse holds were captured, and how many of them the window covers.
select
    cast(min(reviews.record_create_timestamp) as date) as first_day,
    cast(max(reviews.record_create_timestamp) as date) as last_day,
    count(
        case
            when
                reviews.record_create_timestamp >= covered.window_start
                and reviews.record_create_timestamp < covered.window_end
                then 1
        end
    ) as covered_reviews
from goodreads_warehouse.reviews as reviews
cross join $schema.review_window as covered
