create table if not exists $schema.$table (
$columns
)
diststyle all
sortkey ($sort_key)
