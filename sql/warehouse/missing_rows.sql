select
    '$table' as dataset,
    coalesce(ledger.rows_inserted, 0) - present.row_count as missing_rows
from (select count(*) as row_count from goodreads_warehouse.$table) as present
cross join (
    select cast(sum(rows_inserted) as bigint) as rows_inserted
    from goodreads_warehouse.ledger
    where dataset = '$table'
) as ledger
