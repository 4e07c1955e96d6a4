select
    '$table' as dataset,
    '$column' as column_name,
    'required' as rule,
    count(*) as violations,
    cast(null as bigint) as found,
    cast(null as bigint) as expected
from $schema.$table
where $column is null
