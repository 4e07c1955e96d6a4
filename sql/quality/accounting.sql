-- Every row that Spark read is staged, superseded within the run, or in quarantine.
select
    '$table' as dataset,
    '' as column_name,
    'accounting' as rule,
    count(*) as violations,
    cast(null as bigint) as found,
    cast(null as bigint) as expected
from goodreads_staging.accounting as accounting
where
    accounting.dataset = '$table'
    and accounting.rows_read
    <> accounting.rows_staged
    + accounting.rows_stale
    + accounting.rows_duplicate
    + accounting.rows_quarantined
