-- The share of a column's empty values differs much from that of the runs before; shares are whole millionths.
-- `found` is the number of empty values, and `expected` the number that the usual share would make.
insert into goodreads_warehouse.quality_results (
    run_id,
    stage,
    table_name,
    column_name,
    rule,
    severity,
    rows_checked,
    violations,
    allowed,
    found,
    expected,
    examples,
    checked_at
)
with measured as (
    select
        run_id,
        table_name,
        column_name,
        rows_checked,
        found,
        checked_at,
        case when rows_checked > 0 then found * 1000000 / rows_checked end as share
    from goodreads_warehouse.quality_results
    where
        run_id = '$run'
        and stage = '$stage'
        and rule = 'empty_rows'
),

earlier as (
    select
        table_name,
        column_name,
        found * 1000000 / rows_checked as share,
        row_number() over (
            partition by table_name, column_name
            order by checked_at desc, run_id desc
        ) as age
    from goodreads_warehouse.quality_results
    where
        run_id <> '$run'
        and stage = '$stage'
        and rule = 'empty_share'
        and rows_checked > 0
),

usual as (
    select
        table_name,
        column_name,
        percentile_cont(0.5) within group (
            order by share asc
        ) as middle,
        count(*) as runs
    from earlier
    where age <= $runs
    group by table_name, column_name
),

spread as (
    select
        earlier.table_name,
        earlier.column_name,
        percentile_cont(0.5) within group (
            order by abs(earlier.share - usual.middle) asc
        ) as deviation
    from earlier
    inner join usual
        on
            earlier.table_name = usual.table_name
            and earlier.column_name = usual.column_name
    where earlier.age <= $runs
    group by earlier.table_name, earlier.column_name
)

select
    measured.run_id,
    '$stage' as stage,
    measured.table_name,
    measured.column_name,
    'empty_share' as rule,
    'warn' as severity,
    measured.rows_checked,
    case
        when
            usual.runs >= $at_least
            and abs(measured.share - usual.middle) > greatest($deviations * spread.deviation, $share_points * 10000)
            then abs(measured.found - cast(usual.middle * measured.rows_checked / 1000000 as bigint))
        else 0
    end as violations,
    0 as allowed,
    measured.found,
    case
        when usual.runs >= $at_least
            then cast(usual.middle * measured.rows_checked / 1000000 as bigint)
    end as expected,
    '' as examples,
    measured.checked_at
from measured
left join usual
    on
        measured.table_name = usual.table_name
        and measured.column_name = usual.column_name
left join spread
    on
        measured.table_name = spread.table_name
        and measured.column_name = spread.column_name
