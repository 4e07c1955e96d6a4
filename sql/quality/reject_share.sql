-- More than $limit percent of the rows were rejected, and whoever started the run has not accepted that.
select
    '$table' as dataset,
    '' as column_name,
    'more_than_${limit}_percent_rejected' as rule,
    cast(coalesce(sum(
        case
            when
                '$accept_rejects' = 'false'
                and accounting.rows_quarantined * 100 > accounting.rows_read * $limit
                then accounting.rows_quarantined
            else 0
        end
    ), 0) as bigint) as violations,
    cast(null as bigint) as found,
    cast(null as bigint) as expected
from goodreads_staging.accounting as accounting
where accounting.dataset = '$table'
