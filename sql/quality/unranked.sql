-- Reviews of the window that no ranking of $subject can count, as the warehouse does not hold what they are about.
-- `found` is the number of all reviews of the window.
select
    'reviews' as dataset,
    '$reference' as column_name,
    'unranked' as rule,
    cast(coalesce(sum(case when subject.$key is null then counted.review_count end), 0) as bigint) as violations,
    cast(coalesce(sum(counted.review_count), 0) as bigint) as found,
    cast(null as bigint) as expected
from (
    select
        reviews.$reference as subject_id,
        count(*) as review_count
    from goodreads_warehouse.reviews as reviews
    cross join $schema.review_window as covered
    where
        reviews.record_create_timestamp >= covered.window_start
        and reviews.record_create_timestamp < covered.window_end
    group by reviews.$reference
) as counted
left join (
    select $key
    from goodreads_warehouse.$subject
    group by $key
) as subject
    on counted.subject_id = subject.$key
