-- The first rows as texts, after three lines that describe the columns: names, kinds and descriptions.
select
    $number as table_number,
    '$table' as table_name,
    '$title' as title,
    -3 as line,
$names
union all
select
    $number as table_number,
    '$table' as table_name,
    '$title' as title,
    -2 as line,
$kinds
union all
select
    $number as table_number,
    '$table' as table_name,
    '$title' as title,
    -1 as line,
$descriptions
union all
select
    $number as table_number,
    '$table' as table_name,
    '$title' as title,
    numbered.line,
$values
from (
    select
        analysed.*,
        cast(row_number() over (order by $order) as integer) as line
    from $schema.$table as analysed
) as numbered
where numbered.line <= $shown
