-- The rows hold each review of the window once.
select
    '$table' as dataset,
    'review_count' as column_name,
    'adds_up' as rule,
    abs(analysed.review_count - counted.review_count) as violations,
    analysed.review_count as found,
    counted.review_count as expected
from (
    select coalesce(cast(sum(review_count) as bigint), 0) as review_count
    from $schema.$table
) as analysed
cross join (
    select count(*) as review_count
    from goodreads_warehouse.reviews as reviews
    cross join $schema.review_window as covered
    where
        reviews.record_create_timestamp >= covered.window_start
        and reviews.record_create_timestamp < covered.window_end
) as counted
