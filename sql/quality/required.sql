select
    '$table' as dataset,
    '$column' as column_name,
    'required' as rule,
    count(*) as violations
from $schema.$table
where $column is null
