-- The rows counted per file add up to the rows counted for the dataset.
select
    '$table' as dataset,
    '' as column_name,
    'files' as rule,
    abs(accounting.rows_read - coalesce(files.rows_read, 0))
    + abs(accounting.rows_quarantined - coalesce(files.rows_quarantined, 0)) as violations,
    cast(null as bigint) as found,
    cast(null as bigint) as expected
from goodreads_staging.accounting as accounting
left join (
    select
        dataset,
        cast(sum(rows_read) as bigint) as rows_read,
        cast(sum(rows_quarantined) as bigint) as rows_quarantined
    from goodreads_staging.files
    group by dataset
) as files
    on accounting.dataset = files.dataset
where accounting.dataset = '$table'
