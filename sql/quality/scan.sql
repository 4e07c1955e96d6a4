-- All rules about the rows of $schema.$table, in one scan.
-- `broken` is the set of the rules that a row violates, a bit each, `empties` that of its empty columns: four numbers a row are
-- carried along to find keys that come twice, and no texts. Rows of the same sets are counted together, and divided by
-- their keys, so that there are a few groups with one key each as examples, and nothing has to be sorted.
insert into goodreads_warehouse.quality_results (
$results
)
with judged as (
    select
        checked.$key as checked_key,
        checked.record_create_timestamp as captured,
        cast(
$empties
            as bigint
        ) as empties,
        cast(
$broken
            as bigint
        ) as broken
    from $schema.$table as checked
$joins
),

numbered as (
    select
        checked_key,
        captured,
        empties,
        broken,
        row_number() over (
            partition by checked_key
            order by checked_key asc
        ) as occurrence
    from judged
),

flagged as (
    select
        checked_key,
        captured,
        empties,
        broken
        + $repeated as broken
    from numbered
),

alike as (
    select
        broken,
        empties,
        case when broken > 0 then mod(checked_key, 1009) end as part,
        min(checked_key) as example,
        max(captured) as newest,
        count(*) as row_count
    from flagged
    group by broken, empties, case when broken > 0 then mod(checked_key, 1009) end
),

grouped as (
    select
        broken,
        min(example) as example,
        max(newest) as newest,
$sums        cast(sum(row_count) as bigint) as row_count
    from alike
    group by broken, part
    union all
    select
        cast(0 as bigint) as broken,
        cast(null as bigint) as example,
        cast(null as timestamp) as newest,
$zeros        cast(0 as bigint) as row_count
),

rules as (
$rules
),

tried as (
    select
        rules.number,
        rules.column_name,
        rules.rule,
        rules.severity,
        rules.allowed_percent,
        rules.days,
        grouped.newest,
        grouped.row_count,
        grouped.example,
        $empty_rows as empty_rows,
        case when grouped.broken & rules.bit > 0 then 1 else 0 end as is_violated,
        row_number() over (
            partition by rules.number, case when grouped.broken & rules.bit > 0 then 1 else 0 end
            order by grouped.example asc
        ) as example_number
    from rules
    cross join grouped
),

counted as (
    select
        number,
        column_name,
        rule,
        severity,
        allowed_percent,
        days,
        cast(sum(row_count) as bigint) as rows_checked,
        cast(sum(case when is_violated = 1 then row_count else 0 end) as bigint) as violations,
        cast(sum(empty_rows) as bigint) as empty_rows,
        cast(getdate() as date) - cast(max(newest) as date) as days_old,
        listagg(case when is_violated = 1 and example_number <= $examples then cast(example as varchar(20)) end, ', ')
        within group (
            order by example_number asc
        ) as examples
    from tried
    group by number, column_name, rule, severity, allowed_percent, days
)

select
    '$run' as run_id,
    '$stage' as stage,
    '$table' as table_name,
    column_name,
    rule,
    severity,
    rows_checked,
    case when rule <> 'freshness' then violations when days_old > days then 1 else 0 end as violations,
    rows_checked * allowed_percent / 100 as allowed,
    case when rule = 'freshness' then days_old else empty_rows end as found,
    days as expected,
    coalesce(examples, '') as examples,
    getdate() as checked_at
from counted
