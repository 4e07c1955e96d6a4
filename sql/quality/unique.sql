select
    '$table' as dataset,
    '$column' as column_name,
    'unique' as rule,
    count($column) - count(distinct $column) as violations,
    cast(null as bigint) as found,
    cast(null as bigint) as expected
from $schema.$table
