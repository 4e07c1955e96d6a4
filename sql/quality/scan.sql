-- All rules about the rows of $schema.$table, in one scan.
-- `broken` is the set of the rules that a row violates, a bit each. Rows of the same set are counted together, and divided by
-- their keys, so that there are a few groups with one key each as examples, and nothing has to be sorted.
insert into goodreads_warehouse.quality_results (
$results
)
with flagged as (
    select
        checked.$key as checked_key,
        checked.record_create_timestamp as captured,
$flags        cast(
$broken
            as bigint
        ) as broken
    from (
        select
$columns,
            row_number() over (
                partition by $key
                order by $key asc
            ) as occurrence
        from $schema.$table
    ) as checked
$joins
),

grouped as (
    select
        broken,
        min(checked_key) as example,
        max(captured) as newest,
$sums        count(*) as row_count
    from flagged
    group by broken, case when broken > 0 then mod(checked_key, 1009) end
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
