-- What Redshift loaded is what Spark wrote.
select
    '$table' as dataset,
    '' as column_name,
    'rows_staged' as rule,
    abs(loaded.row_count - coalesce(accounting.rows_staged, -1)) as violations,
    loaded.row_count as found,
    accounting.rows_staged as expected
from (select count(*) as row_count from goodreads_staging.$table) as loaded
left join goodreads_staging.accounting as accounting
    on accounting.dataset = '$table'
