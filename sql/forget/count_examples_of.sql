-- The results of the quality rules that name a row of $schema.$table that belongs to the id.
select count(*) as row_count
from (
    select distinct
        results.run_id,
        results.stage,
        results.column_name,
        results.rule
    from goodreads_warehouse.quality_results as results
    inner join $schema.$table as belonging
        on strpos(', ' || results.examples || ',', ', ' || cast(belonging.$key as varchar(20)) || ',') > 0
    where
        results.table_name = '$table'
        and results.examples <> ''
        and belonging.$column = cast(:id as bigint)
) as named
