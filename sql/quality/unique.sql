select
    '$table' as dataset,
    '$column' as column_name,
    'unique' as rule,
    count($column) - count(distinct $column) as violations
from $schema.$table
