-- Whoever asked to be left out of later deliveries too; `subject` is a hash, as in ledger_forgotten.
create table if not exists goodreads_warehouse.left_out (
$columns
)
diststyle all
