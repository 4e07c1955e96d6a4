-- Every row that Spark read is staged, superseded within the run, or in quarantine.
select
    '$table' as dataset,
    '' as column_name,
    'accounting' as rule,
    count(*) as violations
from goodreads_staging.accounting as accounting
where
    accounting.dataset = '$table'
    and accounting.rows_read
    <> accounting.rows_staged
    + accounting.rows_stale
    + accounting.rows_duplicate
    + accounting.rows_quarantined
