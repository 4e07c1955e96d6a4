-- A table that is small enough to be on each node as a whole.
create table goodreads_staging.$table (
$columns
)
diststyle all
