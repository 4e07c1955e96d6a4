-- At most $top rows, on the places 1, 2, 3 and so on: none is missing and none is taken twice.
select
    '$table' as dataset,
    'place' as column_name,
    'top' as rule,
    count(case when place <> expected_place or expected_place > $top then 1 end) as violations,
    cast(null as bigint) as found,
    cast(null as bigint) as expected
from (
    select
        place,
        row_number() over (
            order by place asc
        ) as expected_place
    from $schema.$table
) as numbered
