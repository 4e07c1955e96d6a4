-- The rows of this run differ much from those of the runs before that brought rows of the dataset.
with earlier as (
    select
        dataset,
        rows_read,
        row_number() over (
            partition by dataset
            order by published_at desc, run_id desc
        ) as age
    from goodreads_warehouse.ledger
    where
        run_id <> '$run'
        and rows_read > 0
),

usual as (
    select
        dataset,
        percentile_cont(0.5) within group (
            order by rows_read asc
        ) as middle,
        count(*) as runs
    from earlier
    where age <= $runs
    group by dataset
),

spread as (
    select
        earlier.dataset,
        percentile_cont(0.5) within group (
            order by abs(earlier.rows_read - usual.middle) asc
        ) as deviation
    from earlier
    inner join usual
        on earlier.dataset = usual.dataset
    where earlier.age <= $runs
    group by earlier.dataset
)

select
    accounting.dataset,
    cast('' as varchar(128)) as column_name,
    cast('volume' as varchar(128)) as rule,
    case
        when
            usual.runs >= $at_least
            and accounting.rows_read > 0
            and abs(accounting.rows_read - usual.middle)
            > greatest($deviations * spread.deviation, usual.middle * $volume_percent / 100)
            then 1
        else 0
    end as violations,
    accounting.rows_read as found,
    case when usual.runs >= $at_least then cast(usual.middle as bigint) end as expected
from goodreads_staging.accounting as accounting
left join usual
    on accounting.dataset = usual.dataset
left join spread
    on accounting.dataset = spread.dataset
