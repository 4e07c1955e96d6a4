-- How long each statement took: until the next one of the stage began.
-- GETDATE is the start of its statement, on Redshift in whole seconds.
update goodreads_warehouse.quality_results
set milliseconds = datediff(millisecond, timed.began_at, timed.ended_at)
from (
    select
        began.checked_at as began_at,
        coalesce(
            lead(began.checked_at) over (
                order by began.checked_at asc
            ),
            getdate()
        ) as ended_at
    from (
        select checked_at
        from goodreads_warehouse.quality_results
        where
            run_id = '$run'
            and stage = '$stage'
        group by checked_at
    ) as began
) as timed
where
    quality_results.run_id = '$run'
    and quality_results.stage = '$stage'
    and quality_results.checked_at = timed.began_at
