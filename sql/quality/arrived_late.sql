-- How many rows of the warehouse name a $subject that only this run brings: `found`. Nothing is violated.
select
    '$table' as dataset,
    '$column' as column_name,
    'arrived_late' as rule,
    cast(0 as bigint) as violations,
    count(*) as found,
    cast(null as bigint) as expected
from (
    select staged.$key as subject_key
    from goodreads_staging.$subject as staged
    left join goodreads_warehouse.$subject as known
        on staged.$key = known.$key
    where known.$key is null
    group by staged.$key
) as arrived
inner join goodreads_warehouse.$table as waiting
    on arrived.subject_key = waiting.$column
