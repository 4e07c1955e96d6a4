-- Takes back what the ledger counts for a table: a line with the negative sums of its lines. Afterwards the ledger counts
-- no row for the table, each line still adds up, and what the earlier runs did can still be read.
insert into goodreads_warehouse.ledger (
    run_id,
    dataset,
    fencing_token,
$columns,
    every_row_is_accounted_for,
    the_lease_is_still_held,
    published_at
)
select
    cast(:rebuild as varchar(128)) as run_id,
    summed.dataset,
    newest.fencing_token,
$counts,
    true as every_row_is_accounted_for,
    true as the_lease_is_still_held,
    getdate() as published_at
from (
    select
        dataset,
$sums
    from goodreads_warehouse.ledger
    where dataset = '$table'
    group by dataset
) as summed
cross join (
    select max(fencing_token) as fencing_token
    from goodreads_warehouse.ledger
) as newest
where
    summed.rows_read <> 0
    or summed.rows_inserted <> 0
