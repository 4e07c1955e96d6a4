select
    '$table' as dataset,
    '$column' as column_name,
    'unique' as rule,
    count(*) - count(distinct $column) as violations
from $schema.$table
