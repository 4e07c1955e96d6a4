create table if not exists goodreads_warehouse.$table (
$columns
)
distkey ($key)
sortkey ($sort_key)
