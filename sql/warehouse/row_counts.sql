select
    cast('$table' as varchar(128)) as dataset,
    present.row_count,
    coalesce(ledger.rows_inserted, 0) - coalesce(forgotten.rows_forgotten, 0) as row_count_expected
from (select count(*) as row_count from goodreads_warehouse.$table) as present
cross join (
    select cast(sum(rows_inserted) as bigint) as rows_inserted
    from goodreads_warehouse.ledger
    where dataset = '$table'
) as ledger
cross join (
    select cast(sum(rows_forgotten) as bigint) as rows_forgotten
    from goodreads_warehouse.ledger_forgotten
    where dataset = '$table'
) as forgotten
