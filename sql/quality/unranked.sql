-- Reviews of the window that no ranking of $subject can count, as the warehouse does not hold what they are about.
-- `found` is the number of all reviews of the window.
select
    'reviews' as dataset,
    '$reference' as column_name,
    'unranked' as rule,
    count(case when subject.$key is null then 1 end) as violations,
    count(*) as found,
    cast(null as bigint) as expected
from goodreads_warehouse.reviews as reviews
cross join $schema.review_window as covered
left join (
    select $key
    from goodreads_warehouse.$subject
    group by $key
) as subject
    on reviews.$reference = subject.$key
where
    reviews.record_create_timestamp >= covered.window_start
    and reviews.record_create_timestamp < covered.window_end
