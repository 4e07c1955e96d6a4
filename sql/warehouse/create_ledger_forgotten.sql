-- One row per dataset of each request to forget somebody, written in the transaction that deletes the rows it counts.
-- The ledger does not remember whom: `subject` is a hash.
create table if not exists goodreads_warehouse.ledger_forgotten (
$columns
)
diststyle all
sortkey (forgotten_at)
