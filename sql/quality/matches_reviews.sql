-- Every row has the number of reviews that the window holds for its $key.
-- It does not matter whether the warehouse knows that $key. Only the reviews of these rows are counted.
select
    '$table' as dataset,
    'review_count' as column_name,
    'matches_reviews' as rule,
    count(*) as violations,
    cast(null as bigint) as found,
    cast(null as bigint) as expected
from $schema.$table as analytics
left join (
    select
        reviews.$reference as subject_id,
        count(*) as review_count
    from goodreads_warehouse.reviews as reviews
    cross join $schema.review_window as covered
    where
        reviews.record_create_timestamp >= covered.window_start
        and reviews.record_create_timestamp < covered.window_end
        and reviews.$reference in (select ranked.$key from $schema.$table as ranked)
    group by reviews.$reference
) as counted
    on analytics.$key = counted.subject_id
where
    counted.review_count is null
    or counted.review_count <> analytics.review_count
