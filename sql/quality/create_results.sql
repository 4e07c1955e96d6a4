-- One row per rule, table and column of each run: what the checks have counted.
create table if not exists goodreads_warehouse.quality_results (
$columns
)
diststyle even
sortkey (checked_at)
