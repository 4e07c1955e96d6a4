create table if not exists goodreads_analytics.$table (
$columns
)
diststyle all
sortkey (place)
