select
    '$table' as dataset,
    '$column' as column_name,
    'range' as rule,
    count(*) as violations
from $schema.$table
where $column not between $minimum and $maximum
