-- What Redshift loaded is what Spark wrote. The scan of the table has counted its rows.
select
    '$table' as dataset,
    '' as column_name,
    'rows_staged' as rule,
    abs(loaded.row_count - coalesce(accounting.rows_staged, -1)) as violations,
    loaded.row_count as found,
    accounting.rows_staged as expected
from (
    select max(rows_checked) as row_count
    from goodreads_warehouse.quality_results
    where
        run_id = '$run'
        and stage = '$stage'
        and table_name = '$table'
) as loaded
left join goodreads_staging.accounting as accounting
    on accounting.dataset = '$table'
