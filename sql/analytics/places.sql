-- The rows of a ranking: the place, the id that has it, and the name that people know it by.
select
    place,
    $key as id,
    $label as label
from $schema.$table
order by place
