-- Keep what the rule $rule counts.
-- sql/quality/custom/$severity/$table/$rule.sql selects the keys of the rows that violate it.
insert into goodreads_warehouse.quality_results (
$results
)
select
    '$run' as run_id,
    '$stage' as stage,
    '$table' as table_name,
    '' as column_name,
    '$rule' as rule,
    '$severity' as severity,
    cast(null as bigint) as rows_checked,
    count(*) as violations,
    0 as allowed,
    cast(null as bigint) as found,
    cast(null as bigint) as expected,
    coalesce(
        listagg(case when numbered.example_number <= $examples then cast(numbered.violating_key as varchar(20)) end, ', ')
        within group (
            order by numbered.example_number asc
        ),
        ''
    ) as examples,
    getdate() as checked_at
from (
    select
        violating.violating_key,
        row_number() over (
            order by violating.violating_key asc
        ) as example_number
    from (
$query
    ) as violating
) as numbered
