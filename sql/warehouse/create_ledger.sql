-- One row per run and dataset, written in the transaction that publishes the rows it counts.
-- The two flags are never false: a value that is not true is null, which the constraint refuses,
-- and the whole publish rolls back.
create table if not exists goodreads_warehouse.ledger (
$columns
)
diststyle all
sortkey (published_at)
