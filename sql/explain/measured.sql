-- The window of the analytics, and the reviews of one $key in it.
select
    cast(covered.window_start as varchar(32)) as window_start,
    cast(covered.window_end as varchar(32)) as window_end,
    count(reviews.review_id) as reviews,
    count(
        case
            when
                reviews.record_create_timestamp >= covered.window_start
                and reviews.record_create_timestamp < covered.window_end
                then 1
        end
    ) as reviews_in_window,
    count(
        case
            when
                reviews.record_create_timestamp >= covered.window_start
                and reviews.record_create_timestamp < covered.window_end
                and reviews.review_rating <> 0
                then 1
        end
    ) as ratings_in_window
from $schema.review_window as covered
left join goodreads_warehouse.reviews as reviews
    on reviews.$key = cast(:id as bigint)
group by
    covered.window_start,
    covered.window_end
