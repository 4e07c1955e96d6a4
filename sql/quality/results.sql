-- What this run has counted in this stage, with the violations of the runs that checked before, the newest first:
-- "violations run_id, ...".
select
    current_run.table_name,
    current_run.column_name,
    current_run.rule,
    current_run.severity,
    current_run.rows_checked,
    current_run.violations,
    current_run.allowed,
    current_run.found,
    current_run.expected,
    current_run.examples,
    current_run.milliseconds,
    coalesce(past.history, '') as history
from goodreads_warehouse.quality_results as current_run
left join (
    select
        numbered.table_name,
        numbered.column_name,
        numbered.rule,
        listagg(
            cast(numbered.violations as varchar(20)) || ' ' || numbered.run_id, ', '
        )
        within group (
            order by numbered.age asc
        ) as history
    from (
        select
            table_name,
            column_name,
            rule,
            violations,
            run_id,
            row_number() over (
                partition by table_name, column_name, rule
                order by checked_at desc, run_id desc
            ) as age
        from goodreads_warehouse.quality_results
        where
            run_id <> '$run'
            and stage = '$stage'
            and checked_at <= (
                select max(own.checked_at)
                from goodreads_warehouse.quality_results as own
                where
                    own.run_id = '$run'
                    and own.stage = '$stage'
            )
    ) as numbered
    where numbered.age <= $runs
    group by numbered.table_name, numbered.column_name, numbered.rule
) as past
    on
        current_run.table_name = past.table_name
        and current_run.column_name = past.column_name
        and current_run.rule = past.rule
where
    current_run.run_id = '$run'
    and current_run.stage = '$stage'
order by
    current_run.table_name asc,
    current_run.column_name asc,
    current_run.rule asc
