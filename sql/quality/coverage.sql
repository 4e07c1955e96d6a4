-- Each of the three rows divides all reviews of the window into those with a known, an unknown and no subject.
select
    '$table' as dataset,
    'review_count' as column_name,
    'coverage' as rule,
    3 - count(
        case
            when
                analytics.review_count = counted.review_count
                and analytics.known_review_count + analytics.unknown_review_count + analytics.unnamed_review_count
                = counted.review_count
                then 1
        end
    ) as violations,
    cast(null as bigint) as found,
    cast(null as bigint) as expected
from $schema.$table as analytics
cross join (
    select count(*) as review_count
    from goodreads_warehouse.reviews as reviews
    cross join $schema.review_window as covered
    where
        reviews.record_create_timestamp >= covered.window_start
        and reviews.record_create_timestamp < covered.window_end
) as counted
