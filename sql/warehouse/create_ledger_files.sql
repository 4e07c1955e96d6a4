-- One row per landing file that a run has consumed, written in the transaction that publishes its rows.
-- A file without a dataset could not be used; `problem` says why, and it is in quarantine as a whole.
-- The flag is never false: see the ledger.
create table if not exists goodreads_warehouse.ledger_files (
$columns
)
distkey (file_key)
sortkey (published_at)
