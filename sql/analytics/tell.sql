-- The first rows of a table as texts; the columns are those that report/analytics.json describes, in its order.
select
    '$table' as table_name,
    numbered.line,
$values
from (
    select
        analysed.*,
        cast(row_number() over (order by $order) as integer) as line
    from $schema.$table as analysed
) as numbered
where numbered.line <= $shown
