create table $schema.$table (
$columns
)
distkey ($key)
sortkey ($sort_key)
