-- Keep what these checks of the severity `$severity` count. Each compares whole tables, or numbers of the ledger.
insert into goodreads_warehouse.quality_results (
$results
)
select
    '$run' as run_id,
    '$stage' as stage,
    checks.dataset as table_name,
    checks.column_name,
    checks.rule,
    '$severity' as severity,
    cast(null as bigint) as rows_checked,
    checks.violations,
    0 as allowed,
    checks.found,
    checks.expected,
    '' as examples,
    getdate() as checked_at
from (
$checks
) as checks
