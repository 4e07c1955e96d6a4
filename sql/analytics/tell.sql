-- Rows of a table as texts, with their line in the whole table; the columns are those of report/analytics.json, in its order.
-- Which rows are told is another order: the newest days are the last lines.
select
    '$table' as table_name,
    numbered.line,
$values
from (
    select
        analysed.*,
        cast(row_number() over (order by $order) as integer) as line,
        row_number() over (order by $told_first) as turn
    from $schema.$table as analysed
) as numbered
where numbered.turn <= $shown
