-- Every row is a $subject that the warehouse holds, with the number of reviews that the window holds for it.
-- Only the reviews of these rows are counted.
select
    '$table' as dataset,
    'review_count' as column_name,
    'matches_warehouse' as rule,
    count(*) as violations,
    cast(null as bigint) as found,
    cast(null as bigint) as expected
from $schema.$table as analytics
left join (
    select
        subject.$key as subject_id,
        count(*) as review_count
    from goodreads_warehouse.$subject as subject
    inner join goodreads_warehouse.reviews as reviews
        on subject.$key = reviews.$reference
    cross join $schema.review_window as covered
    where
        reviews.record_create_timestamp >= covered.window_start
        and reviews.record_create_timestamp < covered.window_end
        and reviews.$reference in (select ranked.$key from $schema.$table as ranked)
    group by subject.$key
) as counted
    on analytics.$key = counted.subject_id
where
    counted.review_count is null
    or counted.review_count <> analytics.review_count
